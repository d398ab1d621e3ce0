"""The only source of identifiers. Random bits and an instant in, no clock of its own."""

import os
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_RANDOM_BYTES = 8
_RANDOM_BITS = (1 << 62) - 1
_VERSION_7 = 0x7 << 12
_VARIANT = 0b10 << 62


def uuid7(now: datetime) -> UUID:
    """A version 7 identifier (RFC 9562, 6.2 method 3) that sorts by its microsecond: replies leave in this order.

    Python 3.11 has none and neither has PostgreSQL 16, and a row is sealed before it is written.
    """
    return _made(now, os.urandom(_RANDOM_BYTES))


def uuid7s(instants: Sequence[datetime]) -> list[UUID]:
    """One for each instant; the system is asked for random bits once."""
    bits = os.urandom(_RANDOM_BYTES * len(instants))
    starts = range(0, len(bits), _RANDOM_BYTES)
    return [_made(at, bits[start : start + _RANDOM_BYTES]) for at, start in zip(instants, starts, strict=True)]


def _made(now: datetime, bits: bytes) -> UUID:
    millis, micros = divmod((now - _EPOCH) // _MICROSECOND, 1000)
    high = (millis & (1 << 48) - 1) << 16 | _VERSION_7 | (micros << 12) // 1000
    low = _VARIANT | int.from_bytes(bits) & _RANDOM_BITS
    return UUID(int=high << 64 | low)


def token() -> str:
    """An opaque 256-bit token that is safe in a URL."""
    return secrets.token_urlsafe(32)
