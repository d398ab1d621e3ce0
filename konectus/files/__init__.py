"""Files of Client Content: a port of bytes by id, a directory behind it, and sealing in front of it."""
