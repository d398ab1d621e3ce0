"""A Client's own pages."""
