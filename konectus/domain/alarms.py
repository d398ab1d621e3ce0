"""When an operator is called: conditions over readings, as data. Reading is `services.alarms`, words are the pages'.

An alarm says what is so now; it holds no state and ends by itself. docs/operate/alarms.md says what to do for each.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

# P9: a webhook that waits longer than this is trouble.
BACKLOG_MOST = 60.0
_OUTBOX_MOST = 600.0
_FILES_MOST = 3600.0
_SEARCH_MOST = 300.0
# P37: a transaction that lasts so long keeps vacuum from its work.
TRANSACTION_MOST = 300.0
_SICK_LEAST, _SICK_SHARE = 3, 0.1
_FREE_LEAST = 0.1
SILENT_MOST = 60.0
PROCESSES = ("worker", "sender", "scheduler")
# How long ago each job may have ended well: two of its turns and some room. One that never did is late as well.
_OFTEN, _TURN, _DAILY = timedelta(minutes=30), timedelta(hours=3), timedelta(hours=36)
JOB_MOST: Mapping[str, timedelta] = {
    **dict.fromkeys(("apply_changes", "lift_paid"), timedelta(minutes=10)),
    **dict.fromkeys(("renew", "suspend_trials", "notify_due", "deferral_end", "approval_expiry"), _OFTEN),
    **dict.fromkeys(("close_windows", "check_invariants", "terminate_effective", "deletion_execute"), _OFTEN),
    "mail_reports": _OFTEN,
    "notice_watch": timedelta(hours=1),
    **dict.fromkeys(("suspend_nonpayment", "window_reminders", "export_purge", "keep_partitions"), _TURN),
    "unsettled_payments": _TURN,
    **dict.fromkeys(("trial_reminders", "check_connectors", "listen_for_silence"), _TURN),
    **dict.fromkeys(("look_after_tokens", "collect_usage", "release_month", "prune"), _DAILY),
    **dict.fromkeys(("deletion_requests", "backup_expiry_watch", "recheck_files"), _DAILY),
}
JOB_MOST_ELSE = _DAILY


@dataclass(frozen=True, slots=True)
class Readings:
    """What was measured. Ages in seconds; `processes` by the age of their last sign of life, None without one."""

    backlogs: Mapping[str, float] = field(default_factory=dict)
    depths: Mapping[str, int] = field(default_factory=dict)
    connectors_live: int = 0
    connectors_sick: int = 0
    jobs: Mapping[str, float] = field(default_factory=dict)
    processes: Mapping[str, float | None] = field(default_factory=dict)
    longest_transaction: float = 0.0
    breakers_open: int = 0
    # The share of the volume of DATA_DIR that is free.
    disk_free: float = 1.0
    invariants_broken: int = 0
    # Their codes, as the last look of the job found them.
    broken: tuple[str, ...] = ()
    # Messages that reconciliation found at a channel and not here, last seven days.
    messages_missing: int = 0


@dataclass(frozen=True, slots=True)
class Alarm:
    """`rings` judges readings; `about` names what is concerned, in words of the machine, never a Client."""

    name: str
    rings: Callable[[Readings], bool]
    about: Callable[[Readings], str] = lambda _: ""


def _older(queue: str, most: float) -> Callable[[Readings], bool]:
    return lambda r: r.backlogs.get(queue, 0.0) > most


def _late(readings: Readings) -> list[str]:
    return sorted(job for job, ago in readings.jobs.items() if ago > JOB_MOST.get(job, JOB_MOST_ELSE).total_seconds())


def _silent(readings: Readings) -> list[str]:
    return sorted(name for name, ago in readings.processes.items() if ago is None or ago > SILENT_MOST)


def _sick(readings: Readings) -> bool:
    return readings.connectors_sick >= max(_SICK_LEAST, _SICK_SHARE * readings.connectors_live)


ALARMS: tuple[Alarm, ...] = (
    Alarm("backlog_old", _older("intake", BACKLOG_MOST)),
    Alarm("outbox_old", _older("outbox", _OUTBOX_MOST)),
    Alarm("requests_old", _older("connector_request", _OUTBOX_MOST)),
    Alarm("files_old", _older("attachment", _FILES_MOST)),
    Alarm("search_old", _older("search_pending", _SEARCH_MOST)),
    Alarm("dead_letters", lambda r: r.depths.get("dead_letter", 0) > 0),
    Alarm("connectors_sick", _sick),
    Alarm("breakers_open", lambda r: r.breakers_open > 0),
    Alarm("messages_missing", lambda r: r.messages_missing > 0),
    Alarm("process_silent", lambda r: bool(_silent(r)), lambda r: ", ".join(_silent(r))),
    Alarm("job_late", lambda r: bool(_late(r)), lambda r: ", ".join(_late(r))),
    Alarm("long_transaction", lambda r: r.longest_transaction > TRANSACTION_MOST),
    Alarm("disk_full", lambda r: r.disk_free < _FREE_LEAST),
    Alarm("invariants_broken", lambda r: r.invariants_broken > 0, lambda r: ", ".join(r.broken)),
)


def ringing(readings: Readings) -> tuple[Alarm, ...]:
    """The alarms that ring, in the order of the table."""
    return tuple(alarm for alarm in ALARMS if alarm.rings(readings))
