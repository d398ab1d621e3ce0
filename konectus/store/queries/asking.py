"""People whose first message waits in a channel's folder of requests until somebody answers. Rows are inbox's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from konectus.domain.channels import Channel
from konectus.domain.conversations import Status
from konectus.store.queries.inbox import MOST_COUNTED, PAGE

# Requests that idled longer are in no folder any more (channels.md 2.8).
_LASTS = timedelta(days=30)
# Nothing of ours after it: what failed or was called back has let nobody in. Each request finds its contact and its
# conversation by their keys: left the choice, a planner that has counted nothing yet begins at all conversations.
_ASKING = """
    select distinct v.id, v.last_at
    from tenant.conversation_event e
    cross join lateral (
      select id from tenant.contact
      where client_id = :client and connector_id = e.connector_id and external_key = e.contact_key limit 1) k
    cross join lateral (
      select * from tenant.conversation
      where client_id = :client and connector_id = e.connector_id and contact_id = k.id limit 1) v
    where e.client_id = :client and e.kind = 'message_request' and e.at > :since
      and not exists (
        select from tenant.message m
        where m.client_id = :client and m.conversation_id = v.id and m.occurred_at >= e.at and m.direction = 'out'
          and m.status not in ('failed', 'cancelled'))
"""
_AMONG = text(f"{_ASKING} and v.id = any(cast(:ids as uuid[]))")
_COUNTED = "select count(*) from ({asking} and v.status = 'open' limit :most) n"
_COUNT = text(_COUNTED.format(asking=_ASKING))
_PAGE = text(
    f"""
    {_ASKING} and v.status = :status
      and (cast(:channel as text) is null or v.channel = cast(:channel as text))
      and (cast(:at as timestamptz) is null or (v.last_at, v.id) < (cast(:at as timestamptz), cast(:last as uuid)))
    order by v.last_at desc, v.id desc limit :limit
    """
)


@dataclass(frozen=True, slots=True)
class Requests:
    """Those of one Client that wait now."""

    session: Session
    client_id: UUID
    now: datetime

    def among(self, conversation_ids: Sequence[UUID]) -> frozenset[UUID]:
        """Which of these conversations wait as a request."""
        if not conversation_ids:
            return frozenset()
        return frozenset(self.session.scalars(_AMONG, self._given(ids=list(conversation_ids))))

    def count(self) -> int:
        """Open conversations that wait as a request, counted up to MOST_COUNTED."""
        return int(self.session.scalars(_COUNT, self._given(most=MOST_COUNTED)).one())

    def page(self, status: Status, channel: Channel | None, before: tuple[datetime, UUID] | None = None) -> list[UUID]:
        """One page of them, newest first. `before` is (last_at, id) of the last row of the page above."""
        at, last = before or (None, None)
        given = self._given(status=status, channel=channel, at=at, last=last, limit=PAGE)
        return list(self.session.scalars(_PAGE, given))

    def _given(self, **given: object) -> dict[str, object]:
        return {"client": self.client_id, "since": self.now - _LASTS, **given}
