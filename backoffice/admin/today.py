"""Today: what waits for the staff, counted and listed with a link to each. It changes nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from backoffice.admin import alarms, job_words, today_money, words
from backoffice.admin.alarms import Ring
from backoffice.admin.pieces import Asked, State
from backoffice.admin.roles import CLIENT, CONNECTOR, LETTER, SUBSCRIPTION, SUSPENSION, TODAY
from backoffice.admin.shell import list_of, page_of
from backoffice.admin.today_money import Queues
from konectus import i18n
from konectus.domain.channels import Channel
from konectus.i18n import gettext, ngettext
from konectus.services.alarms import Watch
from konectus.services.work import Work
from konectus.store.queries import admin

SHOWN = 5
# A process says so each few seconds; after this it is taken for gone.
SILENT_AFTER = timedelta(minutes=2)
_NOON, _EVENING = 12, 19


@dataclass(frozen=True, slots=True)
class Tile:
    """A count with its symbol; the tone shows only where there is something."""

    words: str
    count: int
    small: str
    href: str
    glyph: str
    tone: str


@dataclass(frozen=True, slots=True)
class Row:
    """A thing that waits: what, a small line, and where to look."""

    heading: str
    small: str
    href: str
    glyph: str = ""
    tone: str = ""
    channel: Channel | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Today:
    greeting: str
    lead: str
    tiles: tuple[Tile, ...]
    suspended: tuple[Row, ...]
    failing: tuple[Row, ...]
    trials: tuple[Row, ...]
    processes: tuple[tuple[str, State, datetime], ...]
    waiting_since: datetime | None
    rings: tuple[Ring, ...]
    money: Queues
    identity: str = TODAY


def read(work: Work, watch: Watch, asked: Asked) -> Today:
    counts = admin.queues(work.session, work.now)
    return Today(
        greeting=_greeting(work.actor.name, work.now),
        lead=_lead(counts, work.now),
        tiles=_tiles(counts),
        suspended=tuple(_suspended(row) for row in admin.suspended(work.session, SHOWN)),
        failing=tuple(_failing(work)),
        trials=tuple(
            Row(row.trade_name, gettext("The trial ends"), page_of(CLIENT, row.client_id), at=row.ends_at)
            for row in admin.ending_trials(work.session, work.now, SHOWN)
        ),
        processes=tuple(
            (job_words.process(one.name), _alive(one.at, work.now), one.at)
            for one in admin.processes(work.session)
            if one.name in job_words.PROCESSES  # the last look at the invariants is kept beside them
        ),
        waiting_since=admin.oldest_waiting(work.session),
        rings=alarms.rings(watch),
        money=today_money.read(work, asked),
    )


def _greeting(name: str, now: datetime) -> str:
    hour = now.astimezone(ZoneInfo(i18n.LEGAL_ZONE.key)).hour
    first = name.split(maxsplit=1)[0] if name.split() else name
    if hour < _NOON:
        return gettext("Good morning, {name}", name=first)
    return (
        gettext("Good afternoon, {name}", name=first)
        if hour < _EVENING
        else gettext("Good evening, {name}", name=first)
    )


def _lead(counts: admin.Queues, now: datetime) -> str:
    moment = f"{i18n.format_date(now, form='full')}, {i18n.format_time(now)}"
    when = gettext("{moment} in Mexico City.", moment=moment[:1].upper() + moment[1:])
    failing = counts.connectors + counts.requests + counts.dead_letters
    said = (
        ngettext("{n} thing is failing.", "{n} things are failing.", failing) if failing else gettext("Nothing fails.")
    )
    return f"{when} {said}"


def _tiles(counts: admin.Queues) -> tuple[Tile, ...]:
    sick = f"{list_of(CONNECTOR)}?show=care"
    return (
        Tile(
            gettext("Open suspensions"),
            counts.suspensions,
            gettext("Clients without service"),
            f"{list_of(SUSPENSION)}?show=open",
            "circle-pause",
            "danger",
        ),
        Tile(
            gettext("Connectors with trouble"), counts.connectors, gettext("They need somebody"), sick, "plug", "warn"
        ),
        Tile(
            gettext("Refused by a channel"),
            counts.requests,
            gettext("In the last 7 days"),
            "#failing",
            "circle-alert",
            "danger",
        ),
        Tile(
            gettext("Could not be read"),
            counts.dead_letters,
            gettext("Messages set aside"),
            list_of(LETTER),
            "mail-warning",
            "warn",
        ),
        Tile(
            gettext("Trials that end"),
            counts.trials,
            gettext("In the next 7 days"),
            f"{list_of(SUBSCRIPTION)}?show=trialing",
            "calendar-clock",
            "info",
        ),
    )


def _suspended(row: admin.SuspendedClient) -> Row:
    small = gettext("Suspended {cause}", cause=words.cause(row.cause))
    return Row(
        row.trade_name, small, page_of(SUSPENSION, row.suspension_id), "circle-pause", "danger", at=row.opened_at
    )


def _failing(work: Work) -> list[Row]:
    sick = [
        Row(
            heading=f"{row.trade_name}: {words.connector(row.state).words.lower()}",
            small=" · ".join(part for part in (row.name, words.connector_reason(row.reason)) if part),
            href=page_of(CONNECTOR, f"{row.client_id};{row.connector_id}"),
            channel=row.channel,
            at=row.since,
        )
        for row in admin.sick_connectors(work.session, SHOWN)
    ]
    refused = [
        Row(
            heading=gettext(
                "{client}: “{request}” was refused", client=row.trade_name, request=words.request_kind(row.kind)
            ),
            small=row.error or "",
            href=page_of(CONNECTOR, f"{row.client_id};{row.connector_id}"),
            glyph="circle-alert",
            tone="danger",
            at=row.finished_at,
        )
        for row in admin.failed_requests(work.session, work.now, SHOWN)
    ]
    return sick + refused


def _alive(at: datetime, now: datetime) -> State:
    if now - at < SILENT_AFTER:
        return State(gettext("Running"), "ok", "circle-check")
    return State(gettext("Silent"), "danger", "circle-alert")
