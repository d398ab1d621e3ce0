"""End Contacts without a name, on channels whose messages carry none."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from konectus.domain.channels import Channel
from konectus.store.models.inbox import EndContact


@dataclass(frozen=True, slots=True)
class Nameless:
    """A contact whose profile this process asks for."""

    client_id: UUID
    id: UUID
    connector_id: UUID
    channel: Channel
    conversation_id: UUID | None
    external_id_sealed: bytes = field(repr=False)


_CLAIM = text(
    """
    with due as (
      select k.client_id, k.id, c.channel
      from tenant.contact k join tenant.connector c on c.client_id = k.client_id and c.id = k.connector_id
      where k.name_sealed is null and k.profile_asked_at is null and c.channel = any(:channels)
        and c.state in ('connected', 'degraded') and c.secret_sealed is not null and k.connector_id <> all(:resting)
      order by k.client_id, k.id limit :most for update of k skip locked)
    update tenant.contact k set profile_asked_at = :now from due
    where k.client_id = due.client_id and k.id = due.id
    returning k.client_id, k.id, k.connector_id, due.channel, k.external_id_sealed,
      (select v.id from tenant.conversation v where v.client_id = k.client_id
        and v.connector_id = k.connector_id and v.contact_id = k.id limit 1)
        as conversation_id
    """
)


def claim(
    session: Session, now: datetime, channels: Collection[str], *, resting: Collection[UUID], most: int
) -> list[Nameless]:
    """Contacts to ask the channel about, each once; `resting` Connectors are left alone."""
    values = {"now": now, "channels": list(channels), "resting": list(resting), "most": most}
    return [
        Nameless(r.client_id, r.id, r.connector_id, Channel(r.channel), r.conversation_id, r.external_id_sealed)
        for r in session.execute(_CLAIM, values)
    ]


def forget_asking(session: Session, found: Nameless) -> None:
    """The channel did not answer: ask again later."""
    session.execute(
        update(EndContact)
        .where(EndContact.client_id == found.client_id, EndContact.id == found.id)
        .values(profile_asked_at=None)
    )


def name(session: Session, found: Nameless, name_sealed: bytes | None, handle_sealed: bytes | None) -> None:
    """What the channel told; a name that a message brought meanwhile stays."""
    session.execute(
        update(EndContact)
        .where(EndContact.client_id == found.client_id, EndContact.id == found.id, EndContact.name_sealed.is_(None))
        .values(name_sealed=name_sealed, handle_sealed=handle_sealed)
    )
