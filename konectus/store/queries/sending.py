"""The outbox as the sender sees it: which parts are due, and one part with all it needs. Changes are `outbox`."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, select, text
from sqlalchemy.orm import Session

from konectus.domain.channels import AttachmentKind, Channel
from konectus.domain.connectors import ConnectorState, Reason
from konectus.domain.conversations import Delivery
from konectus.store.models.connectors import Connector
from konectus.store.models.inbox import Attachment, Conversation, EndContact, Message, Outbox

# A degraded Connector still sends with these reasons; with any other its outbox waits.
SENDING_REASONS = (Reason.SILENT, Reason.PROVIDER_DOWN)


@dataclass(frozen=True, slots=True)
class Head:
    """The first undone part of a conversation, due now, on a Connector that may send.

    `is_probe`: its channel did not answer lately, and may be tried with one call.
    """

    client_id: UUID
    id: UUID
    connector_id: UUID
    conversation_id: UUID
    channel: Channel
    is_probe: bool = False


@dataclass(frozen=True, slots=True)
class FileRow:
    """The file of a part, as it was told apart at the click."""

    id: UUID
    kind: AttachmentKind
    media_type: str | None
    size: int | None
    width: int | None
    height: int | None
    name_sealed: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class PartRow:
    """One part with what is needed to decide on it and to send it; sealed values still sealed."""

    client_id: UUID
    id: UUID
    connector_id: UUID
    conversation_id: UUID
    channel: Channel
    account_id: str
    app: str | None
    state: ConnectorState
    reason: str | None
    by_person: bool
    queued_at: datetime
    attempts: int
    window_opened_at: datetime | None
    business_at: datetime | None
    owner_app: str | None
    contact_id: UUID
    is_unreachable: bool
    file: FileRow | None
    secret_sealed: bytes | None = field(repr=False)
    recipient_sealed: bytes = field(repr=False)
    text_sealed: bytes | None = field(repr=False)

    @property
    def can_send(self) -> bool:
        if self.secret_sealed is None:
            return False
        return self.state is ConnectorState.CONNECTED or self.is_degraded

    @property
    def is_degraded(self) -> bool:
        """Not well, and still sending."""
        return self.state is ConnectorState.DEGRADED and self.reason in SENDING_REASONS


# A part waits for every earlier undone part of its conversation, and one busy Connector leaves room for the others.
_HEADS = text(
    """
    select client_id, id, connector_id, conversation_id, channel, is_probe from (
      select o.client_id, o.id, o.connector_id, o.conversation_id, a.channel, p.open_until is not null as is_probe,
             row_number() over (partition by o.connector_id order by o.position) as place
      from tenant.outbox o
      join tenant.message m on m.client_id = o.client_id and m.id = o.id
      join tenant.connector c on c.client_id = o.client_id and c.id = o.connector_id
      join platform.account a on a.connector_id = o.connector_id
      left join platform.connector_pace p on p.connector_id = o.connector_id
      where o.done_at is null and o.written_at is null and o.not_before <= :now and m.status = 'queued'
        and not a.paused and (a.send_after is null or a.send_after <= :now)
        and (c.state = 'connected' or c.state = 'degraded' and c.reason = any(:reasons))
        and (p.open_until is null or p.open_until <= :now) and a.channel = any(:channels)
        and not exists (
          select from tenant.outbox e
          where e.client_id = o.client_id and e.conversation_id = o.conversation_id
            and e.done_at is null and e.position < o.position)
    ) due where place <= :per_connector order by place, id limit :most
    """
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which parts a process has room for."""

    channels: Collection[str]
    per_connector: int
    most: int


def heads(session: Session, now: datetime, wanted: Wanted) -> list[Head]:
    """Parts that may go out now, the Connectors' first parts first."""
    limits = {"per_connector": wanted.per_connector, "most": wanted.most}
    values = {"now": now, "channels": list(wanted.channels), "reasons": list(SENDING_REASONS)}
    return [
        Head(r.client_id, r.id, r.connector_id, r.conversation_id, Channel(r.channel), r.is_probe)
        for r in session.execute(_HEADS, values | limits)
    ]


_FILE = (
    Attachment.id.label("file_id"),
    Attachment.kind.label("file_kind"),
    Attachment.media_type,
    Attachment.size,
    Attachment.width,
    Attachment.height,
    Attachment.name_sealed,
)


def lock_part(session: Session, client_id: UUID, part_id: UUID) -> PartRow | None:
    """A queued part nobody else is at, locked until the transaction ends; None where there is none any more."""
    statement = (
        select(
            Outbox.connector_id,
            Outbox.conversation_id,
            Outbox.by_person,
            Outbox.queued_at,
            Outbox.attempts,
            Connector.channel,
            Connector.account_id,
            Connector.app,
            Connector.state,
            Connector.reason,
            Connector.secret_sealed,
            Conversation.window_opened_at,
            Conversation.business_at,
            Conversation.owner_app,
            Conversation.contact_id,
            EndContact.external_id_sealed,
            EndContact.unreachable,
            Message.text_sealed,
            *_FILE,
        )
        .join(Message, _same(Message, Outbox.id))
        .join(Connector, _same(Connector, Outbox.connector_id))
        .join(Conversation, _same(Conversation, Outbox.conversation_id))
        .join(EndContact, _same(EndContact, Conversation.contact_id))
        .outerjoin(Attachment, and_(Attachment.client_id == Outbox.client_id, Attachment.message_id == Outbox.id))
        .where(Outbox.client_id == client_id, Outbox.id == part_id)
        .where(Outbox.done_at.is_(None), Outbox.written_at.is_(None), Message.status == Delivery.QUEUED)
        # Receipts and echoes lock messages; a part that one of them holds is taken a moment later.
        .with_for_update(of=[Outbox, Message], skip_locked=True)
    )
    row = session.execute(statement).one_or_none()
    return row and _part(client_id, part_id, row)


def _same(model: Any, column: Any) -> Any:
    return and_(model.client_id == Outbox.client_id, model.id == column)


def _part(client_id: UUID, part_id: UUID, row: Row[*tuple[Any, ...]]) -> PartRow:
    return PartRow(
        client_id=client_id,
        id=part_id,
        connector_id=row.connector_id,
        conversation_id=row.conversation_id,
        channel=Channel(row.channel),
        account_id=row.account_id,
        app=row.app,
        state=ConnectorState(row.state),
        reason=row.reason,
        by_person=row.by_person,
        queued_at=row.queued_at,
        attempts=row.attempts,
        window_opened_at=row.window_opened_at,
        business_at=row.business_at,
        owner_app=row.owner_app,
        contact_id=row.contact_id,
        is_unreachable=row.unreachable is not None,
        file=_file(row),
        secret_sealed=row.secret_sealed,
        recipient_sealed=row.external_id_sealed,
        text_sealed=row.text_sealed,
    )


def _file(row: Row[*tuple[Any, ...]]) -> FileRow | None:
    if row.file_id is None:
        return None
    kind = AttachmentKind(row.file_kind)
    return FileRow(row.file_id, kind, row.media_type, row.size, row.width, row.height, row.name_sealed)
