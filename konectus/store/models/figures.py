"""Ledger: daily usage per Client, from metadata alone. Analysts never see it; releases are computed from it."""

from datetime import date
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Date, ForeignKey, Integer, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from konectus.domain.channels import Channel
from konectus.store.base import Base
from konectus.store.columns import one_of

BINS = 17  # logarithmic bins of the first response (privacy.md 2.7)


class UsageDaily(Base):
    """One Client's day on one channel."""

    __tablename__ = "usage_daily"
    __table_args__ = (
        one_of("channel", Channel),
        CheckConstraint(f"cardinality(first_response_hist) = {BINS}", name="bins"),
        {"schema": "ledger"},
    )

    client_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("ledger.client.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True, index=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    plan_code: Mapped[str]
    messages_in: Mapped[int] = mapped_column(BigInteger)
    messages_out: Mapped[int] = mapped_column(BigInteger)
    contacts_active: Mapped[int] = mapped_column(BigInteger)
    conversations_opened: Mapped[int] = mapped_column(BigInteger)
    conversations_closed: Mapped[int] = mapped_column(BigInteger)
    sends_failed: Mapped[int] = mapped_column(BigInteger)
    first_response_hist: Mapped[list[int]] = mapped_column(ARRAY(Integer))
