"""Answers no channel should give: cut short, endless, dripping, of another kind. None of them sends a thing twice."""

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import httpx
import pytest

from ingestion import registry
from ingestion.channels.port.adapter import Access
from ingestion.channels.port.failures import Transient
from ingestion.channels.port.lines import Lines
from konectus.clock import monotonic
from tests.ingestion.channels.provider import BOT, META, OUT, Provider

CHANNELS = [("messenger", META), ("instagram", META), ("telegram", BOT)]
HTML = b"<!doctype html><title>Login</title>"


@pytest.mark.parametrize(("name", "access"), CHANNELS)
@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"null", b"[]", b'"m_1"', b"\xff\xfe\x00", HTML, b'{"message_id": null}',
        b'{"message_id": {"a": 1}}',
        b'{"recipient_id": "55"}', b'{"ok": true}', b'{"ok": true, "result": []}', b'{"ok": "yes"}',
        b'{"ok": true, "result": {"message_id": "x", "chat": 7}}', b"[" * 100_000,
        b'{"message_id": ' + b"9" * 5000 + b"}",
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)  # fmt: skip
def test_success_that_names_no_message_is_unknown(name: str, access: Access, body: bytes) -> None:
    assert_unknown(name, access, Provider(body=body).http)


@pytest.mark.parametrize(("name", "access"), CHANNELS)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect_is_not_followed_and_leaves_the_outcome_open(name: str, access: Access, status: int) -> None:
    channel = Provider(status=status, body=HTML, headers={"Location": "https://elsewhere.test/"})
    assert_unknown(name, access, channel.http)
    assert len(channel.asked) == 1


@pytest.mark.parametrize(("name", "access"), CHANNELS)
def test_endless_answer_is_cut_and_unknown(name: str, access: Access) -> None:
    given = []

    def endless() -> Iterator[bytes]:
        while True:
            given.append(1)
            yield b" " * 65_536

    http = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=endless())))
    assert_unknown(name, access, http)
    assert len(given) < 32


def test_packed_answer_is_cut_where_it_unpacks_to_too_much() -> None:
    packed = gzip.compress(b" " * (8 << 20))
    answer = httpx.Response(200, content=packed, headers={"Content-Encoding": "gzip"})
    assert_unknown("messenger", META, httpx.Client(transport=httpx.MockTransport(lambda _: answer)))


@contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that does to each connection what a test wants."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                conn, _ = server.accept()
            except OSError:
                return
            with conn:
                conn.recv(65_536)
                answer(conn)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def drip(text: bytes) -> Callable[[socket.socket], None]:
    """Five bytes a second, as a server in trouble."""

    def answer(conn: socket.socket) -> None:
        for byte in text:
            try:
                conn.sendall(bytes([byte]))
            except OSError:
                return
            if threading.Event().wait(0.2):
                return

    return answer


@pytest.mark.parametrize(
    "text",
    [b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 500, b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + b" " * 900],
)
def test_dripping_answer_ends_with_the_deadline_and_is_unknown(text: bytes) -> None:
    began = monotonic()
    # The headers of the second come whole, its body drips.
    head, _, rest = text.partition(b"\r\n\r\n")

    def answer(conn: socket.socket) -> None:
        if rest:
            conn.sendall(head + b"\r\n\r\n")
        drip(rest or text)(conn)

    with listening(answer) as address, httpx.Client(transport=Lines(total=0.6), timeout=10) as http:
        assert_unknown("messenger", replace(META, base_url=address), http)
    assert monotonic() - began < 5


def test_line_is_kept_open_for_the_next_call() -> None:
    body = json.dumps({"message_id": "m_1"}).encode()
    served = []

    def answer(conn: socket.socket) -> None:
        for _ in range(2):
            served.append(1)
            conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            if not conn.recv(65_536):
                return

    with listening(answer) as address, httpx.Client(transport=Lines(), timeout=10) as http:
        for _ in range(2):
            sent = registry.adapter("messenger").send_text(http, replace(META, base_url=address), OUT, "hola")
            assert sent.external_id == "m_1"
    assert len(served) == 2


def assert_unknown(name: str, access: Access, http: httpx.Client) -> None:
    """Nobody knows whether it went: never sent again by us."""
    with pytest.raises(Transient) as unknown:
        registry.adapter(name).send_text(http, access, OUT, "hola")
    assert unknown.value.maybe_accepted
