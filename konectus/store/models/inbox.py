"""Tenant: End Contacts, conversations, messages, attachments and what is queued to be sent. Client Content, sealed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from konectus.domain.channels import AttachmentKind, AttachmentState, Channel
from konectus.domain.conversations import Author, Delivery, Direction, Party, Status
from konectus.store.base import Base
from konectus.store.columns import ClientKey, Id, KeyedHash, Sealed, one_of, to_tenant_row

TENANT = {"schema": "tenant"}


class EndContact(Base):
    """The person (of Telegram also the group or channel) who writes to a Client, once per Connector: people ids are
    scoped to a page or bot.
    """

    __tablename__ = "contact"
    __table_args__ = (
        UniqueConstraint("client_id", "connector_id", "external_key"),
        to_tenant_row("connector_id", "tenant.connector"),
        one_of("kind", Party),
        # Whose name the sender has still to ask the channel for.
        Index(
            "ix_contact_nameless",
            "client_id",
            "id",
            postgresql_where="name_sealed is null and profile_asked_at is null",
        ),
        TENANT,
    )

    client_id: Mapped[ClientKey]
    id: Mapped[Id]
    connector_id: Mapped[UUID]
    external_key: Mapped[KeyedHash]
    external_id_sealed: Mapped[Sealed]
    name_sealed: Mapped[Sealed | None]
    handle_sealed: Mapped[Sealed | None]
    first_seen_at: Mapped[datetime]
    profile_asked_at: Mapped[datetime | None]
    kind: Mapped[str] = mapped_column(server_default=Party.PERSON)
    # Blocked us or is gone, and since when as the channel tells it; a later word takes it back.
    unreachable: Mapped[str | None]
    unreachable_at: Mapped[datetime | None]


class Conversation(Base):
    """One per Connector and person, for ever. Watermarks only grow, so batches commute."""

    __tablename__ = "conversation"
    __table_args__ = (
        UniqueConstraint("client_id", "connector_id", "contact_id"),
        to_tenant_row("connector_id", "tenant.connector"),
        to_tenant_row("contact_id", "tenant.contact"),
        one_of("status", Status),
        one_of("channel", Channel),
        one_of("kind", Party),
        Index("ix_conversation_list", "client_id", "status", "last_at", "id"),
        Index(
            "ix_conversation_assignee",
            "client_id",
            "assignee_id",
            "last_at",
            "id",
            postgresql_where="status = 'open'",
        ),
        # Groups and channels of Telegram: few, and shown apart.
        Index(
            "ix_conversation_groups",
            "client_id",
            "status",
            "last_at",
            "id",
            postgresql_where="kind <> 'person'",
        ),
        # last_at is indexed, so its updates are never HOT: leave room on the page (engine.md 3).
        TENANT | {"postgresql_with": {"fillfactor": "80"}},
    )

    client_id: Mapped[ClientKey]
    id: Mapped[Id]
    connector_id: Mapped[UUID]
    contact_id: Mapped[UUID]
    channel: Mapped[str]
    status: Mapped[str]
    assignee_id: Mapped[UUID | None]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    last_at: Mapped[datetime]
    # The sender's time of the person's last act that opens the channel's reply window.
    window_opened_at: Mapped[datetime | None]
    # First answer by an agent since it was (re)opened, for the daily figures.
    first_reply_at: Mapped[datetime | None]
    unread: Mapped[int] = mapped_column(Integer)
    delivered_until: Mapped[datetime | None]
    read_until: Mapped[datetime | None]
    kind: Mapped[str] = mapped_column(server_default=Party.PERSON)
    # What opened the window: message, postback, reaction, story_mention, referral ... (product.md, opening 4).
    window_opened_by: Mapped[str | None]
    # The person's last word came through the owner's Telegram account: answers go there, and a window holds.
    business_at: Mapped[datetime | None]
    # Another app holds the thread (channels.md 2.9), and the channel's time at which we heard last who does.
    owner_app: Mapped[str | None]
    owner_at: Mapped[datetime | None]
    # The channel's time at which we were last put out of a group; what was said in it before may arrive later.
    left_at: Mapped[datetime | None]


class Message(Base):
    """A message in or a part of a reply out. Equal external ids in two Connectors are two messages."""

    __tablename__ = "message"
    __table_args__ = (
        # Idempotence is this constraint (product.md, opening 2). Null until the channel has named an outgoing part.
        UniqueConstraint("client_id", "connector_id", "external_key"),
        to_tenant_row("conversation_id", "tenant.conversation"),
        one_of("direction", Direction),
        one_of("author", Author),
        one_of("status", Delivery),
        # The daily figures read what arrived since they last looked.
        Index(
            "ix_message_received_at", "received_at", postgresql_using="brin", postgresql_with={"autosummarize": "on"}
        ),
        Index("ix_message_thread", "client_id", "conversation_id", "occurred_at", "id"),
        Index("ix_message_stored", "client_id", "stored_in", "id"),
        TENANT,
    )

    client_id: Mapped[ClientKey]
    id: Mapped[Id]
    connector_id: Mapped[UUID]
    conversation_id: Mapped[UUID]
    direction: Mapped[str]
    author: Mapped[str]
    author_id: Mapped[UUID | None]
    # message, postback, quick_reply, ...: what the channel called it, for a placeholder and for figures.
    kind: Mapped[str]
    external_key: Mapped[KeyedHash | None]
    external_id_sealed: Mapped[Sealed | None]
    text_sealed: Mapped[Sealed | None]
    reply_to_key: Mapped[KeyedHash | None]
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    status: Mapped[str]
    # Why a part failed or was cancelled: a stable code.
    failure: Mapped[str | None]
    reply_id: Mapped[UUID | None]
    part: Mapped[int | None] = mapped_column(Integer)
    # Story, referral, payload, album, quote, sender in a group ...: JSON, as the adapter read it.
    facts_sealed: Mapped[Sealed | None]
    # The latest edit that counts; its text is a row of message_version, the first text stays here.
    edited_at: Mapped[datetime | None]
    # Withdrawn by its sender: text, facts, versions and files are gone, the row stays.
    deleted_at: Mapped[datetime | None]
    # The transaction that stored it. Programs take messages along in this order: an id is older than its commit.
    stored_in: Mapped[int] = mapped_column(BigInteger, server_default=text("(pg_current_xact_id()::text)::bigint"))


class Attachment(Base):
    """A file, place or share that came with a message or goes out with a reply."""

    __tablename__ = "attachment"
    __table_args__ = (
        UniqueConstraint("client_id", "message_id", "position"),
        to_tenant_row("message_id", "tenant.message"),
        one_of("kind", AttachmentKind),
        one_of("state", AttachmentState),
        Index("ix_attachment_pending", "client_id", "id", postgresql_where="state = 'pending'"),
        # Withdrawn with their message, bytes not deleted yet.
        Index(
            "ix_attachment_withdrawn",
            "client_id",
            "id",
            postgresql_where="state = 'withdrawn' and (stored_at is not null or preview_at is not null)",
        ),
        TENANT,
    )

    client_id: Mapped[ClientKey]
    id: Mapped[Id]
    message_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str]
    state: Mapped[str]
    failure: Mapped[str | None]
    # Provider's address or file id, coordinates, title: JSON, as the adapter read it.
    source_sealed: Mapped[Sealed]
    name_sealed: Mapped[Sealed | None]
    media_type: Mapped[str | None]
    size: Mapped[int | None] = mapped_column(BigInteger)
    # Since when the sealed bytes lie in the file store, under the attachment's id.
    stored_at: Mapped[datetime | None]
    # How often the bytes were asked for, and from when on they may be asked for again.
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    not_before: Mapped[datetime | None]
    # Of an image: its size in pixels and since when a small one lies beside it in the file store.
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    preview_at: Mapped[datetime | None]


class Reply(Base):
    """One click on Send, by the id the page made for it: a second click with the same id changes nothing."""

    __tablename__ = "reply"
    __table_args__ = (to_tenant_row("conversation_id", "tenant.conversation"), TENANT)

    client_id: Mapped[ClientKey]
    id: Mapped[Id]
    conversation_id: Mapped[UUID]
    author_id: Mapped[UUID]
    created_at: Mapped[datetime]


class Outbox(Base):
    """What the sender has still to do for an outgoing part; the part's state is on its message (same id)."""

    __tablename__ = "outbox"
    __table_args__ = (
        to_tenant_row("id", "tenant.message"),
        Index("ix_outbox_due", "not_before", postgresql_where="done_at is null"),
        Index("ix_outbox_asking", "ask_after", postgresql_where="ask_after is not null"),
        Index("ix_outbox_conversation", "client_id", "conversation_id", "position", postgresql_where="done_at is null"),
        TENANT,
    )

    client_id: Mapped[ClientKey]
    id: Mapped[Id]
    connector_id: Mapped[UUID]
    conversation_id: Mapped[UUID]
    # Order inside the conversation: UUIDv7 of the reply, then the part.
    position: Mapped[str]
    queued_at: Mapped[datetime]
    not_before: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(Integer)
    # Committed before the request is written to the wire; set with no outcome after a crash means unknown.
    written_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    by_person: Mapped[bool] = mapped_column(Boolean)
    # Outcome unknown: when the channel is asked for it, and how often it was.
    ask_after: Mapped[datetime | None]
    asked: Mapped[int] = mapped_column(Integer, server_default="0")


class Draft(Base):
    """What an agent had written and not sent, or what came back when a send was cancelled."""

    __tablename__ = "draft"
    __table_args__ = (to_tenant_row("conversation_id", "tenant.conversation"), TENANT)

    client_id: Mapped[ClientKey]
    # The conversation's id and the agent's: one draft each.
    conversation_id: Mapped[ClientKey]
    user_id: Mapped[ClientKey]
    text_sealed: Mapped[Sealed]
    updated_at: Mapped[datetime]


class Tombstone(Base):
    """Something waits for a message that is not here yet: a receipt or a withdrawal, kept in this row, or an edit or a
    reaction, kept in rows of its own. Under a contact's key: events that wait for the person's conversation.
    """

    __tablename__ = "tombstone"
    __table_args__ = (
        to_tenant_row("connector_id", "tenant.connector"),
        one_of("status", Delivery),
        Index("ix_tombstone_at", "at"),
        TENANT,
    )

    client_id: Mapped[ClientKey]
    connector_id: Mapped[ClientKey]
    external_key: Mapped[bytes] = mapped_column(primary_key=True)
    status: Mapped[str | None]
    at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    # Under a contact's key: up to where the person has got or read what was sent, told before anybody knew the person.
    delivered_until: Mapped[datetime | None]
    read_until: Mapped[datetime | None]
