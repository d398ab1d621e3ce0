"""Writing invented Clients in bulk: a row, a contract that runs or has ended, and its entries in the audit trail.

What happens to a real one goes through services; nobody but a seed comes here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from konectus.domain.invoicing import Opening
from konectus.domain.plans import SubscriptionStatus
from konectus.store.models.audit import AuditEntry
from konectus.store.models.clients import Client, Subscription


@dataclass(frozen=True, slots=True)
class Invented:
    """A Client as it stands. `opening`: the period that runs, or ran when the contract ended."""

    id: UUID
    subscription_id: UUID
    legal_name: str
    trade_name: str
    tax_id: str
    registered_email: str
    industry: str
    region: str
    is_agency: bool
    created_at: datetime
    plan: str
    plan_version_id: UUID
    seats: int
    opening: Opening
    ended_at: datetime | None


def add_clients(session: Session, found: Sequence[Invented], by: str) -> None:
    """Insert them with their contracts; `by` is the system's part that did."""
    if not found:
        return
    session.execute(insert(Client), [_client(one) for one in found])
    session.execute(insert(Subscription), [_subscription(one) for one in found])
    session.execute(insert(AuditEntry), [entry for one in found for entry in _entries(one, by)])


def _client(one: Invented) -> dict[str, object]:
    return {
        "id": one.id,
        "legal_name": one.legal_name,
        "legal_name_lower": one.legal_name.casefold(),
        "trade_name": one.trade_name,
        "tax_id": one.tax_id,
        "kind": "entity",
        "country": "MX",
        "registered_email": one.registered_email,
        "language": "es",
        "zone": "America/Mexico_City",
        "industry": one.industry,
        "region": one.region,
        "is_agency": one.is_agency,
        "authority": "declared",
        "created_at": one.created_at,
        "row_version": 1,
    }


def _subscription(one: Invented) -> dict[str, object]:
    return {
        "id": one.subscription_id,
        "client_id": one.id,
        "plan_version_id": one.plan_version_id,
        "seats": one.seats,
        "status": SubscriptionStatus.ENDED if one.ended_at else SubscriptionStatus.ACTIVE,
        "started_at": one.created_at,
        "period_starts_at": one.opening.period.starts_at,
        "period_ends_at": one.opening.period.ends_at,
        "anchor_day": one.opening.cycle.anchor_day,
        "ended_at": one.ended_at,
        "end_reason": "cancelled" if one.ended_at else None,
    }


def _entries(one: Invented, by: str) -> Iterator[dict[str, object]]:
    named = {"legal_name": one.legal_name, "registered_email": one.registered_email}
    yield _entry(one, by, ("client.registered", "client", one.id), one.created_at) | {"after": named}
    begun = _entry(one, by, ("subscription.started", "subscription", one.subscription_id), one.created_at)
    yield begun | {"after": {"plan": one.plan, "status": str(SubscriptionStatus.ACTIVE)}}
    if one.ended_at:
        ended = _entry(one, by, ("subscription.ended", "subscription", one.subscription_id), one.ended_at)
        yield ended | {"after": {"status": str(SubscriptionStatus.ENDED), "why": "cancelled"}}


def _entry(one: Invented, by: str, said: tuple[str, str, UUID], at: datetime) -> dict[str, object]:
    action, kind, subject_id = said
    return {
        "client_id": one.id,
        "at": at,
        "actor_kind": "system",
        "actor_id": by,
        "actor_name": f"konectus {by}",
        "action": action,
        "subject_kind": kind,
        "subject_id": str(subject_id),
        "before": {},
    }
