"""Thin: parse, call the stages, render, map an error to its exit code."""
