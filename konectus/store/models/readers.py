"""Platform: what readers of the figures keep: remarks on charts, saved views, reports by mail. No figure is here."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Text, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from konectus.store.base import Base
from konectus.store.columns import Id, one_of

PLATFORM = {"schema": "platform"}
LOCALES = ("es", "en")
PACES = ("week", "month")
FORMS = ("pdf", "xlsx")


class Annotation(Base):
    """A remark of staff at a day of the charts; the releaser copies it to `released`, where analysts read it."""

    __tablename__ = "annotation"
    __table_args__ = (
        CheckConstraint("char_length(words_es) between 1 and 80", name="words_es"),
        CheckConstraint("char_length(words_en) between 1 and 80", name="words_en"),
        PLATFORM,
    )

    id: Mapped[Id]
    day: Mapped[date] = mapped_column(Date, index=True)
    words_es: Mapped[str]
    words_en: Mapped[str]
    staff_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("ledger.staff.id"))
    written_at: Mapped[datetime]
    # Taken away again; the row stays, since the trail names it.
    withdrawn_at: Mapped[datetime | None]


class SavedView(Base):
    """A permalink of the dashboard under a name, one person's own."""

    __tablename__ = "saved_view"
    __table_args__ = (
        UniqueConstraint("staff_id", "name"),
        CheckConstraint("char_length(name) between 1 and 60", name="name"),
        CheckConstraint("char_length(path) <= 60 and path !~ '[^a-z-]'", name="path"),
        CheckConstraint("char_length(query) <= 200", name="query"),
        PLATFORM,
    )

    id: Mapped[Id]
    staff_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("ledger.staff.id", ondelete="CASCADE"))
    name: Mapped[str]
    # Below /dashboard/, and what follows its question mark.
    path: Mapped[str]
    query: Mapped[str]
    saved_at: Mapped[datetime]


class ReportSubscription(Base):
    """Who gets the released figures by mail, how often, in which forms and language."""

    __tablename__ = "report_subscription"
    __table_args__ = (
        one_of("pace", PACES),
        one_of("language", LOCALES),
        CheckConstraint("cardinality(forms) > 0 and forms <@ array['pdf', 'xlsx']", name="forms"),
        Index("uq_report_subscription_live", "staff_id", "pace", unique=True, postgresql_where="stopped_at is null"),
        PLATFORM,
    )

    id: Mapped[Id]
    staff_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("ledger.staff.id"))
    pace: Mapped[str]
    forms: Mapped[list[str]] = mapped_column(ARRAY(Text))
    language: Mapped[str]
    asked_at: Mapped[datetime]
    # What was released before is not sent.
    stopped_at: Mapped[datetime | None]


class ReportMail(Base):
    """One release to one subscription; its key is what makes it once."""

    __tablename__ = "report_mail"
    __table_args__ = (
        UniqueConstraint("release_id", "subscription_id"),
        CheckConstraint("tries >= 0", name="tries"),
        Index("ix_report_mail_waiting", "next_try_at", postgresql_where="sent_at is null and given_up_at is null"),
        PLATFORM,
    )

    id: Mapped[Id]
    # In the other database.
    release_id: Mapped[UUID] = mapped_column(Uuid)
    subscription_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("platform.report_subscription.id"), index=True)
    tries: Mapped[int]
    next_try_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
    # Of the message as it was handed over.
    message_id: Mapped[str | None]
    sha256: Mapped[str | None]
