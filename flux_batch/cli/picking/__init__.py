"""What reviewers picked, and what is made of it."""
