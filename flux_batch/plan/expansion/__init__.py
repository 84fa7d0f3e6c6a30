"""Spec to tasks: combinations, requests, keys, names."""
