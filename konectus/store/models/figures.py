"""Ledger: daily usage per Client, from metadata alone. Analysts never see it; releases are computed from it."""

from datetime import date
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Date, ForeignKey, Integer, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from konectus.domain.channels import Channel
from konectus.store.base import Base
from konectus.store.columns import one_of

BINS = 17  # logarithmic bins of the first response and of the resolution (privacy.md 2.7)
HOURS = 24
ZEROS = text(f"array[{', '.join('0' * BINS)}]")
NO_HOURS = text(f"array[{', '.join('0' * HOURS)}]")
# Agents by the conversations they answered on a day: up to each of these, and above the last.
LOADS = (5, 20, 50, 100)
NO_LOADS = text(f"array[{', '.join('0' for _ in (*LOADS, None))}]")


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
    # First times of a person on the channel; every other opening is a reopening.
    contacts_new: Mapped[int] = mapped_column(BigInteger, server_default="0")
    conversations_reopened: Mapped[int] = mapped_column(BigInteger, server_default="0")
    # From each opening to its closing, on the day of the closing.
    resolution_hist: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default=ZEROS)
    # Messages in, by the hour of the legal zone.
    hours_in: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default=NO_HOURS)
    # Failed sends by their stable code.
    failures: Mapped[dict[str, int]] = mapped_column(JSONB, server_default=text("'{}'"))


class ClientDaily(Base):
    """One Client's day as a whole: what is not a channel's."""

    __tablename__ = "client_daily"
    __table_args__ = (
        CheckConstraint(f"cardinality(agents_by_load) = {len(LOADS) + 1}", name="loads"),
        {"schema": "ledger"},
    )

    client_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("ledger.client.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True, index=True)
    plan_code: Mapped[str]
    # Connectors by the state in which the day left them.
    connectors: Mapped[dict[str, int]] = mapped_column(JSONB, server_default=text("'{}'"))
    agents_by_load: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default=NO_LOADS)
    # signed_up, trial_ended, plan_changed, suspended, lifted, ended: how often that day.
    events: Mapped[dict[str, int]] = mapped_column(JSONB, server_default=text("'{}'"))
