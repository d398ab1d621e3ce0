"""`konectus seed`: an installation with invented Clients."""

from datetime import timedelta
from typing import Annotated

import typer

from konectus.cli.console import say
from konectus.cli.database import opened
from konectus.cli.seed.house import CLIENTS, HISTORY_DAYS, SEED
from konectus.domain.deadlines import local_day


def seed(
    clients: Annotated[int, typer.Option(min=1, max=20_000, help="how many Clients")] = CLIENTS,
    history_days: Annotated[int, typer.Option(min=1, max=1500, help="days of daily figures")] = HISTORY_DAYS,
    seed: Annotated[int, typer.Option(help="the same number makes the same Clients")] = SEED,
) -> None:
    """Fill an empty installation with invented Clients; in a demo also with conversations through the doors."""
    from konectus.cli.seed import accounts, stages  # noqa: PLC0415  # late: numpy and httpx cost every command time

    with opened() as installation:
        today = local_day(installation.clock.now())
        first_day = (today - timedelta(days=history_days)).replace(day=1)
        made = stages.fill(installation, accounts.Wanted(clients, seed, first_day, today))
    say("seeded" if made else "seeded before; nothing to do")
