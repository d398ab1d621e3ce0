"""A Plan as it was described when it was contracted (Terms 2): the page kept with its version."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from konectus.store.models.clients import PlanVersion


def page_of(session: Session, plan_version_id: UUID) -> str:
    """The HTML of the public page when the version was published; empty where none was kept."""
    return session.scalar(select(PlanVersion.page_html).where(PlanVersion.id == plan_version_id)) or ""
