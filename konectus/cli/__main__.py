"""The command's entry: its verbs, and every expected error in one line. Exit codes: 0 done, 1 failed, 2 wrong usage."""

from konectus import loading  # before all others

# isort: split
import signal
import sys
from collections.abc import Callable

import typer
from sqlalchemy.exc import DBAPIError

from konectus.cli import archives, clients, clock, connectors, database, demo, events, programs, releases, up
from konectus.cli.bench import command as bench
from konectus.cli.console import tell
from konectus.cli.seed import command as seed
from konectus.errors import KonectusError

_FORWARDED = {"allow_extra_args": True, "ignore_unknown_options": True}


def commands() -> typer.Typer:
    """All verbs of contract.md that exist."""
    app = typer.Typer(
        name="konectus",
        help="The Konectus back office.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    verbs: tuple[Callable[..., None], ...] = (
        *(demo.demo, up.up, programs.web, programs.worker, programs.sender, programs.scheduler),
        *(database.migrate, seed.seed, database.sql, bench.bench),
    )
    for verb in verbs:
        app.command()(verb)
    app.command(context_settings=_FORWARDED)(releases.release)
    app.add_typer(archives.clients, name="client")
    app.add_typer(clients.users, name="user")
    app.add_typer(connectors.commands, name="connector")
    app.add_typer(events.commands, name="events")
    app.add_typer(clock.commands, name="clock")
    return app


def main() -> None:
    """Run a verb; the console script and `python -m konectus.cli` call this."""
    loading.over()
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(1))  # what was started for the verb is cleared away
    try:
        commands()()
    except KonectusError as error:
        # Errors of the services may carry their code alone; pages have the words for it, a terminal has not.
        tell(str(error) if str(error) != error.code else error.code.replace("_", " "))
    except DBAPIError as error:
        tell(f"the database refused: {_first_line(error.orig)}; check KONECTUS_DATABASE_URL and the server")
    except BrokenPipeError:  # the reader of our output went away
        sys.stderr.close()
    sys.exit(1)


def _first_line(error: BaseException | None) -> str:
    return (str(error).strip().splitlines() or ["no message"])[0]


if __name__ == "__main__":
    main()
