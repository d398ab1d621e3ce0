"""The database behind a command: somebody's server, the one that runs, or the embedded one for as long as it takes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from sqlalchemy import URL, make_url

from konectus.cli import settings as cli_settings
from konectus.cli.console import say, table
from konectus.errors import Invalid
from konectus.services import documents, jobs, restoring
from konectus.services.installation import (
    ADDRESS_FILE,
    Installation,
    database_address,
    open_installation,
    open_master_key,
)
from konectus.settings import Settings
from konectus.store.migrations import migrate as upgrade
from konectus.store.roles import Role

OPERATOR_FILE = "ops.url"


class BadQuery(Invalid):
    """The server refused the statement."""

    code = "bad_query"


@contextmanager
def opened() -> Iterator[Installation]:
    """The installation of this environment, ready. Where nothing runs, the embedded server runs meanwhile."""
    settings = cli_settings.load()
    with serving(settings), closing(settings) as installation:
        installation.require_ready()
        yield installation


@contextmanager
def closing(settings: Settings) -> Iterator[Installation]:
    installation = open_installation(settings)
    try:
        yield installation
    finally:
        installation.close()


@contextmanager
def serving(settings: Settings) -> Iterator[URL]:
    """The owner's address of a server that answers, for the length of the block."""
    if settings.database_url is not None:
        yield database_address(settings)
        return
    from konectus.store.cluster import Endpoint, running  # noqa: PLC0415  # late: with a server of your own, no part

    found = Endpoint.discover(settings.data_dir)
    if found is not None:
        yield make_url(found.url("konectus"))
        return
    with running(settings.data_dir) as endpoint:
        owner = make_url(endpoint.url("konectus"))
        with addressed(settings.data_dir, owner):
            yield owner


@contextmanager
def addressed(data_dir: Path, owner: URL) -> Iterator[None]:
    """DATA_DIR/database.url as long as the embedded server runs: where it listens, without login or password."""
    path = data_dir / ADDRESS_FILE
    write_closed(path, owner.set(username=None, password=None).render_as_string(hide_password=False))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def prepare(settings: Settings, owner: URL) -> None:
    """Bring the schema to this release, make the days of the log, and write the operator's address."""
    upgrade(owner, open_master_key(settings))
    with closing(settings) as installation:
        jobs.keep_partitions(installation)
        restoring.purge_destroyed(installation)
        with installation.works.system() as work:
            documents.publish_terms(work)
        operator = make_url(installation.database.conninfo(Role.OPERATOR))
    write_closed(settings.data_dir / OPERATOR_FILE, operator.render_as_string(hide_password=False))


def write_closed(path: Path, text: str) -> None:
    """Write a file that its owner alone may read."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    draft.replace(path)


def migrate() -> None:
    """Bring both databases to this release; run it before the new processes start."""
    settings = cli_settings.load()
    with serving(settings) as owner:
        prepare(settings, owner)
    say("the database is at this release")


def sql(
    query: Annotated[str, typer.Argument(help='e.g. "select * from ops.backlog"')],
    *,
    most: Annotated[int, typer.Option("--limit", min=1, help="rows to print at most")] = 1000,
) -> None:
    """Read the ops views (read-only, role operator, no Client Content)."""
    with opened() as installation:
        address = installation.database.conninfo(Role.OPERATOR)
        try:
            with psycopg.connect(address) as conn, conn.cursor() as cursor:
                cursor.execute(query.encode())
                head = [column.name for column in cursor.description or ()]
                table(head, cursor.fetchmany(most) if head else [])
        except psycopg.Error as error:
            raise BadQuery(str(error).strip().splitlines()[0]) from None
