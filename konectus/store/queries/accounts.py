"""Who holds which account: what doors keep in memory and the worker asks again; counts of what is dropped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from konectus.store import arrays

Pair = tuple[str, str]
_COUNT = (
    "insert into platform.dropped_count (hour, channel, connector, events)"
    " select * from unnest({hours}, {channels}, {connectors}, {events}) order by 1, 2, 3"
    " on conflict (hour, channel, connector) do update set events = dropped_count.events + excluded.events"
)


@dataclass(frozen=True, slots=True)
class Holder:
    """A connector that holds, or held, an account. Not `live`: its events are counted and dropped."""

    channel: str
    account: str
    client_id: UUID
    connector_id: UUID
    secret_hash: bytes | None
    live: bool


async def all_holders(conn: psycopg.AsyncConnection[tuple[object, ...]]) -> list[Holder]:
    """Every account, live ones last, so that a map keeps the live holder of an account that others held before."""
    found = await conn.execute(
        "select channel, account_id, client_id, connector_id, webhook_secret_hash, live"
        " from platform.live_account order by live"
    )
    return [Holder(*row) for row in await found.fetchall()]  # type: ignore[arg-type]  # a row knows no column types


def holders(session: Session, pairs: Sequence[Pair], connectors: Sequence[UUID]) -> list[Holder]:
    """The holders of these accounts and these connectors, live ones last."""
    rows = session.execute(
        text(
            "select channel, account_id, client_id, connector_id, webhook_secret_hash, live"
            " from platform.live_account where (channel, account_id) in"
            " (select * from unnest(cast(:channels as text[]), cast(:accounts as text[])))"
            " or connector_id = any(:connectors) order by live"
        ),
        {
            "channels": arrays.texts(channel for channel, _ in pairs),
            "accounts": arrays.texts(account for _, account in pairs),
            "connectors": arrays.uuids(connectors),
        },
    )
    return [Holder(*row) for row in rows.all()]


# (hour, channel, connector id or `unknown`)
Dropped = Mapping[tuple[datetime, str, str], int]


async def count_dropped(conn: psycopg.AsyncConnection[tuple[object, ...]], dropped: Dropped) -> None:
    """Add the doors' counts to the hour's."""
    typed = {"hours": "%s::timestamptz[]", "channels": "%s::text[]", "connectors": "%s::text[]"}
    await conn.execute(_COUNT.format(**typed, events="%s::bigint[]").encode(), list(_columns(dropped).values()))


def add_dropped(session: Session, dropped: Dropped) -> None:
    """Add the worker's counts to the hour's."""
    if not dropped:
        return
    typed = {name: f"cast(:{name} as {kind}[])" for name, kind in _TYPES.items()}
    session.execute(text(_COUNT.format(**typed)), _columns(dropped))


_TYPES = {"hours": "timestamptz", "channels": "text", "connectors": "text", "events": "bigint"}


def _columns(dropped: Dropped) -> dict[str, list[object]]:
    rows = [(*key, events) for key, events in sorted(dropped.items())]
    return {name: [row[i] for row in rows] for i, name in enumerate(_TYPES)}
