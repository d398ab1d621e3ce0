"""Doors: sign-in, sign-out and one-time links, for a Client's people and for the staff."""
