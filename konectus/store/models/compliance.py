"""Requests about people's data that come from outside. Carrying them out is a use case."""

from datetime import datetime

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from konectus.store.base import Base
from konectus.store.columns import Id

PLATFORM = {"schema": "platform"}


class DataDeletionRequest(Base):
    """A data-deletion call of Meta (channels.md 1.7): who asked is kept as a hash, the code is what they look up."""

    __tablename__ = "data_deletion_request"
    # Meta may deliver one call several times: the person gets one code.
    __table_args__ = (UniqueConstraint("app", "person_hash", "issued_at"), PLATFORM)

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    app: Mapped[str]
    # Keyed hash of app and app-scoped user id.
    person_hash: Mapped[bytes] = mapped_column(LargeBinary)
    issued_at: Mapped[datetime]
    requested_at: Mapped[datetime]
    # How many Connectors that person had granted; they are revoked at once.
    connectors: Mapped[int]
    finished_at: Mapped[datetime | None]
    # What was done, as a stable code that the page puts into words: revoked, nothing_held.
    outcome: Mapped[str | None]
