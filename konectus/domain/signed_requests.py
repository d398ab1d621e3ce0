"""A signed_request of Meta: who withdraws a consent, and when they said so. Pure, over text."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

_ALGORITHM = "HMAC-SHA256"
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """The app-scoped id of the person, when Meta signed (None where it does not say), and which secret of the list."""

    user_id: str
    issued_at: datetime | None
    secret: int = 0


def payload(signed_request: str, secrets: Iterable[bytes]) -> Mapping[str, object] | None:
    """The JSON object of a signed_request; None when signature, algorithm or content do not fit."""
    return None if which_signed(signed_request, secrets) is None else _told(signed_request)


def opened(signed_request: str, secrets: Iterable[bytes]) -> SignedRequest | None:
    """Who calls; None for a signed_request that is none, or that names nobody."""
    secret = which_signed(signed_request, secrets)
    told = None if secret is None else _told(signed_request)
    user = told.get("user_id") if told is not None else None
    if secret is None or told is None or isinstance(user, bool) or not isinstance(user, str | int) or not str(user):
        return None
    return SignedRequest(str(user), _instant(told.get("issued_at")), secret)


def which_signed(signed_request: str, secrets: Iterable[bytes]) -> int | None:
    """The place in the list of the secret that signed; the raw digest over the encoded payload (channels.md 1.7).

    Every secret is tried in constant time; an empty one fits nothing.
    """
    signature, _, encoded = signed_request.partition(".")
    given, said = _from_base64(signature), encoded.encode("utf-8", "surrogatepass")
    found: int | None = None
    for number, secret in enumerate(secrets):
        fits = bool(secret) & hmac.compare_digest(hmac.digest(secret, said, hashlib.sha256), given)
        found = number if fits and found is None else found
    return found


def _told(signed_request: str) -> Mapping[str, object] | None:
    try:
        told = json.loads(_from_base64(signed_request.partition(".")[2]))
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or str(told.get("algorithm", "")).upper() != _ALGORITHM:
        return None
    return told


def grantor(key: bytes, app_id: str, user_id: str) -> bytes:
    """The keyed hash by which a person who granted connectors is known: their id is scoped to the Meta app.

    Keyed, for such an id is a number that can be guessed, and the record of a deletion outlives the person's data.
    """
    return hmac.digest(key, f"{app_id}\0{user_id}".encode("utf-8", "surrogatepass"), hashlib.sha256)


def _instant(seconds: object) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        return None
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return at if _EARLIEST <= at < _LATEST else None


def _from_base64(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text.encode("utf-8", "surrogatepass") + b"=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""
