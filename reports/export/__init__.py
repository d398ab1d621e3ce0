"""A Client's archive: everything it has here, as one ZIP."""
