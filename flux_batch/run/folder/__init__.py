"""The run folder: its lock, its disk, its inputs, and whose it is."""
