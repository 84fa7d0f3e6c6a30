"""The wire, module by module: pure readers, real sockets that misbehave, and the simulator."""
