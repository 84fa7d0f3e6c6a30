"""The way back from an image to where it comes from."""
