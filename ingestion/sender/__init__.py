"""The sender: everything that is said to a channel, in small loops of one process."""
