"""What stands between a request and the store: bodies as they come in, doors by name, whose an account is."""
