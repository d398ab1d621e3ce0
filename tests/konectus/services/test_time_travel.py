"""Every deadline of the Terms at its edge, on the real services: the instant before, the instant, late words of others.

Instants are written as a watch in Mexico City shows them (lifecycle.md 2).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from konectus.domain.approvals import ApprovalOver, SamePerson
from konectus.domain.endings import DeletionState
from konectus.domain.money import PaymentStatus
from konectus.domain.plans import Interval
from konectus.domain.roles import StaffRole
from konectus.domain.suspension import Cause
from konectus.services import exports, terminations
from konectus.services.archives import Mark
from konectus.services.exports import Built, ExportGone
from konectus.services.installation import Installation
from konectus.store.cluster import Endpoint
from konectus.store.queries import windows
from tests.konectus.services.owing import mexico
from tests.support.books import Books
from tests.support.clock import ManualClock
from tests.support.database import Templates, installed
from tests.support.emptying import Emptying, emptying
from tests.support.factories import Factory
from tests.support.life import WHY, Life, Staff

SECOND = timedelta(seconds=1)
TRIAL = timedelta(days=14)
SUSPEND = ("suspend_nonpayment", "lift_paid")


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="module")
def installation(
    templates: Templates, endpoint: Endpoint, clock: ManualClock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    with installed(templates, endpoint, clock, tmp_path_factory.mktemp("times")) as made:
        yield made


@pytest.fixture(scope="module")
def books(installation: Installation, clock: ManualClock) -> Books:
    return Books(installation, clock)


@pytest.fixture(scope="module")
def staff(installation: Installation) -> Staff:
    return Staff(Factory(installation))


@pytest.fixture(scope="module")
def others(superuser: Endpoint, installation: Installation) -> Iterator[Emptying]:
    with emptying(superuser, installation) as found:
        yield found


@pytest.fixture(autouse=True)
def alone(others: Emptying) -> None:
    """Time goes back between two tests: the Clients of the one before would find themselves in their past."""
    others.empty()


class Time:
    """Begins lives at an instant."""

    def __init__(self, books: Books, staff: Staff) -> None:
        self.books, self.staff = books, staff
        self.plan = books.plan()

    def life(self, at: str | datetime, trial: timedelta | None = None) -> Life:
        self.books.clock.set(mexico(at) if isinstance(at, str) else at)
        client_id = self.books.client(self.plan, trial=trial)
        return Life(self.books.installation, self.books.clock, self.staff, client_id)

    def told(self, delivered: str, heard: str | None = None) -> Life:
        """Billed and told; the mail arrives then, which is heard of at once or later."""
        at = mexico(delivered)
        life = self.life(at - timedelta(minutes=5))
        life.jobs("notify_due")
        (notice_id,) = life.send()
        life.clock.set(mexico(heard) if heard else at)
        assert life.delivered(notice_id, at) == "applied"
        self.notice = notice_id
        return life


@pytest.fixture(scope="module")
def time(books: Books, staff: Staff) -> Time:
    return Time(books, staff)


def is_suspended(life: Life, cause: str = "nonpayment") -> bool:
    return bool(
        life.sql(
            "select count(*) from ledger.suspension where client_id = :id and lifted_at is null and cause = :cause",
            cause=cause,
        )
    )


def owed(life: Life) -> int:
    return int(life.sql("select coalesce(sum(balance_cents), 0) from ledger.invoice_balance where client_id = :id"))


@pytest.mark.parametrize(
    ("delivered", "last_refused", "first_done"),
    [
        # The sheet's own: 23:30 is still that day. Forty-eight hours later, at 23:30 and in the morning: not yet.
        ("2026-03-02T23:30", "2026-03-04T23:30", "2026-03-05T09:30"),
        ("2026-03-02T09:31", "2026-03-04T23:59:59", "2026-03-05T09:30"),
        ("2026-03-02T23:30", "2026-03-05T09:29:59", "2026-03-05T09:30"),
        ("2026-03-02T23:59:59", "2026-03-04T12:00", "2026-03-05T12:00"),
        ("2026-03-03T00:00", "2026-03-05T23:59:59", "2026-03-06T09:30"),
        # Ends of months, a leap day and its absence, New Year.
        ("2026-01-30T12:00", "2026-02-01T23:00", "2026-02-02T09:30"),
        ("2026-04-29T23:30", "2026-05-01T23:59:59", "2026-05-02T09:30"),
        ("2028-02-27T23:59:59", "2028-02-29T23:59:59", "2028-03-01T09:30"),
        ("2027-02-26T12:00", "2027-02-28T23:59:59", "2027-03-01T09:30"),
        ("2026-12-30T08:00", "2027-01-01T12:00", "2027-01-02T09:30"),
    ],
)
def test_unpaid_client_is_suspended_two_full_days_after_delivery_from_half_past_nine(
    time: Time, delivered: str, last_refused: str, first_done: str
) -> None:
    life = time.told(delivered)
    life.at(mexico(last_refused), *SUSPEND)
    assert not is_suspended(life)
    life.at(mexico(first_done), *SUSPEND)
    assert is_suspended(life)


DELIVERED, MORNING = "2026-03-02T23:30", "2026-03-05T09:30"


@pytest.mark.parametrize(
    ("paid", "status", "now", "suspended"),
    [
        # Paid in the last second of the second day, told in the half hour of settlement: never suspended.
        (("2026-03-04T23:59:59", "2026-03-05T09:29:59"), "succeeded", MORNING, False),
        # On its way since before the deadline: it counts as paid; since the deadline itself: it does not.
        (("2026-03-04T23:59:59", "2026-03-05T09:00"), "pending", MORNING, False),
        (("2026-03-05T00:00", "2026-03-05T09:00"), "pending", MORNING, True),
        (("2026-03-05T00:00", "2026-03-05T09:00"), "succeeded", MORNING, False),
        # Told after the Suspension: it is lifted by the payment itself.
        (("2026-03-04T23:59:59", "2026-03-05T11:00"), "succeeded", "2026-03-05T11:00", False),
        (("2026-03-09T08:00", "2026-03-09T08:00"), "succeeded", "2026-03-09T08:00", False),
    ],
)
def test_when_it_was_paid_decides_and_not_when_we_heard(
    time: Time, paid: tuple[str, str], status: str, now: str, *, suspended: bool
) -> None:
    """`paid`: when the money came by the bank's word, and when we heard of it."""
    paid_at, told_at = paid
    life = time.told(DELIVERED)
    if mexico(told_at) > mexico(MORNING):
        life.at(mexico(MORNING), *SUSPEND)
        assert is_suspended(life)
    life.clock.set(mexico(told_at))
    life.pay(owed(life), paid_at=mexico(paid_at), status=PaymentStatus(status))
    life.at(mexico(now), "suspend_nonpayment")
    assert is_suspended(life) == suspended


@pytest.mark.parametrize(
    ("heard", "last_refused", "first_done"),
    [("2026-03-04T10:00", "2026-03-04T23:59", MORNING), ("2026-03-06T08:00", "2026-03-06T09:29", "2026-03-06T09:30")],
)
def test_late_word_of_a_delivery_counts_from_the_delivery(
    time: Time, heard: str, last_refused: str, first_done: str
) -> None:
    life = time.told(DELIVERED, heard)
    life.at(mexico(last_refused), *SUSPEND)
    assert not is_suspended(life)
    life.at(mexico(first_done), *SUSPEND)
    assert is_suspended(life)


def test_what_was_sent_and_is_not_proven_starts_nothing(time: Time) -> None:
    life = time.life("2026-03-02T10:00")
    life.jobs("notify_due")
    (notice_id,) = life.send()
    life.at(mexico("2026-03-04T20:00"), *SUSPEND)
    life.delivered(notice_id)
    life.at(mexico("2026-03-06T23:59:59"), *SUSPEND)
    assert not is_suspended(life)
    life.at(mexico("2026-03-07T09:30"), *SUSPEND)
    assert is_suspended(life)


@pytest.mark.parametrize(("bounced", "suspended"), [("2026-03-04T23:59:59", False), ("2026-03-05T00:00", True)])
def test_hard_bounce_voids_a_notice_until_its_deadline(time: Time, bounced: str, *, suspended: bool) -> None:
    """The word of it may come later than what it tells of."""
    life = time.told(DELIVERED)
    life.at(mexico("2026-03-05T08:00"))
    life.bounced(time.notice, mexico(bounced))
    life.at(mexico(MORNING), *SUSPEND)
    assert is_suspended(life) == suspended


@pytest.mark.parametrize(
    ("until", "last_refused", "first_done"),
    [
        ("2026-03-05", "2026-03-05T23:59:59", "2026-03-06T09:30"),
        ("2026-03-31", "2026-03-31T23:59:59", "2026-04-01T09:30"),
        ("2026-03-03", "2026-03-04T23:59:59", MORNING),
    ],
)
def test_deferral_ends_with_its_day_and_never_shortens(
    time: Time, until: str, last_refused: str, first_done: str
) -> None:
    life = time.told(DELIVERED)
    life.defer(datetime.fromisoformat(until).date())
    life.at(mexico(last_refused), *SUSPEND)
    assert not is_suspended(life)
    life.at(mexico(first_done), "deferral_end", *SUSPEND)
    assert is_suspended(life)


# Export windows (Terms 15.3).


@pytest.mark.parametrize(
    ("opened", "closes"),
    [
        ("2026-03-05T09:30", "2026-04-05T00:00"),
        ("2026-01-31T23:30", "2026-03-03T00:00"),
        ("2026-02-01T00:00", "2026-03-04T00:00"),
        ("2028-01-30T12:00", "2028-03-01T00:00"),
        ("2028-01-29T23:59:59", "2028-02-29T00:00"),
        ("2026-12-15T10:00", "2027-01-15T00:00"),
    ],
)
def test_window_has_thirty_full_days_after_the_day_it_opens(time: Time, opened: str, closes: str) -> None:
    life = time.life(opened)
    life.cancel()
    life.jobs("terminate_effective")
    state = "select close_reason from ledger.export_window where client_id = :id"
    assert life.sql("select closes_at from ledger.export_window where client_id = :id") == mexico(closes)
    for before in (timedelta(days=1), SECOND):
        life.at(mexico(closes) - before, "close_windows", "deletion_requests")
        assert life.sql(state) is None
        assert life.deletion() is None
    life.at(mexico(closes), "close_windows", "deletion_requests")
    assert life.sql(state) == "elapsed"
    assert life.deletion() is not None


def test_causes_of_persons_start_no_window(time: Time) -> None:
    life = time.life("2026-03-02T10:00")
    for cause in (Cause.AUP, Cause.SECURITY, Cause.LEGAL_ORDER):
        life.suspend(cause)
    assert life.sql("select count(*) from ledger.export_window where client_id = :id") == 0
    life.at(mexico("2026-06-02T10:00"), "close_windows", "deletion_requests")
    assert life.deletion() is None


@pytest.mark.parametrize(
    ("now", "reminded"),
    [
        ("2026-03-05T10:00", 1),
        ("2026-03-19T23:59:59", 1),
        ("2026-03-20T00:00", 2),
        ("2026-03-29T23:59:59", 2),
        ("2026-03-30T00:00", 3),
        ("2026-04-02T23:59:59", 3),
        ("2026-04-03T00:00", 4),
    ],
)
def test_reminders_come_on_the_day_and_after_the_fifteenth_twenty_fifth_and_twenty_ninth(
    time: Time, now: str, reminded: int
) -> None:
    life = time.life("2026-03-05T09:30")
    life.cancel()
    life.jobs("terminate_effective")
    life.jobs("window_reminders")
    for passed in ("2026-03-20T00:00", "2026-03-30T00:00", "2026-04-03T00:00"):
        if mexico(passed) <= mexico(now):
            life.at(mexico(passed), "window_reminders")
    life.at(mexico(now), "window_reminders")
    count = "select count(*) from ledger.notice where client_id = :id and kind = 'export_window' and channel = 'email'"
    assert life.sql(count) == reminded


def test_window_stands_still_while_the_export_is_blocked_and_gives_the_days_back(time: Time) -> None:
    life = time.life("2026-03-05T09:30")
    life.cancel()
    life.jobs("terminate_effective")
    life.clock.set(mexico("2026-03-10T08:00"))
    order = life.suspend(Cause.SECURITY)
    life.at(mexico("2026-04-20T08:00"), "close_windows", "deletion_requests")
    assert life.deletion() is None
    life.lift(order, Cause.SECURITY)
    (window,) = read_windows(life)
    # 41 days were lost: 5 April and 41 days.
    assert window == mexico("2026-05-16T00:00")
    life.at(window - SECOND, "close_windows", "deletion_requests")
    assert life.deletion() is None
    life.at(window, "close_windows", "deletion_requests")
    assert life.deletion() is not None


def read_windows(life: Life) -> list[datetime]:
    with life.installation.works.system() as work:
        return [one.closes_at for one in windows.open_of(work.session, life.client_id)]


# Endings.


@pytest.mark.parametrize(
    ("delivered", "effective"),
    [
        ("2026-03-02T23:30", "2026-04-02T00:00"),
        ("2026-03-03T00:00", "2026-04-03T00:00"),
        ("2028-01-30T12:00", "2028-03-01T00:00"),
        ("2026-12-31T23:59:59", "2027-01-31T00:00"),
    ],
)
def test_our_notice_ends_a_contract_thirty_full_days_after_its_delivery(
    time: Time, staff: Staff, delivered: str, effective: str
) -> None:
    life = time.life(mexico(delivered) - timedelta(hours=3))
    with life.installation.works.staff(staff.one(StaffRole.LEGAL)) as work:
        terminations.give_notice(work, life.client_id, WHY)
    notice_id = life.sql(
        "select id from ledger.notice where client_id = :id and kind = 'termination_notice' and channel = 'email'"
    )
    assert life.hand_over(notice_id)
    life.clock.set(mexico(delivered))
    life.delivered(notice_id)
    ended = "select effected_at from ledger.termination where client_id = :id"
    life.at(mexico(effective) - SECOND, "terminate_effective")
    assert life.sql(ended) is None
    life.at(mexico(effective), "terminate_effective")
    assert life.sql(ended) == mexico(effective)


def test_trial_of_a_leap_february_ends_after_fourteen_days_to_the_second(time: Time) -> None:
    life = time.life("2028-02-16T23:30", TRIAL)
    ends = mexico("2028-03-01T23:30")
    life.at(ends - SECOND, "renew", "suspend_trials")
    assert not is_suspended(life, "trial_expired")
    life.at(ends, "renew", "suspend_trials")
    assert is_suspended(life, "trial_expired")
    assert read_windows(life) == [mexico("2028-04-01T00:00")]


def ended(time: Time) -> tuple[Life, UUID]:
    """A contract that ended, its window over, the deletion asked for."""
    life = time.life("2026-03-05T09:30")
    life.cancel()
    life.jobs("terminate_effective")
    life.at(mexico("2026-04-05T02:00"), "close_windows", "deletion_requests")
    deletion_id = life.deletion()
    assert deletion_id is not None
    return life, deletion_id


def test_approval_holds_seventy_two_hours(time: Time, staff: Staff) -> None:
    life, deletion_id = ended(time)
    asked, asked_at = life.approve(deletion_id), life.clock.now()
    life.at(asked_at + timedelta(hours=72) - SECOND, "approval_expiry")
    assert life.sql("select state from ledger.approval where id = :row", row=asked) == "requested"
    assert life.approve_again(asked) is DeletionState.APPROVED_2
    life, deletion_id = ended(time)
    asked, asked_at = life.approve(deletion_id), life.clock.now()
    life.clock.set(asked_at + timedelta(hours=72))
    with pytest.raises(ApprovalOver):
        life.approve_again(asked)
    life.jobs("approval_expiry")
    assert life.sql("select state from ledger.approval where id = :row", row=asked) == "expired"
    assert life.approve_again(life.approve(deletion_id)) is DeletionState.APPROVED_2


def test_one_person_is_never_two(time: Time, staff: Staff) -> None:
    life, deletion_id = ended(time)
    asked = life.approve(deletion_id)
    with pytest.raises(SamePerson):
        life.approve_again(asked, staff.admin)
    assert life.approve_again(asked, staff.one(StaffRole.ADMIN, 2)) is DeletionState.APPROVED_2


def test_deletion_rests_twenty_four_hours_after_the_second_person(time: Time) -> None:
    life, deletion_id = ended(time)
    asked = life.approve(deletion_id)
    life.clock.advance(hours=5)
    life.approve_again(asked)
    begins, started = life.clock.now() + timedelta(hours=24), "select started_at from ledger.deletion where id = :row"
    life.at(begins - SECOND, "deletion_execute")
    assert life.sql(started, row=deletion_id) is None
    life.at(begins, "deletion_execute")
    assert life.sql(started, row=deletion_id) == begins


def test_hold_in_the_last_second_of_the_rest_stops_a_deletion(time: Time) -> None:
    life, deletion_id = ended(time)
    life.approve_again(life.approve(deletion_id))
    life.clock.advance(hours=24, seconds=-1)
    hold_id = life.hold()
    life.at(life.clock.now() + timedelta(days=3), "deletion_execute", "deletion_requests")
    assert life.sql("select cancel_reason from ledger.deletion where id = :row", row=deletion_id) == "hold"
    assert life.deletion() is None
    life.release(hold_id)
    life.jobs("deletion_requests")
    assert life.deletion() not in {None, deletion_id}


def test_announced_end_that_comes_after_the_erasure_opens_no_window(time: Time, books: Books) -> None:
    time.plan, monthly = books.plan(interval=Interval.YEAR), time.plan
    life = time.told("2026-03-02T10:00")
    time.plan = monthly
    life.cancel(at_once=False)
    life.at(mexico("2026-03-05T09:30"), *SUSPEND)
    life.at(mexico("2026-04-05T02:00"), "close_windows", "deletion_requests")
    deletion_id = life.deletion()
    assert deletion_id is not None
    life.approve_again(life.approve(deletion_id))
    for rest in (timedelta(hours=24), timedelta(minutes=5)):
        life.at(life.clock.now() + rest, "deletion_execute")
    assert life.sql("select certified_at from ledger.deletion where id = :row", row=deletion_id) is not None
    life.at(mexico("2027-03-03T10:00"), "terminate_effective")
    assert life.sql("select effected_at from ledger.termination where client_id = :id") == life.clock.now()
    assert life.sql("select count(*) from ledger.export_window where client_id = :id and closed_at is null") == 0


# Notices and links.


@pytest.mark.parametrize("sent", ["2026-03-02T23:30", "2028-02-28T12:00", "2026-12-31T08:00"])
def test_notice_without_proof_is_sent_again_after_a_day_and_given_up_after_three(time: Time, sent: str) -> None:
    life = time.life(sent)
    life.jobs("notify_due")
    (notice_id,) = life.send()
    mails = (
        "select count(*) from ledger.notice where client_id = :id and kind = 'payment_pending' and channel = 'email'"
    )
    given_up = "select undeliverable_at from ledger.notice where id = :row"
    life.at(mexico(sent) + timedelta(hours=24) - SECOND, "notice_watch")
    assert life.sql(mails) == 1
    life.at(mexico(sent) + timedelta(hours=24), "notice_watch")
    assert life.sql(mails) == 2
    life.at(mexico(sent) + timedelta(hours=72) - SECOND, "notice_watch")
    assert life.sql(given_up, row=notice_id) is None
    life.at(mexico(sent) + timedelta(hours=72), "notice_watch")
    assert life.sql(given_up, row=notice_id) == mexico(sent) + timedelta(hours=72)


def test_archive_can_be_fetched_for_seventy_two_hours(time: Time) -> None:
    life = time.life("2028-02-27T23:30")
    works, ready = life.installation.works, life.clock.now()
    with works.tenant(life.client_id, life.owner) as work:
        job_id = exports.request(work, life.client_id)
    with works.system() as work:
        claimed = exports.claim(work, job_id, UUID(int=1))
        assert claimed is not None
    with works.system() as work:
        exports.finish(work, claimed, Built(Mark(0, claimed.claim, "done"), b"\x00" * 32, 10, {}))
    life.clock.set(ready + timedelta(hours=72) - SECOND)
    with works.tenant(life.client_id, life.owner) as work:
        assert exports.download(work, life.client_id, job_id).size == 10
    life.clock.set(ready + timedelta(hours=72))
    with pytest.raises(ExportGone), works.tenant(life.client_id, life.owner) as work:
        exports.download(work, life.client_id, job_id)
