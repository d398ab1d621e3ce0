"""Whoever builds an archive may die at any moment: somebody goes on from the last step, and nobody writes over it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from konectus.domain.endings import ExportState
from konectus.domain.tasks import TaskKind
from konectus.files import chunked
from konectus.files.port import Files, FilesDown
from konectus.ids import uuid7
from konectus.sealing import ClientKeys
from konectus.services import archives, export_jobs, exports
from konectus.services.archives import Mark, Notes
from konectus.services.installation import Installation
from konectus.store.models.notices import StaffTask
from konectus.store.roles import Role
from reports.export import builder, leafing, stages
from reports.export.builder import Build
from tests.backoffice.people import Talk
from tests.backoffice.shared import clock, installation, make, talk
from tests.reports.archiving import ask, fetch, files_of, job
from tests.support.clock import ManualClock
from tests.support.factories import Factory

__all__ = ["clock", "installation", "make", "talk"]


class Killed(BaseException):
    """As abrupt as a signal: no code of ours catches it."""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many steps for little data: the sizes are our own constants, which no setting reaches."""
    monkeypatch.setattr(builder, "SEGMENT_BYTES", 2_000)
    monkeypatch.setattr(stages, "PAGE", 4)
    monkeypatch.setattr(stages, "PART_ROWS", 8)
    monkeypatch.setattr(stages, "FILES_AT_ONCE", 3)
    monkeypatch.setattr(leafing, "ON_A_PAGE", 50)


@pytest.fixture(scope="module")
def client_id(make: Factory, talk: Talk) -> UUID:
    """A Client with a long conversation, short ones and files."""
    client = make.client().id
    long = talk.begin(client, "primero", name="Larga")
    for number in range(120):
        talk.say(long, f"mensaje {number}")
    for number in range(4):
        talk.send_file(long, b"x" * 900, name=f"foto {number}.jpg", media_type="image/jpeg")
    talk.begin(client, "corta", name="Corta")
    return client


@contextmanager
def killed_at(monkeypatch: pytest.MonkeyPatch, step: int, *, after_notes: bool) -> Iterator[None]:
    """The process dies while it writes its n-th notes, before or after the bytes are there."""
    real, seen = archives.write_notes, Counter[str]()

    def write(files: Files, keys: ClientKeys, mark: Mark, notes: Notes) -> None:
        seen["steps"] += 1
        if seen["steps"] == step and not after_notes:
            raise Killed
        real(files, keys, mark, notes)
        if seen["steps"] == step:
            raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(archives, "write_notes", write)
        yield


def _texts(installation: Installation, job_id: UUID) -> dict[str, int]:
    found = fetch(installation, job_id)
    assert found.zipped.testzip() is None
    pages = "".join(found.text(n) for n in found.zipped.namelist() if n.startswith("conversations/"))
    return Counter(str(line["text"]) for line in found.lines("messages")) | {"on pages": pages.count("mensaje ")}


@pytest.mark.parametrize("after_notes", [False, True])
def test_a_build_that_is_killed_again_and_again_ends_whole_and_never_begins_anew(
    installation: Installation,
    clock: ManualClock,
    client_id: UUID,
    monkeypatch: pytest.MonkeyPatch,
    *,
    after_notes: bool,
) -> None:
    job_id, reached = ask(installation, client_id), [0]
    clock.advance(hours=1)
    for step in (1, 3, 2, 4, 3):
        with killed_at(monkeypatch, step, after_notes=after_notes):
            builder.build(installation, job_id)
        mark = job(installation, job_id).step
        reached.append(Mark.read(mark).number if mark else 0)
        assert builder.build(installation, job_id) == "nothing to do"  # its lease still runs
        clock.advance(seconds=61)
    assert builder.build(installation, job_id) == "ready"

    assert reached == sorted(reached)
    assert reached[-1] == 0 + 2 + 1 + 3 + 2
    counted = _texts(installation, job_id)
    assert counted["on pages"] == 120
    assert [counted[f"mensaje {n}"] for n in range(120)] == [1] * 120
    found = job(installation, job_id)
    assert (found.done, found.size) == (found.total, len(fetch(installation, job_id).content))


def test_nothing_is_left_in_the_file_store_once_it_has_expired(
    installation: Installation, clock: ManualClock, client_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stored() -> int:
        return sum(path.is_file() for path in (installation.settings.data_dir / "files" / str(client_id)).rglob("*"))

    clock.advance(days=4)
    export_jobs.purge(installation)
    before, job_id = stored(), ask(installation, client_id)
    with killed_at(monkeypatch, 3, after_notes=False):
        builder.build(installation, job_id)
    clock.advance(seconds=61)
    assert builder.build(installation, job_id) == "ready"
    assert stored() > before
    clock.advance(hours=71, minutes=59)
    assert export_jobs.purge(installation) == 0
    clock.advance(minutes=1)

    assert export_jobs.purge(installation) == 1
    assert (job(installation, job_id).state, stored()) == (ExportState.EXPIRED, before)
    assert export_jobs.purge(installation) == 0


def test_whoever_lost_the_claim_writes_nothing_into_the_archive(
    installation: Installation, clock: ManualClock, client_id: UUID
) -> None:
    job_id = ask(installation, client_id)
    with installation.works.system() as work:
        slow = exports.claim(work, job_id, uuid7(work.now))
    assert slow is not None
    clock.advance(seconds=61)
    assert builder.build(installation, job_id) == "ready"
    before = fetch(installation, job_id).content

    with pytest.raises(exports.ClaimLost):
        Build(installation, slow, files_of(installation)).run()
    with installation.works.system() as work, pytest.raises(exports.ClaimLost):
        exports.finish(work, slow, exports.Built(Mark(1, slow.claim, "closed"), b"", 0, {}))
    assert fetch(installation, job_id).content == before


def test_only_the_last_to_claim_it_says_how_far_it_is(
    installation: Installation, clock: ManualClock, make: Factory
) -> None:
    job_id = ask(installation, make.client().id)
    claims = []
    for _ in range(2):
        with installation.works.system() as work:
            claims.append(exports.claim(work, job_id, uuid7(work.now)))
        clock.advance(seconds=61)
    slow, fast = claims
    assert slow is not None
    assert fast is not None
    with installation.database.session(Role.WORKER) as session:
        exports.progress(session, fast, clock.now(), done=1)
        with pytest.raises(exports.ClaimLost):
            exports.progress(session, slow, clock.now(), done=2, step="9 x stolen")

    assert (job(installation, job_id).done, job(installation, job_id).step) == (1, None)


def test_a_process_that_is_asked_to_stop_hands_the_rest_to_the_next(
    installation: Installation, clock: ManualClock, client_id: UUID
) -> None:
    clock.advance(hours=2)
    job_id = ask(installation, client_id)

    assert builder.build(installation, job_id, lambda: True) == "handed back"
    assert job(installation, job_id).attempts == 0
    assert builder.build(installation, job_id) == "ready"
    assert _texts(installation, job_id)["on pages"] == 120


def test_after_three_attempts_without_a_step_a_person_looks_at_it(
    installation: Installation, clock: ManualClock, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = ask(installation, make.client().id)

    def refuse(*_: object) -> None:
        raise FilesDown("no room")

    monkeypatch.setattr(archives, "write_notes", refuse)
    for _ in range(3):
        with pytest.raises(FilesDown):
            builder.build(installation, job_id)
        assert builder.build(installation, job_id) == "nothing to do"
        clock.advance(seconds=timedelta(minutes=5).total_seconds())

    found = job(installation, job_id)
    assert (found.state, found.failure) == (ExportState.FAILED, "files_down")
    with installation.database.session(Role.WORKER) as session:
        task = session.scalar(select(StaffTask.kind).where(StaffTask.subject_ref == str(job_id)))
    assert task == TaskKind.EXPORT_FAILED


def test_an_archive_is_read_back_before_it_is_called_ready(
    installation: Installation, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    client_id = make.client().id
    job_id = ask(installation, client_id)
    real = Build._close

    def damage(self: Build, *given: object) -> None:
        real(self, *given)  # type: ignore[arg-type]  # handed through
        first = self._notes.segments[0]
        self.files.delete(client_id, chunked.piece(first.stream_id, 0))

    monkeypatch.setattr(Build, "_close", damage)
    with pytest.raises(Exception, match="no_such_file"):
        builder.build(installation, job_id)
    assert job(installation, job_id).state is ExportState.BUILDING
