"""P25: every change of an audited table has its entry in the same transaction, while processes are killed.

A trigger of the test writes down which transaction changed which table; another, which kinds of subject it spoke of.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg
import pytest

from konectus.services.installation import Installation
from konectus.store.cluster import Endpoint
from konectus.store.registry import ENTRIES
from tests.promises.figures import tell
from tests.support.clock import ManualClock
from tests.support.cluster import connect
from tests.support.database import MASTER_HEX, Templates, installed
from tests.support.factories import Factory
from tests.support.processes import until

# Transactions that changed something before a life ends by kill -9.
ENOUGH = 40
AUDITED = sorted(entry.name for entry in ENTRIES if entry.audited)
Connection = psycopg.Connection[tuple[object, ...]]

WATCH = """
create schema watching;
create table watching.change (what text not null, transaction xid8 not null);
create table watching.entry (what text not null, transaction xid8 not null);
create function watching.change() returns trigger language plpgsql security definer as $$
begin
  insert into watching.change values (tg_table_name, pg_current_xact_id());
  return null;
end $$;
create function watching.entry() returns trigger language plpgsql security definer as $$
begin
  insert into watching.entry values (new.subject_kind, pg_current_xact_id());
  return null;
end $$;
create trigger watching after insert on ledger.audit_entry for each row execute function watching.entry();
"""
UNSPOKEN = """
select distinct c.what, c.transaction::text from watching.change c
where not exists (select from watching.entry e where e.transaction = c.transaction and e.what = c.what)
"""


@contextmanager
def watched(installation: Installation, superuser: Endpoint) -> Iterator[Connection]:
    assert installation.settings.database_url is not None
    url = installation.settings.database_url.get_secret_value()
    with connect(superuser, url.rpartition("/")[2].partition("?")[0]) as conn:
        conn.execute(WATCH)
        for table in AUDITED:
            conn.execute(
                f"create trigger watching after insert or update or delete on {table}"
                " for each row execute function watching.change()".encode()
            )
        yield conn


def number(conn: Connection, query: str) -> int:
    row = conn.execute(query.encode()).fetchone()
    return int(str(row[0])) if row else 0


@contextmanager
def acting(environ: dict[str, str], told: Path, life: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two processes that change all kinds of rows until they are killed."""
    with told.open("ab") as output:
        command = [sys.executable, "-m", "tests.promises.acting"]
        processes = [
            subprocess.Popen([*command, f"{life} {n}", str(40 * life)], env=environ, stdout=output, stderr=output)
            for n in range(2)
        ]
        try:
            yield processes
        finally:
            for process in processes:
                process.kill()
                process.wait()
                time.sleep(0.05)


@pytest.mark.processes
@pytest.mark.timeout(240)
def test_every_change_has_its_entry_though_the_processes_that_make_them_are_killed(
    templates: Templates, endpoint: Endpoint, superuser: Endpoint, tmp_path: Path
) -> None:
    told = tmp_path / "acting.log"
    with (
        installed(templates, endpoint, ManualClock(), tmp_path) as installation,
        watched(installation, superuser) as conn,
    ):
        for life in range(2):
            before = number(conn, CHANGES)
            with acting(given(installation), told, life) as processes:
                until(partial(has_changed, conn, before + ENOUGH), seconds=100, what=lambda: told.read_text()[-3000:])
                assert [process.poll() for process in processes] == [None, None], told.read_text()
        until(lambda: not number(conn, OTHERS), seconds=20, what="the killed ones' transactions are over")
        assert conn.execute(UNSPOKEN.encode()).fetchall() == []
        touched = {str(row[0]) for row in conn.execute("select distinct what from watching.change").fetchall()}
        tell("P25", f"{number(conn, CHANGES)} transactions changed {len(touched)} tables, none without an entry")

    assert {"client", "subscription", "invoice", "authorized_user", "connector"} <= touched
    assert len(touched) >= 8


def given(installation: Installation) -> dict[str, str]:
    """The environment in which a process opens the same installation."""
    settings = installation.settings
    assert settings.database_url is not None
    ours = {"DATA_DIR": str(settings.data_dir), "MASTER_KEY": MASTER_HEX}
    ours["DATABASE_URL"] = settings.database_url.get_secret_value()
    return os.environ | {f"KONECTUS_{name}": value for name, value in ours.items()}


def has_changed(conn: Connection, most: int) -> bool:
    return number(conn, CHANGES) > most


CHANGES = "select count(distinct transaction) from watching.change"
OTHERS = (
    "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    " and xact_start is not null and backend_type = 'client backend'"
)


def test_change_without_an_entry_is_seen(
    templates: Templates, endpoint: Endpoint, superuser: Endpoint, tmp_path: Path
) -> None:
    with (
        installed(templates, endpoint, ManualClock(), tmp_path) as installation,
        watched(installation, superuser) as conn,
    ):
        Factory(installation).client()
        assert conn.execute(UNSPOKEN.encode()).fetchall() == []
        conn.execute("update ledger.client set trade_name = 'Otro'")
        assert [row[0] for row in conn.execute(UNSPOKEN.encode()).fetchall()] == ["client"]
