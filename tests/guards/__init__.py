"""Each guard that keeps the promise, taken out of a copy of the project: a test must notice."""
