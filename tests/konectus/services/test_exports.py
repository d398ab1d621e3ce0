"""Who may ask for an archive and until when, and what an archive that was asked for in time holds off."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from konectus.domain.endings import ExportState, HoldKind, WindowEnd, WindowSource
from konectus.domain.roles import StaffRole
from konectus.domain.suspension import Cause, ClientSuspended
from konectus.errors import NotFound, TooMany
from konectus.ids import uuid7
from konectus.services import ending_sweeps, export_jobs, exports, suspensions, terminations, windows
from konectus.services.installation import Installation
from konectus.services.suspensions import Order
from konectus.services.work import Actor
from konectus.store.models.audit import AuditEntry
from konectus.store.models.endings import Deletion, ExportWindow
from konectus.store.models.notices import Notice
from konectus.store.queries import approvals
from konectus.store.queries import exports as read
from konectus.store.queries.exports import ExportRow
from konectus.store.roles import Role
from reports.export import builder
from tests.konectus.services.owing import Owing, clock, installation, make, owing, staff, suspended
from tests.support.clock import ManualClock
from tests.support.factories import STAFF, Factory

__all__ = ["clock", "installation", "make", "owing"]
ORDER = Order(document="Oficio 13/2026", scope="todo", forbids_deletion=False)
REASON = "Correo masivo sin consentimiento"


@pytest.fixture(autouse=True)
def later(clock: ManualClock) -> None:
    """Clients of the tests before have other clocks running than this one's."""
    clock.advance(days=1)


def owner_of(client_id: UUID) -> Actor:
    return Actor("agent", str(client_id), "Dueña")


def ask(installation: Installation, client_id: UUID) -> UUID:
    with installation.works.tenant(client_id, owner_of(client_id)) as work:
        return exports.request(work, client_id)


def job(installation: Installation, job_id: UUID) -> ExportRow:
    with installation.database.session(Role.WORKER) as session:
        found = read.by_id(session, job_id)
    assert found is not None
    return found


def holds(installation: Installation, client_id: UUID) -> list[str]:
    with installation.database.session(Role.WORKER) as session:
        return [hold.kind for hold in approvals.holds(session, client_id)]


def window(installation: Installation, client_id: UUID, opened_at: datetime, *, elapsed: bool) -> UUID:
    """Thirty full days from then on; closed by the job, or not looked at yet."""
    row = uuid7(opened_at)
    found = ExportWindow(id=row, client_id=client_id, source=WindowSource.TERMINATION, source_id=uuid7(opened_at))
    found.opened_at, found.closes_at = opened_at, opened_at + timedelta(days=31)
    if elapsed:
        found.closed_at, found.close_reason = found.closes_at, WindowEnd.ELAPSED
    with installation.database.session(Role.WORKER) as session:
        session.add(found)
    return row


def start_deletion(installation: Installation, client_id: UUID, now: datetime) -> None:
    """Everything the guard wants has happened."""
    window_id = window(installation, client_id, now - timedelta(days=40), elapsed=True)
    made = Deletion(id=uuid7(now), client_id=client_id, window_id=window_id, eligible_at=now, export_done=False)
    made.requested_at = made.approved_at = made.second_at = now - timedelta(hours=25)
    made.requested_by, made.approved_by, made.second_by = "system:konectus", "staff:a", "staff:b"
    made.started_at = now
    with installation.database.session(Role.WORKER) as session:
        session.add(made)


@pytest.mark.parametrize("cause", [Cause.AUP, Cause.TRIAL_EXPIRED])
def test_a_suspended_client_takes_its_data_along(installation: Installation, make: Factory, cause: Cause) -> None:
    client = make.client()
    with installation.works.staff(STAFF) as work:
        suspensions.open_cause(work, client.id, cause, REASON)

    assert builder.build(installation, ask(installation, client.id)) == "ready"


def test_a_client_suspended_for_non_payment_takes_its_data_along(installation: Installation, owing: Owing) -> None:
    suspended(owing)

    assert builder.build(installation, ask(installation, owing.client_id)) == "ready"


def test_an_order_blocks_archives_unless_it_allows_them(installation: Installation, make: Factory) -> None:
    legal = staff(make, StaffRole.LEGAL)
    for allows in (False, True):
        client = make.client()
        order = Order(document="Oficio 12/2026", scope="todo", forbids_deletion=False, allows_export=allows)
        with installation.works.staff(legal) as work:
            suspensions.suspend_by_order(work, client.id, order, REASON)
        if allows:
            assert job(installation, ask(installation, client.id)).state is ExportState.REQUESTED
            continue
        with pytest.raises(ClientSuspended):
            ask(installation, client.id)


def test_an_archive_that_is_ready_cannot_be_fetched_once_an_order_blocks_it(
    installation: Installation, make: Factory
) -> None:
    client = make.client()
    job_id = ask(installation, client.id)
    assert builder.build(installation, job_id) == "ready"
    with installation.works.staff(staff(make, StaffRole.LEGAL)) as work:
        suspensions.suspend_by_order(work, client.id, ORDER, REASON)

    with installation.works.tenant(client.id, owner_of(client.id)) as work, pytest.raises(ClientSuspended):
        exports.download(work, client.id, job_id)


def test_after_the_end_archives_are_made_until_a_deletion_starts(
    installation: Installation, make: Factory, clock: ManualClock
) -> None:
    client = make.client()
    with installation.works.tenant(client.id, owner_of(client.id)) as work:
        terminations.cancel(work, client.id, at_once=True)
    assert ending_sweeps.terminate_effective(installation) >= 1
    assert builder.build(installation, ask(installation, client.id)) == "ready"
    clock.advance(days=45)
    windows.close_elapsed(installation)
    export_jobs.purge(installation)
    late = ask(installation, client.id)

    assert holds(installation, client.id) == []
    assert builder.build(installation, late) == "ready"


def test_once_a_deletion_has_started_nothing_is_asked_for_built_or_fetched(
    installation: Installation, make: Factory, clock: ManualClock
) -> None:
    client = make.client()
    with installation.works.tenant(client.id, owner_of(client.id)) as work:
        terminations.cancel(work, client.id, at_once=True)
    ending_sweeps.terminate_effective(installation)
    clock.advance(days=45)
    windows.close_elapsed(installation)
    waits = ask(installation, client.id)
    start_deletion(installation, client.id, clock.now())

    assert builder.build(installation, waits) == "nothing to do"
    assert (job(installation, waits).state, job(installation, waits).failure) == (
        ExportState.FAILED,
        "deletion_started",
    )
    with pytest.raises(ClientSuspended):
        ask(installation, client.id)


def test_what_was_asked_for_in_time_holds_a_deletion_off_until_it_could_be_fetched(
    installation: Installation, make: Factory, clock: ManualClock
) -> None:
    client = make.client()
    window(installation, client.id, clock.now() - timedelta(days=30, hours=23), elapsed=False)
    job_id = ask(installation, client.id)
    assert holds(installation, client.id) == [HoldKind.EXPORT_RUNNING]
    clock.advance(hours=2)
    assert builder.build(installation, job_id) == "ready"
    clock.advance(hours=71, minutes=59, seconds=59)
    export_jobs.purge(installation)
    assert holds(installation, client.id) == [HoldKind.EXPORT_RUNNING]
    clock.advance(seconds=1)
    export_jobs.purge(installation)

    assert holds(installation, client.id) == []
    assert job(installation, job_id).state is ExportState.EXPIRED


def test_an_archive_asked_for_after_the_window_holds_nothing_off(
    installation: Installation, make: Factory, clock: ManualClock
) -> None:
    client = make.client()
    window(installation, client.id, clock.now() - timedelta(days=31), elapsed=False)
    ask(installation, client.id)

    assert holds(installation, client.id) == []


def test_the_hold_stays_while_another_archive_can_be_fetched(
    installation: Installation, make: Factory, clock: ManualClock
) -> None:
    client = make.client()
    assert builder.build(installation, ask(installation, client.id)) == "ready"
    clock.advance(hours=48)
    assert builder.build(installation, ask(installation, client.id)) == "ready"
    clock.advance(hours=24)
    export_jobs.purge(installation)
    assert HoldKind.EXPORT_RUNNING in holds(installation, client.id)
    clock.advance(hours=48)
    export_jobs.purge(installation)

    assert holds(installation, client.id) == []


def test_one_is_built_at_a_time_and_four_within_an_hour(
    installation: Installation, make: Factory, clock: ManualClock
) -> None:
    client = make.client()
    for _ in range(4):
        job_id = ask(installation, client.id)
        with pytest.raises(exports.ExportRunning):
            ask(installation, client.id)
        assert builder.build(installation, job_id) == "ready"
        clock.advance(minutes=10)
    with pytest.raises(TooMany) as refused:
        ask(installation, client.id)
    assert refused.value.retry_after == timedelta(minutes=20)
    clock.advance(minutes=19, seconds=59)
    with pytest.raises(TooMany):
        ask(installation, client.id)
    clock.advance(seconds=1)

    ask(installation, client.id)


def test_a_finished_archive_is_told_by_a_notice_and_every_step_is_in_the_audit_trail(
    installation: Installation, make: Factory
) -> None:
    client = make.client()
    job_id = ask(installation, client.id)
    assert builder.build(installation, job_id) == "ready"
    with installation.works.tenant(client.id, owner_of(client.id)) as work:
        exports.download(work, client.id, job_id)
    with installation.database.session(Role.WORKER) as session:
        told = session.scalars(select(Notice.kind).where(Notice.client_id == client.id)).all()
        entries = session.execute(
            select(AuditEntry.action, AuditEntry.actor_kind)
            .where(AuditEntry.subject_id == str(job_id))
            .order_by(AuditEntry.id)
        ).all()
        taken = read.was_taken(session, client.id, job(installation, job_id).requested_at)

    assert told.count("export_ready") == 2  # a letter and a banner
    assert [tuple(entry) for entry in entries] == [
        ("export.requested", "agent"),
        ("export.claimed", "system"),
        ("export.ready", "system"),
        ("export.downloaded", "agent"),
    ]
    assert taken


def test_another_clients_archive_is_not_there(installation: Installation, make: Factory) -> None:
    mine, other = make.client(), make.client()
    job_id = ask(installation, other.id)
    assert builder.build(installation, job_id) == "ready"

    for sought in (job_id, uuid7(job(installation, job_id).requested_at)):
        with installation.works.tenant(mine.id, owner_of(mine.id)) as work, pytest.raises(NotFound):
            exports.download(work, mine.id, sought)
