"""Files that a spec names: where they may lie, and what they hold."""
