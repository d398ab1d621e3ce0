"""The socket a server of ours is found at. Who serves what on it is the server's."""

import socket

_BACKLOG = 512


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket; port 0 takes a free one. Raises OSError where the port is taken.

    The protocol is named, since asyncio sends small pieces at once (TCP_NODELAY) only on sockets that name it:
    without, the body of every answer waited 40 ms for the receiver to confirm the header.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(_BACKLOG)
    except OSError:
        found.close()
        raise
    return found
