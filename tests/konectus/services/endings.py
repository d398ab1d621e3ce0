"""One installation for a module of tests about endings, and what a test does to the contract of one Client."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy import update

from konectus.domain.endings import DeletionState
from konectus.domain.notices import NoticeChannel
from konectus.domain.roles import StaffRole, UserRole
from konectus.files import sealed
from konectus.ids import uuid7
from konectus.services import ending_sweeps, erasing, erasure, terminations, windows
from konectus.services.installation import Installation
from konectus.services.work import Actor, Change
from konectus.store.cluster import Endpoint
from konectus.store.models.clients import Client
from konectus.store.models.endings import ExportJob
from konectus.store.models.notices import Notice
from konectus.store.queries import erasure as deletions
from konectus.store.queries import terminations as contracts
from konectus.store.queries import windows as open_windows
from konectus.store.queries.erasure import DeletionRow
from konectus.store.queries.terminations import TerminationRow
from konectus.store.roles import Role
from tests.support.clock import START, ManualClock
from tests.support.database import Templates, installed
from tests.support.factories import Factory


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="module")
def installation(
    templates: Templates, endpoint: Endpoint, clock: ManualClock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    with installed(templates, endpoint, clock, tmp_path_factory.mktemp("endings")) as made:
        yield made


@pytest.fixture(scope="module")
def make(installation: Installation) -> Factory:
    return Factory(installation)


REASON = "El contrato termina por una prueba"


class Ends:
    """What a test does to the contract of one Client."""

    def __init__(self, installation: Installation, make: Factory) -> None:
        self.installation, self.make = installation, make
        self.client: Client = make.client()
        self.owner = Actor("agent", str(make.user(self.client.id, role=UserRole.OWNER)), "Dueña")

    @property
    def id(self) -> UUID:
        return self.client.id

    def staff(self, role: StaffRole = StaffRole.LEGAL) -> Actor:
        return Actor("staff", str(self.make.staff(role=role)), "Iñaki Peña")

    def cancel(self, *, at_once: bool = False) -> UUID:
        with self.installation.works.tenant(self.id, self.owner) as work:
            return terminations.cancel(work, self.id, at_once=at_once)

    def notice(self) -> UUID:
        with self.installation.works.staff(self.staff()) as work:
            return terminations.give_notice(work, self.id, REASON)

    def mail_of(self, termination_id: UUID, **instants: datetime) -> None:
        """What the mail system said of the notice."""
        with self.installation.database.session(Role.WORKER) as session:
            mine = (Notice.subject_ref == str(termination_id), Notice.channel == NoticeChannel.EMAIL)
            session.execute(update(Notice).where(*mine).values(**instants))

    def sweep(self) -> int:
        return ending_sweeps.terminate_effective(self.installation)

    def live(self) -> TerminationRow | None:
        with self.installation.database.session(Role.WORKER) as session:
            return contracts.live(session, self.id)

    def has_ended(self) -> bool:
        found = self.live()
        return found is not None and found.effected_at is not None

    def paid_until(self) -> datetime:
        with self.installation.database.session(Role.WORKER) as session:
            found = contracts.contract_ends_at(session, self.id)
        assert found is not None
        return found


@pytest.fixture
def ends(installation: Installation, make: Factory) -> Ends:
    return Ends(installation, make)


@dataclass
class Erases:
    """A Client whose contract ended, on its way out."""

    ends: Ends
    clock: ManualClock

    def end(self) -> None:
        self.ends.make.connector(self.ends.id)
        self.ends.make.user(self.ends.id)
        self.keep_file()
        self.ends.cancel(at_once=True)
        self.ends.sweep()

    def keep_file(self) -> None:
        keys = self.ends.installation.keys.of(self.ends.id)
        sealed.write(erasing.files_of(self.ends.installation), keys, uuid7(START), b"comprobante")

    def elapse(self) -> None:
        with self.ends.installation.database.session(Role.WORKER) as session:
            (window,) = open_windows.open_of(session, self.ends.id)
        self.clock.set(window.closes_at)
        windows.close_elapsed(self.ends.installation)

    def ask(self) -> None:
        self.end()
        self.elapse()
        erasure.deletion_requests(self.ends.installation)

    def approve(self, first: StaffRole = StaffRole.ADMIN, second: StaffRole = StaffRole.LEGAL) -> None:
        asked = self.first(first)
        with self.ends.installation.works.staff(self.ends.staff(second)) as work:
            erasure.decide(work, asked, approve=True, reason=REASON)

    def first(self, role: StaffRole = StaffRole.ADMIN) -> UUID:
        with self.ends.installation.works.staff(self.ends.staff(role)) as work:
            return erasure.approve(work, self.row.id, REASON).id

    def rest(self) -> None:
        self.clock.advance(hours=24)

    def run(self) -> None:
        erasing.deletion_execute(self.ends.installation)

    def finish(self) -> DeletionRow:
        self.ask()
        self.approve()
        self.rest()
        self.run()
        self.clock.advance(minutes=5)
        self.run()
        return self.row

    @property
    def rows(self) -> list[DeletionRow]:
        with self.ends.installation.database.session(Role.WORKER) as session:
            return deletions.of_client(session, self.ends.id)

    @property
    def row(self) -> DeletionRow:
        return self.rows[0]

    def state(self) -> DeletionState:
        return self.row.state

    def left(self) -> int:
        with self.ends.installation.database.session(Role.WORKER) as session:
            return sum(deletions.count(session, entry, self.ends.id) for entry in deletions.PURGED)


@pytest.fixture
def it(ends: Ends, clock: ManualClock) -> Erases:
    return Erases(ends, clock)


def exported(it: Erases) -> None:
    """The Client fetched an archive in its thirty days."""
    now = it.clock.now()
    with it.ends.installation.works.system() as work:
        job = ExportJob(id=work.new_id(), client_id=it.ends.id, requested_by="agent:1", requested_at=now)
        job.state, job.done, job.total, job.attempts, job.downloaded_at = "ready", 1, 1, 1, now
        work.session.add(job)
        work.record("export.downloaded", ("export_job", job.id), Change(client_id=it.ends.id))
