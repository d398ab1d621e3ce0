"""What a Client registered (Terms 5.1), what it asked to change, and the address of its Notices on its way."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from konectus.domain.tasks import TaskKind
from konectus.store.models.audit import AuditEntry
from konectus.store.models.clients import Client
from konectus.store.models.identity import AuthorizedUser, EmailChange
from konectus.store.models.notices import StaffTask

WANTED = "client.details_wanted"


@dataclass(frozen=True, slots=True)
class Registered:
    """As the Client declared it; `version` is the row's, by which a stale page is told."""

    legal_name: str
    trade_name: str
    tax_id: str | None
    kind: str
    country: str
    industry: str
    email: str
    zone: str
    language: str
    is_agency: bool
    created_at: datetime
    confirmed_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an owner asked the staff to correct, while nobody has closed the task."""

    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PendingEmail:
    """A change of the present registered e-mail that nobody confirmed or took back; its link may be too old by now."""

    id: UUID
    old_email: str
    new_email: str
    requested_at: datetime
    expires_at: datetime
    person: str


def of_client(session: Session, client_id: UUID) -> Registered:
    row = session.execute(
        select(
            Client.legal_name,
            Client.trade_name,
            Client.tax_id,
            Client.kind,
            Client.country,
            Client.industry,
            Client.registered_email,
            Client.zone,
            Client.language,
            Client.is_agency,
            Client.created_at,
            Client.details_confirmed_at,
            Client.row_version,
        ).where(Client.id == client_id)
    ).one()
    return Registered(*row)  # type: ignore[call-arg]  # a row of exactly these columns


def wanted(session: Session, client_id: UUID) -> Wanted | None:
    """The last wish, None where no task waits for it."""
    waits = select(StaffTask.id).where(
        StaffTask.client_id == client_id, StaffTask.kind == TaskKind.DETAILS_WANTED, StaffTask.closed_at.is_(None)
    )
    row = session.execute(
        select(AuditEntry.after, AuditEntry.at)
        .where(AuditEntry.client_id == client_id, AuditEntry.action == WANTED, waits.exists())
        .order_by(AuditEntry.id.desc())
        .limit(1)
    ).one_or_none()
    return Wanted(str(row.after.get("wanted", "")), row.at) if row else None


def pending_email(session: Session, client_id: UUID) -> PendingEmail | None:
    row = session.execute(
        select(
            EmailChange.id,
            EmailChange.old_email,
            EmailChange.new_email,
            EmailChange.requested_at,
            EmailChange.expires_at,
            AuthorizedUser.name,
        )
        .join(
            AuthorizedUser,
            (AuthorizedUser.client_id == EmailChange.client_id) & (AuthorizedUser.id == EmailChange.user_id),
        )
        .join(Client, (Client.id == EmailChange.client_id) & (Client.registered_email == EmailChange.old_email))
        .where(
            EmailChange.client_id == client_id,
            EmailChange.applied_at.is_(None),
            EmailChange.withdrawn_at.is_(None),
        )
    ).one_or_none()
    return PendingEmail(*row) if row else None


def open_email_change(session: Session, client_id: UUID) -> UUID | None:
    """The one that was neither confirmed nor taken back, whichever address it was to replace."""
    return session.scalar(
        select(EmailChange.id).where(
            EmailChange.client_id == client_id,
            EmailChange.applied_at.is_(None),
            EmailChange.withdrawn_at.is_(None),
        )
    )


def email_change(session: Session, token_hash: bytes) -> EmailChange | None:
    """The open change behind a link, to confirm it."""
    return session.scalar(
        select(EmailChange).where(
            EmailChange.token_hash == token_hash,
            EmailChange.applied_at.is_(None),
            EmailChange.withdrawn_at.is_(None),
        )
    )
