"""Bodies of signed calls: read within a limit, verified, then parsed. What they mean is not decided here."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import anyio
from fastapi import Request
from pydantic import SecretStr
from starlette.responses import PlainTextResponse, Response

HEADER = "x-konectus-signature"
SCHEME = "sha256="
DEADLINE = 20.0
_NOT_JSON, _WRONG, _TOO_SLOW, _TOO_LARGE, _ENCODED = 400, 401, 408, 413, 415


@dataclass(frozen=True, slots=True)
class Told:
    """A JSON object that was signed, in a form that a database takes, with the hash of what came."""

    content: Mapping[str, Any]
    sha256: bytes


async def read(request: Request, secret: SecretStr | None, most: int) -> Told | Response:
    """What a signed call says, or its refusal in one line (400, 401, 408, 413, 415). No secret: nobody can sign."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        return _refusal(_ENCODED, "send the body as it is, without content-encoding")
    body = await _limited(request, most)
    if isinstance(body, Response):
        return body
    if secret is None or not is_signed(body, request.headers.get(HEADER, ""), secret.get_secret_value()):
        return _refusal(_WRONG, "the signature is wrong")
    content = _object(body)
    if content is None:
        return _refusal(_NOT_JSON, "the body is not a JSON object")
    return Told(content, hashlib.sha256(body).digest())


def is_signed(body: bytes, header: str, secret: str) -> bool:
    """Whether the header holds the HMAC-SHA256 of the raw body under the secret."""
    expected = SCHEME + hmac.digest(secret.encode(), body, hashlib.sha256).hex()
    return bool(secret) & hmac.compare_digest(expected.encode(), header.strip().encode("utf-8", "replace"))


async def _limited(request: Request, most: int) -> bytes | Response:
    """Read while it comes in: one that is too long or too slow is not waited for."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length[:12]) > most:
        return _refusal(_TOO_LARGE, f"at most {most} bytes")
    body = bytearray()
    with anyio.move_on_after(DEADLINE) as deadline:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                return _refusal(_TOO_LARGE, f"at most {most} bytes")
    return _refusal(_TOO_SLOW, "the body came too slowly") if deadline.cancelled_caught else bytes(body)


def _object(body: bytes) -> dict[str, Any] | None:
    """The JSON object; None for what is none. Fractions stay text: money has no floats, and 1e999 is no number."""
    try:
        found = json.loads(body.decode("utf-8"), parse_float=str, parse_constant=str)
        cleaned = _storable(found)
    except (ValueError, RecursionError):
        return None
    return cleaned if isinstance(cleaned, dict) else None


def _storable(value: Any) -> Any:
    """Without what PostgreSQL's jsonb refuses: NUL and lone surrogates."""
    if isinstance(value, str):
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_storable(one) for one in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(one) for key, one in value.items()}
    return value


def _refusal(status: int, line: str) -> Response:
    return PlainTextResponse(line, status_code=status)
