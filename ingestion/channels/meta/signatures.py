"""Meta's signatures: webhook bodies, signed_request forms and appsecret_proof. Pure, over bytes."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping

from ingestion.channels.port.reading import Undecodable, decode, id_of, instant_of, mapping_of
from ingestion.wire import Signal

_PREFIX = "sha256="


def is_signed(raw: bytes, header: str | None, secrets: Iterable[bytes]) -> bool:
    """Whether X-Hub-Signature-256 fits the raw body under one of the secrets.

    Every secret is tried in constant time. No secret, no header or the old SHA-1 header alone: not signed.
    """
    given = (header or "").removeprefix(_PREFIX).encode() if (header or "").startswith(_PREFIX) else b""
    fits = False
    for secret in secrets:
        wanted = hmac.new(secret, raw, hashlib.sha256).hexdigest().encode()
        fits |= bool(secret) & hmac.compare_digest(wanted, given)
    return fits


def is_same(given: str, wanted: str) -> bool:
    """Equal in constant time; an empty secret fits nothing."""
    return bool(wanted) & hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode())


def proof(app_secret: str, token: str) -> str:
    """appsecret_proof of a call made with this token."""
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def open_request(signed_request: str, secrets: Iterable[bytes]) -> Mapping[str, object] | None:
    """The payload of a signed_request form field; None when the signature or the algorithm does not fit."""
    signature, _, payload = signed_request.partition(".")
    given, encoded = _from_base64(signature), payload.encode("utf-8", "surrogatepass")
    fits = False
    for secret in secrets:
        wanted = hmac.new(secret, encoded, hashlib.sha256).digest()
        fits |= bool(secret) & hmac.compare_digest(wanted, given)
    if not fits:
        return None
    try:
        told = mapping_of(decode(_from_base64(payload)))
    except Undecodable:
        return None
    return told if str(told.get("algorithm", "")).upper() == "HMAC-SHA256" else None


def withdrawal(purpose: str, told: Mapping[str, object]) -> Signal:
    """A deauthorize or data_deletion call as an event; its user is the one who once granted the connectors."""
    facts = {"user_id": id_of(told.get("user_id"))}
    return Signal(account=None, kind=purpose, occurred_at=instant_of(told.get("issued_at")), facts=facts)


def _from_base64(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""
