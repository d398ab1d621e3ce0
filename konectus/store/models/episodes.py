"""Tenant: the times a conversation was open, metadata alone. A trigger on tenant.conversation keeps them, nobody else.

A conversation stands for ever and forgets when it was open before; the daily figures need each time with its day.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from konectus.domain.channels import Channel
from konectus.store.base import Base
from konectus.store.columns import ClientKey, one_of, to_tenant_row


class Episode(Base):
    """From an opening to the closing that ended it."""

    __tablename__ = "episode"
    __table_args__ = (
        to_tenant_row("conversation_id", "tenant.conversation", ondelete="CASCADE"),
        one_of("channel", Channel),
        # The figures read whole days of all Clients.
        Index("ix_episode_opened_at", "opened_at"),
        Index("ix_episode_first_reply_at", "first_reply_at", postgresql_where="first_reply_at is not null"),
        Index("ix_episode_closed_at", "closed_at", postgresql_where="closed_at is not null"),
        {"schema": "tenant"},
    )

    client_id: Mapped[ClientKey]
    conversation_id: Mapped[UUID] = mapped_column(primary_key=True)
    opened_at: Mapped[datetime] = mapped_column(primary_key=True)
    channel: Mapped[str]
    # Opened again, by a word of the person after a closing.
    is_reopening: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    first_reply_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
