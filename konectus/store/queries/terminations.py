"""Reads of terminations: the one that is live, those whose time has come, and how their notices fared."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select, text
from sqlalchemy.orm import Session

from konectus.domain.endings import EndedBy, Ground
from konectus.domain.notices import NoticeChannel, NoticeKind
from konectus.domain.plans import SubscriptionStatus
from konectus.store.models.clients import Subscription
from konectus.store.models.endings import Termination
from konectus.store.models.notices import Notice


@dataclass(frozen=True, slots=True)
class TerminationRow:
    """The end of a contract: announced, or in effect since `effected_at`."""

    id: UUID
    client_id: UUID
    by_whom: EndedBy
    ground: Ground
    reason: str
    notified_at: datetime
    effective_at: datetime
    effected_at: datetime | None
    withdrawn_at: datetime | None
    reactivated_at: datetime | None
    refund_due: bool


@dataclass(frozen=True, slots=True)
class Told:
    """One mail of a notice of termination, the first that was delivered or the last one sent."""

    notice_id: UUID
    delivered_at: datetime | None
    bounced_at: datetime | None


def live(session: Session, client_id: UUID) -> TerminationRow | None:
    """The termination of a Client that is neither withdrawn nor undone by a reactivation."""
    found = session.scalar(_live(client_id))
    return None if found is None else _row(found)


def of_client(session: Session, client_id: UUID) -> list[TerminationRow]:
    """All there ever were, the newest first."""
    found = session.scalars(
        select(Termination).where(Termination.client_id == client_id).order_by(Termination.notified_at.desc())
    )
    return [_row(one) for one in found]


def contract_ends_at(session: Session, client_id: UUID) -> datetime | None:
    """The end of the period or trial that runs; None without a live Subscription."""
    row = session.execute(
        select(Subscription.period_ends_at, Subscription.trial_ends_at, Subscription.status).where(
            Subscription.client_id == client_id, Subscription.status != SubscriptionStatus.ENDED
        )
    ).one_or_none()
    if row is None:
        return None
    is_trial = row.status == SubscriptionStatus.TRIALING
    ends_at: datetime = row.trial_ends_at if is_trial and row.trial_ends_at else row.period_ends_at
    return ends_at


def due(session: Session, now: datetime, most: int) -> Sequence[UUID]:
    """Terminations whose time has come; one by notice only once that was delivered. The caller counts its days."""
    statement = text(
        """
        select t.id from ledger.termination t
        where t.effected_at is null and t.withdrawn_at is null and t.reactivated_at is null and t.effective_at <= :now
          and (t.ground <> 'konectus_notice' or exists (
            select 1 from ledger.notice n where n.client_id = t.client_id and n.kind = 'termination_notice'
              and n.subject_ref = t.id::text and n.channel = 'email' and n.delivered_at is not null))
        order by t.effective_at, t.id limit :most
        """
    )
    return session.scalars(statement, {"now": now, "most": most}).all()


def told(session: Session, client_id: UUID, termination_id: UUID) -> list[Told]:
    """Every mail of a notice of termination, resent ones included, the first delivered first."""
    rows = session.execute(
        select(Notice.id, Notice.delivered_at, Notice.bounced_at)
        .where(
            Notice.client_id == client_id,
            Notice.kind == NoticeKind.TERMINATION_NOTICE,
            Notice.subject_ref == str(termination_id),
            Notice.channel == NoticeChannel.EMAIL,
        )
        .order_by(Notice.delivered_at.nulls_last(), Notice.seq)
    )
    return [Told(row.id, row.delivered_at, row.bounced_at) for row in rows]


def _live(client_id: UUID) -> Select[Termination]:
    return select(Termination).where(
        Termination.client_id == client_id,
        Termination.withdrawn_at.is_(None),
        Termination.reactivated_at.is_(None),
    )


def _row(one: Termination) -> TerminationRow:
    return TerminationRow(
        id=one.id,
        client_id=one.client_id,
        by_whom=EndedBy(one.by_whom),
        ground=Ground(one.ground),
        reason=one.reason,
        notified_at=one.notified_at,
        effective_at=one.effective_at,
        effected_at=one.effected_at,
        withdrawn_at=one.withdrawn_at,
        reactivated_at=one.reactivated_at,
        refund_due=one.refund_due,
    )
