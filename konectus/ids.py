"""The only source of identifiers. Random bits and an instant in, no clock of its own."""

import secrets
from datetime import datetime
from uuid import UUID

_RANDOM_BITS = 62
_VERSION_7 = 0x7
_VARIANT = 0b10


def uuid7(now: datetime) -> UUID:
    """A version 7 identifier (RFC 9562, 6.2 method 3) that sorts by its microsecond: replies leave in this order.

    Python 3.11 has none and neither has PostgreSQL 16, and a row is sealed before it is written.
    """
    millis = (int(now.timestamp()) * 1000 + now.microsecond // 1000) & (1 << 48) - 1
    fraction = (now.microsecond % 1000) * (1 << 12) // 1000
    high = millis << 16 | _VERSION_7 << 12 | fraction
    low = _VARIANT << 62 | secrets.randbits(_RANDOM_BITS)
    return UUID(int=high << 64 | low)


def token() -> str:
    """An opaque 256-bit token that is safe in a URL."""
    return secrets.token_urlsafe(32)
