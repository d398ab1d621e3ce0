"""Moving the demo's clock, at once or day by day. Forward only: what has happened stays in the past."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Annotated
from uuid import UUID

import typer

from konectus.cli import settings as cli_settings
from konectus.cli.console import say
from konectus.cli.database import opened, write_closed
from konectus.cli.seed.house import SEEDER
from konectus.clock import monotonic, read_offset
from konectus.domain.deadlines import local_day
from konectus.domain.money import CURRENCY, PaymentMethod, PaymentStatus
from konectus.errors import Conflict, Invalid, Unavailable
from konectus.services import payments
from konectus.services.installation import Installation, open_clock
from konectus.settings import Settings
from konectus.store.queries import happenings
from konectus.store.roles import Role

commands = typer.Typer(help="The demo's clock.", no_args_is_help=True)

# One step of the demo's life is at least a real second, which is how often processes read the clock, and at most a
# day, so that every daily job has its turn.
_STEP_SECONDS, _LONGEST_STEP = 1.0, timedelta(days=1)
_FARTHEST = timedelta(days=3_653)
# Jobs whose look ends a step: what is due by then has been seen to.
_LOOKS = ("renew", "notify_due", "lift_paid", "terminate_effective", "close_windows", "suspend_nonpayment")
_PATIENCE = 60.0
# How many of a hundred invoices are paid on the day they are due, and after the notice; the others are not.
_PROMPT, _AFTER_NOTICE = 80, 93
_MOST = 2_000


class OnlyInDemo(Conflict):
    code = "only_in_demo"


class NotForward(Invalid):
    code = "clock_backwards"


class NobodyLooks(Unavailable):
    """The scheduler did not see to what became due."""

    code = "nobody_looks"


@commands.callback()
def _group() -> None:
    """The demo's clock."""


@commands.command()
def advance(
    days: Annotated[float, typer.Option(help="days to add")] = 0,
    hours: Annotated[float, typer.Option(help="hours to add")] = 0,
    minutes: Annotated[float, typer.Option(help="minutes to add")] = 0,
) -> None:
    """Move the demo's clock forward; every process follows within a second."""
    settings = _demo()
    _move(settings, _step(days, hours, minutes))
    say(f"it is now {open_clock(settings).now():%Y-%m-%d %H:%M:%S} UTC in the demo")


@commands.command()
def live(
    days: Annotated[int, typer.Option(min=1, max=400, help="days to live through")] = 30,
    within: Annotated[str, typer.Option("--in", help="real time it should take, such as 60s or 2m")] = "60s",
    pay: Annotated[bool, typer.Option("--pay/--no-pay", help="let most Clients pay what is due")] = True,
) -> None:
    """Live through days of the demo with all that happens in them; takes longer where the jobs need longer."""
    settings = _demo()
    step = min(timedelta(days=days) * (_STEP_SECONDS / _seconds(within)), _LONGEST_STEP)
    with opened() as installation:
        life = Life(settings, installation, pays=pay)
        end = installation.clock.now() + timedelta(days=days)
        while (left := end - installation.clock.now()) > timedelta(seconds=_STEP_SECONDS):
            life.step(min(step, left))
        life.tell_rest()
    say(f"it is now {open_clock(settings).now():%Y-%m-%d %H:%M:%S} UTC in the demo")


@dataclass
class Life:
    """Steps of a demo's time, each seen to by the jobs before the next; tells what each legal day brought."""

    settings: Settings
    installation: Installation
    pays: bool = True
    say: Callable[[str], None] = say
    _told_until: datetime | None = None

    def step(self, forward: timedelta) -> None:
        """Raises NobodyLooks where no scheduler does what became due."""
        before = self.installation.clock.now()
        if self._told_until is None:
            self._told_until = before
        _move(self.settings, forward)
        self._await(lambda: self.installation.clock.now() >= before + forward)
        if self.pays:
            pay_what_is_due(self.installation)
        landed = self.installation.clock.now()
        self._await(lambda: self._is_seen_to(landed - timedelta(hours=1)) or forward < timedelta(hours=1))
        if local_day(landed) != local_day(before):
            self.tell(landed)

    def tell(self, until: datetime) -> None:
        """One line about what happened since the last one, under the day in which most of that time lies."""
        since, self._told_until = self._told_until or until, until
        with self.installation.database.session(Role.WORKER) as session:
            found = happenings.counted(session, since, until)
        self.say(f"{local_day(since + (until - since) / 2):%Y-%m-%d}  {line(found)}")

    def tell_rest(self) -> None:
        """What no line has told of yet, if there is any."""
        now = self.installation.clock.now()
        if self._told_until is not None and now - self._told_until > timedelta(seconds=_STEP_SECONDS):
            self.tell(now)

    def _is_seen_to(self, since: datetime) -> bool:
        with self.installation.database.session(Role.WORKER) as session:
            return happenings.looked_since(session, _LOOKS, since)

    def _await(self, holds: Callable[[], bool]) -> None:
        deadline = monotonic() + _PATIENCE
        while not holds():
            if monotonic() > deadline:
                raise NobodyLooks("the scheduler has not seen to what became due: is the demo running?")
            time.sleep(0.1)


def line(found: Mapping[str, int]) -> str:
    """What happened, most frequent first."""
    ordered = sorted(found.items(), key=lambda one: (-one[1], one[0]))
    return ", ".join(f"{action} {number}" for action, number in ordered) or "nothing"


def pay_what_is_due(installation: Installation) -> int:
    """Let Clients pay as invented Clients do: most at once, some after the notice, a few never; how many paid."""
    with installation.database.session(Role.WORKER) as session:
        due = happenings.due_invoices(session, installation.clock.now(), _MOST)
    paid = 0
    for client_id, number, cents, since in due:
        luck = Random(number).randrange(100)  # noqa: S311 - invented data, the same for the same invoice
        patience = timedelta() if luck < _PROMPT else timedelta(hours=30)
        if luck >= _AFTER_NOTICE or installation.clock.now() < since + patience:
            continue
        with installation.works.system(SEEDER) as work:
            payments.record(work, payment(UUID(client_id), number, cents, work.now))
        paid += 1
    return paid


def payment(client_id: UUID, number: str, cents: int, at: datetime) -> payments.NewPayment:
    """A transfer that names an invoice."""
    return payments.NewPayment(
        client_id=client_id,
        method=PaymentMethod.SPEI,
        provider=payments.BY_HAND,
        provider_ref=f"SPEI {number}",
        amount_cents=cents,
        currency=CURRENCY,
        paid_at=at,
        status=PaymentStatus.SUCCEEDED,
    )


def _demo() -> Settings:
    settings = cli_settings.load()
    if settings.environment != "demo":
        raise OnlyInDemo("only the clock of a demo can be moved; start one with konectus demo")
    return settings


def _step(days: float, hours: float, minutes: float) -> timedelta:
    """Raises NotForward, also for what is no number."""
    found = days * 86_400 + hours * 3_600 + minutes * 60
    if not 0 < found <= _FARTHEST.total_seconds():
        raise NotForward("the clock only moves forward: give --days, --hours or --minutes above 0, ten years at most")
    return timedelta(seconds=found)


def _move(settings: Settings, step: timedelta) -> None:
    """Raises NotForward: no way leads back, and past the year 9999 no process could tell the time."""
    path = settings.data_dir / "clock"
    offset = read_offset(path) + step
    if offset > 10 * _FARTHEST:
        raise NotForward("the demo is a hundred years ahead already: begin another one in an empty data folder")
    write_closed(path, str(offset.total_seconds()))


def _seconds(words: str) -> float:
    """Of `60s`, `2m` or `90`. Raises Invalid."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|)", words.strip())
    seconds = float(found[1]) * (60 if found[2] == "m" else 1) if found else 0.0
    if seconds < 1:
        raise Invalid("--in takes a time of at least a second, such as 60s or 2m")
    return seconds
