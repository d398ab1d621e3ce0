"""Names of the counters and what a process has counted since it started. Where they are shown is the callers'.

Never a label per Client (decisions.md, "Metrics").
"""

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

INTAKE_EVENTS: Final = "konectus_intake_events_total"
BACKLOG_DEPTH: Final = "konectus_backlog_depth"
BACKLOG_OLDEST: Final = "konectus_backlog_oldest_seconds"
SENDS: Final = "konectus_sends_total"
CONNECTORS: Final = "konectus_connectors"
JOB_LAST_SUCCESS: Final = "konectus_job_last_success_seconds"
INVARIANTS_BROKEN: Final = "konectus_invariants_broken"
REQUEST_SECONDS: Final = "konectus_request_seconds"
BREAKERS_OPEN: Final = "konectus_breakers_open"
ALARM: Final = "konectus_alarm"
LONGEST_TRANSACTION: Final = "konectus_longest_transaction_seconds"

COUNTER, GAUGE, SUMMARY = "counter", "gauge", "summary"


@dataclass(frozen=True)
class Meter:
    """What a name means: its kind, its labels in order, and the line of help that Prometheus shows."""

    kind: str
    labels: tuple[str, ...]
    help: str


METERS: Final[Mapping[str, Meter]] = {
    INTAKE_EVENTS: Meter(COUNTER, ("channel", "outcome"), "Webhook bodies and items by what became of them"),
    BACKLOG_DEPTH: Meter(GAUGE, ("queue",), "Waiting entries of a queue"),
    BACKLOG_OLDEST: Meter(GAUGE, ("queue",), "Age of the oldest waiting entry of a queue"),
    SENDS: Meter(COUNTER, ("channel", "outcome"), "Parts of replies by what became of them"),
    CONNECTORS: Meter(GAUGE, ("channel", "state"), "Connectors by state"),
    JOB_LAST_SUCCESS: Meter(GAUGE, ("job",), "Seconds since a job last ended well"),
    INVARIANTS_BROKEN: Meter(GAUGE, (), "Invariants that do not hold"),
    REQUEST_SECONDS: Meter(SUMMARY, (), "Time that requests took"),
    BREAKERS_OPEN: Meter(GAUGE, ("channel",), "Connectors whose calls rest after too many failures"),
    LONGEST_TRANSACTION: Meter(GAUGE, (), "Age of the oldest open transaction"),
    ALARM: Meter(GAUGE, ("name",), "1 while an alarm rings; docs/operate/alarms.md says what to do"),
}


@dataclass
class Counters:
    """Counts of one process. Threads may add at the same time."""

    _values: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, name: str, *labels: str, by: float = 1) -> None:
        """Count. `labels` are the values of the meter's labels, in order."""
        key = series(name, *labels)
        with self._lock:
            self._values[key] = self._values.get(key, 0) + by

    def put(self, name: str, *labels: str, value: float) -> None:
        """Say how much of something there is in this process now."""
        with self._lock:
            self._values[series(name, *labels)] = value

    def observe(self, name: str, seconds: float) -> None:
        """Add one duration to a summary."""
        with self._lock:
            for key, by in ((f"{name}_count", 1.0), (f"{name}_sum", seconds)):
                self._values[key] = self._values.get(key, 0) + by

    def snapshot(self) -> dict[str, float]:
        """Values by series, as a heartbeat row keeps them and `exposition` shows them."""
        with self._lock:
            return dict(self._values)


@lru_cache(maxsize=1024)
def series(name: str, *labels: str) -> str:
    """`name{label="value"}` as Prometheus spells it. Raises KeyError or ValueError for what METERS does not have."""
    pairs = zip(METERS[name].labels, labels, strict=True)
    inside = ",".join(f'{label}="{_escaped(value)}"' for label, value in pairs)
    return f"{name}{{{inside}}}" if inside else name


def name_of(key: str) -> str:
    """The meter of a series."""
    return key.partition("{")[0]


def total(snapshots: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The sum over processes, series by series."""
    summed: dict[str, float] = {}
    for snapshot in snapshots:
        for key, value in snapshot.items():
            summed[key] = summed.get(key, 0) + value
    return summed


def exposition(values: Mapping[str, float]) -> str:
    """The Prometheus text of these values, meters in the order of METERS."""
    return "".join(line + "\n" for name in METERS for line in _of_meter(name, values))


def _of_meter(name: str, values: Mapping[str, float]) -> Iterator[str]:
    known = {name, f"{name}_count", f"{name}_sum"}
    mine = sorted(key for key in values if name_of(key) in known)
    if not mine:
        return
    yield f"# HELP {name} {METERS[name].help}"
    yield f"# TYPE {name} {METERS[name].kind}"
    yield from (f"{key} {values[key]:g}" for key in mine)


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
