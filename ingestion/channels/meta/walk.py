"""From a decoded body of Meta to its items: bodies, entries and the lists inside them. What an item says is `items`."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec import Struct

from ingestion.channels.port.reading import id_of, instant_of, list_of, mapping_of

TEST_ENTRY = "0"


class Found(Struct, frozen=True, kw_only=True, gc=False):
    """One item of a body and where it stood.

    `field` names the change it came by; `content` is what stands under it when that is no messaging item.
    """

    product: str
    entry: str | None
    entry_at: datetime | None
    listed: str
    item: Mapping[str, object]
    raw: object
    change: str | None = None

    def __repr__(self) -> str:
        """Without what it says, which would stand in a log."""
        return f"Found(product={self.product!r}, entry={self.entry!r}, listed={self.listed!r})"

    @property
    def body(self) -> dict[str, object]:
        """The least body that holds this item alone: what a dead letter keeps, so that it can be read again."""
        at = self.entry_at and round(self.entry_at.timestamp() * 1000)
        return {"object": self.product, "entry": [{"id": self.entry, "time": at, self.listed: [self.raw]}]}

    @property
    def is_test(self) -> bool:
        """The dashboard's Test button: it belongs to nobody."""
        return self.entry == TEST_ENTRY

    @property
    def sender(self) -> str | None:
        return id_of(mapping_of(self.item.get("sender")).get("id"))

    @property
    def recipient(self) -> str | None:
        return id_of(mapping_of(self.item.get("recipient")).get("id"))

    @property
    def standby(self) -> bool:
        """Another app holds the thread."""
        return self.listed == "standby"

    @property
    def is_echo(self) -> bool:
        return mapping_of(self.item.get("message")).get("is_echo") is True

    @property
    def at(self) -> datetime | None:
        """The item's own time, else the entry's."""
        return instant_of(self.item.get("timestamp")) or self.entry_at


def items(body: object, product: str) -> Iterator[Found]:
    """Every item for one product (`page` or `instagram`), in body order; nothing for foreign bodies."""
    for part in list_of(body):
        told = mapping_of(part)
        if told.get("object") == product:
            for entry in list_of(told.get("entry")):
                yield from _entry(product, mapping_of(entry))


def _entry(product: str, entry: Mapping[str, object]) -> Iterator[Found]:
    name, at = id_of(entry.get("id")), instant_of(entry.get("time"))
    for listed in ("messaging", "standby"):
        for raw in _listed(entry.get(listed)):
            yield Found(product=product, entry=name, entry_at=at, listed=listed, item=mapping_of(raw), raw=raw)
    for raw in _listed(entry.get("changes")):
        change = mapping_of(raw)
        value = mapping_of(change.get("value"))
        is_item = "recipient" in value
        yield Found(
            product=product,
            entry=name,
            entry_at=at,
            listed="changes",
            item=value if is_item else {},
            raw=raw,
            change=None if is_item else str(change.get("field") or "changes"),
        )


def _listed(value: object) -> list[object]:
    """A list as it is, so that an item that is no object is found broken; anything else stands for itself."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]
