"""What changed in a Client's conversations, as HTML for each open inbox. Runs in a thread; who listens is the hub's."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial
from uuid import UUID

from sqlalchemy.orm import Session

from backoffice import pages
from backoffice.inbox import listing, present, readings, turns
from backoffice.inbox.boxes import Resting
from backoffice.inbox.bubbles import Turn
from backoffice.inbox.listing import Filter
from backoffice.inbox.present import Page
from backoffice.inbox.tabs import NOTHING, Opening
from backoffice.inbox.views import Person
from backoffice.pages import Reader
from backoffice.sessions import Visitor
from konectus import i18n
from konectus.sealing import ClientKeys
from konectus.services.work import Works
from konectus.store.queries import inbox, limits, profiles
from konectus.store.queries.asking import Requests
from konectus.store.queries.inbox import ListRow
from konectus.store.roles import Role


@dataclass(frozen=True)
class Event:
    """One event of the stream; its data is HTML, or an id."""

    name: str
    data: str
    id: str = ""


@dataclass(frozen=True)
class Desk:
    """An open inbox: who looks, and at which list."""

    visitor: Visitor
    chosen: Filter


@dataclass
class Known:
    """What one stream was told of the conversation its page shows: a receipt then sends one bubble, not fifty."""

    opening: Opening = NOTHING
    turns: dict[str, int] = field(default_factory=dict)
    box: tuple[object, ...] = ()

    def turn_to(self, opening: Opening) -> None:
        """The page was written anew: what was told before says nothing of it."""
        if self.opening is not opening:
            self.opening, self.turns, self.box = opening, {}, ()

    def news(self, turns: tuple[Turn, ...]) -> list[Turn]:
        """What differs from what was told; everything where nothing was told yet."""
        former, self.turns = self.turns, {turn.id: hash(turn) for turn in turns}
        return [turn for turn in turns if former.get(turn.id) != self.turns[turn.id]]

    def is_new_box(self, row: ListRow, resting: Resting) -> bool:
        """Whether what decides on the composer changed: window, person, Connector, who leads, the breaker."""
        former = self.box
        window = (row.window_opened_at, row.business_at, row.unreachable, row.owner_app)
        self.box = (*window, row.connector_state, row.connector_reason, resting.get(row.connector_id))
        return former != self.box


@dataclass(frozen=True)
class Telling:
    """What one stream is to be told: which conversations changed, and the one that its page shows.

    `is_afresh`: nobody knows what changed, so the whole list and the whole thread are told.
    """

    desk: Desk
    ids: tuple[UUID, ...]
    opening: Opening
    known: Known
    is_afresh: bool = False


@dataclass(frozen=True)
class _Reading:
    """One reading of the store for all desks; each query runs once however many look."""

    session: Session
    keys: ClientKeys
    now: datetime
    rows: dict[UUID, dict[UUID, ListRow]] = field(default_factory=dict)
    counts: dict[UUID, inbox.Counts] = field(default_factory=dict)
    pages: dict[UUID, Page] = field(default_factory=dict)
    turns: dict[tuple[object, ...], tuple[Turn, ...]] = field(default_factory=dict)
    nodes: dict[tuple[object, ...], str] = field(default_factory=dict)
    asking: set[UUID] = field(default_factory=set)

    def read_lists(self, tellings: list[Telling]) -> None:
        """Rows and counts per person, since each sees the own draft and the own view."""
        wanted: dict[UUID, dict[UUID, None]] = {}
        for telling in tellings:
            shown = [telling.opening.conversation_id] if telling.opening.conversation_id and telling.is_afresh else []
            wanted.setdefault(telling.desk.visitor.user_id, {}).update(dict.fromkeys([*telling.ids, *shown]))
        for user_id, ids in wanted.items():
            self.rows[user_id] = {row.id: row for row in inbox.list_rows(self.session, self.keys, user_id, list(ids))}
            self.counts[user_id] = inbox.counts(self.session, self.keys.client_id, user_id)
        rows = list({one: None for ids in wanted.values() for one in ids})
        self.asking.update(self._requests.among(rows))

    def page(self, conversation_id: UUID) -> Page:
        if conversation_id not in self.pages:
            self.pages[conversation_id] = readings.newest(self.session, self.keys, conversation_id)
        return self.pages[conversation_id]

    @cached_property
    def resting(self) -> Resting:
        return limits.resting(self.session, self.keys.client_id, self.now)

    @property
    def _requests(self) -> Requests:
        return Requests(self.session, self.keys.client_id, self.now)

    @cached_property
    def asking_count(self) -> int:
        return self._requests.count()

    @cached_property
    def colleagues(self) -> list[profiles.Colleague]:
        return profiles.colleagues(self.session, self.keys.client_id)


def render(works: Works, client_id: UUID, tellings: list[Telling]) -> list[list[Event]]:
    """The events for each stream, in the order given. A row that left the list of a desk is `gone` there."""
    with works.database.session(Role.APP, client_id) as session:
        reading = _Reading(session, works.keys.of(client_id), works.clock.now())
        reading.read_lists(tellings)
        return [_for_desk(reading, telling) for telling in tellings]


def _for_desk(reading: _Reading, telling: Telling) -> list[Event]:
    desk, visitor = telling.desk, telling.desk.visitor
    reader = Reader(reading.now, visitor.zone)
    rows = reading.rows[visitor.user_id]
    found: list[Event] = []
    with i18n.use(visitor.locale):
        if telling.is_afresh:
            found.append(Event("rows", _rows(reading, desk, reader)))
        found += [_row_event(reading, rows[one], desk, reader) for one in telling.ids if one in rows]
        shown = rows.get(telling.opening.conversation_id) if telling.opening.conversation_id else None
        if shown is not None and (telling.is_afresh or shown.id in telling.ids):
            found.extend(_thread_events(reading, telling, shown, reader))
        side = listing.side(visitor, desk.chosen, reading.counts[visitor.user_id], reading.asking_count)
        found.append(Event("side", pages.render("inbox/side.html", reader, side=side)))
    return found


def _rows(reading: _Reading, desk: Desk, reader: Reader) -> str:
    """The first page of the list as the page itself would write it."""
    rows = readings.Lists(reading.session, reading.keys, desk.chosen, desk.visitor.user_id).page(reader)
    shown = listing.listing(desk.chosen, rows, desk.visitor)
    return pages.render("inbox/rows.html", reader, list=shown, list_query=desk.chosen.query)


def _thread_events(reading: _Reading, telling: Telling, row: ListRow, reader: Reader) -> Iterator[Event]:
    """Of the thread that the page shows: head and changed bubbles, and whether its box may have to change."""
    known = telling.known
    known.turn_to(telling.opening)
    news = known.news(_turns(reading, row, reader))
    yield Event("node", _head(reading, row, telling.desk, reader) + _nodes(reading, row.id, news, reader))
    if known.is_new_box(row, reading.resting):
        yield Event("box", str(row.id))


def _row_event(reading: _Reading, row: ListRow, desk: Desk, reader: Reader) -> Event:
    asks = row.id in reading.asking
    if not desk.chosen.admits(row, desk.visitor.user_id, asks=asks):
        return Event("gone", str(row.id))
    shown = present.row(row, reader, desk.visitor.user_id, asks=asks)
    return Event("row", pages.render("inbox/row.html", reader, row=shown, list_query=desk.chosen.query))


def _head(reading: _Reading, row: ListRow, desk: Desk, reader: Reader) -> str:
    user_id = desk.visitor.user_id
    return pages.render(
        "inbox/head.html",
        reader,
        thread=present.thread(row, Page(), reader, user_id=user_id, reply_id=row.id),
        people=people(reading.colleagues, user_id),
        list_query=desk.chosen.query,
    )


def people(colleagues: list[profiles.Colleague], user_id: UUID) -> list[Person]:
    return [Person(one.user_id, one.name, is_reader=one.user_id == user_id) for one in colleagues]


def _turns(reading: _Reading, row: ListRow, reader: Reader) -> tuple[Turn, ...]:
    key = (i18n.current(), reader.zone, row.id)
    if key not in reading.turns:
        page = reading.page(row.id)
        reading.turns[key] = turns.turns(page.messages, present.talk_of(row), reader, events=page.events)
    return reading.turns[key]


def _nodes(reading: _Reading, conversation_id: UUID, news: list[Turn], reader: Reader) -> str:
    key = (i18n.current(), reader.zone, conversation_id, *(hash(turn) for turn in news))
    if key not in reading.nodes:
        show: Callable[..., str] = partial(pages.render, "inbox/turn.html", reader)
        reading.nodes[key] = "".join(show(turn=turn) for turn in news)
    return reading.nodes[key]
