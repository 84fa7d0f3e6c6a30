"""Recorded and published answers, played back to the client without a network."""
