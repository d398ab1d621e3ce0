"""Clients as the staff see them: the searched list and what one page tells of one Client. No sealed column."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, func, select, tuple_, union
from sqlalchemy.orm import Session

from konectus.domain.channels import Channel
from konectus.domain.connectors import LIVE, ConnectorState
from konectus.domain.plans import SubscriptionStatus
from konectus.domain.suspension import Cause
from konectus.store.models.billing import Invoice
from konectus.store.models.clients import Client, Plan, PlanVersion, Subscription, Suspension
from konectus.store.models.connectors import Connector, ConnectorRequest
from konectus.store.models.identity import AgentSession, ApiToken, AuthorizedUser


@dataclass(frozen=True, slots=True)
class ClientLine:
    """One row of the list."""

    id: UUID
    trade_name: str
    legal_name: str
    tax_id: str | None
    plan: str | None
    status: SubscriptionStatus | None
    causes: tuple[Cause, ...]
    connectors: int
    live: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Contract:
    """The live subscription with the Plan as it was contracted."""

    id: UUID
    plan: str
    version: int
    price_cents: int
    interval: str
    status: SubscriptionStatus
    seats: int
    connectors: int
    started_at: datetime
    period_ends_at: datetime
    trial_ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Link:
    """A Connector and, if a channel refused something last, what it said."""

    id: UUID
    channel: Channel
    account_id: str
    name: str
    state: ConnectorState
    reason: str | None
    since: datetime
    last_event_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Person:
    id: UUID
    name: str
    email: str
    role: str
    active: bool
    signed_in: bool


@dataclass(frozen=True, slots=True)
class PastSuspension:
    id: UUID
    cause: Cause
    opened_at: datetime
    lifted_at: datetime | None


def lines(session: Session, *, term: str, suspended: bool, after: UUID | None, most: int) -> list[ClientLine]:
    """A page of the list by name; `after` is the last Client of the page before, `suspended` narrows to those."""
    page = select(Client.id).order_by(Client.legal_name_lower, Client.id).limit(most)
    if term:
        page = page.where(Client.id.in_(_found(term)))
    if suspended:
        page = page.where(Client.id.in_(select(Suspension.client_id).where(Suspension.lifted_at.is_(None))))
    if after is not None:
        last = session.scalar(select(Client.legal_name_lower).where(Client.id == after))
        if last is not None:
            page = page.where(tuple_(Client.legal_name_lower, Client.id) > tuple_(last, after))
    rows = session.execute(_line(page.subquery())).all()
    return [_client_line(row) for row in rows]


def _found(term: str) -> Select[tuple[UUID]]:
    """Clients by the beginning of a name, tax id, e-mail or page, by an invoice or the id of a page: an index each."""
    folded = term.casefold()
    begins = (
        Client.legal_name_lower.startswith(folded, autoescape=True),
        func.lower(Client.trade_name).startswith(folded, autoescape=True),
        Client.tax_id.startswith(term.upper(), autoescape=True),
        Client.registered_email.startswith(folded, autoescape=True),
    )
    pages = (Connector.account_id == term, func.lower(Connector.name).startswith(folded, autoescape=True))
    branches = [select(Client.id).where(condition) for condition in begins]
    branches += [select(Connector.client_id).where(condition) for condition in pages]
    branches.append(select(Invoice.client_id).where(Invoice.number == term.upper()))
    return select(union(*branches).subquery().c[0])


def _line(page: Any) -> Select[*tuple[Any, ...]]:
    held = select(func.count()).select_from(Connector)
    held = held.where(Connector.client_id == Client.id, Connector.state != ConnectorState.REMOVED)
    causes = select(func.array_agg(Suspension.cause)).where(
        Suspension.client_id == Client.id, Suspension.lifted_at.is_(None)
    )
    return (
        select(
            Client.id,
            Client.trade_name,
            Client.legal_name,
            Client.tax_id,
            Plan.name,
            Subscription.status,
            causes.scalar_subquery(),
            held.scalar_subquery(),
            held.where(Connector.state.in_(LIVE)).scalar_subquery(),
            Client.created_at,
        )
        .join(page, page.c.id == Client.id)
        .outerjoin(Subscription, and_(Subscription.client_id == Client.id, _live()))
        .outerjoin(PlanVersion, PlanVersion.id == Subscription.plan_version_id)
        .outerjoin(Plan, Plan.code == PlanVersion.plan_code)
        .order_by(Client.legal_name_lower, Client.id)
    )


def _client_line(row: Row[*tuple[Any, ...]]) -> ClientLine:
    status = SubscriptionStatus(row[5]) if row[5] else None
    causes = tuple(Cause(cause) for cause in row[6] or ())
    return ClientLine(row[0], row[1], row[2], row[3], row[4], status, causes, *row[7:])


def contract(session: Session, client_id: UUID) -> Contract | None:
    row = session.execute(
        select(
            Subscription.id,
            Plan.name,
            PlanVersion.version,
            PlanVersion.price_cents,
            PlanVersion.interval,
            Subscription.status,
            Subscription.seats,
            PlanVersion.connectors,
            Subscription.started_at,
            Subscription.period_ends_at,
            Subscription.trial_ends_at,
        )
        .join(PlanVersion, PlanVersion.id == Subscription.plan_version_id)
        .join(Plan, Plan.code == PlanVersion.plan_code)
        .where(Subscription.client_id == client_id, _live())
    ).one_or_none()
    return Contract(*row[:5], SubscriptionStatus(row[5]), *row[6:]) if row else None


def links(session: Session, client_id: UUID) -> list[Link]:
    """A Client's Connectors that are not removed, oldest first, each with the last answer of its channel."""
    asked = ConnectorRequest
    error = (
        select(asked.error)
        .where(asked.client_id == Connector.client_id, asked.connector_id == Connector.id)
        .order_by(asked.requested_at.desc(), asked.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    columns = (Connector.id, Connector.channel, Connector.account_id, Connector.name, Connector.state)
    rows = session.execute(
        select(*columns, Connector.reason, Connector.since, Connector.last_event_at, error)
        .where(Connector.client_id == client_id, Connector.state != ConnectorState.REMOVED)
        .order_by(Connector.created_at, Connector.id)
    )
    return [Link(r[0], Channel(r[1]), r[2], r[3], ConnectorState(r[4]), *r[5:]) for r in rows]


def people(session: Session, client_id: UUID, now: datetime, most: int) -> list[Person]:
    """A Client's Authorized Users, owners first; `signed_in` where a session of theirs is open."""
    live = select(AgentSession.id).where(
        AgentSession.client_id == client_id, AgentSession.user_id == AuthorizedUser.id, *_open(now)
    )
    user = AuthorizedUser
    rows = session.execute(
        select(user.id, user.name, user.email, user.role, user.active, live.exists())
        .where(user.client_id == client_id)
        .order_by(user.active.desc(), user.role.desc(), user.name, user.id)
        .limit(most)
    )
    return [Person(*row) for row in sorted(rows, key=lambda row: (not row[4], row[3] != "owner"))]


def people_counted(session: Session, client_id: UUID) -> tuple[int, int]:
    """How many people a Client has, and how many of them are active and hold a seat."""
    mine = AuthorizedUser.client_id == client_id
    row = session.execute(select(func.count(), func.count().filter(AuthorizedUser.active.is_(True))).where(mine)).one()
    return row[0], row[1]


def api_tokens(session: Session, client_id: UUID) -> int:
    statement = select(func.count()).select_from(ApiToken)
    return session.scalar(statement.where(ApiToken.client_id == client_id, ApiToken.revoked_at.is_(None))) or 0


def suspensions(session: Session, client_id: UUID, most: int) -> list[PastSuspension]:
    """A Client's Suspensions, newest first, lifted ones among them."""
    rows = session.execute(
        select(Suspension.id, Suspension.cause, Suspension.opened_at, Suspension.lifted_at)
        .where(Suspension.client_id == client_id)
        .order_by(Suspension.opened_at.desc(), Suspension.id.desc())
        .limit(most)
    )
    return [PastSuspension(row[0], Cause(row[1]), row[2], row[3]) for row in rows]


def _live() -> ColumnElement[bool]:
    return Subscription.status != SubscriptionStatus.ENDED


def _open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (AgentSession.ended_at.is_(None), AgentSession.expires_at > now)
