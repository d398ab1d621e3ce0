"""Reads what the alarms judge. Every number comes from the database, heartbeats or the volume; none names a Client."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from konectus import meters
from konectus.clock import SystemClock
from konectus.domain import alarms
from konectus.domain.alarms import Alarm, Readings
from konectus.domain.channels import Channel
from konectus.domain.connectors import LIVE, ConnectorState
from konectus.services.installation import Installation
from konectus.store.queries import health, invariants, jobs, limits
from konectus.store.queries.health import Backlog
from konectus.store.roles import Role

# Roles whose transactions may grow long; a role sees its own alone.
_WATCHED = (Role.APP, Role.STAFF)
# What a process that said nothing for longer had counted is gone with it.
_COUNTED = timedelta(minutes=1)

# Looked at each time, not only every five minutes.
_QUICK = ("maps_disagree", "account_without_access", "letter_with_body")


@dataclass(frozen=True, slots=True)
class Watch:
    """One look: what was read, with what /metrics shows beside it."""

    readings: Readings
    backlogs: tuple[Backlog, ...]
    states: Mapping[tuple[str, str], int]
    counters: Mapping[str, float]

    @property
    def ringing(self) -> tuple[Alarm, ...]:
        return alarms.ringing(self.readings)


def look(installation: Installation) -> Watch:
    """Read everything now. Raises DatabaseDown."""
    now = installation.clock.now()
    with installation.database.session(Role.OPERATOR) as session:
        backlogs, states = tuple(health.backlogs(session, now)), health.connector_states(session)
    with installation.database.session(Role.WORKER) as session:
        seen = health.last_seen(session)
        beats = jobs.beats(session, now - _COUNTED)
        ended, since = jobs.last_successes(session), jobs.first_claim(session)
        kept = invariants.last(session)
        opened = [health.oldest_transaction(session)]
        breakers = limits.open_by_channel(session)
        missing = health.messages_missing(session, now)
        quick = [code for code in _QUICK if invariants.broken(session, code, now).count]
    for role in _WATCHED:
        with installation.database.session(role) as session:
            opened.append(health.oldest_transaction(session))
    counters = meters.total(beat.counters for beat in beats)
    broken = (*quick, *(code for code in (kept.broken if kept else ()) if code not in _QUICK))
    readings = Readings(
        backlogs={one.queue: one.oldest_seconds for one in backlogs},
        depths={one.queue: one.depth for one in backlogs},
        connectors_live=sum(n for (_, state), n in states.items() if state in LIVE),
        connectors_sick=sum(n for (_, state), n in states.items() if state == ConnectorState.DEGRADED),
        jobs=_ages(ended, since, now),
        processes={name: (now - seen[name]).total_seconds() if name in seen else None for name in alarms.PROCESSES},
        longest_transaction=_age(opened),
        breakers_open=sum(breakers.values()),
        disk_free=_free(installation),
        invariants_broken=len(broken),
        broken=broken,
        messages_missing=missing,
    )
    # Every sender tells of all breakers: what the store says counts once.
    counters |= {meters.series(meters.BREAKERS_OPEN, channel): breakers.get(channel, 0) for channel in Channel}
    return Watch(readings, backlogs, states, counters)


def _ages(ended: Mapping[str, datetime], since: datetime | None, now: datetime) -> dict[str, float]:
    """Seconds since each job ended well; one that never did has been missing since a scheduler first ran here."""
    if since is None:
        return {}
    known = dict.fromkeys(alarms.JOB_MOST, since) | dict(ended)
    return {job: (now - at).total_seconds() for job, at in known.items()}


def _age(opened: Sequence[datetime | None]) -> float:
    """Of the oldest, in seconds. Transactions are opened in real time, whatever the product's clock says."""
    now = SystemClock().now()
    return max((max((now - at).total_seconds(), 0.0) for at in opened if at), default=0.0)


def _free(installation: Installation) -> float:
    """Of the volume of DATA_DIR, also before the folder is made."""
    folder = installation.settings.data_dir.resolve()
    usage = shutil.disk_usage(next(place for place in (folder, *folder.parents) if place.exists()))
    return usage.free / usage.total
