"""Tenant: what search looks in. Keyed hashes of words and of beginnings of names; no text, nothing that opens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from konectus.store.base import Base
from konectus.store.columns import ClientKey, Id

TENANT = {"schema": "tenant"}
# Straight into the tree: a list of pending entries would be read by every search (engine.md 5).
_AT_ONCE = {"fastupdate": "off"}


class MessageSearch(Base):
    """The words of a message as it is shown now; partitioned by month of the sender's time."""

    __tablename__ = "message_search"
    __table_args__ = (
        Index("ix_message_search_words", "words", postgresql_using="gin", postgresql_with=_AT_ONCE),
        TENANT | {"postgresql_partition_by": "RANGE (at)"},
    )

    client_id: Mapped[ClientKey]
    at: Mapped[datetime] = mapped_column(primary_key=True)
    message_id: Mapped[Id]
    conversation_id: Mapped[UUID]
    words: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))


class ContactSearch(Base):
    """The beginnings, of three letters and more, of an End Contact's names."""

    __tablename__ = "contact_search"
    __table_args__ = (
        Index("ix_contact_search_prefixes", "prefixes", postgresql_using="gin", postgresql_with=_AT_ONCE),
        TENANT,
    )

    client_id: Mapped[ClientKey]
    contact_id: Mapped[Id]
    prefixes: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))


class SearchPending(Base):
    """What has still to be indexed: a row for each batch of the worker and each reply, gone once it is done."""

    __tablename__ = "search_pending"
    __table_args__ = (TENANT,)

    client_id: Mapped[ClientKey]
    id: Mapped[Id]
    message_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    contact_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"))
    # Catch-up of a Client that was here before search: all its messages with a lesser id are still to be done.
    older_than: Mapped[UUID | None]
    queued_at: Mapped[datetime]
