"""Meta's signatures: webhook bodies, signed_request forms and appsecret_proof. Pure, over bytes."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping

from ingestion.channels.port.reading import id_of, instant_of
from ingestion.wire import Signal
from konectus.domain import signed_requests

_PREFIX = "sha256="


def is_signed(raw: bytes | bytearray, header: str | None, secrets: Iterable[bytes]) -> bool:
    """Whether X-Hub-Signature-256 fits the raw body under one of the secrets."""
    return which_signed(raw, header, secrets) is not None


def which_signed(raw: bytes | bytearray, header: str | None, secrets: Iterable[bytes]) -> int | None:
    """The place in the list of the secret that signed the raw body; None: nobody of ours did.

    Every secret is tried in constant time. No secret, no header or the old SHA-1 header alone: not signed.
    """
    given = (header or "").removeprefix(_PREFIX).encode() if (header or "").startswith(_PREFIX) else b""
    found: int | None = None
    for number, secret in enumerate(secrets):
        wanted = hmac.digest(secret, raw, "sha256").hex().encode()
        fits = bool(secret) & hmac.compare_digest(wanted, given)
        found = number if fits and found is None else found
    return found


def is_same(given: str, wanted: str) -> bool:
    """Equal in constant time; an empty secret fits nothing."""
    return bool(wanted) & hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode())


def proof(app_secret: str, token: str) -> str:
    """appsecret_proof of a call made with this token."""
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def open_request(signed_request: str, secrets: Iterable[bytes]) -> Mapping[str, object] | None:
    """The payload of a signed_request form field; None when the signature or the algorithm does not fit."""
    return signed_requests.payload(signed_request, secrets)


def withdrawal(purpose: str, told: Mapping[str, object]) -> Signal:
    """A deauthorize or data_deletion call as an event; its user is the one who once granted the connectors."""
    facts = {"user_id": id_of(told.get("user_id"))}
    return Signal(account=None, kind=purpose, occurred_at=instant_of(told.get("issued_at")), facts=facts)
