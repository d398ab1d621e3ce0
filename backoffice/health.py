"""Whether the web process lives, may take traffic, and what an operator measures. Read by machines, never by people."""

import hmac
from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from backoffice import errors
from backoffice.deps import TheInstallation
from konectus import meters
from konectus.errors import KonectusError, NotFound, Unavailable
from konectus.services.installation import Installation
from konectus.store.queries import health, jobs
from konectus.store.roles import Role

router = APIRouter(include_in_schema=False)

SILENT_AFTER = timedelta(minutes=1)
TOO_OLD = 60.0  # seconds a webhook may wait before this is trouble (promise P9)
_LOOPBACK = ("127.0.0.1", "::1")


@router.get("/healthz")
def is_alive() -> Response:
    return PlainTextResponse("ok\n")


@router.get("/readyz")
def is_ready(request: Request, installation: TheInstallation) -> Response:
    """Database, schema and the age of the backlog; 503 with what is missing."""
    found = _checks(installation)
    ready = all(text == "ok" for text in found.values()) and not request.app.state.stopping
    status = 200 if ready else errors.STATUS[Unavailable]
    return JSONResponse({"ready": ready, "checks": found}, status)


def _checks(installation: Installation) -> dict[str, str]:
    try:
        installation.require_ready()
    except KonectusError as error:
        return {"database": error.code}
    with installation.database.session(Role.OPERATOR) as session:
        backlogs = health.backlogs(session, installation.clock.now())
    # Outbox and dead letters wait for channels and for people; another web process would not help them.
    is_late = any(b.queue == "intake" and b.oldest_seconds > TOO_OLD for b in backlogs)
    return {"database": "ok", "backlog": "behind" if is_late else "ok"}


@router.get("/metrics")
def show_metrics(request: Request, installation: TheInstallation) -> Response:
    """Prometheus text for this machine, or for who holds KONECTUS_METRICS_TOKEN; anybody else finds nothing."""
    if not _may_measure(request, installation):
        raise NotFound
    return PlainTextResponse(meters.exposition(_values(request, installation)), media_type="text/plain; version=0.0.4")


def _may_measure(request: Request, installation: Installation) -> bool:
    token = installation.settings.metrics_token
    if token is None:
        # Behind a proxy on this machine every request seems to come from here: a forwarded one does not.
        forwarded = "x-forwarded-for" in request.headers or "forwarded" in request.headers
        return request.client is not None and request.client.host in _LOOPBACK and not forwarded
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    return hmac.compare_digest(given.encode(), token.get_secret_value().encode())


def _values(request: Request, installation: Installation) -> dict[str, float]:
    now = installation.clock.now()
    with installation.database.session(Role.WORKER) as session:
        snapshots = [beat.counters for beat in jobs.beats(session, now - SILENT_AFTER)]
        successes = jobs.last_successes(session)
    counters: meters.Counters = request.app.state.counters
    values = meters.total([*snapshots, counters.snapshot()])
    for job, at in successes.items():
        values[meters.series(meters.JOB_LAST_SUCCESS, job)] = (now - at).total_seconds()
    with installation.database.session(Role.OPERATOR) as session:
        for backlog in health.backlogs(session, now):
            values[meters.series(meters.BACKLOG_DEPTH, backlog.queue)] = backlog.depth
            values[meters.series(meters.BACKLOG_OLDEST, backlog.queue)] = backlog.oldest_seconds
        for (channel, state), number in health.connector_states(session).items():
            values[meters.series(meters.CONNECTORS, channel, state)] = number
    return values
