"""A local ToAPIs that costs nothing and fails on command."""
