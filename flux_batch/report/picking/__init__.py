"""What picks say together."""
