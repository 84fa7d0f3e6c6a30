"""Pictures that requests start from: cleaned, uploaded once, or the parent's."""
