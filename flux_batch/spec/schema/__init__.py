"""The published schemas: what they refuse, in words, and as a page."""
