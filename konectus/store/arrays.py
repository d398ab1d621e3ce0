"""Whole columns as PostgreSQL binary arrays, for set-based writes: `unnest(cast(:ids as uuid[]), …)`.

psycopg makes text of lists one element at a time, in Python. Which rows are written is the queries'.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from struct import Struct as Layout
from types import NoneType, UnionType
from typing import Any, ClassVar, TypeVar, get_args, get_type_hints
from uuid import UUID

import psycopg
from msgspec import Struct
from msgspec.structs import astuple
from psycopg import postgres
from psycopg.adapt import Dumper
from psycopg.pq import Format

# Where PostgreSQL counts its microseconds and days from.
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.date().toordinal()
_MICROSECOND = timedelta(microseconds=1)
_NULL = b"\xff\xff\xff\xff"
_length = Layout("!i").pack
_head = Layout("!5i").pack  # dimensions, whether there are nulls, type of an element, elements, lower bound


@dataclass(frozen=True, slots=True)
class Column:
    """An array in PostgreSQL's binary form, as a parameter. Made by the functions below."""

    data: bytes
    element: ClassVar[str]


class Uuids(Column):
    element = "uuid"


class Byteas(Column):
    element = "bytea"


class Instants(Column):
    element = "timestamptz"


class Days(Column):
    element = "date"


class Texts(Column):
    element = "text"


class Integers(Column):
    """bigint[]; a cast to int[] in the statement is done by the server."""

    element = "int8"


class Flags(Column):
    element = "bool"


def uuids(values: Iterable[UUID | None]) -> Uuids:
    return _column(Uuids, values, _uuids)


def byteas(values: Iterable[bytes | None]) -> Byteas:
    return _column(Byteas, values, _byteas)


def instants(values: Iterable[datetime | None]) -> Instants:
    """Aware instants. A naive one raises TypeError."""
    return _column(Instants, values, _instants)


def days(values: Iterable[date | None]) -> Days:
    return _column(Days, values, _days)


def texts(values: Iterable[str | None]) -> Texts:
    """Raises UnicodeEncodeError for half a surrogate; NUL is refused by the server."""
    return _column(Texts, values, _texts)


def integers(values: Iterable[int | None]) -> Integers:
    """Raises OverflowError beyond 64 bits."""
    return _column(Integers, values, _integers)


def flags(values: Iterable[bool | None]) -> Flags:
    return _column(Flags, values, _flags)


def columns(rows: Sequence[Any]) -> dict[str, Column]:
    """The fields of rows as columns by name; at least one row, all of one struct or dataclass."""
    row: type = type(rows[0])
    values = zip(*map(_reader(row), rows), strict=True)
    return {name: make(column) for (name, make), column in zip(_makers(row), values, strict=True)}


K = TypeVar("K", bound=Column)


def _column(kind: type[K], values: Iterable[Any], encoded: Callable[[Sequence[Any]], bytes]) -> K:
    held, nulls = list(values), 0
    try:
        elements = encoded(held)
    except (AttributeError, TypeError):
        # Nulls are looked for only where something is not of the column's type.
        nulls = 1
        elements = b"".join([_NULL if value is None else encoded((value,)) for value in held])
    oid = postgres.types[kind.element].oid
    return kind((_head(1, nulls, oid, len(held), 1) if held else _head(0, 0, oid, 0, 0)[:12]) + elements)


# Each takes a whole column: a call for every element would be most of the work.


def _uuids(values: Sequence[UUID]) -> bytes:
    return b"".join([b"\0\0\0\x10" + value.int.to_bytes(16, "big") for value in values])


def _byteas(values: Sequence[bytes]) -> bytes:
    return b"".join([_length(len(value)) + value for value in values])


def _texts(values: Sequence[str]) -> bytes:
    return _byteas([value.encode() for value in values])


def _instants(values: Sequence[datetime]) -> bytes:
    return _integers([(value - _EPOCH) // _MICROSECOND for value in values])


def _days(values: Sequence[date]) -> bytes:
    offsets = [value.toordinal() - _EPOCH_DAY for value in values]
    return b"".join([b"\0\0\0\x04" + offset.to_bytes(4, "big", signed=True) for offset in offsets])


def _integers(values: Sequence[int]) -> bytes:
    return b"".join([b"\0\0\0\x08" + value.to_bytes(8, "big", signed=True) for value in values])


def _flags(values: Sequence[bool]) -> bytes:
    return b"".join([b"\0\0\0\x01" + value.to_bytes(1, "big") for value in values])


# bool is an int and datetime a date: the first that fits counts.
_BY_TYPE: Sequence[tuple[type, Callable[[Iterable[Any]], Column]]] = (
    (UUID, uuids),
    (bytes, byteas),
    (datetime, instants),
    (date, days),
    (str, texts),
    (bool, flags),
    (int, integers),
)


@cache
def _makers(row: type) -> Sequence[tuple[str, Callable[[Iterable[Any]], Column]]]:
    hints = get_type_hints(row)
    return [(name, _maker(hints[name])) for name in _names(row)]


@cache
def _reader(row: type) -> Callable[[Any], tuple[Any, ...]]:
    """The fields of a row, in order."""
    if issubclass(row, Struct):
        return astuple
    names = _names(row)
    return lambda one: tuple(getattr(one, name) for name in names)


def _names(row: Any) -> Sequence[str]:
    return [field.name for field in fields(row)] if is_dataclass(row) else row.__struct_fields__


def _maker(hint: Any) -> Callable[[Iterable[Any]], Column]:
    """Raises TypeError for a field that is no column of ours."""
    kinds = set(get_args(hint) if isinstance(hint, UnionType) else (hint,)) - {NoneType}
    for known, make in _BY_TYPE:
        if all(isinstance(kind, type) and issubclass(kind, known) for kind in kinds):
            return make
    raise TypeError(f"no column is made of {hint}")


def _dumper(kind: type[Column]) -> type[Dumper]:
    class Binary(Dumper):
        format = Format.BINARY
        oid = postgres.types[kind.element].array_oid

        def dump(self, obj: Column) -> bytes:
            return obj.data

    return Binary


for _kind in (Uuids, Byteas, Instants, Days, Texts, Integers, Flags):
    psycopg.adapters.register_dumper(_kind, _dumper(_kind))
