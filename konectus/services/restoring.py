"""After a restore: Clients that were erased come back as ciphertext, and go again before anything is served.

The key store's list survives every restore of the database, so it says who they are (privacy.md 1).
"""

import logging
from uuid import UUID

from konectus.domain.suspension import POLICIES, Cause
from konectus.files.port import FilesDown
from konectus.services import erasing, renewals
from konectus.services.installation import Installation
from konectus.services.work import Actor, Change, Work
from konectus.store import locks
from konectus.store.models.clients import Suspension
from konectus.store.queries import clients
from konectus.store.queries import erasure as read

GUARD = Actor("system", "restore-guard", "Konectus")
WHY = "Erased before; a backup from before the erasure was restored"
FILES_BACK = "Erased before; a backup of the file store brought sealed files back"
SUBJECT = "erased"
logger = logging.getLogger(__name__)


def purge_destroyed(installation: Installation) -> int:
    """Purge every Client that stands on the destroyed-list and is here again; how many were.

    Its rows and files go, nobody of it signs in, it is suspended so that two people are needed to give it access, and
    its contract ends; what it owes stays. Keys that a copy of the key store brought back are destroyed again, and those
    that this database knows as destroyed.
    """
    with installation.works.system(GUARD) as work:
        known = frozenset(read.destroyed_here(work.session))
    erased = installation.keys.store.destroyed()
    for client_id in known | erased:
        if not installation.keys.is_gone(client_id):
            installation.keys.destroy_client(client_id, installation.clock.now())
    with installation.works.system(GUARD) as work:
        found = read.remaining(work.session, erased)
    for client_id in found:
        _purge(installation, client_id)
    try:
        recheck_files(installation)
    except FilesDown as error:  # what came back opens nothing; the job looks again
        logger.warning("cannot look for files of erased Clients", extra={"code": error.code})
    return len(found)


def recheck_files(installation: Installation) -> int:
    """Job, and at every start: files of erased Clients that are here again, as after a restore of the file store alone,
    go once more, and the audit trail says so; of how many Clients. One listing, however many Clients were erased.
    """
    with installation.works.system(GUARD) as work:
        known, begun = set(read.destroyed_here(work.session)), read.with_files(work.session)
    files = erasing.files_of(installation)
    found = (installation.keys.store.destroyed() | known) & files.clients() - begun
    for client_id in sorted(found):
        with installation.works.system(GUARD) as work:
            locks.client(work.session, client_id)
            gone = {"files": files.delete_all(client_id)}
            logger.warning("files of an erased Client were here again", extra={"client": str(client_id), **gone})
            if clients.trade_name(work.session, client_id) is not None:
                change = Change(client_id, FILES_BACK, gone, {"files": 0})
                work.record("client.files_purged_again", ("client", client_id), change)
    return len(found)


def _purge(installation: Installation, client_id: UUID) -> None:
    """Access first, in one transaction; then files, and rows last, a table at a time.

    It is by its rows that it is found again: whoever is killed in between leaves some, so files cannot stay behind.
    """
    with installation.works.system(GUARD) as work:
        locks.client(work.session, client_id)
        if clients.trade_name(work.session, client_id) is not None:
            _close(work, client_id)
    erasing.files_of(installation).delete_all(client_id)
    for entry in read.PURGED:
        with installation.works.system(GUARD) as work:
            locks.client(work.session, client_id)
            erasing.purge_table(work, entry, client_id)


def _close(work: Work, client_id: UUID) -> None:
    erasing.end_sign_in(work, client_id, WHY)
    held = [(one.cause, one.subject_ref) for one in clients.open_suspensions(work.session, client_id)]
    if (Cause.SECURITY, SUBJECT) not in held:
        suspension = Suspension(
            id=work.new_id(),
            client_id=client_id,
            cause=Cause.SECURITY,
            subject_ref=SUBJECT,
            clause=POLICIES[Cause.SECURITY].clause,
            opened_at=work.now,
            opened_by=f"{GUARD.kind}:{GUARD.id}",
            reason=WHY,
        )
        work.session.add(suspension)
        work.record(
            "suspension.opened", ("suspension", suspension.id), Change(client_id, WHY, {}, {"cause": "security"})
        )
    renewals.end(work, client_id, "konectus", reason=WHY)
