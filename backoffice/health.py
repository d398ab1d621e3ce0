"""Whether the web process lives, may take traffic, and what an operator measures. Read by machines, never by people."""

import hmac

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from backoffice import errors
from backoffice.deps import TheInstallation
from konectus import meters
from konectus.domain.alarms import ALARMS
from konectus.errors import KonectusError, NotFound, Unavailable
from konectus.services import alarms
from konectus.services.installation import Installation

router = APIRouter(include_in_schema=False)

BACKLOG = "backlog_old"
_LOOPBACK = ("127.0.0.1", "::1")


@router.get("/healthz")
def is_alive() -> Response:
    return PlainTextResponse("ok\n")


@router.get("/readyz")
def is_ready(request: Request, installation: TheInstallation) -> Response:
    """Database, schema and the age of the backlog; 503 with what is missing. What else rings is named beside it.

    Queues of channels and people would not be helped by keeping traffic away from this process.
    """
    try:
        installation.require_ready()
        rings = [alarm.name for alarm in alarms.look(installation).ringing]
        found = {"database": "ok", "backlog": "behind" if BACKLOG in rings else "ok"}
    except KonectusError as error:
        found, rings = {"database": error.code}, []
    ready = all(text == "ok" for text in found.values()) and not request.app.state.stopping
    status = 200 if ready else errors.STATUS[Unavailable]
    return JSONResponse({"ready": ready, "checks": found, "alarms": rings}, status)


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
    watch = alarms.look(installation)
    counters: meters.Counters = request.app.state.counters
    values = meters.total([watch.counters, counters.snapshot()])
    for job, ago in watch.readings.jobs.items():
        values[meters.series(meters.JOB_LAST_SUCCESS, job)] = ago
    for backlog in watch.backlogs:
        values[meters.series(meters.BACKLOG_DEPTH, backlog.queue)] = backlog.depth
        values[meters.series(meters.BACKLOG_OLDEST, backlog.queue)] = backlog.oldest_seconds
    for (channel, state), number in watch.states.items():
        values[meters.series(meters.CONNECTORS, channel, state)] = number
    values[meters.series(meters.INVARIANTS_BROKEN)] = watch.readings.invariants_broken
    values[meters.series(meters.LONGEST_TRANSACTION)] = watch.readings.longest_transaction
    ringing = {alarm.name for alarm in watch.ringing}
    for alarm in ALARMS:
        values[meters.series(meters.ALARM, alarm.name)] = alarm.name in ringing
    return values
