"""One request on one connection with one deadline over all of it: connecting, TLS, header, every read.

httpx limits single reads alone, so that a server could drip a header for days. What is asked and what an answer may
be is `fetch`.
"""

import contextlib
import ssl
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import httpcore
import httpx

from konectus.clock import monotonic

# Extension of a request: the instant of konectus.clock.monotonic at which all is over.
DEADLINE = "deadline"
_CONNECT = 5.0
_READ = 5.0


@dataclass(frozen=True)
class _End:
    """When all is over: at an instant, or as soon as the process stops."""

    deadline: float
    stopping: threading.Event

    def left(self, timeout: float | None, over: type[Exception]) -> float:
        """How long the next step may take. Raises `over`."""
        left = self.deadline - monotonic()
        if left <= 0 or self.stopping.is_set():
            raise over
        return min(left, timeout) if timeout is not None else left


@dataclass(frozen=True)
class _Timed(httpcore.NetworkStream):
    """A stream whose every step also ends with the end."""

    inner: httpcore.NetworkStream
    end: _End

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.inner.read(max_bytes, self.end.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.inner.write(buffer, self.end.left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self.inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self.end.left(timeout, httpcore.ConnectTimeout)
        return _Timed(self.inner.start_tls(ssl_context, server_hostname, left), self.end)

    def get_extra_info(self, info: str) -> object:
        return self.inner.get_extra_info(info)


@dataclass(frozen=True)
class _Network(httpcore.NetworkBackend):
    end: _End
    inner: httpcore.SyncBackend = field(default_factory=httpcore.SyncBackend)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left = self.end.left(timeout, httpcore.ConnectTimeout)
        return _Timed(self.inner.connect_tcp(host, port, left, local_address, socket_options), self.end)


@dataclass(frozen=True)
class _Body(httpx.SyncByteStream):
    """The raw bytes as they come; nothing is unpacked. Closing it closes the connection."""

    response: httpcore.Response
    pool: httpcore.ConnectionPool

    def __iter__(self) -> Iterator[bytes]:
        with _translated():
            yield from self.response.iter_stream()

    def close(self) -> None:
        self.response.close()
        self.pool.close()


@dataclass
class Transport(httpx.BaseTransport):
    """No proxy, no cookie, no connection kept: whoever is asked next is checked anew."""

    context: ssl.SSLContext
    seconds: float
    stopping: threading.Event = field(default_factory=threading.Event)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx.TransportError, and a timeout among them once the deadline is over."""
        end = _End(float(request.extensions.get(DEADLINE, monotonic() + self.seconds)), self.stopping)
        pool = httpcore.ConnectionPool(ssl_context=self.context, network_backend=_Network(end))
        url = httpcore.URL(
            scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path
        )
        extensions = {"timeout": {"connect": _CONNECT, "read": _READ, "write": _READ, "pool": _CONNECT}}
        extensions |= {name: request.extensions[name] for name in ("sni_hostname",) if name in request.extensions}
        asked = httpcore.Request(request.method, url, headers=request.headers.raw, extensions=extensions)
        try:
            with _translated():
                response = pool.handle_request(asked)
        except httpx.HTTPError:
            pool.close()
            raise
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response, pool))

    def close(self) -> None:
        """Whatever is under way ends at its next step."""
        self.stopping.set()


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """The library's errors as httpx names them, without their words: those quote the address."""
    try:
        yield
    except (httpcore.TimeoutException, TimeoutError) as error:
        raise httpx.ReadTimeout(type(error).__name__) from None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError) as error:
        raise httpx.ReadError(type(error).__name__) from None


def open_transport(seconds: float = 30.0) -> httpx.BaseTransport:
    """Certificates are checked against the usual authorities."""
    return Transport(httpx.create_ssl_context(trust_env=False), seconds)
