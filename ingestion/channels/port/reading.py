"""Reading foreign JSON: bytes to values, values to clean text, ids and instants. Nothing here raises but `decode`."""

import contextlib
import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from ingestion.wire import Json
from konectus.domain.channels import as_stored
from konectus.errors import Invalid

# Beyond this a number is no id, count or time of any channel, and turning it into an int costs quadratic time.
MAX_DIGITS = 40
MAX_DEPTH = 8
MAX_ID = 1024
# An ordinary body is read ten times faster by msgspec; whatever it refuses is decided by what comes after it.
_FAST, _SMALL = msgspec.json.Decoder(), 1 << 16
_DIGITS = bytes(ord("0") if byte in b"0123456789" else ord(" ") for byte in range(256))
_TOO_MANY = b"0" * (MAX_DIGITS + 1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
# 1e11 s is the year 5138 and 1e11 ms is 1973, so the size tells the unit.
_MILLISECONDS_FROM = 100_000_000_000
_A_MILLISECOND, _A_SECOND = timedelta(milliseconds=1), timedelta(seconds=1)


class Undecodable(Invalid):
    """A body that is no JSON we accept; `reason` is short and holds nothing of the body."""

    code = "undecodable"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def decode(raw: bytes) -> object:
    """The JSON value of a body in UTF-8.

    Decided: of equal keys the last one counts, NaN and Infinity read as null, a number of more than 40 digits
    stays text. Raises Undecodable for everything that is not JSON or is nested too deep for the parser.
    """
    if len(raw) <= _SMALL and _TOO_MANY not in raw.translate(_DIGITS):
        with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return _FAST.decode(raw)
    try:
        return json.loads(
            raw.decode("utf-8-sig"), parse_int=_integer, parse_float=_finite, parse_constant=lambda _name: None
        )
    except UnicodeDecodeError:
        raise Undecodable("not UTF-8") from None
    except RecursionError:
        raise Undecodable("nested too deep") from None
    except ValueError:
        raise Undecodable("not JSON") from None


def encode(value: object) -> bytes:
    """An item as JSON bytes for the dead letters; what cannot be written again becomes null."""
    try:
        return json.dumps(value).encode()
    except (RecursionError, TypeError, ValueError):
        return b"null"


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= MAX_DIGITS else digits


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def text_of(value: object) -> str | None:
    """A text that says something: None for no text and for the empty one."""
    return as_stored(value) if isinstance(value, str) and value else None


def id_of(value: object) -> str | None:
    """An id as text, whether it travels as text or as a number; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str) and 0 < len(value) <= MAX_ID:
        return as_stored(value)
    return None


def number_of(value: object) -> int | None:
    """A count, whether it travels as a number or as text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= MAX_DIGITS:
        return int(value)
    return value if isinstance(value, int) and abs(value) < 1 << 63 else None


def mapping_of(value: object) -> Mapping[str, object]:
    """An object's keys; none for anything else."""
    return value if isinstance(value, dict) else {}


def list_of(value: object) -> list[object]:
    """A list's items; an object stands for a list of one, anything else for an empty list."""
    if isinstance(value, list):
        return value
    return [value] if isinstance(value, dict) else []


def instant_of(value: object) -> datetime | None:
    """UTC from seconds, milliseconds or ISO text, as number or text; None outside the years 2000 to 2100."""
    if isinstance(value, float):
        value = int(value) if math.isfinite(value) else None
    number = number_of(value)
    if number is not None:
        return instant_of_number(number)
    return _iso(value) if isinstance(value, str) else None


def instant_of_number(number: int) -> datetime | None:
    """UTC from seconds or milliseconds; None outside the years 2000 to 2100."""
    unit = _A_MILLISECOND if abs(number) >= _MILLISECONDS_FROM else _A_SECOND
    try:
        instant = _EPOCH + number * unit
    except OverflowError:
        return None
    return instant if _EARLIEST <= instant < _LATEST else None


def _iso(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
        instant = (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    instant = instant.replace(microsecond=instant.microsecond // 1000 * 1000)
    return instant if _EARLIEST <= instant < _LATEST else None


def facts_of(value: object, depth: int = MAX_DEPTH) -> Json:
    """Any JSON value made storable: clean text, bounded depth (what lies deeper becomes null)."""
    if isinstance(value, str):
        return as_stored(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth == 0:
        return None
    if isinstance(value, list):
        return [facts_of(item, depth - 1) for item in value]
    return {as_stored(key): facts_of(item, depth - 1) for key, item in mapping_of(value).items()}


def first_text(*values: object) -> str | None:
    """The first of several places that holds a text."""
    return next((text for text in map(text_of, values) if text), None)
