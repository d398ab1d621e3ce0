"""REST v1 for the programs of a Client."""
