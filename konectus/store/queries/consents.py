"""Logins at Meta under way: the answer that comes back once, the codes to exchange, the accounts to pick from."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text, update
from sqlalchemy.orm import Session

from konectus.domain.channels import Channel
from konectus.domain.consents import ConsentState
from konectus.store.models.connectors import Consent


@dataclass(frozen=True, slots=True)
class Login:
    """A login with what is sealed in it."""

    id: UUID
    client_id: UUID
    connector_id: UUID | None
    channel: Channel
    app: str
    state: ConsentState
    attempts: int
    granted_by_hash: bytes | None
    error: str | None
    code_sealed: bytes | None = field(repr=False)
    offers_sealed: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who brings an answer back: only the session that asked may."""

    user_id: UUID
    session_id: UUID


_COLUMNS = (
    Consent.id,
    Consent.client_id,
    Consent.connector_id,
    Consent.channel,
    Consent.app,
    Consent.state,
    Consent.attempts,
    Consent.granted_by_hash,
    Consent.error,
    Consent.code_sealed,
    Consent.offers_sealed,
)


def take_answer(session: Session, state_hash: bytes, bearer: Bearer, now: datetime) -> UUID | None:
    """Spend a state; the login's id, None where it is unknown, spent, too old or another session's."""
    spent = session.execute(
        update(Consent)
        .where(
            Consent.state_hash == state_hash,
            Consent.user_id == bearer.user_id,
            Consent.session_id == bearer.session_id,
            Consent.state == ConsentState.ASKED,
            Consent.expires_at > now,
        )
        .values(state=ConsentState.FAILED, error="interrupted")  # until the same transaction says what it is
        .returning(Consent.id)
    )
    return spent.scalar()


def keep_code(session: Session, consent_id: UUID, sealed: bytes, now: datetime) -> None:
    values = {"state": ConsentState.ANSWERED, "code_sealed": sealed, "not_before": now, "error": None}
    session.execute(update(Consent).where(Consent.id == consent_id).values(**values))


def fail(session: Session, consent_id: UUID, code: str) -> None:
    """It leads nowhere; nothing secret is left of it."""
    values = {"state": ConsentState.FAILED, "error": code, "code_sealed": None, "offers_sealed": None}
    session.execute(update(Consent).where(Consent.id == consent_id).values(**values))


def offer(session: Session, consent_id: UUID, sealed: bytes, granted_by: bytes | None) -> None:
    """The code is spent and these accounts can be picked."""
    values = {"state": ConsentState.OFFERED, "code_sealed": None, "offers_sealed": sealed}
    session.execute(update(Consent).where(Consent.id == consent_id).values(**values, granted_by_hash=granted_by))


def claim(session: Session, now: datetime, leased_until: datetime, most: int) -> list[Login]:
    """Codes to exchange; nobody else gets them before the lease ends."""
    ids = session.execute(
        text(
            "update platform.consent set attempts = attempts + 1, not_before = :leased_until where id in ("
            " select id from platform.consent where state = 'answered' and not_before <= :now"
            " order by not_before limit :most for update skip locked) returning id"
        ),
        {"now": now, "leased_until": leased_until, "most": most},
    ).scalars()
    rows = session.execute(select(*_COLUMNS).where(Consent.id.in_(list(ids))).order_by(Consent.id))
    return [_login(row) for row in rows]


def postpone(session: Session, consent_id: UUID, not_before: datetime) -> None:
    session.execute(update(Consent).where(Consent.id == consent_id).values(not_before=not_before))


def of_user(session: Session, consent_id: UUID, bearer: Bearer, now: datetime) -> Login | None:
    """A login of this person's own, while it lives."""
    row = session.execute(
        select(*_COLUMNS).where(Consent.id == consent_id, Consent.user_id == bearer.user_id, Consent.expires_at > now)
    ).one_or_none()
    return row and _login(row)


def forget(session: Session, now: datetime) -> int:
    """Those whose hour is over and those of Clients that may connect nothing now, codes and tokens with them (Terms 2:
    a Suspension leaves none); how many.
    """
    gone = session.execute(
        text(
            "delete from platform.consent where expires_at <= :now"
            " or client_id in (select client_id from ledger.client_access where block_ingest) returning id"
        ),
        {"now": now},
    )
    return len(gone.all())


def _login(row: Row[*tuple[Any, ...]]) -> Login:
    told = row._asdict()
    return Login(**told | {"channel": Channel(row.channel), "state": ConsentState(row.state)})
