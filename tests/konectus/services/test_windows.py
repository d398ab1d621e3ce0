"""Export windows: opened, restarted, still while the export is blocked, extended, closed to the second, announced."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError

from konectus.domain.endings import WindowEnd, WindowSource
from konectus.domain.suspension import Cause, ReasonTooShort
from konectus.ids import uuid7
from konectus.services import suspensions, windows
from konectus.services.installation import Installation
from konectus.services.work import Work
from konectus.store.queries.windows import WindowRow
from tests.konectus.services.owing import WHY, Owing, clock, installation, make, mexico, owing, staff, suspended
from tests.support.factories import Factory

__all__ = ["clock", "installation", "make", "owing"]
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def only(owing: Owing) -> WindowRow:
    (found,) = owing.windows()
    return found


@pytest.fixture(autouse=True)
def forgotten(owing: Owing) -> Iterator[None]:
    """When the job has looked is of one test alone."""
    yield
    owing.sql("delete from platform.job_slot where job = :job", job=windows.JOB)


def close(owing: Owing, at: datetime) -> WindowRow:
    """The job runs at an instant; the Client's one window then."""
    owing.clock.set(at)
    windows.close_elapsed(owing.installation)
    return only(owing)


def open_(owing: Owing, cause: Cause) -> UUID:
    with owing.installation.works.system() as work:
        return suspensions.open_cause(work, owing.client_id, cause, WHY).suspension_id


def lift(owing: Owing, suspension_id: UUID) -> None:
    """What two persons do with an order; here only its effect matters."""
    with owing.installation.works.system() as work:
        found = suspensions.to_lift(work, suspension_id)
        suspensions.close_cause(work, found, WHY, WindowEnd.REACTIVATED)


@pytest.mark.parametrize(
    ("delivered", "suspended_at", "closes"),
    [
        ("2026-03-02T23:30", "2026-03-05T09:30", "2026-04-05T00:00"),
        ("2026-03-02T23:30", "2026-03-05T23:30", "2026-04-05T00:00"),
        ("2028-01-27T10:00", "2028-01-30T09:30", "2028-03-01T00:00"),
        ("2028-01-28T10:00", "2028-01-31T09:30", "2028-03-02T00:00"),
        ("2026-12-29T10:00", "2027-01-01T10:00", "2027-02-01T00:00"),
    ],
)
def test_suspension_for_non_payment_gives_thirty_full_days_to_export(
    owing: Owing, delivered: str, suspended_at: str, closes: str
) -> None:
    suspended(owing, delivered, suspended_at)

    found = only(owing)
    assert (found.source, found.opened_at, found.closes_at) == ("nonpayment", mexico(suspended_at), mexico(closes))
    assert not owing.access().export
    assert close(owing, mexico(closes) - SECOND).closed_at is None
    found = close(owing, mexico(closes))
    assert (found.close_reason, found.closed_at) == (WindowEnd.ELAPSED, mexico(closes))
    assert not owing.access().export, "the right to delete closes no tool of the Client"


@pytest.mark.parametrize("cause", [Cause.AUP, Cause.LEGAL_ORDER, Cause.SECURITY])
def test_misuse_an_order_and_security_start_no_window(owing: Owing, cause: Cause) -> None:
    open_(owing, cause)
    assert owing.windows() == []


def test_payment_closes_the_window_and_the_next_suspension_opens_a_whole_one(owing: Owing) -> None:
    suspended(owing)
    owing.clock.set(mexico("2026-04-04T23:59:59"))
    owing.pay()
    assert (only(owing).close_reason, owing.access().is_open) == (WindowEnd.PAID, True)

    owing.clock.set(mexico("2026-04-10T10:00"))
    owing.bill()
    suspended(owing, "2026-04-10T11:00", "2026-04-13T09:30")

    first, second = owing.windows()
    assert (first.close_reason, second.closed_at) == (WindowEnd.PAID, None)
    assert second.closes_at == mexico("2026-05-14T00:00")


def test_termination_during_non_payment_starts_a_window_of_its_own_and_both_have_to_close(owing: Owing) -> None:
    suspended(owing)
    owing.clock.set(mexico("2026-03-20T10:00"))
    source = uuid7(owing.clock.now())
    with owing.installation.works.system() as work:
        made = windows.open_window(work, owing.client_id, WindowSource.TERMINATION, source)
        assert windows.open_window(work, owing.client_id, WindowSource.TERMINATION, source) == made

    first, second = owing.windows()
    assert (first.closes_at, second.closes_at) == (mexico("2026-04-05T00:00"), mexico("2026-04-20T00:00"))
    owing.pay()
    first, second = owing.windows()
    assert (first.close_reason, second.closed_at) == (WindowEnd.PAID, None)
    with owing.installation.works.system() as work:
        assert windows.close_windows(work, owing.client_id, WindowSource.TERMINATION, WindowEnd.REACTIVATED) == 1
        assert windows.close_windows(work, owing.client_id, WindowSource.TERMINATION, WindowEnd.REACTIVATED) == 0


def test_days_do_not_pass_while_an_order_blocks_the_export(owing: Owing) -> None:
    suspended(owing)
    owing.clock.set(mexico("2026-03-15T12:00"))
    order = open_(owing, Cause.LEGAL_ORDER)
    assert only(owing).paused_at == mexico("2026-03-15T12:00")
    assert close(owing, mexico("2026-04-25T12:00")).closed_at is None

    lift(owing, order)

    found = only(owing)
    assert (found.paused_at, found.closes_at) == (None, mexico("2026-05-16T00:00"))
    assert close(owing, mexico("2026-05-16T00:00") - SECOND).closed_at is None
    assert close(owing, mexico("2026-05-16T00:00")).close_reason is WindowEnd.ELAPSED


def test_two_causes_that_block_the_export_stop_the_days_until_both_are_gone(owing: Owing) -> None:
    suspended(owing)
    owing.clock.set(mexico("2026-03-15T12:00"))
    order, breach = open_(owing, Cause.LEGAL_ORDER), open_(owing, Cause.SECURITY)
    owing.clock.set(mexico("2026-03-16T12:00"))
    lift(owing, order)
    assert only(owing).paused_at == mexico("2026-03-15T12:00")
    owing.clock.set(mexico("2026-03-17T12:00"))
    lift(owing, breach)
    assert only(owing).closes_at == mexico("2026-04-07T00:00")


def test_window_that_begins_under_an_order_stands_still_from_its_first_moment(owing: Owing) -> None:
    order = open_(owing, Cause.LEGAL_ORDER)
    suspended(owing)
    assert only(owing).paused_at == only(owing).opened_at
    owing.clock.set(mexico("2026-03-10T09:30"))
    lift(owing, order)
    assert only(owing).closes_at == mexico("2026-04-10T00:00")


def test_payment_ends_a_window_that_stands_still(owing: Owing) -> None:
    suspended(owing)
    open_(owing, Cause.SECURITY)
    owing.pay()
    assert only(owing).close_reason is WindowEnd.PAID


def test_person_extends_a_window_and_never_shortens_it(owing: Owing, make: Factory) -> None:
    suspended(owing)
    window_id, works, actor = only(owing).id, owing.installation.works, staff(make)
    with works.staff(actor) as work:
        assert windows.extend(work, window_id, date(2026, 4, 10), WHY) == mexico("2026-04-11T00:00")
    for earlier in (date(2026, 4, 10), date(2026, 4, 4)):
        with pytest.raises(windows.NotLater), works.staff(actor) as work:
            windows.extend(work, window_id, earlier, WHY)
    with pytest.raises(ReasonTooShort), works.staff(actor) as work:
        windows.extend(work, window_id, date(2026, 4, 20), "porque sí")
    assert only(owing).extended_reason == WHY
    assert close(owing, mexico("2026-04-10T23:59:59")).closed_at is None
    assert close(owing, mexico("2026-04-11T00:00")).closed_at is not None
    with pytest.raises(windows.WindowClosed), works.staff(actor) as work:
        windows.extend(work, window_id, date(2026, 5, 1), WHY)
    with pytest.raises(windows.NoSuchWindow), works.staff(actor) as work:
        windows.extend(work, uuid7(work.now), date(2026, 5, 1), WHY)


def test_time_in_which_the_service_was_down_comes_back_before_a_window_closes(owing: Owing) -> None:
    """The job looks at when it last ended well; the first look after six days gives them back."""
    suspended(owing)
    looked_at, back = mexico("2026-03-30T02:00"), mexico("2026-04-05T08:00")
    slot = (
        "insert into platform.job_slot (job, slot, worker, claimed_at, finished_at) values (:job, :at, 'w', :at, :at)"
    )
    owing.sql(slot, job=windows.JOB, at=looked_at)

    assert close(owing, back).closes_at == mexico("2026-04-12T00:00")

    owing.sql(slot, job=windows.JOB, at=back)
    found = close(owing, back + windows.DOWN_AFTER)
    assert (found.closes_at, found.closed_at) == (mexico("2026-04-12T00:00"), None)
    assert "9000 minutes" in str(found.extended_reason)


def test_downtime_is_given_back_once_however_often_it_is_asked_for(owing: Owing) -> None:
    """Killed after some of the windows, the job begins anew, a little later and from the same last look."""
    suspended(owing)
    since, back = mexico("2026-03-10T02:00"), mexico("2026-03-12T08:00")
    owing.clock.set(back)
    windows.extend_for_downtime(owing.installation, since, back)
    given = only(owing).closes_at
    assert given == mexico("2026-04-08T00:00")
    for minutes in (0, 5, 60):
        windows.extend_for_downtime(owing.installation, since, back + timedelta(minutes=minutes))
        assert only(owing).closes_at == given
    assert owing.count("audit_entry", "action = 'export_window.extended'") == 1

    # Down again, before anybody looked: only what is new comes back.
    windows.extend_for_downtime(owing.installation, since, back + DAY)
    assert only(owing).closes_at == given + DAY
    assert "1440 minutes" in str(only(owing).extended_reason)


def test_killed_between_two_windows_each_has_its_time_once(
    owing: Owing, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    suspended(owing)
    with owing.installation.works.system() as work:
        windows.open_window(work, owing.client_id, WindowSource.TERMINATION, uuid7(owing.clock.now()))
    before = [row.closes_at for row in owing.windows()]
    since, back = mexico("2026-03-10T00:00"), mexico("2026-03-11T00:00")
    owing.clock.set(back)
    given = windows._give_back
    done = list[UUID]()

    def until_killed(work: Work, window_id: UUID, *between: datetime) -> bool:
        if window_id in {row.id for row in owing.windows()} and done:
            raise KeyboardInterrupt
        done.append(window_id)
        return given(work, window_id, *between)

    monkeypatch.setattr(windows, "_give_back", until_killed)
    with pytest.raises(KeyboardInterrupt):
        windows.extend_for_downtime(owing.installation, since, back)
    monkeypatch.undo()
    windows.extend_for_downtime(owing.installation, since, back)
    assert [row.closes_at for row in owing.windows()] == [at + DAY for at in before]


def test_window_that_did_not_run_meanwhile_gets_nothing_for_a_downtime(owing: Owing) -> None:
    suspended(owing)
    before = only(owing).closes_at
    for since, until in (("2026-03-01", "2026-03-02"), ("2026-04-05", "2026-04-06"), ("2026-03-10", "2026-03-10")):
        windows.extend_for_downtime(owing.installation, mexico(since), mexico(until))
    assert only(owing).closes_at == before
    open_(owing, Cause.SECURITY)
    windows.extend_for_downtime(owing.installation, mexico("2026-03-10"), mexico("2026-03-11"))
    assert only(owing).closes_at == before


def test_database_refuses_a_shorter_window_and_a_close_before_its_end(owing: Owing) -> None:
    suspended(owing)
    for change in (
        "closes_at = closes_at - interval '1 second'",
        "opened_at = opened_at - interval '1 day'",
        "closed_at = closes_at - interval '1 second', close_reason = 'elapsed'",
    ):
        with pytest.raises(DBAPIError):
            owing.sql(f"update ledger.export_window set {change} where client_id = :id")


def remind(owing: Owing, at: datetime) -> list[tuple[object, object]]:
    """The job runs twice; days left and closing day of every reminder so far."""
    owing.clock.set(at)
    for _ in range(2):
        windows.window_reminders(owing.installation)
    found = owing.sql(
        "select coalesce(array_agg(array[facts->>'days_left', right(subject_ref, 10)] order by queued_at), '{}')"
        " from ledger.notice where client_id = :id and kind = 'export_window' and channel = 'email'"
    )
    assert isinstance(found, list)
    return [(int(left), day) for left, day in found]


def test_reminders_go_out_on_four_days_once_each(owing: Owing) -> None:
    suspended(owing)
    opened = only(owing).opened_at
    seen = [[left for left, _ in remind(owing, opened + n * DAY)] for n in range(32)]
    assert seen[0] == [30]
    assert seen[14] == [30]
    assert seen[15] == [30, 15]
    assert seen[25] == [30, 15, 5]
    assert seen[29] == seen[31] == [30, 15, 5, 1]


def test_reminders_of_days_without_a_scheduler_are_not_sent_in_a_burst(owing: Owing) -> None:
    suspended(owing)
    assert [left for left, _ in remind(owing, mexico("2026-03-31T10:00"))] == [4]


def test_extended_window_is_announced_again_and_one_that_stands_still_or_is_closed_is_not(
    owing: Owing, make: Factory
) -> None:
    suspended(owing)
    remind(owing, mexico("2026-03-20T10:00"))
    with owing.installation.works.staff(staff(make)) as work:
        windows.extend(work, only(owing).id, date(2026, 4, 14), WHY)
    assert remind(owing, mexico("2026-03-31T10:00")) == [(15, "2026-04-05"), (14, "2026-04-15")]
    open_(owing, Cause.SECURITY)
    assert len(remind(owing, mexico("2026-04-13T10:00"))) == 2
    owing.pay()
    assert len(remind(owing, mexico("2026-04-14T10:00"))) == 2


def test_window_that_was_closed_while_the_job_read_its_list_is_left_alone(
    owing: Owing, installation: Installation
) -> None:
    suspended(owing)
    window_id = only(owing).id
    owing.pay()
    owing.clock.set(mexico("2026-05-01T10:00"))
    windows.close_elapsed(installation)
    assert only(owing).close_reason is WindowEnd.PAID
    with installation.works.system() as work:
        assert windows.end_of(work, window_id) == mexico("2026-04-05T00:00")
