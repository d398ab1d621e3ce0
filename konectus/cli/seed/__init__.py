"""Invented Clients with a history: what they are, their figures, their conversations."""
