"""Text to plain values with a mark on each, by YAML 1.2."""
