"""`konectus events`: the life of webhook bodies without their content, and reading them again."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from konectus.cli.console import progress, say, table
from konectus.cli.database import opened
from konectus.clock import monotonic
from konectus.domain.suspension import require_reason
from konectus.errors import NotFound, Unavailable
from konectus.i18n import LEGAL_ZONE
from konectus.services import replays
from konectus.services.installation import Installation
from konectus.services.replays import Put
from konectus.services.work import Actor
from konectus.store.queries import dead, overview, watch
from konectus.store.queries.dead import Span, Wanted
from konectus.store.queries.watch import Asked
from konectus.store.roles import Role

COMMAND = Actor("system", "events replay", "konectus events replay")
# A worker that stands still is told of rather than waited for.
PATIENCE = 120.0
_POLL = 0.2
_SHOWN = 100

commands = typer.Typer(help="Webhook events.", no_args_is_help=True)
EventId = Annotated[int, typer.Argument(metavar="ID", help="id of ops.webhook_event")]
Instant = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], help="time of Mexico City"),
]
Reason = Annotated[str, typer.Option(help="why, for the audit trail; at least ten characters")]


class NoSuchEvent(NotFound):
    code = "no_such_event"


class WorkerSilent(Unavailable):
    code = "worker_silent"


@commands.callback()
def _group() -> None:
    """Webhook events."""


@commands.command()
def show(event_id: EventId) -> None:
    """When an event came, and what became of each item in it."""
    with opened() as installation, installation.database.session(Role.OPERATOR) as session:
        life = overview.event_life(session, event_id)
    if life is None:
        raise NoSuchEvent(f"no event {event_id}: unknown, or older than the seven days of the log")
    say(f"{life.received_at:%Y-%m-%d %H:%M:%S.%f} received by {life.door}")
    if life.replayed_at is not None:
        say(f"{life.replayed_at:%Y-%m-%d %H:%M:%S.%f} replayed ({life.replays})")
    say(f"{life.processed_at:%Y-%m-%d %H:%M:%S.%f} processed" if life.processed_at else "waiting for a worker")
    rows = [(i.item, i.channel, i.account, i.kind, i.outcome, i.error) for i in life.items]
    table(("item", "channel", "account", "kind", "outcome", "error"), rows)


@commands.command("list")
def list_events(
    since: Instant = None,
    until: Instant = None,
    account: Annotated[str, typer.Option(help="id of an account, Connector or Client")] = "",
    outcome: Annotated[str, typer.Option(help="stored, duplicate, applied, ignored, unknown, unroutable, dead")] = "",
    most: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="events to print at most")] = _SHOWN,
) -> None:
    """Events newest first, with what became of their items."""
    with opened() as installation, installation.database.session(Role.WORKER) as session:
        span = _span(installation, since, until)
        accounts = watch.accounts_of(session, account) if account else None
        asked = Asked(span.since, span.until, outcome=outcome, accounts=accounts)
        page = watch.events(session, asked, most)
    rows = [
        (
            e.id,
            f"{e.received_at:%Y-%m-%dT%H:%M:%S.%fZ}",
            e.door,
            e.replays,
            _shares(e) or ("-" if e.processed_at else "waiting"),
        )
        for e in page.lines
    ]
    table(("id", "received", "door", "replays", "items"), rows)


@commands.command()
def replay(  # noqa: PLR0913, PLR0917 - typer: each option is a parameter
    reason: Reason,
    event: Annotated[int | None, typer.Option(help="one event")] = None,
    letter: Annotated[UUID | None, typer.Option(help="one dead letter")] = None,
    since: Instant = None,
    until: Instant = None,
    connector: Annotated[UUID | None, typer.Option(help="only events of this Connector")] = None,
) -> None:
    """Have an event, a dead letter or a time of the log read again. Twice changes nothing; what was lost comes."""
    if sum((event is not None, letter is not None, since is not None)) != 1:
        raise typer.BadParameter("give one of --event, --letter and --since (with --until)")
    if connector is not None and since is None:
        raise typer.BadParameter("--connector narrows --since and --until")
    require_reason(reason)
    with opened() as installation:
        if letter is not None:
            _letter(installation, letter, reason)
        else:
            _events(installation, _wanted(installation, event, _span(installation, since, until), connector), reason)


def _letter(installation: Installation, letter: UUID, reason: str) -> None:
    with installation.works.system(COMMAND) as work:
        replays.ask(work, Wanted(letter_id=letter), reason)
    # Whoever comes first carries it out, this command or a sender.
    replays.carry_out(installation.works)
    with installation.database.session(Role.WORKER) as session:
        found = dead.line(session, letter)
    if found is None or found.replayed_as is None:
        raise NotFound(f"letter {letter} could not be opened: {found.decision if found else 'gone'}")
    say(f"1 letter is event {found.replayed_as} now")


def _events(installation: Installation, span: Span, reason: str) -> None:
    put, total, letters = Put((), 0, is_all=False), 0, 0
    with _reading(installation) as read:
        while not put.is_all:
            with installation.works.system(COMMAND) as work:
                put = replays.put_back(work, replays.each(span, put.places), reason)
            total, letters = total + put.events, letters + put.letters
            read(put)
    say(f"events read again: {total}; dead letters of theirs closed: {letters}")


@contextmanager
def _reading(installation: Installation) -> Iterator[Callable[[Put], None]]:
    """Waits for the workers after each bite, so that a long replay never stands before today's traffic."""
    with progress("events are read again") as advance:

        def read(put: Put) -> None:
            left, moved = put.events, monotonic()
            while left:
                with installation.database.session(Role.WORKER) as session:
                    now_left = dead.unread(session, put.places)
                if now_left < left:
                    advance(left - now_left)
                    left, moved = now_left, monotonic()
                elif monotonic() - moved > PATIENCE:
                    raise WorkerSilent(f"not read yet: {left}; is konectus up or konectus worker running?")
                else:
                    time.sleep(_POLL)

        yield read


def _wanted(installation: Installation, event: int | None, span: Span, connector: UUID | None) -> Span:
    with installation.works.system(COMMAND) as work:
        if event is not None:
            return replays.span_of(work, event)
        if connector is None:
            return span
        found = watch.connector(work.session, connector)
    if found is None:
        raise NotFound(f"no Connector has the id {connector}; konectus connector list shows them")
    return Span(span.since, span.until, (connector, *found))


def _span(installation: Installation, since: datetime | None, until: datetime | None) -> Span:
    """Times as typed, in Mexico City; without them the whole log."""
    whole = replays.last_days(installation.clock.now())
    return Span(
        since.replace(tzinfo=LEGAL_ZONE) if since else whole.since,
        until.replace(tzinfo=LEGAL_ZONE) if until else whole.until,
    )


def _shares(line: watch.EventLine) -> str:
    return " ".join(f"{share.account or '-'}:{share.outcome}={share.items}" for share in line.shares)
