"""What is looked at again once images are stored."""
