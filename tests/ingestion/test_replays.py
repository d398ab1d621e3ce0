"""Reading again: events and dead letters come back through the real worker, once, and every step is in the audit."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from ingestion.sender.letters import Letters
from ingestion.worker.process import Worker
from konectus.domain.connectors import ConnectorState
from konectus.domain.suspension import ReasonTooShort
from konectus.services import connectors, jobs, replays
from konectus.services.connectors import SUSPENDED
from konectus.services.installation import Installation
from konectus.services.replays import NoSuchLetter, NothingToReplay, Put
from konectus.services.work import Actor, Work
from konectus.store.queries.dead import Span, Wanted
from konectus.store.roles import Role
from konectus.stream.postgres import Arrival, append_in
from tests.ingestion.harness import page, pages, said, with_app
from tests.support.clock import ManualClock
from tests.support.factories import STAFF, Factory

WHY = "Versión nueva lee lo que faltaba"
PAGE, OTHER = "301", "302"
BROKEN: dict[str, Any] = {"sender": {"id": "55"}, "recipient": {"id": PAGE}, "timestamp": "ayer", "message": 7}
# What tells what a Client has, and what a replay may not change.
TABLES = ("tenant.contact", "tenant.conversation", "tenant.message", "tenant.attachment", "platform.webhook_item")


@dataclass(frozen=True)
class Log:
    """A log with bodies in it, a worker that reads them, and what the staff ask."""

    installation: Installation
    clock: ManualClock
    client_id: UUID

    def take(self, *bodies: bytes, door: str = "meta:demo") -> list[int]:
        now, keys = self.clock.now(), self.installation.keys
        with self.installation.database.session(Role.WORKER) as session:
            return append_in(session, keys, [Arrival(door, now, body) for body in bodies])

    def read(self) -> None:
        worker = Worker(self.installation)
        while worker.step():
            pass

    def staff(self, do: Callable[[Work], Any]) -> Any:
        with self.installation.works.staff(STAFF) as work:
            return do(work)

    def put_back(self, span: Span, most: int = replays.MOST_EVENTS) -> Put:
        with self.installation.works.staff(STAFF) as work:
            return replays.put_back(work, span, WHY, most=most)

    def sql(self, query: str, **values: Any) -> Any:
        with self.installation.database.session(Role.WORKER) as session:
            return session.execute(text(query), values).scalars().all()

    def state(self) -> list[Any]:
        """Every row as it is, but for when it was last looked at."""
        told = "to_jsonb(t) - 'processed_at' - 'attempts' - 'last_event_at'"
        return [self.sql(f"select ({told})::text from {table} t order by 1") for table in TABLES]

    @property
    def whole(self) -> Span:
        return replays.last_days(self.clock.now())


@pytest.fixture
def log(installation: Installation, clock: ManualClock, make: Factory) -> Log:
    client = make.client()
    make.connector(client.id, account_id=PAGE)
    found = Log(with_app(installation), clock, client.id)
    jobs.keep_partitions(installation)
    return found


def test_event_that_is_read_again_changes_nothing_and_is_audited(log: Log) -> None:
    (event,) = log.take(page(PAGE, said(PAGE, "m1"), said(PAGE, "m2", "¿siguen abiertos?")))
    log.read()
    before = log.state()
    assert len(before[2]) == 2

    put = log.staff(lambda work: replays.put_back(work, replays.span_of(work, event), WHY))

    assert put.events == 1
    assert log.sql("select processed_at is null from platform.webhook_event") == [True]
    log.read()
    assert log.state() == before
    assert log.sql("select replays from platform.webhook_event") == [1]
    assert log.sql(
        "select action || ' ' || actor_name || ' ' || reason from ledger.audit_entry where action ~ 'event'"
    ) == [f"event.replayed {STAFF.name} {WHY}"]


def test_message_that_was_lost_comes_in_with_the_replay(log: Log) -> None:
    (event,) = log.take(page(PAGE, said(PAGE, "m1"), said(PAGE, "m2")))
    log.read()
    log.sql("delete from tenant.message where id in (select id from tenant.message limit 1) returning 1")
    log.staff(lambda work: replays.put_back(work, replays.span_of(work, event), WHY))
    log.read()
    assert len(log.sql("select id from tenant.message")) == 2


def test_message_that_was_stored_stays_so_when_it_is_read_again_after_its_account_ended(log: Log) -> None:
    (event,) = log.take(page(PAGE, said(PAGE, "m1")))
    log.read()
    (connector,) = log.sql("select id from tenant.connector")
    with log.installation.works.system() as work:
        connectors.disconnect(work, log.client_id, connector, SUSPENDED)
    with log.installation.works.system() as work:
        connectors.settle(work, log.client_id, connector, ConnectorState.NEEDS_RECONFIGURATION, "suspended")
    log.staff(lambda work: replays.put_back(work, replays.span_of(work, event), WHY))
    log.read()
    assert log.sql("select outcome || coalesce(error, '') from platform.webhook_item") == ["stored"]


def test_a_time_is_read_again_of_one_connector_alone(log: Log, make: Factory) -> None:
    connector = make.connector(log.client_id, account_id=OTHER)
    early = log.take(page(OTHER, said(OTHER, "a")))
    log.clock.advance(hours=1)
    since = log.clock.now()
    wanted = log.take(page(OTHER, said(OTHER, "b")), pages({PAGE: [said(PAGE, "c")], OTHER: [said(OTHER, "d")]}))
    others = log.take(page(PAGE, said(PAGE, "e")))
    log.clock.advance(hours=1)
    log.read()

    span = Span(since, log.clock.now(), (connector, "messenger", OTHER))
    put = log.staff(lambda work: replays.put_back(work, span, WHY))

    assert [number for _, number in put.places] == wanted
    again = log.sql("select id from platform.webhook_event where replays > 0 order by id")
    assert again == wanted
    assert not set(again) & {*early, *others}


def test_preview_counts_what_the_replay_takes_and_leaves_no_trace(log: Log) -> None:
    log.take(*(page(PAGE, said(PAGE, f"m{n}")) for n in range(3)))
    log.read()
    with log.installation.works.rehearsal(STAFF) as work:
        assert replays.put_back(work, log.whole, WHY).events == 3
    assert log.sql("select distinct replays from platform.webhook_event") == [0]
    assert log.sql("select 1 from ledger.audit_entry where action = 'event.replayed'") == []


def test_a_long_time_is_taken_in_bites_that_miss_and_repeat_nothing(log: Log) -> None:
    log.take(*(page(PAGE, said(PAGE, f"m{n}")) for n in range(5)))
    log.read()
    bites = [log.put_back(log.whole, most=2)]
    while not bites[-1].is_all:
        bites.append(log.put_back(replays.each(log.whole, bites[-1].places), most=2))
    assert [bite.events for bite in bites] == [2, 2, 1]
    assert log.sql("select distinct replays from platform.webhook_event") == [1]


def test_what_waits_anyway_or_is_gone_is_no_replay(log: Log) -> None:
    (event,) = log.take(page(PAGE, said(PAGE, "m1")))
    for span in (log.whole, Span(log.clock.now() - timedelta(days=30), log.clock.now() - timedelta(days=9))):
        with pytest.raises(NothingToReplay):
            log.put_back(span)
    with pytest.raises(NothingToReplay, match="unknown, or gone"):
        log.staff(lambda work: replays.span_of(work, event + 1))
    with pytest.raises(ReasonTooShort):
        log.staff(lambda work: replays.put_back(work, log.whole, "porque"))


def test_body_and_key_are_gone_after_seven_days(log: Log) -> None:
    log.take(page(PAGE, said(PAGE, "m1")))
    log.read()
    log.clock.advance(days=9)
    jobs.keep_partitions(log.installation)
    with pytest.raises(NothingToReplay, match="7 days"):
        log.staff(lambda work: replays.put_back(work, Span(log.clock.now() - timedelta(days=20), log.clock.now()), WHY))


def dead(log: Log) -> UUID:
    (found,) = log.sql("select id from platform.dead_letter where decided_at is null")
    assert isinstance(found, UUID)
    return found


def test_a_letter_goes_back_into_the_log_once_and_its_body_is_erased(log: Log) -> None:
    log.take(page(PAGE, BROKEN, said(PAGE, "m1")))
    log.read()
    letter = dead(log)
    assert len(log.sql("select id from tenant.message")) == 1, "its neighbour is there"

    log.staff(lambda work: replays.ask(work, Wanted(letter_id=letter), WHY))
    assert log.sql("select decision || coalesce(decided_at::text, '') from platform.dead_letter") == ["replay"]
    assert Letters(log.installation.works).step()
    assert not Letters(log.installation.works).step()

    row = "select decision || ' ' || (decided_at is not null) || ' ' || octet_length(body_sealed) || ' ' || decided_by"
    assert log.sql(f"{row} from platform.dead_letter") == [f"replayed true 0 staff:{STAFF.id}"]
    (became,) = log.sql("select replayed_as from platform.dead_letter")
    assert log.sql("select door from platform.webhook_event where id = :id and processed_at is null", id=became) == [
        "meta:demo"
    ]


def test_a_letter_that_is_still_unreadable_is_one_new_letter(log: Log) -> None:
    log.take(page(PAGE, BROKEN))
    log.read()
    first = dead(log)
    log.staff(lambda work: replays.ask(work, Wanted(letter_id=first), WHY))
    Letters(log.installation.works).step()
    log.read()
    assert dead(log) != first


def test_reading_the_event_again_closes_its_letter_and_makes_at_most_one_new(log: Log) -> None:
    (event,) = log.take(page(PAGE, BROKEN, said(PAGE, "m1")))
    log.read()
    for _ in range(3):
        put = log.staff(lambda work: replays.put_back(work, replays.span_of(work, event), WHY))
        assert put.letters == 1
        log.read()
        dead(log)
    assert len(log.sql("select id from tenant.message")) == 1


def test_a_letter_whose_key_was_destroyed_is_closed_as_unreadable(log: Log) -> None:
    log.take(page(PAGE, BROKEN))
    log.read()
    log.staff(lambda work: replays.ask(work, Wanted(letter_id=dead(log)), WHY))
    log.sql("update platform.dead_letter set body_sealed = 'not ours' returning 1")
    Letters(log.installation.works).step()
    assert log.sql("select decision from platform.dead_letter") == ["unreadable"]


def test_discarded_letters_are_erased_with_a_reason_in_each_clients_trail(log: Log, make: Factory) -> None:
    other = make.client().id
    make.connector(other, account_id=OTHER)
    log.take(page(PAGE, BROKEN), page(OTHER, {**BROKEN, "recipient": {"id": OTHER}}), b"{ rota")
    log.read()
    assert len(log.sql("select id from platform.dead_letter")) == 3

    taken = log.staff(lambda work: replays.discard(work, Wanted(), "Basura de una prueba del canal"))

    assert len(taken.letters) == 3
    assert log.sql("select distinct decision || octet_length(body_sealed) from platform.dead_letter") == ["discarded0"]
    entries = log.sql("select client_id from ledger.audit_entry where action = 'dead_letter.discarded'")
    assert set(entries) == {log.client_id, other, None}
    with pytest.raises(NothingToReplay):
        log.staff(lambda work: replays.ask(work, Wanted(), WHY))


def test_many_letters_are_bounded_and_narrowed(log: Log) -> None:
    log.take(*(page(PAGE, {**BROKEN, "n": n}) for n in range(4)), b"{ rota")
    log.read()
    taken = log.staff(lambda work: replays.ask(work, Wanted(client_id=log.client_id), WHY, most=3))
    assert (len(taken.letters), taken.is_all) == (3, False)
    with pytest.raises(NoSuchLetter):
        log.staff(lambda work: replays.ask(work, Wanted(letter_id=UUID(int=9)), WHY))


def test_the_command_line_is_named_in_the_trail(log: Log) -> None:
    (event,) = log.take(page(PAGE, said(PAGE, "m1")))
    log.read()
    actor = Actor("system", "events replay", "konectus events replay")
    with log.installation.works.system(actor) as work:
        replays.put_back(work, replays.span_of(work, event), WHY)
    assert log.sql("select actor_name from ledger.audit_entry where action = 'event.replayed'") == [actor.name]
