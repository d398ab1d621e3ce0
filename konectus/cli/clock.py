"""Moving the demo's clock. Forward only: what has happened stays in the past."""

from datetime import timedelta
from typing import Annotated

import typer

from konectus.cli import settings as cli_settings
from konectus.cli.console import say
from konectus.cli.database import write_closed
from konectus.clock import read_offset
from konectus.errors import Conflict, Invalid
from konectus.services.installation import open_clock

commands = typer.Typer(help="The demo's clock.", no_args_is_help=True)


class OnlyInDemo(Conflict):
    code = "only_in_demo"


class NotForward(Invalid):
    code = "clock_backwards"


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
    settings = cli_settings.load()
    if settings.environment != "demo":
        raise OnlyInDemo("only the clock of a demo can be moved; start one with konectus demo")
    step = timedelta(days=days, hours=hours, minutes=minutes)
    if step <= timedelta():
        raise NotForward("the clock only moves forward: give --days, --hours or --minutes above 0")
    path = settings.data_dir / "clock"
    write_closed(path, str((read_offset(path) + step).total_seconds()))
    say(f"it is now {open_clock(settings).now():%Y-%m-%d %H:%M:%S} UTC in the demo")
