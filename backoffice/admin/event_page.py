"""One event: when it came, what became of each of its items, and the way to have it read again. Never its content."""

from datetime import UTC, datetime

from backoffice.admin import words
from backoffice.admin.pieces import Act, Asked, Cell, Details, Fact, Table
from backoffice.admin.roles import CONNECTOR, EVENT, REPLAY
from backoffice.admin.shell import HOME, list_of, page_of
from konectus.domain.channels import Channel
from konectus.errors import NotFound
from konectus.i18n import LEGAL_ZONE, format_number, gettext, ngettext
from konectus.services import replays
from konectus.services.work import Work
from konectus.store.queries import overview, watch
from konectus.store.queries.overview import EventLife, ItemLine
from konectus.store.queries.watch import Account, Holder


def read(work: Work, event_id: int, received_at: datetime | None, asked: Asked) -> Details:
    """Raises NotFound for one that is unknown or gone."""
    life = overview.event_life(work.session, event_id, received_at)
    if life is None:
        raise NotFound
    accounts = {(i.channel, i.account) for i in life.items if i.channel and i.account}
    found = watch.holders(work.session, sorted(accounts)) if accounts else {}
    return Details(
        title=gettext("Event {number}", number=life.id),
        identity=EVENT,
        lead=gettext("What came in one delivery. Its content is sealed; nobody of the staff can open it."),
        crumbs=((gettext("Events"), list_of(EVENT)),),
        state=None if life.processed_at else words.waiting(),
        facts=_facts(life, work.now),
        tables=(_steps(life), _items(life, found)),
        acts=_acts(life, asked),
    )


def href_of(event_id: int, received_at: datetime | None = None) -> str:
    """The page of an event; with its instant it is found in one day of the log."""
    at = f"?at={received_at.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%S.%fZ')}" if received_at else ""
    return f"{page_of(EVENT, event_id)}{at}"


def _acts(life: EventLife, asked: Asked) -> tuple[Act, ...]:
    if life.processed_at is None or not asked.may(EVENT, REPLAY):
        return ()
    return (Act(gettext("Read it again"), f"{HOME}{EVENT}/replay/{life.id}", "rotate-cw", "primary"),)


def _facts(life: EventLife, now: datetime) -> tuple[Fact, ...]:
    gone = life.received_at + replays.KEPT_BODIES
    return (
        Fact(gettext("Came in"), Cell(at=life.received_at)),
        Fact(gettext("Door"), Cell(life.door)),
        Fact(gettext("Items"), Cell(format_number(len(life.items)))),
        Fact(gettext("Read again"), Cell(_times(life.replays)) if life.replays else Cell()),
        Fact(gettext("Its body is kept until"), Cell(at=gone) if gone > now else Cell(gettext("It is gone"))),
    )


def _times(n: int) -> str:
    return ngettext("{n} time", "{n} times", n)


def _steps(life: EventLife) -> Table:
    """Received, handed to the workers again, read: each with its instant."""
    at = life.received_at.astimezone(LEGAL_ZONE)
    rows = [(Cell(gettext("Accepted and written down")), Cell(_exact(at)), Cell())]
    if life.replayed_at is not None:
        rows.append((Cell(gettext("Put back to be read again")), Cell(_exact(life.replayed_at)), Cell()))
    begun = max(life.received_at, life.replayed_at or life.received_at)
    if life.processed_at is not None:
        took = words.seconds(life.processed_at - begun)
        rows.append((Cell(gettext("Read, with everything it changes")), Cell(_exact(life.processed_at)), Cell(took)))
    else:
        rows.append((Cell(gettext("Waits for a worker")), Cell(), Cell()))
    return Table((gettext("Step"), gettext("When"), gettext("After")), tuple(rows), title=gettext("Its life"))


def _exact(at: datetime) -> str:
    return at.astimezone(LEGAL_ZONE).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def _items(life: EventLife, holders: dict[Account, Holder]) -> Table:
    return Table(
        (gettext("Item"), gettext("Account"), gettext("Kind"), gettext("What became of it")),
        tuple(_item(item, holders) for item in life.items),
        gettext("No item has been read yet.") if life.processed_at is None else gettext("Nothing in it"),
        gettext("What was in it"),
    )


def _item(item: ItemLine, holders: dict[Account, Holder]) -> tuple[Cell, ...]:
    holder = holders.get((item.channel or "", item.account or ""))
    account = Cell(item.account or "", channel=Channel(item.channel) if item.channel else None)
    if holder is not None:
        href = page_of(CONNECTOR, f"{holder.client_id};{holder.connector_id}")
        account = Cell(holder.name or item.account or "", small=holder.client_name, href=href, channel=account.channel)
    return (
        Cell(str(item.item + 1)),
        account,
        Cell(item.kind),
        Cell(state=words.outcome(item.outcome), small=item.error or ""),
    )
