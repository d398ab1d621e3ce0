"""The sender starts a process for what waits, one at a time, and takes none along when it stops."""

import subprocess
from dataclasses import dataclass, field
from uuid import UUID

from ingestion.sender.archives import Archives
from konectus.ids import uuid7
from konectus.services import exports
from konectus.services.installation import Installation
from tests.reports.archiving import ask
from tests.support.clock import ManualClock
from tests.support.factories import Factory


@dataclass
class Child:
    """A process that ends when it is told, or only when it is killed."""

    job_id: UUID
    hangs: bool = False
    code: int | None = None
    told: list[str] = field(default_factory=list)

    def poll(self) -> int | None:
        return self.code

    def terminate(self) -> None:
        self.told.append("terminate")
        if not self.hangs:
            self.code = 0

    def kill(self) -> None:
        self.told.append("kill")
        self.code = -9

    def wait(self, timeout: float | None = None) -> int:
        if self.code is None:
            raise subprocess.TimeoutExpired("export", timeout or 0)
        return self.code


def test_one_at_a_time_the_oldest_first_and_what_died_again_once_its_lease_is_over(
    installation: Installation, make: Factory, clock: ManualClock
) -> None:
    started: list[Child] = []

    def start(job_id: UUID) -> Child:
        started.append(Child(job_id))
        return started[-1]

    archives = Archives(installation.works, start)
    first = ask(installation, make.client().id)
    clock.advance(seconds=1)
    second = ask(installation, make.client().id)
    for _ in range(3):
        assert not archives.step()
    assert [child.job_id for child in started] == [first]
    with installation.works.system() as work:
        assert exports.claim(work, first, uuid7(work.now)) is not None
    started[0].code = -9
    archives.step()
    assert [child.job_id for child in started] == [first, second]
    started[1].code = 0
    with installation.works.system() as work:
        assert exports.claim(work, second, uuid7(work.now)) is not None
    archives.step()
    assert len(started) == 2
    clock.advance(seconds=61)
    archives.step()

    assert [child.job_id for child in started] == [first, second, first]
    archives.stop(0.1)
    assert started[2].told == ["terminate"]
    archives.step()
    assert len(started) == 3


def test_a_builder_that_hangs_is_cut_off(installation: Installation, make: Factory) -> None:
    started: list[Child] = []

    def start(job_id: UUID) -> Child:
        started.append(Child(job_id, hangs=True))
        return started[-1]

    archives = Archives(installation.works, start)
    ask(installation, make.client().id)
    archives.step()
    archives.stop(0.1)

    assert started[0].told == ["terminate", "kill"]
