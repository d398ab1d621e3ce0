"""A batch of logged bodies as pieces: each item with its channel and the live connector it belongs to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.orm import Session

from ingestion import registry
from ingestion.channels.port.reading import Undecodable, decode, encode
from ingestion.routing.doorways import META, Doorway
from ingestion.wire import Broken, Item, Unroutable
from konectus.domain.channels import Channel
from konectus.store.queries import accounts
from konectus.store.queries.accounts import Holder
from konectus.stream.postgres import Claimed

WHOLE = "body"


@dataclass(frozen=True, slots=True)
class Opened:
    """A logged body, decoded, with the channels that may read it; `error` says why it could not be decoded."""

    event: Claimed
    doorway: Doorway
    body: object = field(repr=False)
    error: str | None

    @property
    def channels(self) -> Sequence[Channel]:
        return registry.META if self.doorway.kind == META else (Channel.TELEGRAM,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One item of a body, or the whole of one that could not be taken apart.

    `known` is the connector that holds its account, live or not.
    """

    opened: Opened = field(repr=False)
    number: int
    channel: Channel | None
    item: Item = field(repr=False)
    known: Holder | None = None
    is_whole: bool = False

    @property
    def event(self) -> Claimed:
        return self.opened.event

    @property
    def key(self) -> tuple[int, int]:
        return self.event.id, self.number

    @property
    def holder(self) -> Holder | None:
        """The connector it goes to, while it is live; an item that contradicts itself goes to nobody."""
        return self.known if self.known and self.known.live and not isinstance(self.item, Unroutable) else None

    @property
    def is_unread(self) -> bool:
        """A body nobody could read, so nobody knows whose it is."""
        return self.is_whole and self.known is None and isinstance(self.item, Broken)

    @property
    def alone(self) -> object:
        """The least body that holds it; rarely asked for, so made only then."""
        account = self.known.account if self.known else None
        return registry.split(self.opened.channels, self.opened.body, account)[self.number]

    @property
    def raw(self) -> bytes:
        """What a dead letter keeps."""
        return self.event.body if self.is_whole else encode(self.alone)


def read(session: Session, events: Sequence[Claimed]) -> list[Piece]:
    """Every piece of every body, in order. Asks the store once whose they are."""
    opened = [_open(event) for event in events]
    items = [registry.read(o.channels, o.body) if o.doorway.kind == META and not o.error else [] for o in opened]
    bots = [connector for o in opened if (connector := o.doorway.connector_id)]
    pairs = {(channel, item.account) for some in items for channel, item in some if item.account}
    found = accounts.holders(session, sorted(pairs), bots)
    by_account = {(holder.channel, holder.account): holder for holder in found}
    by_connector = {holder.connector_id: holder for holder in found}
    pieces: list[Piece] = []
    for o, some in zip(opened, items, strict=True):
        pieces += _of_meta(o, some, by_account) if o.doorway.kind == META else _of_bot(o, by_connector)
    return pieces


def _open(event: Claimed) -> Opened:
    doorway = Doorway.read(event.door)
    try:
        return Opened(event, doorway, decode(event.body), None)
    except Undecodable as undecodable:
        return Opened(event, doorway, None, undecodable.reason)


def _of_meta(
    opened: Opened, items: Sequence[tuple[str, Item]], holders: Mapping[tuple[str, str], Holder]
) -> list[Piece]:
    if opened.error:
        return [_whole(opened, None)]
    return [
        Piece(
            opened=opened,
            number=number,
            channel=Channel(channel),
            item=item,
            known=holders.get((channel, item.account or "")),
        )
        for number, (channel, item) in enumerate(items)
    ]


def _of_bot(opened: Opened, holders: Mapping[UUID, Holder]) -> list[Piece]:
    connector_id = opened.doorway.connector_id
    holder = holders.get(connector_id) if connector_id else None
    if opened.error or holder is None:
        return [_whole(opened, holder)]
    found = registry.read(opened.channels, opened.body, holder.account)
    return [
        Piece(opened=opened, number=number, channel=Channel.TELEGRAM, item=item, known=holder)
        for number, (_, item) in enumerate(found)
    ]


def _whole(opened: Opened, holder: Holder | None) -> Piece:
    """A body that cannot be taken apart, or whose connector is gone."""
    is_bots = opened.doorway.kind != META
    channel = Channel.TELEGRAM if is_bots else None
    gone = is_bots and holder is None
    item = Unroutable(reason="no such connector") if gone else Broken(reason=opened.error or "", raw=None)
    return Piece(opened=opened, number=0, channel=channel, item=item, known=holder, is_whole=True)
