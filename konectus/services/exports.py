"""A Client asks for everything it has here and fetches it (Terms 15.3): request, claim, progress, end, download.

What an archive holds and how it is built is `reports.export`; its bytes are `archives`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from konectus.domain.endings import ExportState, HoldKind
from konectus.domain.notices import NoticeKind
from konectus.domain.suspension import ClientSuspended
from konectus.domain.tasks import TaskKind
from konectus.errors import Conflict, NotFound, TooMany, Unavailable
from konectus.services import holds, notices, tasks
from konectus.services.archives import Mark
from konectus.services.notices import NewNotice
from konectus.services.work import Change, Work
from konectus.store import locks, signals
from konectus.store.models.endings import ExportJob
from konectus.store.queries import clients, exports, readings
from konectus.store.queries.exports import ExportRow

# P36.
MOST_AN_HOUR = 4
HOUR = timedelta(hours=1)
# Whoever builds says at least every quarter of this that it is alive.
LEASE = timedelta(minutes=1)
MOST_ATTEMPTS = 3
# Our own mistake is the same a minute later; a file store that is down or full takes longer to mend.
AGAIN, AGAIN_AFTER_TROUBLE = timedelta(seconds=30), timedelta(minutes=5)
HOLD_REASON = "An archive was asked for in time and is being built or fetched"


class ExportRunning(Conflict):
    """One at a time for each Client."""

    code = "export_running"


class ExportGone(Conflict):
    """It is not ready yet, has failed or has expired."""

    code = "export_gone"


class ClaimLost(Conflict):
    """Somebody else builds this archive, or it may not be built any more."""

    code = "claim_lost"


@dataclass(frozen=True, slots=True)
class Claimed:
    """An archive to build: where the last step ended, and whose leftovers may lie behind it."""

    job_id: UUID
    client_id: UUID
    claim: UUID
    requested_at: datetime
    total: int
    mark: Mark | None
    before: UUID | None


@dataclass(frozen=True, slots=True)
class Built:
    """A finished archive."""

    mark: Mark
    sha256: bytes
    size: int
    counts: dict[str, Any]


def request(work: Work, client_id: UUID) -> UUID:
    """Ask for an archive; also while suspended, and after the end until a deletion starts (decisions.md).

    Raises ClientSuspended where a cause blocks exports, ExportRunning, or TooMany (P36).
    """
    locks.client(work.session, client_id)
    require_open(work.session, client_id)
    if exports.running(work.session, client_id) is not None:
        raise ExportRunning("an archive is being built")
    asked = exports.requested_since(work.session, client_id, work.now - HOUR)
    if len(asked) >= MOST_AN_HOUR:
        raise TooMany("four archives an hour", retry_after=asked[-MOST_AN_HOUR] + HOUR - work.now)
    job = ExportJob(
        id=work.new_id(),
        client_id=client_id,
        requested_by=f"{work.actor.kind}:{work.actor.id}",
        requested_at=work.now,
        state=ExportState.REQUESTED,
        done=0,
        total=0,
        attempts=0,
    )
    work.session.add(job)
    # What was asked for in time always finishes (lifecycle.md 2, #12). Later ones may be made until a deletion starts,
    # but must not be a way to put it off for ever.
    in_time = not exports.is_out_of_time(work.session, client_id, work.now)
    if in_time:
        holds.place(work, client_id, HoldKind.EXPORT_RUNNING, HOLD_REASON)
    work.record("export.requested", ("export_job", job.id), Change(client_id, after={"in_time": in_time}))
    signals.notify(work.session, signals.OUTBOX)
    return job.id


def require_open(session: Session, client_id: UUID) -> None:
    """Raises ClientSuspended where exports are blocked: by an order, for security, or once a deletion has started."""
    access = clients.access(session, client_id)
    if access.export:
        raise ClientSuspended("exports are blocked", causes=access.causes)


def claim(work: Work, job_id: UUID, token: UUID) -> Claimed | None:
    """Take a request that nobody works at; None where somebody was faster or it was tried too often."""
    job = _locked(work, job_id)
    if job is None or not _is_free(job, work.now):
        return None
    if clients.access(work.session, job.client_id).deleting:
        _end(work, job, "deletion_started")
        return None
    if job.attempts >= MOST_ATTEMPTS:
        _end(work, job, job.failure or "died")
        return None
    before = UUID(job.worker) if job.worker else None
    job.state, job.worker, job.leased_until = ExportState.BUILDING, str(token), work.now + LEASE
    job.attempts += 1
    work.record("export.claimed", ("export_job", job.id), Change(job.client_id, after={"attempt": job.attempts}))
    mark = Mark.read(job.step) if job.step else None
    return Claimed(job.id, job.client_id, token, job.requested_at, job.total, mark, before)


def progress(session: Session, claimed: Claimed, now: datetime, **values: object) -> None:
    """Say how far it is (`done`, `total`, `step`) and stay its builder. A finished step clears the failed attempts.

    No change of state, so no entry in the audit trail. Raises ClaimLost: stop, and leave everything as it is.
    """
    if "step" in values:
        values["attempts"] = 1
    if clients.access(session, claimed.client_id).deleting:
        raise ClaimLost("the Client is being deleted")
    written = session.execute(
        update(ExportJob)
        .where(ExportJob.id == claimed.job_id, ExportJob.worker == str(claimed.claim))
        .where(ExportJob.state == ExportState.BUILDING)
        .values(leased_until=now + LEASE, **values)
        .returning(ExportJob.id)
    )
    if written.first() is None:
        raise ClaimLost("somebody else builds it")


def finish(work: Work, claimed: Claimed, built: Built) -> None:
    """It is ready: from now on it can be fetched for `export_link_hours`, and its owner is told. Raises ClaimLost."""
    job = _mine(work, claimed)
    hours = readings.current(work.session).export_link_hours
    job.state, job.worker, job.leased_until, job.failure = ExportState.READY, None, None, None
    job.step, job.sha256, job.size, job.counts = str(built.mark), built.sha256, built.size, built.counts
    job.done, job.ready_at, job.expires_at = job.total, work.now, work.now + timedelta(hours=hours)
    after = {"bytes": built.size, "sha256": built.sha256.hex(), "expires_at": job.expires_at.isoformat()}
    work.record("export.ready", ("export_job", job.id), Change(job.client_id, after=after))
    tasks.close_task(work, TaskKind.EXPORT_FAILED, str(job.id))
    facts = {"expires_at": job.expires_at.isoformat(), "bytes": built.size, "sha256": built.sha256.hex()}
    notices.queue(work, job.client_id, NewNotice(kind=NoticeKind.EXPORT_READY, subject_ref=str(job.id), facts=facts))


def stumble(work: Work, claimed: Claimed, trouble: Exception) -> bool:
    """The building broke off; it is tried again in a while, three times without a finished step. Whether it is over."""
    try:
        job = _mine(work, claimed)
    except ClaimLost:
        return True
    job.failure = str(getattr(trouble, "code", "") or type(trouble).__name__)
    if job.attempts >= MOST_ATTEMPTS:
        _end(work, job, job.failure)
        return True
    job.leased_until = work.now + (AGAIN_AFTER_TROUBLE if isinstance(trouble, Unavailable) else AGAIN)
    after = {"attempt": job.attempts, "failure": job.failure}
    work.record("export.interrupted", ("export_job", job.id), Change(job.client_id, after=after))
    return False


def give_back(work: Work, claimed: Claimed) -> None:
    """The process is asked to stop: whoever comes next goes on from the last finished step."""
    try:
        job = _mine(work, claimed)
    except ClaimLost:
        return
    job.leased_until, job.attempts = work.now, max(job.attempts - 1, 0)
    work.record("export.handed_back", ("export_job", job.id), Change(job.client_id))


def download(work: Work, client_id: UUID, job_id: UUID) -> ExportRow:
    """Somebody fetches it now. Raises NotFound (also another Client's), ClientSuspended, or ExportGone."""
    locks.client(work.session, client_id, shared=True)
    found = exports.by_id(work.session, job_id, client_id=client_id)
    if found is None:
        raise NotFound
    require_ready(work.session, found, work.now)
    work.session.execute(update(ExportJob).where(ExportJob.id == job_id).values(downloaded_at=work.now))
    after = {"bytes": found.size, "sha256": (found.sha256 or b"").hex()}
    work.record("export.downloaded", ("export_job", job_id), Change(client_id, after=after))
    return found


def require_ready(session: Session, found: ExportRow, now: datetime) -> None:
    """Raises ClientSuspended or ExportGone; asked again while the bytes flow."""
    require_open(session, found.client_id)
    if found.state is not ExportState.READY or found.expires_at is None or found.expires_at <= now:
        raise ExportGone("ask for a new one")


def expire(work: Work, job_id: UUID) -> ExportRow | None:
    """An archive's time is over, or a failed one has left something; its bytes go with it. None where there is nothing.

    The caller removes the bytes before this is committed.
    """
    job = _locked(work, job_id)
    if job is None or not _is_over(job, work.now):
        return None
    found = exports.by_id(work.session, job_id)
    was_ready = job.state == ExportState.READY
    job.step = job.worker = None
    if was_ready:
        job.state = ExportState.EXPIRED
        work.session.flush()  # the hold goes only if no other archive needs it
        _release(work, job.client_id)
    work.record("export.purged", ("export_job", job.id), Change(job.client_id, after={"expired": was_ready}))
    return found


def _end(work: Work, job: ExportJob, failure: str) -> None:
    """No further attempt; a person looks at it. What lies there is purged by the job."""
    job.state, job.failure, job.leased_until = ExportState.FAILED, failure, None
    work.session.flush()  # the hold goes only if no other archive needs it
    _release(work, job.client_id)
    tasks.open_task(work, TaskKind.EXPORT_FAILED, str(job.id), client_id=job.client_id)
    work.record("export.failed", ("export_job", job.id), Change(job.client_id, after={"failure": failure}))


def _release(work: Work, client_id: UUID) -> None:
    if exports.held(work.session, client_id) == 0:
        holds.release_export(work, client_id, "No archive is being built or can be fetched any more")


def _is_free(job: ExportJob, now: datetime) -> bool:
    if job.state == ExportState.REQUESTED:
        return True
    return job.state == ExportState.BUILDING and job.leased_until is not None and job.leased_until <= now


def _is_over(job: ExportJob, now: datetime) -> bool:
    if job.state == ExportState.READY:
        return job.expires_at is not None and job.expires_at <= now
    return job.state == ExportState.FAILED and job.step is not None


def _mine(work: Work, claimed: Claimed) -> ExportJob:
    job = _locked(work, claimed.job_id)
    if job is None or job.state != ExportState.BUILDING or job.worker != str(claimed.claim):
        raise ClaimLost("somebody else builds it")
    return job


def _locked(work: Work, job_id: UUID) -> ExportJob | None:
    """Behind the Client's lock, as every command on a Client; the row's own lock keeps builders apart."""
    found = exports.by_id(work.session, job_id)
    if found is None:
        return None
    locks.client(work.session, found.client_id)
    return work.session.get(ExportJob, job_id, with_for_update=True)
