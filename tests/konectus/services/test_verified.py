"""What keeps a deletion from being certified (Terms 15.3): a row, a key, a ledger that is no longer as it was."""

from uuid import UUID

import pytest
from sqlalchemy import insert, update

from konectus.domain.endings import DeletionState
from konectus.ids import uuid7
from konectus.services import erasing
from konectus.services.work import Change, Work
from konectus.store.models.billing import Invoice
from konectus.store.models.search import SearchPending
from konectus.store.planes import Entry
from konectus.store.roles import Role
from tests.konectus.services.endings import Erases, clock, ends, installation, it, make
from tests.support.clock import START

__all__ = ["clock", "ends", "installation", "it", "make"]


def emptied(it: Erases) -> None:
    """Rows and files are gone; nothing is verified yet."""
    it.ask()
    it.approve()
    it.rest()
    it.run()
    assert it.state() is DeletionState.FILES_PURGED


def late_row(it: Erases) -> None:
    """As a process writes it that had begun before the Client was closed."""
    row = {"client_id": it.ends.id, "id": uuid7(START), "message_ids": [], "queued_at": it.clock.now()}
    with it.ends.installation.database.session(Role.WORKER) as session:
        session.execute(insert(SearchPending), row)


def test_a_row_that_came_in_late_is_purged_and_looked_at_once_more(it: Erases) -> None:
    emptied(it)
    late_row(it)
    it.clock.advance(minutes=2)
    it.run()
    assert it.state() is DeletionState.FILES_PURGED, "verified while a row was left"
    assert it.left() == 0
    it.run()
    assert it.state() is DeletionState.CERTIFIED
    assert (it.row.certificate or {})["rows"]["tenant.search_pending"] == 1


def test_a_key_that_is_there_again_is_destroyed_before_anything_is_certified(it: Erases) -> None:
    it.ask()
    store, name = it.ends.installation.keys.store, f"client-{it.ends.id}-data"
    wrapped = store.read(name)
    assert wrapped is not None
    it.approve()
    it.rest()
    it.run()
    _put_back(it, name, wrapped)
    assert not it.ends.installation.keys.is_gone(it.ends.id)
    it.clock.advance(minutes=2)
    it.run()
    assert it.state() is DeletionState.FILES_PURGED, "verified while a key was there"
    assert it.ends.installation.keys.is_gone(it.ends.id)
    it.run()
    assert it.state() is DeletionState.CERTIFIED


def test_a_purge_that_touches_what_survives_is_taken_back_whole(it: Erases, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five years of ledger (Terms 11) against a mistake of ours in the list of tables."""
    it.ask()
    it.approve()
    it.rest()
    assert erasing.step(it.ends.installation, it.row.id)
    assert erasing.step(it.ends.installation, it.row.id)
    before, honest = it.left(), erasing.purge_table
    assert before > 0

    def clumsy(work: Work, entry: Entry, client_id: UUID) -> int:
        mine = Invoice.client_id == client_id
        work.session.execute(update(Invoice).where(mine).values(billed_to={}))
        work.record("invoice.touched", ("invoice", client_id), Change(client_id))
        return honest(work, entry, client_id)

    monkeypatch.setattr(erasing, "purge_table", clumsy)
    with pytest.raises(erasing.LedgerChanged):
        erasing.step(it.ends.installation, it.row.id)
    assert it.left() == before
    monkeypatch.undo()
    it.run()
    assert it.state() is DeletionState.FILES_PURGED


def _put_back(it: Erases, name: str, wrapped: bytes) -> None:
    """As a copy of the folder of keys does that somebody laid over it."""
    store = it.ends.installation.keys.store
    store.add(name, wrapped)
