"""Fetching one file safely: checked address, no redirect without a new check, caps on size and time."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http import HTTPStatus

import httpx

from ingestion.attachments.addresses import Addresses, Target
from ingestion.attachments.refusals import Refused, Unreachable
from ingestion.attachments.transport import DEADLINE
from konectus.clock import monotonic

# Messenger and Instagram take 25 MB at most (channels.md 2.6, 3.3); Telegram gives 20.
MOST_BYTES = 25 << 20
SECONDS = 30.0
TOO_LARGE = "too_large"
_REDIRECTS = 3
_TIMEOUT = httpx.Timeout(5.0).as_dict()
_MOVED = frozenset({301, 302, 303, 307, 308})
_LATER = frozenset({408, 425, 429})


@dataclass(frozen=True)
class Fetcher:
    """Asks a transport directly, so that no cookie, proxy or redirect of a client gets in between."""

    transport: httpx.BaseTransport
    addresses: Addresses = field(default_factory=Addresses)
    most_bytes: int = MOST_BYTES
    seconds: float = SECONDS

    def fetch(self, address: str) -> bytes:
        """The whole file. Raises Refused or Unreachable."""
        deadline = monotonic() + self.seconds
        for _ in range(_REDIRECTS + 1):
            target = self.addresses.check(address)
            with closing(self._ask(target, deadline)) as response:
                if response.status_code not in _MOVED:
                    return self._read(response, deadline)
                address = _next(target, response)
        raise Refused("too_many_redirects")

    def _ask(self, target: Target, deadline: float) -> httpx.Response:
        headers = {"Host": target.header, "Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "Konectus"}
        # Connected to the address, but the certificate must be the name's.
        extensions = {"timeout": _TIMEOUT, "sni_hostname": target.host, DEADLINE: deadline}
        request = httpx.Request("GET", target.url, headers=headers, extensions=extensions)
        try:
            return self.transport.handle_request(request)
        except httpx.HTTPError as error:
            raise Unreachable(type(error).__name__) from None

    def _read(self, response: httpx.Response, deadline: float) -> bytes:
        _require_well(response, self.most_bytes)
        content = bytearray()
        for chunk in _chunks(response):
            content += chunk
            if len(content) > self.most_bytes:
                raise Refused(TOO_LARGE)
            if monotonic() > deadline:
                raise Unreachable("too_slow")
        if not content:
            raise Refused("empty")
        return bytes(content)


def _require_well(response: httpx.Response, most_bytes: int) -> None:
    status = response.status_code
    if status in _LATER or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Unreachable(f"http_{status}")
    if status != HTTPStatus.OK:
        raise Refused("gone")
    told = response.headers.get("Content-Length", "")
    if told.isascii() and told.isdigit() and int(told[:20]) > most_bytes:
        raise Refused(TOO_LARGE)
    # Asked not to: a small body that unpacks into a huge one is refused, not unpacked.
    if response.headers.get("Content-Encoding", "identity").lower() not in {"", "identity"}:
        raise Refused("encoded")


def _chunks(response: httpx.Response) -> Iterator[bytes]:
    stream = response.stream
    if not isinstance(stream, httpx.SyncByteStream):
        raise Unreachable("no stream")
    try:
        yield from stream
    except httpx.HTTPError as error:
        raise Unreachable(type(error).__name__) from None


def _next(target: Target, response: httpx.Response) -> str:
    """Where a redirect leads, seen from the name and not from the address behind it."""
    try:
        asked = target.url.copy_with(netloc=target.header.encode("ascii"))
        return str(asked.join(response.headers.get("Location", "")))
    except (httpx.InvalidURL, ValueError):
        raise Refused("bad_address") from None
