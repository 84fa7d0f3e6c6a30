"""What ``init`` asks and writes."""
