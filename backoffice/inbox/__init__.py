"""The agents' inbox: list, thread, contact, live stream. Its rules live in konectus."""
