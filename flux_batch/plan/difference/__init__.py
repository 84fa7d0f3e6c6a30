"""What differs between two sets of images, and why."""
