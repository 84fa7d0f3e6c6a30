"""Plain values to frozen records."""
