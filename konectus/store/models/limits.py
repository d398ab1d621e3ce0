"""Platform: how fast may be sent and whether a channel answers, one row each for all sender processes. No content.

The arithmetic is `konectus.domain.budgets`; the one who keeps the rows is `konectus.services.limits`.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Float, Index, Integer
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from konectus.domain.budgets import Bucket
from konectus.store.base import Base
from konectus.store.columns import one_of

PLATFORM = {"schema": "platform"}


class SendBudget(Base):
    """What a bucket held at an instant: of a Connector, or of one conversation where the channel counts by chat."""

    __tablename__ = "send_budget"
    __table_args__ = (one_of("kind", Bucket), Index("ix_send_budget_at", "at"), PLATFORM)

    # The Connector's id or the conversation's.
    scope_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    tokens: Mapped[float] = mapped_column(Float)
    at: Mapped[datetime]


class ConnectorPace(Base):
    """Whether a Connector's channel answers (its breaker), and how much of its allowance the channel says is used."""

    __tablename__ = "connector_pace"
    __table_args__ = (Index("ix_connector_pace_client_id", "client_id"), PLATFORM)

    connector_id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    # Successes and failures of the last minute by slot: [[slot, well, ill], ...].
    tallies: Mapped[list[Any]] = mapped_column(JSONB)
    # While open: when the next call may be tried; how often it opened in a row; whether that call is out.
    open_until: Mapped[datetime | None]
    openings: Mapped[int] = mapped_column(Integer)
    is_probing: Mapped[bool] = mapped_column(Boolean)
    # Percent of the app's or the page's rolling hour, as the last answer said.
    usage: Mapped[int | None] = mapped_column(Integer)
    usage_at: Mapped[datetime | None]
