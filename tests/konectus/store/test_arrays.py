"""Columns as binary arrays: what PostgreSQL reads of them is what went in, nulls included."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from konectus.services.installation import Installation
from konectus.store import arrays
from konectus.store.arrays import Column
from konectus.store.roles import Role

FAR = timezone(timedelta(hours=-7))
MAKERS: Sequence[tuple[Callable[[Iterable[Any]], Column], str, st.SearchStrategy[Any]]] = (
    (arrays.uuids, "uuid", st.uuids()),
    (arrays.byteas, "bytea", st.binary(max_size=3000)),
    (arrays.texts, "text", st.text(st.characters(exclude_characters="\0", codec="utf-8"))),
    (arrays.integers, "bigint", st.integers(-(1 << 63), (1 << 63) - 1)),
    (arrays.flags, "boolean", st.booleans()),
    (arrays.days, "date", st.dates()),
    (arrays.instants, "timestamptz", st.datetimes(timezones=st.sampled_from([UTC, FAR]), min_value=datetime(2, 1, 1))),  # noqa: DTZ001 - hypothesis adds the zone
)


def stored(installation: Installation, kind: str, column: Column) -> list[object]:
    """The column as PostgreSQL unnests it."""
    with installation.database.session(Role.WORKER) as session:
        found = session.execute(text(f"select v from unnest(cast(:column as {kind}[])) as v"), {"column": column})
        return list(found.scalars().all())


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize(("make", "kind", "values"), MAKERS, ids=[kind for _, kind, _ in MAKERS])
def test_column_is_read_as_it_was_given(
    installation: Installation,
    make: Callable[[Iterable[Any]], Column],
    kind: str,
    values: st.SearchStrategy[Any],
    data: st.DataObject,
) -> None:
    given_values = data.draw(st.lists(st.none() | values, max_size=8))
    assert stored(installation, kind, make(given_values)) == given_values


def test_microsecond_and_long_values_survive(installation: Installation) -> None:
    at = datetime(2026, 11, 22, 23, 59, 59, 999_999, tzinfo=UTC)
    assert stored(installation, "timestamptz", arrays.instants([at])) == [at]
    assert stored(installation, "bytea", arrays.byteas([b"\0" * 100_000, b""])) == [b"\0" * 100_000, b""]


class Channel(StrEnum):
    MESSENGER = "messenger"


@dataclass(frozen=True, slots=True)
class Row:
    id: UUID
    name: str | None
    channel: Channel
    body: bytes | None
    at: datetime | None
    day: date
    number: int
    small: int
    fits: bool | None


def test_rows_become_columns_by_the_types_of_their_fields(installation: Installation) -> None:
    rows = [
        Row(UUID(int=1), "ñandú", Channel.MESSENGER, b"\xff", None, date(2026, 1, 1), -1, 7, fits=True),
        Row(
            UUID(int=2),
            None,
            Channel.MESSENGER,
            None,
            datetime(2026, 1, 1, tzinfo=UTC),
            date(1, 1, 1),
            1 << 62,
            0,
            None,
        ),
    ]
    statement = text(
        "select * from unnest(cast(:id as uuid[]), cast(:name as text[]), cast(:channel as text[]),"
        " cast(:body as bytea[]), cast(:at as timestamptz[]), cast(:day as date[]), cast(:number as bigint[]),"
        " cast(:small as int[]), cast(:fits as boolean[]))"
    )
    with installation.database.session(Role.WORKER) as session:
        found = session.execute(statement, arrays.columns(rows)).all()
    assert [Row(*row) for row in found] == rows


@pytest.mark.parametrize(
    ("make", "value", "refusal"),
    [
        (arrays.integers, 1 << 63, OverflowError),
        (arrays.instants, datetime(2026, 1, 1), TypeError),  # noqa: DTZ001 - a naive one is the mistake
        (arrays.texts, "\ud800", UnicodeEncodeError),
        (arrays.uuids, "no uuid", AttributeError),
        (arrays.byteas, "no bytes", TypeError),
    ],
)
def test_value_of_another_type_is_refused_before_it_is_sent(
    make: Callable[[Iterable[Any]], Column], value: object, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        make([value])


def test_field_that_is_no_column_is_refused_by_name() -> None:
    @dataclass
    class Odd:
        facts: dict[str, str]

    with pytest.raises(TypeError, match="dict"):
        arrays.columns([Odd({})])
