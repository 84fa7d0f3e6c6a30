"""Copies for delivery: names, captions, metadata."""
