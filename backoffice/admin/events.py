"""Events: the log of webhook bodies, what became of each item, and the way to have them read again. Never content."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from sqladmin import expose
from starlette.requests import Request
from starlette.responses import Response

from backoffice.admin import event_page, serving, words
from backoffice.admin.event_page import href_of
from backoffice.admin.pieces import Act, Asked, Cell, Details, Table
from backoffice.admin.replay import ReplayEvents
from backoffice.admin.roles import CLIENT, EVENT, REPLAY
from backoffice.admin.shell import HOME, list_of, page_of
from backoffice.admin.view import PAGE_SIZE, StaffView
from konectus.domain.channels import Channel
from konectus.errors import NotFound
from konectus.i18n import LEGAL_ZONE, format_number, gettext, ngettext
from konectus.services import replays
from konectus.services.work import Work
from konectus.store.models.traffic import WebhookEvent
from konectus.store.queries import watch
from konectus.store.queries.watch import Account, EventLine, Holder, Place

_SHOWN_KINDS = 20
_LARGEST = 2**63 - 1
_DIGITS = 19


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What the form holds, as typed."""

    search: str
    channel: str
    outcome: str
    kind: str
    door: str
    since: str
    until: str
    show: str

    def href(self, **changed: str) -> str:
        kept = {name: getattr(self, name) for name in self.__dataclass_fields__} | changed
        found = urlencode({name: value for name, value in kept.items() if value})
        return f"{list_of(EVENT)}?{found}" if found else list_of(EVENT)


@dataclass(frozen=True, slots=True)
class EventList:
    identity: str
    given: Narrowed
    channels: tuple[tuple[str, str], ...]
    outcomes: tuple[tuple[str, str], ...]
    tabs: tuple[tuple[str, str, bool], ...]
    table: Table
    unknown: Table
    acts: tuple[Act, ...]
    looked_back_to: datetime | None
    next_href: str
    first_href: str


class EventAdmin(StaffView, model=WebhookEvent):
    name: ClassVar[str] = "webhook event"
    list_template: ClassVar[str] = "admin/events.html"

    def read_list(self, work: Work, asked: Asked) -> Any:
        given = _given(asked)
        wanted, before = _wanted(work, given), _place(asked.text("before"))
        page = watch.events(work.session, replace(wanted, before=before), PAGE_SIZE + 1)
        shown = page.lines[:PAGE_SIZE]
        last = shown[-1].place if len(page.lines) > PAGE_SIZE else page.looked_back_to
        return EventList(
            identity=EVENT,
            given=given,
            channels=tuple((str(channel), words.channel(channel)) for channel in Channel),
            outcomes=tuple((name, words.outcome(name).words) for name in words.OUTCOMES),
            tabs=_tabs(given),
            table=_table(shown, _holders(work, shown)),
            unknown=_unknown(work) if given.show == "unknown" else Table((), ()),
            acts=_span_acts(given, wanted, asked),
            looked_back_to=page.looked_back_to[0] if page.looked_back_to else None,
            next_href=given.href(before=_written(last)) if last else "",
            first_href=given.href() if before else "",
        )

    def read_details(self, work: Work, asked: Asked) -> Details:
        return event_page.read(work, _number(asked.pk), _instant(asked.text("at")), asked)

    @expose("/replay/{pk}", methods=["GET", "POST"])
    async def replay(self, request: Request) -> Response:
        """One body. Asks for its own grant first: sqladmin's `expose` does not."""
        command = ReplayEvents(event_id=_number(request.path_params["pk"]))
        return await serving.serve(request, self.templates, command)

    @expose("/replay-span", methods=["GET", "POST"])
    async def replay_span(self, request: Request) -> Response:
        """All bodies of a time, of one Connector where it is named."""
        query = request.query_params
        since, until = _typed_instant(query.get("since", "")), _typed_instant(query.get("until", ""))
        if since is None or until is None:
            raise NotFound
        command = ReplayEvents(since=since, until=until, connector=query.get("connector", ""))
        return await serving.serve(request, self.templates, command)


def _given(asked: Asked) -> Narrowed:
    show = asked.text("show")
    return Narrowed(
        search=asked.text("search"),
        channel=asked.text("channel") if asked.text("channel") in tuple(Channel) else "",
        outcome=asked.text("outcome") if asked.text("outcome") in words.OUTCOMES else "",
        kind=asked.text("kind"),
        door=asked.text("door"),
        since=asked.text("since") if _typed_instant(asked.text("since")) else "",
        until=asked.text("until") if _typed_instant(asked.text("until")) else "",
        show=show if show in ("waiting", "unknown") else "",
    )


def _wanted(work: Work, given: Narrowed) -> watch.Asked:
    whole, is_waiting = replays.last_days(work.now), given.show == "waiting"
    return watch.Asked(
        since=_typed_instant(given.since) or whole.since,
        until=_typed_instant(given.until) or whole.until,
        door=given.door,
        channel="" if is_waiting else given.channel,
        outcome="unknown" if given.show == "unknown" else "" if is_waiting else given.outcome,
        kind="" if is_waiting else given.kind,
        # What nobody has read yet has no account.
        accounts=watch.accounts_of(work.session, given.search) if given.search and not is_waiting else None,
        waiting=is_waiting,
    )


def _tabs(given: Narrowed) -> tuple[tuple[str, str, bool], ...]:
    return (
        (gettext("All events"), given.href(show=""), not given.show),
        (gettext("Not read yet"), given.href(show="waiting"), given.show == "waiting"),
        (gettext("Unknown kinds"), given.href(show="unknown", outcome=""), given.show == "unknown"),
    )


def _holders(work: Work, lines: list[EventLine]) -> dict[Account, Holder]:
    accounts = {(s.channel, s.account) for line in lines for s in line.shares if s.channel and s.account}
    return watch.holders(work.session, sorted(accounts)) if accounts else {}


def _table(lines: list[EventLine], holders: dict[Account, Holder]) -> Table:
    return Table(
        (gettext("Event"), gettext("Came in"), gettext("Client"), gettext("What became of it"), gettext("Took")),
        tuple(_cells(line, holders) for line in lines),
        gettext("No event like this in the last 7 days."),
    )


def _cells(line: EventLine, holders: dict[Account, Holder]) -> tuple[Cell, ...]:
    channels = {share.channel for share in line.shares if share.channel}
    number = Cell(
        str(line.id),
        small=line.door,
        href=href_of(line.id, line.received_at),
        channel=Channel(channels.pop()) if len(channels) == 1 else None,
    )
    return number, Cell(at=line.received_at), _clients(line, holders), _became(line), Cell(_took(line))


def _clients(line: EventLine, holders: dict[Account, Holder]) -> Cell:
    found = list(dict.fromkeys(h for s in line.shares if (h := holders.get((s.channel or "", s.account or "")))))
    if not found:
        return Cell(small=", ".join(sorted({share.account for share in line.shares if share.account})))
    if len({holder.client_id for holder in found}) > 1:
        n = len({holder.client_id for holder in found})
        return Cell(ngettext("{n} Client", "{n} Clients", n), small=", ".join(h.client_name for h in found[:3]))
    return Cell(found[0].client_name, small=found[0].name, href=page_of(CLIENT, found[0].client_id))


def _became(line: EventLine) -> Cell:
    if not line.shares:
        return Cell(state=words.waiting()) if line.processed_at is None else Cell(gettext("Nothing in it"))
    by_outcome: dict[str, int] = {}
    for share in line.shares:
        by_outcome[share.outcome] = by_outcome.get(share.outcome, 0) + share.items
    worst = max(by_outcome, key=words.gravity)
    told = ", ".join(f"{format_number(n)} {words.outcome(name).words.lower()}" for name, n in by_outcome.items())
    return Cell(state=words.outcome(worst), small=told if sum(by_outcome.values()) > 1 else "")


def _took(line: EventLine) -> str:
    begun = max(line.received_at, line.replayed_at) if line.replayed_at else line.received_at
    return words.seconds(line.processed_at - begun) if line.processed_at else ""


def _unknown(work: Work) -> Table:
    found = watch.unknown_kinds(work.session, work.now - replays.KEPT_BODIES, _SHOWN_KINDS)
    return Table(
        (gettext("Kind"), gettext("Items"), gettext("First"), gettext("Last")),
        tuple(
            (
                Cell(
                    one.kind,
                    href=f"{list_of(EVENT)}?{urlencode({'show': 'unknown', 'kind': one.kind})}",
                    channel=Channel(one.channel) if one.channel in tuple(Channel) else None,
                ),
                Cell(format_number(one.items), numeric=True),
                Cell(at=one.first_at),
                Cell(at=one.last_at),
            )
            for one in found
        ),
        gettext("Everything that came in the last 7 days is of a kind we know."),
        gettext("Kinds this release does not know"),
    )


def _span_acts(given: Narrowed, wanted: watch.Asked, asked: Asked) -> tuple[Act, ...]:
    if not (given.since and given.until and asked.may(EVENT, REPLAY)):
        return ()
    query = {"since": given.since, "until": given.until}
    if given.search:
        query["connector"] = given.search
    if wanted.accounts is not None and len(wanted.accounts) > 1:
        return ()
    return (Act(gettext("Read this time again"), f"{HOME}{EVENT}/replay-span?{urlencode(query)}", "rotate-cw"),)


def _number(text: str) -> int:
    """Raises NotFound where an address names no event."""
    if not (text.isascii() and text.isdigit() and int(text[:20]) <= _LARGEST):
        raise NotFound
    return int(text)


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _typed_instant(text: str) -> datetime | None:
    """A time as a form sends it, in Mexico City."""
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=LEGAL_ZONE)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _written(place: Place) -> str:
    return f"{place[0].astimezone(UTC).isoformat()}~{place[1]}"


def _place(text: str) -> Place | None:
    at, _, number = text.partition("~")
    found = _instant(at)
    return (found, int(number)) if found and number.isascii() and number.isdigit() and len(number) < _DIGITS else None
