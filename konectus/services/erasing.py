"""Carrying a deletion out (Terms 15.3), step by step. Killed anywhere, it goes on where it was: each step looks at what
is really left. Who asks and who approves is erasure.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from konectus.domain import retention
from konectus.domain.connectors import ConnectorState, WrongStep
from konectus.domain.endings import DeletionEnd, DeletionState
from konectus.domain.notices import NoticeKind
from konectus.domain.tasks import TaskKind
from konectus.errors import Unavailable
from konectus.files.opening import open_files
from konectus.files.port import Files
from konectus.papers.certificate import fingerprint
from konectus.services import certifying, connectors, erasure, notices, tasks
from konectus.services.installation import Installation
from konectus.services.notices import NewNotice
from konectus.services.sweeps import BATCH, sweep
from konectus.services.work import Change, Work
from konectus.store.models.endings import Deletion
from konectus.store.planes import Entry
from konectus.store.queries import connectors as accounts
from konectus.store.queries import erasure as read
from konectus.store.queries import readings

WHY = "Two people approved the deletion after the export window"
_REMOVED = connectors.Ending(None, ConnectorState.REMOVED, WHY)
Step = Callable[[Installation, UUID], bool]


class LedgerChanged(AssertionError):
    """A purge touched what survives: a mistake of ours, so nothing of it is committed."""


def deletion_execute(installation: Installation) -> int:
    """Job: bring every deletion that two people approved as far as it goes; how many steps were made.

    One against which something stands meanwhile is given up before it starts. One that finds a store down, or whose
    purge touched what survives, does not keep the others from going on; the first trouble is raised in the end, so
    that the run counts as failed.
    """
    with installation.works.system() as work:
        found = read.under_way(work.session, work.now, BATCH)
    made, troubles = 0, list[Exception]()
    for deletion_id in found:
        try:
            made += proceed(installation, deletion_id)
        except (Unavailable, LedgerChanged) as trouble:
            troubles.append(trouble)
    if troubles:
        raise troubles[0]
    return made


def proceed(installation: Installation, deletion_id: UUID) -> int:
    """Step after step until one has to wait; how many were made."""
    made = 0
    while step(installation, deletion_id):
        made += 1
    return made


def step(installation: Installation, deletion_id: UUID) -> bool:
    """The next step of a deletion; False where it is done, has to wait, or waits for people."""
    with installation.works.system() as work:
        state = read.state_of(erasure.locked(work, deletion_id))
    wanted = _NEXT.get(state)
    return wanted is not None and wanted(installation, deletion_id)


def _start(installation: Installation, deletion_id: UUID) -> bool:
    """The point of no return, where all that was approved still holds: nobody signs in, no Connector is left."""
    with installation.works.system() as work:
        found = erasure.locked(work, deletion_id)
        why = _moot(work, found)
        if why is not None:
            erasure.cancel_row(work, found, why, "Something came to stand against this deletion")
            return False
        rest = timedelta(hours=readings.current(work.session).deletion_rest_hours)
        if found.second_at is None or work.now < found.second_at + rest:
            return False
        found.started_at = work.now
        work.session.flush()  # the guard speaks, and access has to be closed for what follows
        kept = read.kept(work.session, found.client_id)
        removed = _remove_connectors(work, found.client_id)
        ended = end_sign_in(work, found.client_id, WHY)
        found.certificate = {
            "connectors": removed,
            "sign_in": ended,
            "rows": {},
            "ledger": {"rows": kept.rows, "before": kept.sha256},
        }
        _record(work, found, "started", {"connectors": removed, **ended})
        return True


def _wait_for_people(installation: Installation, deletion_id: UUID) -> bool:
    """Asked for or approved once: given up where something stands against it."""
    with installation.works.system() as work:
        found = erasure.locked(work, deletion_id)
        why = _moot(work, found)
        if why is not None:
            erasure.cancel_row(work, found, why, "Something came to stand against this deletion")
    return False


def _destroy_key(installation: Installation, deletion_id: UUID) -> bool:
    """From here on nothing opens. Outside the transaction: a crash after it finds the list and the same instant."""
    with installation.works.system() as work:
        client_id = erasure.locked(work, deletion_id).client_id
    destroyed = installation.keys.destroy_client(client_id, installation.clock.now())
    with installation.works.system() as work:
        found = erasure.locked(work, deletion_id)
        found.key_destroyed_at = max(destroyed.at, found.started_at or destroyed.at)
        _note(found, key={"fingerprint": destroyed.fingerprint, "destroyed_at": destroyed.at.isoformat()})
        _record(work, found, "key_destroyed", {"fingerprint": destroyed.fingerprint})
    return True


def _purge_rows(installation: Installation, deletion_id: UUID) -> bool:
    """Table after table, children first, each counted in the transaction that empties it."""
    for entry in read.PURGED:
        with installation.works.system() as work:
            _purge_table(work, erasure.locked(work, deletion_id), entry)
    with installation.works.system() as work:
        found = erasure.locked(work, deletion_id)
        found.rows_purged_at = work.now
        _record(work, found, "rows_purged", {"rows": sum(_told(found)["rows"].values())})
    return True


def _purge_table(work: Work, found: Deletion, entry: Entry) -> None:
    if not read.count(work.session, entry, found.client_id):
        return
    before = read.kept(work.session, found.client_id)
    gone = purge_table(work, entry, found.client_id)
    if read.kept(work.session, found.client_id) != before:
        raise LedgerChanged(f"emptying {entry.name} changed the ledger")
    rows = _told(found)["rows"]
    _note(found, rows=rows | {entry.name: rows.get(entry.name, 0) + gone})
    _record(work, found, "purged", {entry.name: gone})


def _purge_files(installation: Installation, deletion_id: UUID) -> bool:
    """How many there are is written down before the first one goes: whoever dies among them counts the same."""
    files = files_of(installation)
    with installation.works.system() as work:
        found = erasure.locked(work, deletion_id)
        counted = max(_told(found).get("files", 0), files.count(found.client_id))
        _note(found, files=counted)
        _record(work, found, "files_counted", {"files": counted})
    with installation.works.system() as work:
        found = erasure.locked(work, deletion_id)
        files.delete_all(found.client_id)
        found.files_purged_at = work.now
        _record(work, found, "files_purged", {"files": _told(found)["files"]})
    return True


def _verify(installation: Installation, deletion_id: UUID) -> bool:
    """Once no process can hold the key open any more: nothing is left, or it is purged again and looked at later."""
    files = files_of(installation)
    with installation.works.system() as work:
        found = erasure.locked(work, deletion_id)
        destroyed_at = found.key_destroyed_at or work.now
        if work.now < destroyed_at + retention.OPEN_KEYS:
            return False
        left = {entry.name: read.count(work.session, entry, found.client_id) for entry in read.PURGED}
        objects = files.delete_all(found.client_id)
        if any(left.values()) or objects or not installation.keys.is_gone(found.client_id):
            installation.keys.destroy_client(found.client_id, work.now)
            for entry in read.PURGED:
                _purge_table(work, found, entry)
            _note(found, files=_told(found).get("files", 0) + objects)
            _record(work, found, "purged_again", {"files": objects, **{k: n for k, n in left.items() if n}})
            return False
        kept = read.kept(work.session, found.client_id)
        found.verified_at = work.now
        _note(found, left={"rows": sum(left.values()), "tables": len(left), "objects": objects})
        _note(found, ledger=_told(found)["ledger"] | {"rows": kept.rows, "after": kept.sha256})
        _record(work, found, "verified", {"tables": len(left)})
    return True


def _certify(installation: Installation, deletion_id: UUID) -> bool:
    """The certificate, last (lifecycle.md 0, #5), and the Client is told."""
    with installation.works.system() as work:
        found = erasure.locked(work, deletion_id)
        found.certificate = certifying.written(work, found)
        found.certified_at = work.now
        work.session.flush()  # the notice is queued only for what is written
        sha256 = fingerprint(found.certificate)
        _record(work, found, "certified", {"sha256": sha256})
        tasks.close_task(work, TaskKind.DELETION_DUE, str(found.id))
        facts = {"deleted_at": found.certificate["key"]["destroyed_at"], "certificate": sha256}
        facts["residual_until_at"] = found.certificate["residual_metadata_gone_at"]
        notices.queue(work, found.client_id, NewNotice(NoticeKind.DELETED, str(found.id), facts))
    return True


_NEXT: dict[DeletionState, Step] = {
    DeletionState.REQUESTED: _wait_for_people,
    DeletionState.APPROVED_1: _wait_for_people,
    DeletionState.APPROVED_2: _start,
    DeletionState.STARTED: _destroy_key,
    DeletionState.KEY_DESTROYED: _purge_rows,
    DeletionState.ROWS_PURGED: _purge_files,
    DeletionState.FILES_PURGED: _verify,
    DeletionState.VERIFIED: _certify,
}


def backup_expiry_watch(installation: Installation) -> int:
    """Job: write down when the last backup with rows of an erased Client is gone; how many were."""
    return sweep(installation, _residual, _write_residual)


def _residual(session: Any, now: datetime, most: int) -> Any:
    return read.residual(session, now - retention.BACKUPS, most)


def _write_residual(work: Work, deletion_id: UUID) -> bool:
    found = erasure.locked(work, deletion_id)
    if found.residual_gone_at is not None:
        return False
    found.residual_gone_at = work.now
    _record(work, found, "residual_gone", {})
    return True


def purge_table(work: Work, entry: Entry, client_id: UUID) -> int:
    """Empty one table of a Client, with the word that an audited one asks for; how many rows went."""
    gone = read.purge(work.session, entry, client_id)
    if entry.audited:
        work.record("client.purged", (entry.table.name, client_id), Change(client_id, WHY, {"rows": gone}, {"rows": 0}))
    return gone


def end_sign_in(work: Work, client_id: UUID, why: str) -> dict[str, int]:
    """Nobody of the Client signs in any more, no program of it comes in; how many of each."""
    ended = read.end_sign_in(work.session, client_id, work.now)
    for kind in ("authorized_user", "api_token"):
        work.record("client.sign_in_ended", (kind, client_id), Change(client_id, why, {}, ended))
    return ended


def files_of(installation: Installation) -> Files:
    return open_files(installation.settings.data_dir, installation.settings.files_url)


def _remove_connectors(work: Work, client_id: UUID) -> int:
    """They are disconnected since the contract ended; now their accounts are free for somebody else."""
    rows = accounts.of_client(work.session, client_id)
    for row in rows:
        try:
            connectors.settle(work, client_id, row.id, ConnectorState.REMOVED)
        except WrongStep:
            connectors.disconnect(work, client_id, row.id, _REMOVED)
    return len(rows)


def _moot(work: Work, found: Deletion) -> DeletionEnd | None:
    """Why a deletion that has not begun cannot go on."""
    facts = read.against(work.session, found.client_id)
    why = facts.refusal()
    if why is not None:
        return why
    if facts.window != str(found.window_id):
        return DeletionEnd.WINDOW
    is_approved = found.second_at is not None
    return DeletionEnd.FACTS_CHANGED if is_approved and not erasure.still_as_approved(work, found, facts) else None


def _told(found: Deletion) -> dict[str, Any]:
    return dict(found.certificate or {"rows": {}})


def _note(found: Deletion, **facts: object) -> None:
    """A new object each time: changes inside one are not seen."""
    found.certificate = _told(found) | facts


def _record(work: Work, found: Deletion, what: str, after: dict[str, Any]) -> None:
    work.record(f"deletion.{what}", ("deletion", found.id), Change(found.client_id, WHY, {}, after))
