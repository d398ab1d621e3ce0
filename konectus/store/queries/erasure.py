"""Reads of deletions and of what speaks for and against them; purging by the registry, hashes of what stays."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from konectus.domain.endings import Against, ApprovalState, DeletionState
from konectus.store.base import Base
from konectus.store.models.endings import Approval, Deletion
from konectus.store.models.identity import AgentSession, ApiToken, AuthorizedUser, OneTimeLink
from konectus.store.planes import Deletion as Rule
from konectus.store.planes import Entry, Plane
from konectus.store.queries import clients, exports
from konectus.store.registry import ENTRIES

# Children before what they point at.
_ORDER = {table: at for at, table in enumerate(reversed(Base.metadata.sorted_tables))}
PURGED: tuple[Entry, ...] = tuple(
    sorted((one for one in ENTRIES if one.deletion is Rule.PURGED), key=lambda one: _ORDER[one.table])
)
# The record of the erasure itself, and what is written while it goes on.
_MOVES = {"ledger.deletion", "ledger.audit_entry", "ledger.staff_task"}
# What an erasure ends of the sign-in of a Client's people.
_SIGN_IN: Mapping[str, tuple[str, ...]] = {
    "ledger.authorized_user": ("active", "password_hash", "invited_at"),
    "ledger.agent_session": ("ended_at",),
    "ledger.api_token": ("revoked_at",),
}


@dataclass(frozen=True, slots=True)
class DeletionRow:
    """A deletion and how far it is."""

    id: UUID
    client_id: UUID
    window_id: UUID
    state: DeletionState
    export_done: bool
    requested_at: datetime
    requested_by: str
    approved_by: str | None
    approved_at: datetime | None
    second_by: str | None
    second_at: datetime | None
    started_at: datetime | None
    key_destroyed_at: datetime | None
    certified_at: datetime | None
    residual_gone_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str | None
    certificate: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Kept:
    """What an erasure leaves of a Client in the ledger: rows, and one hash over all of them."""

    rows: int
    sha256: str


# Terms 15.3 and lifecycle.md 2, #10: a window that a payment made pointless allows nothing, nor does a later Suspension
# that starts none.
_ALLOWS = """
    w.close_reason = 'elapsed'
    and (exists (select 1 from ledger.suspension s
                 where s.client_id = w.client_id and s.id = w.source_id and s.lifted_at is null)
      or exists (select 1 from ledger.termination t where t.client_id = w.client_id and t.id = w.source_id
                 and t.effected_at is not null and t.reactivated_at is null))
"""
_DUE = text(
    f"""
    select w.client_id from ledger.export_window w
    join ledger.client_access a on a.client_id = w.client_id and a.block_inbox and not a.deleting
    where {_ALLOWS} and w.closed_at <= :now
      and not exists (select 1 from ledger.export_window o where o.client_id = w.client_id and o.closed_at is null)
      and not exists (select 1 from ledger.hold h where h.client_id = w.client_id and h.released_at is null)
      and not exists (select 1 from ledger.deletion d where d.client_id = w.client_id
                      and (d.cancelled_at is null or d.window_id = w.id and d.cancel_reason = 'rejected'))
    group by w.client_id order by w.client_id limit :most
    """  # noqa: S608 reason: put together of our own constants
)
_STANDING = text(
    f"""
    select (select w.id from ledger.export_window w where w.client_id = :id and {_ALLOWS}
            order by w.closes_at desc, w.id desc limit 1) as window_id,
           (select min(w.opened_at) from ledger.export_window w where w.client_id = :id and {_ALLOWS}) as since,
           exists (select 1 from ledger.export_window o where o.client_id = :id and o.closed_at is null) as is_open,
           array(select h.id::text from ledger.hold h where h.client_id = :id and h.released_at is null
                 order by h.id) as holds
    """  # noqa: S608 reason: put together of our own constants
)


def due(session: Session, now: datetime, most: int) -> Sequence[UUID]:
    """Clients whose deletion may be asked for: the window elapsed, none is open, no hold, no access, none is asked."""
    return session.scalars(_DUE, {"now": now, "most": most}).all()


def against(session: Session, client_id: UUID) -> Against:
    """What stands for and against deleting a Client now."""
    row = session.execute(_STANDING, {"id": client_id}).one()
    return Against(
        window=str(row.window_id) if row.window_id else None,
        is_elsewhere_open=row.is_open,
        holds=tuple(row.holds),
        has_access=not clients.access(session, client_id).inbox,
        exported=row.since is not None and exports.was_taken(session, client_id, row.since),
    )


def under_way(session: Session, now: datetime, most: int) -> Sequence[UUID]:
    """Deletions that are neither cancelled nor certified; those that wait for people come last."""
    return session.scalars(
        select(Deletion.id)
        .where(Deletion.cancelled_at.is_(None), Deletion.certified_at.is_(None), Deletion.requested_at <= now)
        .order_by(Deletion.second_at.nulls_last(), Deletion.id)
        .limit(most)
    ).all()


def residual(session: Session, purged_before: datetime, most: int) -> Sequence[UUID]:
    """Certified deletions whose rows have left the backups, and nobody wrote it down."""
    return session.scalars(
        select(Deletion.id)
        .where(
            Deletion.certified_at.is_not(None),
            Deletion.residual_gone_at.is_(None),
            Deletion.rows_purged_at <= purged_before,
        )
        .order_by(Deletion.certified_at)
        .limit(most)
    ).all()


def live(session: Session, client_id: UUID) -> DeletionRow | None:
    """The deletion of a Client that is not cancelled."""
    return next((row for row in of_client(session, client_id) if row.state is not DeletionState.CANCELLED), None)


def of_client(session: Session, client_id: UUID) -> list[DeletionRow]:
    """All there ever were, the newest first."""
    found = session.scalars(
        select(Deletion).where(Deletion.client_id == client_id).order_by(Deletion.requested_at.desc())
    )
    return [_row(one) for one in found]


def approved_as(session: Session, action: str, subject_id: str) -> bytes | None:
    """The hash that two people approved last: of the command and of the facts they saw."""
    return session.scalar(
        select(Approval.sha256)
        .where(Approval.action == action, Approval.subject_id == subject_id, Approval.state == ApprovalState.USED)
        .order_by(Approval.decided_at.desc(), Approval.id.desc())
        .limit(1)
    )


def destroyed_here(session: Session) -> list[UUID]:
    """Clients whose keys were destroyed, as this database says."""
    return list(session.scalars(select(Deletion.client_id).where(Deletion.key_destroyed_at.is_not(None))))


def with_files(session: Session) -> set[UUID]:
    """Clients whose deletion has begun and still has to count and remove their files."""
    wanted = select(Deletion.client_id).where(Deletion.started_at.is_not(None), Deletion.files_purged_at.is_(None))
    return set(session.scalars(wanted))


def purge(session: Session, entry: Entry, client_id: UUID) -> int:
    """Delete every row of a Client in one table; how many went."""
    column = entry.table.c[entry.client_column]
    gone: Any = session.execute(delete(entry.table).where(column == client_id))
    return int(gone.rowcount)


def count(session: Session, entry: Entry, client_id: UUID) -> int:
    """How many rows a Client has in one table."""
    column = entry.table.c[entry.client_column]
    return session.scalar(select(func.count()).select_from(entry.table).where(column == client_id)) or 0


def remaining(session: Session, client_ids: Iterable[UUID]) -> list[UUID]:
    """Which of these have content, or people who could sign in, and no deletion that has begun."""
    ids = list(client_ids)
    places = [(entry.name, entry.client_column, "") for entry in PURGED]
    places.append(("ledger.authorized_user", "client_id", " and active"))
    found = [f"select {column} as id from {name} where {column} = any(:ids){more}" for name, column, more in places]  # noqa: S608 reason: names of our own registry
    statement = text(
        f"select distinct id from ({' union all '.join(found)}) x where not exists"  # noqa: S608 reason: the same
        " (select 1 from ledger.deletion d where d.client_id = x.id and d.started_at is not null)"
    )
    return list(session.scalars(statement, {"ids": ids})) if ids else []


def kept(session: Session, client_id: UUID) -> Kept:
    """Every row of a Client that survives, as one hash: the same before and after a purge (lifecycle.md 4, #8)."""
    row = session.execute(_KEPT, {"id": client_id}).one()
    return Kept(row.rows, row.sha256)


def _kept_statement() -> str:
    """Tables by name, the rows of each in the order of their hashes: the same wherever they lie."""
    parts = []
    for entry in ENTRIES:
        is_kept = entry.plane is Plane.LEDGER and entry.deletion is Rule.KEPT and entry.name not in _MOVES
        if not is_kept or entry.client_column not in entry.table.columns:
            continue
        shown = "to_jsonb(t)" + "".join(f" - '{column}'" for column in _SIGN_IN.get(entry.name, ()))
        parts.append(
            f"select '{entry.name}' as name, sha256(convert_to(({shown})::text, 'UTF8')) as h"  # noqa: S608 reason: names of our own registry
            f" from {entry.name} t where {entry.client_column} = :id"
        )
    one = " union all ".join(parts)
    digest = "sha256(string_agg(convert_to(name, 'UTF8') || h, ''::bytea order by name, h))"
    return f"select count(*) as rows, coalesce(encode({digest}, 'hex'), '-') as sha256 from ({one}) x"  # noqa: S608 reason: the same


_KEPT = text(_kept_statement())


def end_sign_in(session: Session, client_id: UUID, now: datetime) -> dict[str, int]:
    """Nobody of a Client signs in any more: people, sessions, tokens and links; how many of each were live."""
    people = select(AuthorizedUser.id).where(AuthorizedUser.client_id == client_id)
    changes = {
        "links": update(OneTimeLink)
        .where(OneTimeLink.user_id.in_(people), OneTimeLink.used_at.is_(None))
        .values(used_at=now)
        .returning(OneTimeLink.id),
        "sessions": update(AgentSession)
        .where(AgentSession.client_id == client_id, AgentSession.ended_at.is_(None))
        .values(ended_at=now)
        .returning(AgentSession.id),
        "tokens": update(ApiToken)
        .where(ApiToken.client_id == client_id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(ApiToken.id),
        "people": update(AuthorizedUser)
        .where(AuthorizedUser.client_id == client_id, AuthorizedUser.active.is_(True))
        .values(active=False, password_hash=None, invited_at=None)
        .returning(AuthorizedUser.id),
    }
    return {name: len(session.scalars(statement).all()) for name, statement in changes.items()}


# The last instant that is set says where a deletion is.
_STEPS = (
    ("certified_at", DeletionState.CERTIFIED),
    ("verified_at", DeletionState.VERIFIED),
    ("files_purged_at", DeletionState.FILES_PURGED),
    ("rows_purged_at", DeletionState.ROWS_PURGED),
    ("key_destroyed_at", DeletionState.KEY_DESTROYED),
    ("started_at", DeletionState.STARTED),
    ("second_at", DeletionState.APPROVED_2),
    ("approved_at", DeletionState.APPROVED_1),
)


def state_of(one: Deletion) -> DeletionState:
    """Where a deletion is."""
    if one.cancelled_at is not None:
        return DeletionState.CANCELLED
    reached = (state for column, state in _STEPS if getattr(one, column) is not None)
    return next(reached, DeletionState.REQUESTED)


def _row(one: Deletion) -> DeletionRow:
    columns = [name for name in DeletionRow.__slots__ if name != "state"]
    return DeletionRow(state=state_of(one), **{name: getattr(one, name) for name in columns})
