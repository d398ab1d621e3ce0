"""A batch of logged bodies as pieces: each item with its channel and the live connector it belongs to."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.orm import Session

from ingestion import registry
from ingestion.channels.meta import plain
from ingestion.channels.port.reading import Undecodable, decode, encode
from ingestion.routing.doorways import META, Doorway
from ingestion.wire import Broken, Item, Unroutable
from konectus.domain.channels import Channel
from konectus.store.queries import accounts
from konectus.store.queries.accounts import Holder
from konectus.stream.postgres import Claimed

WHOLE = "body"
Items = Sequence[tuple[str, Item]]


class Opened(Struct, gc=False):
    """A logged body, read as far as it can be without knowing whose it is; `error` says why it is no JSON.

    `body` is there where somebody still has to read it: of a bot's the items depend on whose bot it is.
    """

    event: Claimed
    doorway: Doorway
    body: object = None
    error: str | None = None
    items: Items = ()
    _parts: Sequence[object] | None = None

    def __repr__(self) -> str:
        """Without the body, which would stand in a log."""
        return f"Opened(event={self.event.id}, doorway={self.doorway}, error={self.error!r})"

    @property
    def channels(self) -> Sequence[Channel]:
        """Those that may read it."""
        return registry.META if self.doorway.kind == META else (Channel.TELEGRAM,)

    def parts(self, account: str | None) -> Sequence[object]:
        """For each of its items the least body that holds it; rarely asked for, so made only then."""
        if self._parts is None:
            self._parts = registry.split(self.channels, decode(self.event.body), account)
        return self._parts


class Piece(Struct, frozen=True, kw_only=True, gc=False):
    """One item of a body, or the whole of one that could not be taken apart.

    `known` is the connector that holds its account, live or not; `holder` the one it goes to, while it is live: an item
    that contradicts itself goes to nobody. `key` names it in the log: (event, item).
    """

    opened: Opened
    event: Claimed
    key: tuple[int, int]
    channel: Channel | None
    item: Item
    known: Holder | None
    holder: Holder | None
    is_whole: bool

    def __repr__(self) -> str:
        """Without what it says, which would stand in a log."""
        return f"Piece(key={self.key}, channel={self.channel!r}, known={self.known!r})"

    @property
    def number(self) -> int:
        return self.key[1]

    @property
    def of_nobody(self) -> "Piece":
        """The same of a Client whose keys are gone."""
        return replace(self, holder=None)

    @property
    def is_unread(self) -> bool:
        """A body nobody could read, so nobody knows whose it is."""
        return self.is_whole and self.known is None and isinstance(self.item, Broken)

    @property
    def alone(self) -> object:
        """The least body that holds it."""
        return self.opened.parts(self.known.account if self.known else None)[self.number]

    @property
    def raw(self) -> bytes:
        """What a dead letter keeps."""
        return self.event.body if self.is_whole else encode(self.alone)


def read(session: Session, events: Sequence[Claimed]) -> list[Piece]:
    """Every piece of every body, in order. Asks the store once whose they are."""
    opened = [_open(event) for event in events]
    bots = [connector for o in opened if (connector := o.doorway.connector_id)]
    pairs = {(channel, item.account) for o in opened for channel, item in o.items if item.account}
    found = accounts.holders(session, sorted(pairs), bots)
    by_account = {(holder.channel, holder.account): holder for holder in found}
    by_connector = {holder.connector_id: holder for holder in found}
    pieces: list[Piece] = []
    for o in opened:
        pieces += _of_meta(o, by_account) if o.doorway.kind == META else _of_bot(o, by_connector)
    return pieces


def _open(event: Claimed) -> Opened:
    doorway = Doorway.read(event.door)
    if event.error:
        return Opened(event, doorway, error=event.error)
    if doorway.kind == META and (messages := plain.read(event.body)) is not None:
        return Opened(event, doorway, items=messages)
    try:
        body = decode(event.body)
    except Undecodable as undecodable:
        return Opened(event, doorway, error=undecodable.reason)
    if doorway.kind == META:
        return Opened(event, doorway, items=registry.read(registry.META, body))
    return Opened(event, doorway, body)


def _of_meta(opened: Opened, holders: Mapping[tuple[str, str], Holder]) -> list[Piece]:
    if opened.error:
        return [_whole(opened, None)]
    return [
        _piece(opened, number, Channel(channel), item, holders.get((channel, item.account or "")))
        for number, (channel, item) in enumerate(opened.items)
    ]


def _of_bot(opened: Opened, holders: Mapping[UUID, Holder]) -> list[Piece]:
    connector_id = opened.doorway.connector_id
    holder = holders.get(connector_id) if connector_id else None
    if opened.error or holder is None:
        return [_whole(opened, holder)]
    found = registry.read(opened.channels, opened.body, holder.account)
    return [_piece(opened, number, Channel.TELEGRAM, item, holder) for number, (_, item) in enumerate(found)]


def _piece(opened: Opened, number: int, channel: Channel, item: Item, known: Holder | None) -> Piece:
    return Piece(
        opened=opened,
        event=opened.event,
        key=(opened.event.id, number),
        channel=channel,
        item=item,
        known=known,
        holder=known if known and known.live and not isinstance(item, Unroutable) else None,
        is_whole=False,
    )


def _whole(opened: Opened, holder: Holder | None) -> Piece:
    """A body that cannot be taken apart, or whose connector is gone."""
    is_bots = opened.doorway.kind != META
    gone = is_bots and holder is None
    return Piece(
        opened=opened,
        event=opened.event,
        key=(opened.event.id, 0),
        channel=Channel.TELEGRAM if is_bots else None,
        item=Unroutable(reason="no such connector") if gone else Broken(reason=opened.error or "", raw=None),
        known=holder,
        holder=holder if holder and holder.live else None,
        is_whole=True,
    )
