"""One-time links of the staff."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from konectus.store.models.identity import OneTimeLink, Staff


def use_staff_link(session: Session, token_hash: bytes, now: datetime) -> Staff | None:
    """Spend a link; its person, or None where it is unknown, used or too old."""
    staff_id = session.scalar(
        update(OneTimeLink)
        .where(
            OneTimeLink.token_hash == token_hash,
            OneTimeLink.staff_id.is_not(None),
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > now,
        )
        .values(used_at=now)
        .returning(OneTimeLink.staff_id)
    )
    return session.scalar(select(Staff).where(Staff.id == staff_id, Staff.active.is_(True))) if staff_id else None
