"""The submit protocol, pure: events in, effects out."""
