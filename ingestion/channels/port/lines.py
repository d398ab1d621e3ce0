"""The lines to the channels: kept open between calls, each call with one deadline over all of it.

httpx limits single reads alone, so that a channel in trouble could drip a header for hours and hold a thread.
"""

import ssl
import threading
from collections.abc import Iterable
from functools import cache

import httpcore
import httpx

from konectus.clock import monotonic

# Extension of a request: how many seconds it may take, from connecting to the last byte of the answer.
TOTAL = "total"
PROMPT = 13.0
# A file is sent up at the pace of our line, then looked at by the channel; a film it fetches may take 75 s.
PATIENT = 120.0
_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=50, keepalive_expiry=5.0)


class _Deadline(threading.local):
    """Of the call that this thread makes."""

    at = float("inf")

    def left(self, timeout: float | None, over: type[Exception]) -> float:
        """How long the next step may take. Raises `over`."""
        left = self.at - monotonic()
        if left <= 0:
            raise over
        return min(left, timeout) if timeout is not None else left


class _Timed(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: object, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._deadline.left(timeout, httpcore.ConnectTimeout)
        return _Timed(self._inner.start_tls(ssl_context, server_hostname, left), self._deadline)  # type: ignore[arg-type]  # ssl.SSLContext, which the port has no need to import

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


class _Network(httpcore.NetworkBackend):
    def __init__(self, deadline: _Deadline) -> None:
        self._inner, self._deadline = httpcore.SyncBackend(), deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left = self._deadline.left(timeout, httpcore.ConnectTimeout)
        return _Timed(self._inner.connect_tcp(host, port, left, local_address, socket_options), self._deadline)


@cache
def _authorities() -> ssl.SSLContext:
    """Read once for all lines of a process: reading them takes 30 ms."""
    return httpx.create_ssl_context(trust_env=False)


class Lines(httpx.HTTPTransport):
    """httpx's transport over a pool that knows the deadline. No proxy of the environment, no retry."""

    def __init__(self, total: float = PROMPT) -> None:
        super().__init__(verify=_authorities(), trust_env=False)
        self._total, self._deadline = total, _Deadline()
        self._pool.close()
        self._pool = httpcore.ConnectionPool(
            ssl_context=_authorities(),
            max_connections=_LIMITS.max_connections,
            max_keepalive_connections=_LIMITS.max_keepalive_connections,
            keepalive_expiry=_LIMITS.keepalive_expiry,
            network_backend=_Network(self._deadline),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._deadline.at = monotonic() + float(request.extensions.get(TOTAL, self._total))
        return super().handle_request(request)
