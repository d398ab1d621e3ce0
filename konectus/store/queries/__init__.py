"""Reads, one query each, returning frozen rows."""
