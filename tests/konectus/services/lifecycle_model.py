"""The Terms once more, in plain Python and with nothing of the product: what access and deadlines must be.

Mexico City is six hours behind UTC on every day that these tests know. Facts of what was told come from the rows; what
they lead to is worked out here, and the product is held against it.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

BEHIND = timedelta(hours=6)
DAY = timedelta(days=1)
NOTICE_DAYS, WINDOW_DAYS, REST = 2, 30, timedelta(hours=24)
OPENS = time(9, 30)
# cause -> (sign in, inbox, export, renewal) blocked; every cause blocks inbox, sends and ingest alike.
BLOCKS = {
    "nonpayment": (False, True, False, True),
    "trial_expired": (False, True, False, True),
    "aup": (False, True, False, True),
    "legal_order": (True, True, True, True),
    "security": (True, True, True, False),
}


def day_of(instant: datetime) -> date:
    return (instant.astimezone(UTC) - BEHIND).date()


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC) + BEHIND


def after(anchor: datetime, full_days: int) -> datetime:
    """The day of the anchor does not count; the first instant after so many whole ones."""
    return midnight(day_of(anchor) + DAY * (full_days + 1))


def may_suspend_at(now: datetime) -> bool:
    return (now.astimezone(UTC) - BEHIND).time() >= OPENS


@dataclass
class Invoice:
    total: int
    due_at: datetime
    owed_since: datetime
    paid_by: dict[int, int] = field(default_factory=dict)

    @property
    def balance(self) -> int:
        return self.total - sum(self.paid_by.values())


@dataclass
class Told:
    """A notice as it left, and what the mail system has said of it so far."""

    queued_at: datetime
    listed: frozenset[str]
    delivered_at: datetime | None = None
    bounced_at: datetime | None = None
    sent_at: datetime | None = None


@dataclass
class Window:
    source: str
    closes_at: datetime
    paused_at: datetime | None = None
    end: str | None = None


@dataclass
class Model:
    """One Client as the Terms have it."""

    trial_ends_at: datetime | None = None
    chosen: bool = False
    invoices: dict[str, Invoice] = field(default_factory=dict)
    payments: list[int] = field(default_factory=list)
    told: dict[str, Told] = field(default_factory=dict)
    causes: set[str] = field(default_factory=set)
    windows: list[Window] = field(default_factory=list)
    deferred_until: datetime | None = None
    ends_at: datetime | None = None
    is_ended: bool = False
    is_deleting: bool = False
    holds: int = 0
    connected: int = 0

    # Money.

    def settle(self) -> None:
        """The oldest due is paid first, from the oldest payment."""
        for invoice in sorted(self.invoices.values(), key=lambda one: one.due_at):
            for number, cents in enumerate(self.payments):
                left = cents - sum(one.paid_by.get(number, 0) for one in self.invoices.values())
                part = min(left, invoice.balance)
                if part > 0:
                    invoice.paid_by[number] = invoice.paid_by.get(number, 0) + part

    def issued(self, name: str, total: int, due_at: datetime) -> None:
        self.invoices[name] = Invoice(total, due_at, due_at)
        self.settle()

    def paid(self, cents: int, now: datetime) -> None:
        self.payments.append(cents)
        self.settle()
        self.lift_paid(now)

    def reversed(self, number: int, now: datetime) -> None:
        """What it had paid whole is owed anew, from now on."""
        for invoice in self.invoices.values():
            was_paid = invoice.balance == 0
            if invoice.paid_by.pop(number, 0) and was_paid:
                invoice.owed_since = now
        self.payments[number] = 0
        self.settle()

    @property
    def owed(self) -> int:
        return sum(one.balance for one in self.invoices.values())

    # Terms 15.1 (a).

    def deadline(self, name: str) -> datetime | None:
        """The first instant at which an invoice may suspend."""
        invoice, found = self.invoices[name], list[datetime]()
        for told in self.told.values():
            if name not in told.listed or told.delivered_at is None or told.queued_at < invoice.owed_since:
                continue
            end = after(max(told.delivered_at, invoice.owed_since), NOTICE_DAYS)
            if told.bounced_at is None or told.bounced_at >= end:
                found.append(end)
        return max(min(found), self.deferred_until or min(found)) if found else None

    def has_elapsed(self, now: datetime) -> bool:
        ends = [self.deadline(name) for name, one in self.invoices.items() if one.balance > 0]
        return any(end is not None and end <= now for end in ends)

    def lift_paid(self, now: datetime) -> None:
        if "nonpayment" in self.causes and not self.is_deleting and not self.has_elapsed(now):
            self.close("nonpayment", now)

    # Causes, windows.

    def open(self, cause: str, now: datetime) -> None:
        self.causes.add(cause)
        self.connected = 0
        if self.blocks(2):
            for window in self.running:
                window.paused_at = window.paused_at or now
        if cause in ("nonpayment", "trial_expired"):
            self.begin_window(cause, now)

    def close(self, cause: str, now: datetime) -> None:
        self.causes.discard(cause)
        for window in self.running:
            if window.source == cause:
                window.end = "over"
        if not self.blocks(2):
            for window in self.running:
                if window.paused_at is not None:
                    later = window.closes_at + (now - window.paused_at)
                    whole = midnight(day_of(later))
                    window.closes_at, window.paused_at = whole if whole == later else whole + DAY, None

    def begin_window(self, source: str, now: datetime) -> None:
        self.windows.append(Window(source, after(now, WINDOW_DAYS), now if self.blocks(2) else None))

    @property
    def running(self) -> list[Window]:
        return [window for window in self.windows if window.end is None]

    def blocks(self, what: int) -> bool:
        return any(BLOCKS[cause][what] for cause in self.causes)

    @property
    def is_open(self) -> bool:
        return not (self.causes or self.is_ended or self.is_deleting)

    def access(self) -> dict[str, bool]:
        is_shut = self.is_ended or self.is_deleting
        inbox = self.blocks(1) or is_shut
        shut = {"login": self.blocks(0) or self.is_deleting, "export": self.blocks(2) or self.is_deleting}
        return shut | {"inbox": inbox, "send": inbox, "ingest": inbox}

    # Time.

    def pass_to(self, now: datetime) -> None:
        """What the jobs must do at an instant, in the order of the timetable."""
        self.pass_trial(now)
        is_free = not (self.is_ended or self.is_deleting or "nonpayment" in self.causes)
        if is_free and may_suspend_at(now) and self.has_elapsed(now):
            self.open("nonpayment", now)
        self.lift_paid(now)
        for window in self.running:
            if window.paused_at is None and window.closes_at <= now:
                window.end = "elapsed"
        if self.ends_at is not None and self.ends_at <= now and not self.is_ended:
            self.is_ended, self.connected = True, 0
            if not self.is_deleting:
                self.begin_window("termination", now)

    def pass_trial(self, now: datetime) -> None:
        """A trial that is over is a contract where one was chosen and nothing stands against it, else a cause."""
        if self.trial_ends_at is None or self.trial_ends_at > now or self.is_ended or self.is_deleting:
            return
        if not self.chosen:
            if "trial_expired" not in self.causes:
                self.open("trial_expired", now)
        elif not any(BLOCKS[cause][3] for cause in self.causes - {"trial_expired"}):
            self.trial_ends_at = None
            self.close("trial_expired", now)

    def returned(self, now: datetime) -> None:
        """The contract is back; what was owed still is."""
        self.is_ended, self.ends_at, self.trial_ends_at = False, None, None
        for window in self.running:
            if window.source == "termination":
                window.end = "over"
        if "trial_expired" in self.causes:
            self.close("trial_expired", now)

    def may_delete(self) -> bool:
        """Whether anybody may begin a deletion: a window has passed whole, none runs, nothing holds it, no access."""
        grounds = {*self.causes, "termination"} if self.is_ended else set(self.causes)
        has_elapsed = any(one.end == "elapsed" and one.source in grounds for one in self.windows)
        return has_elapsed and not self.running and not self.holds and not self.is_open

    def differences(self, facts: dict[str, Any]) -> list[str]:
        """Where the rows say something else."""
        open_windows = sorted((one.source, one.closes_at.timestamp()) for one in self.running)
        expected = {
            "causes": sorted(self.causes),
            "blocked": self.access(),
            "owed": self.owed,
            "connected": self.connected,
            "windows": [list(one) for one in open_windows],
            "elapsed": sum(one.end == "elapsed" for one in self.windows),
            "told": {name: told.delivered_at and told.delivered_at.timestamp() for name, told in self.told.items()},
        }
        found = [(name, value, facts[name]) for name, value in expected.items() if value != facts[name]]
        return [f"{name}: {value} expected, {fact} found" for name, value, fact in found]
