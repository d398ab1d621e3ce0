"""`konectus events`: looking at the log and having it read again, from a terminal and for other programs."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text

from ingestion.worker.process import Worker
from konectus.cli import events
from konectus.services import jobs, replays
from konectus.services.installation import Installation
from konectus.store.roles import Role
from konectus.stream.postgres import Arrival, append_in
from tests.ingestion.harness import page, said
from tests.konectus.cli.conftest import Konectus
from tests.support.factories import Factory

WHY = "Versión nueva lee lo que faltaba"
BROKEN = {"sender": {"id": "55"}, "recipient": {"id": "301"}, "timestamp": "ayer", "message": 7}
Take = Callable[..., list[int]]


@pytest.fixture
def take(installation: Installation, make: Factory) -> Take:
    """Bodies of a connected Page that a worker has read; `hours` tells how long ago the first came."""
    make.connector(make.client().id, account_id="301")
    jobs.keep_partitions(installation)

    def took(*bodies: bytes, hours: int = 0) -> list[int]:
        came = installation.clock.now() - timedelta(hours=hours)
        with installation.database.session(Role.WORKER) as session:
            found = append_in(session, installation.keys, [Arrival("meta:demo", came, body) for body in bodies])
        while Worker(installation).step():
            pass
        return found

    return took


@contextmanager
def working(installation: Installation) -> Iterator[None]:
    """A worker beside the command."""
    worker = Worker(installation)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield
    finally:
        worker.stop.set()
        thread.join()


def ask(installation: Installation, query: str) -> list[object]:
    with installation.database.session(Role.WORKER) as session:
        return list(session.execute(text(query)).scalars())


def test_an_event_is_read_again_and_the_command_says_how_many(
    konectus: Konectus, installation: Installation, take: Take
) -> None:
    (event,) = take(page("301", said("301", "m1")))
    with working(installation):
        done = konectus("events", "replay", "--event", str(event), "--reason", WHY)
    assert (done.code, done.out) == (0, "events read again: 1; dead letters of theirs closed: 0\n")
    assert done.err.splitlines() == ["events are read again …", "events are read again: done"]
    assert ask(installation, "select replays from platform.webhook_event where processed_at is not null") == [1]
    trail = "select actor_kind || ' ' || actor_name || ' ' || reason from ledger.audit_entry where action ~ 'event'"
    assert ask(installation, trail) == [f"system konectus events replay {WHY}"]
    assert "replayed (1)" in konectus("events", "show", str(event)).out


def test_a_time_of_one_connector_is_read_again_in_bites(
    konectus: Konectus, installation: Installation, take: Take, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(page("301", said("301", "m1")))
    other = make.connector(make.client().id, account_id="302")
    wanted = take(*(page("302", said("302", f"n{n}")) for n in range(5)))
    put_back = replays.put_back
    monkeypatch.setattr(  # bites of 5,000 would want 5,001 events
        replays, "put_back", lambda work, span, reason: put_back(work, span, reason, most=2)
    )
    span = ("--since", "2026-11-19T11:00", "--until", "2026-11-19T13:00", "--connector", str(other))
    with working(installation):
        done = konectus("events", "replay", *span, "--reason", WHY)
    assert (done.code, done.out.split(";")[0]) == (0, "events read again: 5")
    assert ask(installation, "select id from platform.webhook_event where replays = 1 order by id") == wanted


def test_a_letter_goes_back_without_a_sender(konectus: Konectus, installation: Installation, take: Take) -> None:
    take(page("301", BROKEN))
    (letter,) = ask(installation, "select id from platform.dead_letter")
    done = konectus("events", "replay", "--letter", str(letter), "--reason", WHY)
    (became,) = ask(installation, "select replayed_as from platform.dead_letter")
    assert (done.code, done.out) == (0, f"1 letter is event {became} now\n")
    again = konectus("events", "replay", "--letter", str(letter), "--reason", WHY)
    assert (again.code, again.err.strip()) == (1, "no dead letter that waits for a decision fits")


def test_events_are_listed_for_other_programs(konectus: Konectus, take: Take) -> None:
    (old,) = take(page("301", said("301", "m1")), hours=3)
    (new,) = take(page("301", BROKEN))
    lines = [line.split("\t") for line in konectus("events", "list").out.splitlines()]
    assert [(int(line[0]), line[2], line[4]) for line in lines] == [
        (new, "meta:demo", "301:dead=1"),
        (old, "meta:demo", "301:stored=1"),
    ]
    assert konectus("events", "list", "--outcome", "dead").out.split("\t")[0] == str(new)
    assert konectus("events", "list", "--until", "2026-11-19T10:00", "--account", "301").out.split("\t")[0] == str(old)


SLIPS: tuple[tuple[tuple[str, ...], int, str], ...] = (
    (("--reason", WHY), 2, "give one of --event, --letter and --since"),
    (("--event", "1", "--since", "2026-11-19", "--reason", WHY), 2, "give one of"),
    (("--event", "1", "--connector", "0" * 32, "--reason", WHY), 2, "--connector narrows"),
    (("--event", "1", "--reason", "porque"), 1, "10 characters"),
    (("--event", "77", "--reason", WHY), 1, "no event 77"),
    (("--since", "2026-11-18", "--connector", "0" * 32, "--reason", WHY), 1, "no Connector has the id"),
    (("--since", "2026-11-20", "--until", "2026-11-19", "--reason", WHY), 1, "ends before it begins"),
    (("--letter", "0" * 32, "--reason", WHY), 1, "no dead letter has the id"),
)


def test_what_cannot_be_read_again_is_said_in_one_line(konectus: Konectus) -> None:
    for arguments, code, told in SLIPS:
        done = konectus("events", "replay", *arguments)
        assert done.code == code, arguments
        assert told in done.err, arguments


def test_without_a_worker_the_command_does_not_wait_for_ever(
    konectus: Konectus, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    (event,) = take(page("301", said("301", "m1")))
    monkeypatch.setattr(events, "PATIENCE", 0.3)  # nobody waits two minutes in a test
    done = konectus("events", "replay", "--event", str(event), "--reason", WHY)
    assert done.code == 1
    assert "not read yet: 1; is konectus up or konectus worker running?" in done.err
