"""One HTTP call to a channel: what may have reached it and what cannot have, and no token in any log or text."""

import logging
import re
from dataclasses import dataclass, field
from datetime import timedelta

import httpx

from ingestion.channels.port.failures import Action, Transient
from ingestion.channels.port.reading import Undecodable, decode, mapping_of

# Telegram's token stands in the path, Meta's may stand in a query; the HTTP library logs whole addresses.
_SECRETS = re.compile(r"(/bot)\d+:[\w-]+|((?:access_token|appsecret_proof|client_secret|input_token)=)[^&\s\"']+")
_HTTP_LOGGERS = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy")
# Nothing was written when the connection or the pool failed, so the call did not happen.
_NEVER_WRITTEN = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

_LONGEST_WAIT = 86400
_LARGEST_ANSWER = 1 << 20


def scrub(text: str) -> str:
    """The text without the secrets that addresses carry."""
    return _SECRETS.sub(lambda match: f"{match[1] or match[2]}…", text)


class _Scrubbed(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = scrub(record.getMessage()), ()
        return True


for _name in _HTTP_LOGGERS:
    logging.getLogger(_name).addFilter(_Scrubbed())


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: the status, the headers and the JSON object (empty when it was none)."""

    status: int
    body: dict[str, object] = field(repr=False)
    headers: httpx.Headers = field(repr=False)

    @property
    def retry_after(self) -> timedelta | None:
        seconds = self.headers.get("Retry-After", "")
        return timedelta(seconds=min(int(seconds), _LONGEST_WAIT)) if re.fullmatch(r"\d{1,9}", seconds) else None


def perform(http: httpx.Client, request: httpx.Request) -> Answer:
    """Send a request and read the whole answer.

    Raises Transient: `maybe_accepted` false when no connection came about, true for every later break. Redirects
    are not followed: they are answers without content.
    """
    try:
        response = http.send(request, stream=True)
    except _NEVER_WRITTEN as error:
        raise Transient(type(error).__name__, action=Action.RETRY, maybe_accepted=False) from None
    except httpx.HTTPError as error:
        raise Transient(type(error).__name__, action=Action.RETRY, maybe_accepted=True) from None
    try:
        content = _read(response)
    except httpx.HTTPError as error:
        raise Transient(type(error).__name__, action=Action.RETRY, maybe_accepted=True) from None
    finally:
        response.close()
    try:
        body = decode(content)
    except Undecodable:
        body = None
    return Answer(status=response.status_code, body=dict(mapping_of(body)), headers=response.headers)


def _read(response: httpx.Response) -> bytes:
    """The whole body. Raises Transient for one that does not end: it says nothing to us."""
    content = bytearray()
    for piece in response.iter_bytes():
        content += piece
        if len(content) > _LARGEST_ANSWER:
            raise Transient("answer too large", action=Action.RETRY, maybe_accepted=True)
    return bytes(content)
