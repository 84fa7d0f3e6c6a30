"""Showing it: manifest, thumbnails, contact sheet."""
