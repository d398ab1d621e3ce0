"""A part of a reply opened for its way to the channel: whom it goes to, with which secret, what it says."""

from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from konectus.domain import windows
from konectus.domain.channels import AttachmentKind, Channel
from konectus.sealing import ClientKeys
from konectus.services.work import Work
from konectus.store.queries.business import BusinessRoute, business_route
from konectus.store.queries.sending import FileRow, PartRow

UNNAMED_TYPE = "application/octet-stream"


class PartRef(Protocol):
    """Which part, of which conversation."""

    @property
    def client_id(self) -> UUID: ...

    @property
    def id(self) -> UUID: ...

    @property
    def connector_id(self) -> UUID: ...

    @property
    def conversation_id(self) -> UUID: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedFile:
    """A file of ours that goes out: its sealed bytes are in the file store under `id`."""

    id: UUID
    kind: AttachmentKind
    media_type: str
    size: int
    name: str = field(repr=False)
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A part that goes to its channel now. Secrets and content stay out of its repr."""

    client_id: UUID
    id: UUID
    connector_id: UUID
    conversation_id: UUID
    contact_id: UUID
    channel: Channel
    account_id: str
    app: str | None
    attempts: int
    late: bool
    degraded: bool
    # Another app is said to hold the thread; the person is said to be out of reach.
    is_held: bool
    was_unreachable: bool
    secret: str = field(repr=False)
    recipient: str = field(repr=False)
    text: str = field(repr=False)
    file: OrderedFile | None = None
    business_connection: str | None = None


def opened(work: Work, part: PartRow, route: BusinessRoute | None, *, late: bool) -> Order:
    """The part as it goes out. Raises NoKey or Unreadable."""
    keys = work.client_keys(part.client_id)
    return Order(
        client_id=part.client_id,
        id=part.id,
        connector_id=part.connector_id,
        conversation_id=part.conversation_id,
        contact_id=part.contact_id,
        channel=part.channel,
        account_id=part.account_id,
        app=part.app,
        attempts=part.attempts + 1,
        late=late,
        degraded=part.is_degraded,
        is_held=part.owner_app is not None,
        was_unreachable=part.is_unreachable,
        secret=keys.read(part.secret_sealed, "connector", "secret_sealed", part.connector_id),
        recipient=keys.open_text(part.recipient_sealed, "contact", "external_id_sealed", part.contact_id),
        text=keys.read(part.text_sealed, "message", "text_sealed", part.id),
        file=_file(keys, part.file),
        business_connection=route.connection if route else None,
    )


def route_of(work: Work, part: PartRow) -> BusinessRoute | None:
    """Through which owner's own Telegram account the answer goes; None for an answer of the bot itself.

    Raises NoKey or Unreadable.
    """
    if part.channel is not Channel.TELEGRAM or not windows.through_owner(part.window_opened_at, part.business_at):
        return None
    keys = work.client_keys(part.client_id)
    found = business_route(work.session, keys, part.connector_id, part.conversation_id)
    return found or BusinessRoute("", enabled=False, can_reply=False)


def _file(keys: ClientKeys, row: FileRow | None) -> OrderedFile | None:
    if row is None:
        return None
    return OrderedFile(
        id=row.id,
        kind=row.kind,
        media_type=row.media_type or UNNAMED_TYPE,
        size=row.size or 0,
        name=keys.read(row.name_sealed, "attachment", "name_sealed", row.id) or str(row.id),
        width=row.width,
        height=row.height,
    )
