"""Prompts and conditions: compiled, checked, filled in."""
