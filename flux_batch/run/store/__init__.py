"""The state file, the only truth, and who may write it."""
