"""An explicit-state model check of the submit protocol, and a machine that drives it over the real state file."""
