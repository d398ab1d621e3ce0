"""Tenant: what is said about a message or in a conversation without being a message. Client Content, sealed.

Rows hang on the channel's id of the message (`external_key`) or on the person's (`contact_key`), never on ours: they
may come first. Their own id is a keyed hash of what they say, so that a repeat is no second row.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from konectus.store.base import Base
from konectus.store.columns import ClientKey, Id, KeyedHash, Sealed, to_tenant_row

TENANT = {"schema": "tenant"}


class MessageVersion(Base):
    """A message as an edit left it. The first text stays on the message; the greatest (at, number, id) counts."""

    __tablename__ = "message_version"
    __table_args__ = (
        to_tenant_row("connector_id", "tenant.connector"),
        Index("ix_message_version_message", "client_id", "connector_id", "external_key"),
        TENANT,
    )

    client_id: Mapped[ClientKey]
    id: Mapped[Id]
    connector_id: Mapped[UUID]
    external_key: Mapped[KeyedHash]
    at: Mapped[datetime]
    # Which edit it was as the channel counts them; of Telegram the number of the update.
    number: Mapped[int | None] = mapped_column(BigInteger)
    text_sealed: Mapped[Sealed | None]
    # Files as the edit names them: JSON, as the adapter read it.
    attachments_sealed: Mapped[Sealed | None]
    received_at: Mapped[datetime]


class Reaction(Base):
    """One person's reaction to a message; the latest by the channel's time counts, also that it was taken away."""

    __tablename__ = "reaction"
    __table_args__ = (
        to_tenant_row("connector_id", "tenant.connector"),
        Index("ix_reaction_message", "client_id", "connector_id", "external_key"),
        TENANT,
    )

    client_id: Mapped[ClientKey]
    # The keyed hash of connector, message and who reacts.
    id: Mapped[Id]
    connector_id: Mapped[UUID]
    external_key: Mapped[KeyedHash]
    direction: Mapped[str]
    # Null: taken away.
    emoji_sealed: Mapped[Sealed | None]
    at: Mapped[datetime]
    # Tells two of one second of Telegram apart: the number of the update.
    number: Mapped[int | None] = mapped_column(BigInteger)
    received_at: Mapped[datetime]
    # When the person last put one, also where it was taken away since: that opened the reply window.
    put_at: Mapped[datetime | None]


class ConversationEvent(Base):
    """Something worth a line in the thread that is no message: referral, opt-in, handover, blocked, migrated ..."""

    __tablename__ = "conversation_event"
    __table_args__ = (
        to_tenant_row("connector_id", "tenant.connector"),
        Index("ix_conversation_event_thread", "client_id", "connector_id", "contact_key", "at"),
        # The few that ask to be let in, without looking through all that happened.
        Index("ix_conversation_event_request", "client_id", "at", postgresql_where="kind = 'message_request'"),
        TENANT,
    )

    client_id: Mapped[ClientKey]
    id: Mapped[Id]
    connector_id: Mapped[UUID]
    # Null where it concerns the whole account (policy, roles, a business connection).
    contact_key: Mapped[KeyedHash | None]
    kind: Mapped[str]
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    facts_sealed: Mapped[Sealed | None]
