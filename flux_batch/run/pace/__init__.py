"""How fast, and when to stop."""
