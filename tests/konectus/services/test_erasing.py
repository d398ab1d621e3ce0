"""Carrying a deletion out: what is left, the certificate, kills; and what a restored backup brings back."""

import hashlib
import io
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from pypdf import PdfReader
from sqlalchemy import text

from konectus.domain.endings import DeletionBegun, DeletionState, HoldKind
from konectus.domain.notices import NoticeKind
from konectus.domain.retention import BACKUPS, OPEN_KEYS
from konectus.files.port import FilesDown
from konectus.ids import uuid7
from konectus.papers.certificate import fingerprint, render
from konectus.services import erasing, erasure, holds, restoring, terminations
from konectus.services.installation import Installation
from konectus.services.work import Work
from konectus.store.keystore import NoKey
from konectus.store.models.endings import Deletion
from konectus.store.queries import billing, clients, connectors
from konectus.store.queries import erasure as read
from konectus.store.queries import notices as told
from konectus.store.queries.billing import Owed
from konectus.store.roles import Role
from tests.konectus.services.endings import REASON, Ends, Erases, clock, ends, installation, it, make
from tests.support.clock import START, ManualClock
from tests.support.factories import Factory
from tests.support.rows import fill_every_table

__all__ = ["clock", "ends", "installation", "it", "make"]


@dataclass(frozen=True)
class Erased:
    """A Client that is gone, and what it owed before."""

    it: Erases
    owed: list[Owed]


@pytest.fixture(scope="module")
def erased(installation: Installation, make: Factory, clock: ManualClock) -> Erased:
    found = Erases(Ends(installation, make), clock)
    with installation.database.session(Role.WORKER) as session:
        owed = billing.owed(session, found.ends.id)
    found.finish()
    return Erased(found, owed)


def test_an_erased_client_leaves_its_debts_and_nothing_that_opens(erased: Erased) -> None:
    it, owed = erased.it, erased.owed
    assert it.row.state is DeletionState.CERTIFIED
    assert it.left() == 0
    with it.ends.installation.database.session(Role.WORKER) as session:
        assert billing.owed(session, it.ends.id) == owed
        assert owed
        access = clients.access(session, it.ends.id)
        assert (access.deleting, access.login, access.export) == (True, True, True)
        assert connectors.of_client(session, it.ends.id) == []
        assert NoticeKind.DELETED in {notice.kind for notice in told.of_client(session, it.ends.id)}
    with pytest.raises(NoKey):
        it.ends.installation.keys.of(it.ends.id)
    assert erasing.files_of(it.ends.installation).delete_all(it.ends.id) == 0


def test_the_certificate_says_what_was_done_by_whom_and_when_nothing_can_be_read(erased: Erased) -> None:
    it, row = erased.it, erased.it.row
    said = dict(row.certificate or {})
    assert {one["by"] for one in said["approvers"]} == {row.approved_by, row.second_by}
    assert said["rows"]["tenant.connector"] == 1
    assert said["files"] == 1
    assert said["left"] == {"rows": 0, "tables": len(read.PURGED), "objects": 0}
    assert said["ledger"]["before"] == said["ledger"]["after"]
    assert said["ledger"]["rows"] > 0
    destroyed = row.key_destroyed_at
    assert destroyed is not None
    assert said["content_unreadable_at"] == (destroyed + OPEN_KEYS).isoformat()
    assert said["residual_metadata_gone_at"] == (destroyed + BACKUPS).isoformat()
    assert len(said["key"]["fingerprint"]) == 64
    assert fingerprint(said) == fingerprint(dict(reversed(said.items())))
    printed = " ".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(render(said))).pages).split())
    assert "Certificado de borrado" in printed
    for word in (it.ends.client.legal_name, said["key"]["fingerprint"], "tenant.connector", row.second_by or "?"):
        assert word.replace(" ", "") in printed.replace(" ", ""), word
    assert render(said, "en") != render(said)


def test_residual_metadata_is_gone_when_the_last_backup_with_it_is(erased: Erased) -> None:
    it, destroyed = erased.it, erased.it.row.key_destroyed_at
    assert destroyed is not None
    it.clock.set(destroyed + BACKUPS - timedelta(seconds=1))
    erasing.backup_expiry_watch(it.ends.installation)
    assert it.row.residual_gone_at is None
    it.clock.advance(seconds=1)
    assert erasing.backup_expiry_watch(it.ends.installation) >= 1
    assert it.row.residual_gone_at == it.clock.now()


def test_nothing_is_certified_while_a_process_may_still_hold_the_key(it: Erases) -> None:
    it.ask()
    it.approve()
    it.rest()
    it.run()
    assert it.state() is DeletionState.FILES_PURGED
    it.clock.advance(seconds=59)
    it.run()
    assert it.state() is DeletionState.FILES_PURGED
    it.clock.advance(seconds=1)
    it.run()
    assert it.state() is DeletionState.CERTIFIED


def test_what_came_in_late_is_purged_before_it_is_verified(it: Erases) -> None:
    it.ask()
    it.approve()
    it.rest()
    it.run()
    late = erasing.files_of(it.ends.installation)
    late.write(it.ends.id, uuid7(START), b"\x00" * 40)
    it.clock.advance(minutes=2)
    it.run()
    assert it.state() is DeletionState.FILES_PURGED, "verified with a file that had come in"
    it.run()
    assert it.state() is DeletionState.CERTIFIED
    assert (it.row.certificate or {})["files"] == 2


def test_from_its_start_on_nothing_takes_it_back(it: Erases, make: Factory) -> None:
    it.ask()
    it.approve()
    it.rest()
    it.run()
    with pytest.raises(DeletionBegun), it.ends.installation.works.staff(it.ends.staff()) as work:
        terminations.reactivate(work, it.ends.id, make.plan(code="vuelve"), REASON)
    with pytest.raises(DeletionBegun), it.ends.installation.works.staff(it.ends.staff()) as work:
        erasure.cancel(work, it.row.id, REASON)


def test_a_hold_that_comes_too_late_is_refused_and_not_believed_in(it: Erases) -> None:
    it.ask()
    it.approve()
    it.rest()
    it.run()
    with pytest.raises(DeletionBegun), it.ends.installation.works.staff(it.ends.staff()) as work:
        holds.place(work, it.ends.id, HoldKind.LEGAL, REASON)


class Killed(BaseException):
    """The process ends here."""


def test_killed_before_each_of_its_commits_it_goes_on_and_counts_right(
    it: Erases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first time a step comes to its last word it is cut off there: nothing of it is committed."""
    it.ask()
    it.approve()
    it.rest()
    seen: list[str] = []
    true_record = erasing._record

    def dies_once(work: Work, found: Deletion, what: str, after: dict[str, object]) -> None:
        if what not in seen and found.client_id == it.ends.id:
            seen.append(what)
            raise Killed
        true_record(work, found, what, after)

    # A patch of our own code: only from inside can a step be cut between its writing and its commit.
    monkeypatch.setattr(erasing, "_record", dies_once)
    while it.state() is not DeletionState.CERTIFIED:
        it.clock.advance(minutes=2)
        with suppress(Killed):
            it.run()
    rows = ["started", "key_destroyed", "purged", "rows_purged"]
    assert seen == [*rows, "files_counted", "files_purged", "verified", "certified"]
    assert (it.row.certificate or {})["files"] == 1, "they were gone when it was counted for the second time"
    assert (it.row.certificate or {})["rows"]["tenant.connector"] == 1
    assert (it.row.certificate or {})["key"]["fingerprint"] != hashlib.sha256(b"").hexdigest()
    assert it.left() == 0


def test_every_table_that_is_to_be_purged_is_and_no_other_clients(
    make: Factory, ends: Ends, clock: ManualClock
) -> None:
    other = make.client()
    clock.advance(hours=1)
    fill_every_table(ends.installation, make, ends.id)
    fill_every_table(ends.installation, make, other.id)
    with ends.installation.database.session(Role.WORKER) as session:
        kept, theirs = read.kept(session, ends.id), read.kept(session, other.id)
        before = {entry.name: read.count(session, entry, other.id) for entry in read.PURGED}
    for entry in read.PURGED:
        with ends.installation.works.system() as work:
            erasing.purge_table(work, entry, ends.id)
    with ends.installation.database.session(Role.WORKER) as session:
        assert {entry.name: read.count(session, entry, ends.id) for entry in read.PURGED} == dict.fromkeys(before, 0)
        assert {entry.name: read.count(session, entry, other.id) for entry in read.PURGED} == before
        assert (read.kept(session, ends.id), read.kept(session, other.id)) == (kept, theirs)


def test_the_hash_of_what_is_kept_notices_a_changed_cent(ends: Ends) -> None:
    with ends.installation.database.session(Role.WORKER) as session:
        before = read.kept(session, ends.id)
        session.connection().exec_driver_sql(
            "update ledger.subscription set seats = seats + 1 where client_id = %(id)s", {"id": ends.id}
        )
        assert read.kept(session, ends.id) != before
        session.rollback()


def test_a_store_that_is_down_stops_it_and_it_goes_on_later(it: Erases, monkeypatch: pytest.MonkeyPatch) -> None:
    it.ask()
    it.approve()
    it.rest()

    class Down:
        def count(self, client_id: UUID) -> int:
            raise FilesDown(f"nothing of {client_id} today")

    monkeypatch.setattr(erasing, "files_of", lambda _: Down())
    with pytest.raises(FilesDown):
        erasing.proceed(it.ends.installation, it.row.id)  # this one alone, not what another test began
    assert it.state() is DeletionState.ROWS_PURGED
    monkeypatch.undo()
    it.run()
    assert it.state() is DeletionState.FILES_PURGED


def test_a_restored_client_is_purged_again_and_suspended_by_its_place_on_the_list(
    it: Erases, make: Factory, clock: ManualClock
) -> None:
    """The database knows nothing of the erasure, as after a restore of a dump made before it."""
    it.keep_file()
    make.connector(it.ends.id)
    with it.ends.installation.database.session(Role.WORKER) as session:
        owed = billing.owed(session, it.ends.id)
        assert read.remaining(session, [it.ends.id]) == [it.ends.id]
    it.ends.installation.keys.destroy_client(it.ends.id, clock.now())
    assert restoring.purge_destroyed(it.ends.installation) == 1
    with it.ends.installation.database.session(Role.WORKER) as session:
        assert read.remaining(session, [it.ends.id]) == []
        access = clients.access(session, it.ends.id)
        assert (access.login, access.inbox, access.export, access.ingest) == (True, True, True, True)
        assert billing.owed(session, it.ends.id) == owed
        assert clients.seats(session, it.ends.id)[0] is None
    assert it.left() == 0
    assert restoring.purge_destroyed(it.ends.installation) == 0


def test_a_restore_guard_that_was_cut_off_at_the_files_finds_the_client_again(
    it: Erases, make: Factory, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    it.keep_file()
    make.connector(it.ends.id)
    it.ends.installation.keys.destroy_client(it.ends.id, clock.now())

    class Down:
        def delete_all(self, client_id: UUID) -> int:
            raise FilesDown(f"nothing of {client_id} today")

    monkeypatch.setattr(erasing, "files_of", lambda _: Down())
    with pytest.raises(FilesDown):
        restoring.purge_destroyed(it.ends.installation)
    monkeypatch.undo()
    assert restoring.purge_destroyed(it.ends.installation) == 1, "its files would have stayed for ever"
    assert it.left() == 0
    assert erasing.files_of(it.ends.installation).delete_all(it.ends.id) == 0


def test_sealed_files_that_a_restore_of_the_file_store_brings_back_go_again_and_it_is_recorded(erased: Erased) -> None:
    installation, client_id = erased.it.ends.installation, erased.it.ends.id
    files = erasing.files_of(installation)
    assert restoring.recheck_files(installation) == 0
    files.write(client_id, uuid7(START), b"sealed bytes of before")
    others = uuid7(START)
    files.write(others, uuid7(START), b"sealed bytes of somebody who is here")
    assert restoring.purge_destroyed(installation) == 0, "its rows did not come back"
    assert (client_id in files.clients(), others in files.clients()) == (False, True)
    with installation.database.session(Role.WORKER) as session:
        statement = (
            "select before from ledger.audit_entry where client_id = :id and action = 'client.files_purged_again'"
        )
        told = session.connection().execute(text(statement), {"id": client_id}).scalars().all()
    assert told == [{"files": 1}]
    assert restoring.recheck_files(installation) == 0
    files.delete_all(others)


def test_files_of_a_deletion_under_way_are_left_to_be_counted_by_it(it: Erases) -> None:
    it.ask()
    it.approve()
    it.rest()
    assert erasing.step(it.ends.installation, it.row.id)
    assert erasing.step(it.ends.installation, it.row.id)
    restoring.recheck_files(it.ends.installation)
    assert it.ends.id in erasing.files_of(it.ends.installation).clients()
    it.run()
    assert (it.row.certificate or {})["files"] == 1


def test_keys_that_a_copy_of_the_key_store_brings_back_are_destroyed_again(it: Erases, tmp_path: Path) -> None:
    store = it.ends.installation.keys.store
    names = [f"client-{it.ends.id}-{part}" for part in ("data", "index")]
    it.end()
    copies = {name: store.read(name) or b"" for name in names}
    it.elapse()
    erasure.deletion_requests(it.ends.installation)
    it.approve()
    it.rest()
    it.run()
    for name, wrapped in copies.items():
        store.add(name, wrapped)
    with pytest.raises(NoKey):
        it.ends.installation.keys.of(it.ends.id)
    restoring.purge_destroyed(it.ends.installation)
    assert it.ends.installation.keys.is_gone(it.ends.id)


def test_a_deletion_that_has_begun_is_no_reason_to_refuse_to_start(it: Erases) -> None:
    it.ask()
    it.approve()
    it.rest()
    assert erasing.step(it.ends.installation, it.row.id)
    assert erasing.step(it.ends.installation, it.row.id)
    assert it.state() is DeletionState.KEY_DESTROYED
    with it.ends.installation.database.session(Role.WORKER) as session:
        assert it.left() > 0
        assert read.remaining(session, [it.ends.id]) == []
