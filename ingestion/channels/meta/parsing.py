"""A whole body of Meta as items. Each product brings its own rule of whose an item is."""

from collections.abc import Callable, Iterator

from ingestion.channels.meta import items, walk
from ingestion.channels.meta.walk import Found
from ingestion.wire import Broken, Duplicate, Item, Message, Signal, Unroutable

# (account, contact) of an item; None when the body contradicts itself.
Rule = Callable[[Found], tuple[str, str | None] | None]


def accounts(body: object, product: str, rule: Rule) -> frozenset[str]:
    """The accounts a body names, without reading what its items say."""
    named: set[str] = set()
    for found in walk.items(body, product):
        if not found.is_test and (account := _account(found, rule)):
            named.add(account)
    return frozenset(named)


def _account(found: Found, rule: Rule) -> str | None:
    if found.change is not None or not found.item:
        return found.entry
    whose = rule(found)
    return whose[0] if whose else None


def parse(body: object, product: str, rule: Rule) -> tuple[Item, ...]:
    """Every item of a body in its order; the same message a second time is a Duplicate."""
    return tuple(_once(_item(found, rule) for found in walk.items(body, product)))


def split(body: object, product: str) -> tuple[object, ...]:
    """The least body of each item, in the order of `parse`."""
    return tuple(found.body for found in walk.items(body, product))


def _item(found: Found, rule: Rule) -> Item:
    if found.is_test:
        return Signal(account=None, kind="test_event")
    if found.change is not None:
        facts = {"raw_key": found.change}
        return Signal(account=found.entry, kind="unknown", occurred_at=found.entry_at, facts=facts)
    if not found.item:
        return Broken(reason="not an object", raw=found.body, account=found.entry)
    whose = rule(found)
    if whose is None:
        return Unroutable(reason="entry and parties name different accounts", account=found.entry)
    account, contact = whose
    return items.read(found, account, contact)


def _once(read: Iterator[Item]) -> Iterator[Item]:
    seen: set[object] = set()
    for item in read:
        if not isinstance(item, Message):
            yield item
            continue
        # A tap without an id is the same tap if person, time and payload are the same.
        key = item.external_id or (item.contact, item.occurred_at, item.payload)
        if (item.account, key) in seen:
            yield Duplicate(account=item.account, external_id=item.external_id)
            continue
        seen.add((item.account, key))
        yield item
