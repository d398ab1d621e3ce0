"""One deadline over all of a fetch, against servers that are slow in every way there is. Real sockets on loopback."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import httpx
import pytest

from ingestion.attachments.addresses import Addresses
from ingestion.attachments.fetch import Fetcher
from ingestion.attachments.refusals import Refused, Unreachable
from ingestion.attachments.transport import open_transport
from konectus.clock import monotonic

OK = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"
SECONDS = 0.4
# Without the deadline these would never end.
pytestmark = pytest.mark.timeout(20)
Talk = Callable[[socket.socket, threading.Event], None]


@contextmanager
def server(talk: Talk) -> Iterator[str]:
    """Answers one connection after the other with `talk`, until the block ends."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def run() -> None:
            while not over.is_set():
                with suppress(OSError):
                    conn, _ = listening.accept()
                    with conn, suppress(OSError):
                        conn.recv(4096)
                        talk(conn, over)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/foto.png"
        over.set()
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def fetch(url: str, **limits: float) -> bytes:
    port = int(url.split(":")[2].split("/", maxsplit=1)[0])
    ours = Addresses(loopback=frozenset({("http", "127.0.0.1", port)}))
    return Fetcher(open_transport(), ours, seconds=limits.get("seconds", SECONDS), most_bytes=1 << 20).fetch(url)


def drip(begin: bytes, drop: bytes) -> Talk:
    def talk(conn: socket.socket, over: threading.Event) -> None:
        conn.sendall(begin)
        while not over.wait(0.02):
            conn.sendall(drop)

    return talk


def test_a_file_comes_whole() -> None:
    def talk(conn: socket.socket, _over: threading.Event) -> None:
        conn.sendall(OK + b"Content-Length: 4\r\n\r\nfoto")

    with server(talk) as url:
        assert fetch(url, seconds=10.0) == b"foto"


@pytest.mark.parametrize(
    "talk",
    [
        drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
        drip(OK + b"\r\n", b"x"),
        lambda _conn, over: over.wait(20),
        drip(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
    ids=["header", "body", "silence", "chunks"],
)
def test_a_server_that_drips_is_left_at_the_deadline(talk: Talk) -> None:
    begun = monotonic()
    with server(talk) as url, pytest.raises(Unreachable):
        fetch(url)
    assert monotonic() - begun < 5


def test_a_body_without_an_end_is_cut_at_its_size() -> None:
    with server(drip(OK + b"\r\n", bytes(256 * 1024))) as url, pytest.raises(Refused, match="too_large"):
        fetch(url, seconds=20.0)


@pytest.mark.parametrize(
    "answer",
    [b"<html>nada</html>", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\ncorto", b"\xff\xfe\x00\r\n\r\n"],
    ids=["no http", "hung up", "cut short", "noise"],
)
def test_an_answer_that_is_no_http_is_tried_again_later(answer: bytes) -> None:
    with server(lambda conn, _over: conn.sendall(answer)) as url, pytest.raises(Unreachable):
        fetch(url, seconds=5.0)


def test_nobody_there_is_tried_again_later() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(Unreachable):
        fetch(f"http://127.0.0.1:{port}/foto.png")


def test_what_is_under_way_ends_when_the_process_stops() -> None:
    transport = open_transport()
    with server(drip(OK + b"\r\n", b"x")) as url:
        response = transport.handle_request(httpx.Request("GET", url))
        body = iter(response.stream)  # type: ignore[arg-type]  # a sync transport's
        next(body)
        transport.close()
        begun = monotonic()
        with pytest.raises(httpx.ReadTimeout):
            for _ in body:
                pass
        response.close()
    assert monotonic() - begun < 10, "long before its deadline"
