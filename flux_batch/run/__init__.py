"""Doing it: state file, submit protocol, pace, download, executor."""
