"""Connectors (tenant), the accounts they hold and the work asked of channels on their behalf (platform)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Integer, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from konectus.domain.channels import Channel
from konectus.domain.connectors import HOLDING, ConnectorState, Reason, RequestKind, RequestState
from konectus.domain.consents import ConsentState
from konectus.store.base import Base
from konectus.store.columns import ClientKey, Id, Sealed, one_of, to_tenant_row

TENANT = {"schema": "tenant"}
PLATFORM = {"schema": "platform"}
_HOLDING = ", ".join(f"'{state}'" for state in HOLDING)


class Connector(Base):
    """The link between a Client's account and a channel (Terms 2). Account ids and page names are metadata."""

    __tablename__ = "connector"
    __table_args__ = (
        one_of("channel", Channel),
        one_of("state", ConnectorState),
        one_of("reason", Reason),
        CheckConstraint("state <> 'connected' or secret_sealed is not null", name="connected_has_secret"),
        # Terms 2: disconnected is real, the secret is gone.
        CheckConstraint(
            "state not in ('needs_reconfiguration', 'removed') or secret_sealed is null", name="disconnected_has_none"
        ),
        # Staff look for a page or bot without knowing whose it is.
        Index("ix_connector_account_id", "account_id"),
        Index("ix_connector_name_lower", text("lower(name)")),
        TENANT,
    )

    client_id: Mapped[ClientKey]
    id: Mapped[Id]
    channel: Mapped[str]
    account_id: Mapped[str]
    # The Meta app it came through; None for Telegram.
    app: Mapped[str | None]
    name: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str | None]
    since: Mapped[datetime]
    generation: Mapped[int] = mapped_column(Integer)
    secret_sealed: Mapped[Sealed | None]
    webhook_secret_sealed: Mapped[Sealed | None]
    created_at: Mapped[datetime]
    last_event_at: Mapped[datetime | None]
    # The Page an Instagram account is linked to; it routes and is sent through (channels.md 1.1).
    page_id: Mapped[str | None]
    # Looked after by the health job: when the token dies, when the channel was last asked and what it said.
    token_expires_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    check_failure: Mapped[str | None]
    # History before this instant needs no backfill any more.
    reconciled_until: Mapped[datetime | None]


class ConnectorChange(Base):
    """One change of state of a Connector."""

    __tablename__ = "connector_change"
    __table_args__ = (to_tenant_row("connector_id", "tenant.connector"), TENANT)

    client_id: Mapped[ClientKey]
    id: Mapped[Id]
    connector_id: Mapped[UUID]
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    reason: Mapped[str | None]
    at: Mapped[datetime]
    by: Mapped[str]


class Account(Base):
    """Who holds a page, Instagram account or bot: routing before the Client is known. One live holder each."""

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("connector_id"),
        one_of("channel", Channel),
        one_of("state", ConnectorState),
        Index(
            "uq_account_one_holder",
            "channel",
            "account_id",
            unique=True,
            postgresql_where=f"state in ({_HOLDING})",
        ),
        Index("ix_account_client_id", "client_id"),
        PLATFORM,
    )

    id: Mapped[Id]
    client_id: Mapped[UUID]
    connector_id: Mapped[UUID]
    channel: Mapped[str]
    account_id: Mapped[str]
    state: Mapped[str]
    paused: Mapped[bool]
    # SHA-256 of the Telegram webhook secret; outlives the connection, so that late updates are answered 200.
    webhook_secret_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    # The channel asked the whole page or bot to wait (429, retry_after): nothing is sent before.
    send_after: Mapped[datetime | None]
    # Keyed hash of Meta app and app-scoped id of the person who granted it: deauthorize calls name no other (1.7).
    granted_by_hash: Mapped[bytes | None] = mapped_column(LargeBinary)


class ConnectorRequest(Base):
    """What the sender is to do at a channel for a page or a command: neither ever calls a provider itself."""

    __tablename__ = "connector_request"
    __table_args__ = (
        one_of("kind", RequestKind),
        one_of("state", RequestState),
        Index("ix_connector_request_due", "not_before", postgresql_where="state in ('queued', 'running')"),
        Index("ix_connector_request_client_id", "client_id", "connector_id"),
        PLATFORM,
    )

    id: Mapped[Id]
    client_id: Mapped[UUID]
    connector_id: Mapped[UUID]
    kind: Mapped[str]
    state: Mapped[str]
    # The token that was pasted, until the channel has accepted it.
    secret_sealed: Mapped[Sealed | None]
    # Where a disconnection ends: needs_reconfiguration or removed, and why.
    target_state: Mapped[str | None]
    reason: Mapped[str | None]
    requested_at: Mapped[datetime]
    requested_by: Mapped[str]
    not_before: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(Integer)
    finished_at: Mapped[datetime | None]
    # A stable code and a line without secrets.
    error: Mapped[str | None]
    # A backfill that takes several turns: where it stands, and what the channel had against what we held.
    progress: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class Consent(Base):
    """A login at Meta under way (channels.md 1.5, 1.6): asked by one session, answered once, gone within the hour."""

    __tablename__ = "consent"
    __table_args__ = (
        one_of("state", ConsentState),
        one_of("channel", Channel),
        UniqueConstraint("state_hash"),
        Index("ix_consent_due", "not_before", postgresql_where="state = 'answered'"),
        Index("ix_consent_client_id", "client_id"),
        PLATFORM,
    )

    id: Mapped[Id]
    client_id: Mapped[UUID]
    # Who pressed the button, in which session: nobody else may bring the answer.
    user_id: Mapped[UUID]
    session_id: Mapped[UUID]
    # The Connector that is connected again; None for a new one.
    connector_id: Mapped[UUID | None]
    channel: Mapped[str]
    app: Mapped[str]
    # SHA-256 of the one-time state that travels through the browser.
    state_hash: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str]
    code_sealed: Mapped[Sealed | None]
    # Accounts to pick from, with their tokens: JSON.
    offers_sealed: Mapped[Sealed | None]
    granted_by_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    not_before: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(Integer)
    error: Mapped[str | None]
