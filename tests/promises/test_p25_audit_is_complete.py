"""P25: every change of an audited table has its entry in the same transaction, and every entry its change.

Triggers of the test write down every changed row and every entry with their transaction. Everything that changes
something is driven once: all routes, all verbs; then services and jobs in processes that are killed.
"""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from konectus.services.installation import Installation
from konectus.services.work import Change
from konectus.store.cluster import Endpoint
from tests.promises import surface, trail
from tests.promises.driven import PEOPLE, Scene
from tests.promises.driven_account import ACCOUNT, OF_STAFF
from tests.promises.driven_staff import STAFFS
from tests.promises.driven_staff import WHY as TYPED
from tests.promises.driven_verbs import NO_CHANGE, VERBS, terminal
from tests.promises.driven_views import VIEWS
from tests.promises.figures import tell
from tests.promises.trail import Entry
from tests.support.clock import ManualClock
from tests.support.connections import Bench, bench, simulator, world
from tests.support.database import MASTER_HEX, Templates, installed
from tests.support.factories import Factory
from tests.support.processes import until

__all__ = ["bench", "simulator", "world"]
# Transactions that changed something before another process is killed.
ENOUGH = 15
ROUTES = {**PEOPLE, **ACCOUNT, **VIEWS, **{f"/admin{path}": driven for path, driven in {**STAFFS, **OF_STAFF}.items()}}
# The GETs that change something, by decision: a browser comes back from a channel's login.
GETS = {"/connect/{channel}/callback"}
# What nobody decides and no entry is written of: how far something has come, and when it was last looked at.
UNTOLD = {
    "tenant.connector": {"checked_at", "check_failure", "reconciled_until", "last_event_at"},
    "ledger.export_job": {"done", "total", "step", "touched_at", "attempts"},
    "ledger.staff": {"totp_last_step"},  # which code was used last: a sign-in
}
# Entries whose subject is not the row that changes: why.
READS = frozenset({
    "notice.resent",  # speaks of the notice that is sent again; what comes is another row
    "event.replayed",  # of a time too, which is no row
    "suspension.reviewed",  # a second person has looked: the task is closed, the Suspension is as it was
    "export.downloaded",  # a second download changes no more
    "client.evidence_taken",  # a reading: somebody of the staff took the bundle along
    "client.usage_shown",  # a reading, and the next three: somebody of the staff looked at exact figures
    "client.usage_taken",
    "figures.shown",
    "figures.taken",
    "authority_document.opened",  # a reading: somebody of Legal opened a sealed paper
    "client.details_wanted",  # what is asked for becomes a task of the staff
    "client.came_back",  # of what came back (contract, window, invoice) each row has an entry of its own
})  # fmt: skip
# The staff types no reason there: the entry has words of its own.
UNTYPED = {
    "/admin/login/link/{token}",
    "/admin/client/evidence/{pk}",
    "/admin/client/usage-show/{pk}",
    "/admin/client/usage-csv/{pk}",
    "/admin/usage-daily/show",
    "/admin/usage-daily/csv",
    *VIEWS,
}


@pytest.fixture
def scene(bench: Bench) -> Iterator[Scene]:
    found = Scene.of(bench)
    found.begin()
    yield found
    found.web.stop()


def test_every_route_and_every_verb_that_changes_something_is_driven(scene: Scene) -> None:
    posts = {path for method, path in surface.routes(scene.web.app) if method not in ("GET", "OPTIONS")}
    assert posts | GETS == set(ROUTES)
    assert surface.verbs() == set(VERBS) | set(NO_CHANGE)


def test_every_request_leaves_the_entries_of_its_changes_and_no_other(
    scene: Scene, superuser: Endpoint, tmp_path: Path
) -> None:
    with trail.watched(scene.installation, superuser) as conn:
        wrong: list[tuple[str, str]] = []
        for route, (wanted, drive) in ROUTES.items():
            scene.clock.advance(hours=2)  # tries and codes of the one before are forgotten
            act = drive(scene)
            before = trail.last(conn)
            answer = act()
            told = trail.entries(conn, before[1])
            wrong += [(route, what) for what in amiss(route, wanted, answer, told)]
        with terminal(scene, tmp_path) as at:
            for verb, (wanted, run) in VERBS.items():
                before = trail.last(conn)
                run(at)
                left = {one.action for one in trail.entries(conn, before[1])}
                wrong += [(verb, f"no {action}") for action in wanted - left]
        assert wrong == [], "\n".join(map(str, wrong))
        done, told = trail.changes(conn), trail.entries(conn)
        assert unspoken(done, told) == Counter()
        assert Counter(trail.groundless(done, told, READS)) == Counter()
        written = "\n".join(str(one.columns) for one in told)
        assert [secret for secret in scene.secrets if secret in written] == []
        assert len(scene.secrets) > 15
        tell("P25 requests", f"{len(ROUTES)} routes, {len(VERBS)} verbs, {len(told)} entries, {len(done)} rows")


def unspoken(done: list[trail.Change], told: list[Entry]) -> Counter[tuple[str, str]]:
    """Columns of audited tables that changed without an entry, apart from those of which none is written."""
    found = Counter[tuple[str, str]]()
    for what, columns in trail.unspoken(done, told):
        found.update((what, column) for column in columns - UNTOLD.get(what, set()))
    return found


def amiss(route: str, wanted: frozenset[str], answer: httpx.Response, told: list[Entry]) -> Iterator[str]:
    """Which entry is missing or too many, and what one lacks: who, from where, by which request, why."""
    if answer.status_code >= 400:
        yield f"answered {answer.status_code}: {answer.text[:2000]}"
    actions = {one.action for one in told}
    yield from (f"no {action}" for action in wanted - actions)
    yield from (f"unexpected {action}" for action in (actions if not wanted else ()))
    for one in told:
        parts: dict[str, Any] = {"actor_id": one.actor_id, "actor_name": one.actor_name}
        if one.actor_kind in ("staff", "agent"):
            parts |= {"ip": one.ip == "127.0.0.1", "request": one.request_id == answer.headers["x-request-id"]}
        if one.actor_kind == "staff":
            # What follows from a command has words of its own; the command has those that were typed.
            is_typed = one.action in wanted and route not in UNTYPED
            parts["reason"] = TYPED in (one.reason or "") if is_typed else one.reason
        yield from (f"{one.action} without {name}" for name, value in parts.items() if not value)


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


@pytest.mark.processes
@pytest.mark.timeout(400)
@pytest.mark.parametrize("lives", [1, pytest.param(5, marks=pytest.mark.load)])
def test_every_change_has_its_entry_though_the_processes_that_make_them_are_killed(
    templates: Templates, endpoint: Endpoint, superuser: Endpoint, tmp_path: Path, lives: int
) -> None:
    log = tmp_path / "acting.log"
    with (
        installed(templates, endpoint, ManualClock(), tmp_path) as installation,
        trail.watched(installation, superuser) as conn,
    ):
        for life in range(lives):
            with acting(given(installation), log, life) as processes:
                for process in processes:  # one goes on after the other was killed
                    before = number(conn, CHANGES)
                    until(partial(has_changed, conn, before + ENOUGH), seconds=100, what=log.read_text)
                    assert process.poll() is None, log.read_text()
                    process.kill()
        until(lambda: not number(conn, OTHERS), seconds=20, what="the killed ones' transactions are over")
        done, told = trail.changes(conn), trail.entries(conn)
        assert unspoken(done, told) == Counter()
        assert Counter(trail.groundless(done, told, READS)) == Counter()
        touched = {one.kind for one in done if one.what in trail.AUDITED}
        tell("P25 killed", f"{number(conn, CHANGES)} transactions, {len(touched)} audited tables, {len(told)} entries")

    assert {"client", "subscription", "invoice", "authorized_user", "connector"} <= touched
    assert len(touched) >= 8


def given(installation: Installation) -> dict[str, str]:
    """The environment in which a process opens the same installation."""
    settings = installation.settings
    assert settings.database_url is not None
    ours = {"DATA_DIR": str(settings.data_dir), "MASTER_KEY": MASTER_HEX}
    ours["DATABASE_URL"] = settings.database_url.get_secret_value()
    return os.environ | {f"KONECTUS_{name}": value for name, value in ours.items()}


def number(conn: trail.Connection, query: str) -> int:
    row = conn.execute(query.encode()).fetchone()
    return int(str(row[0])) if row else 0


def has_changed(conn: trail.Connection, most: int) -> bool:
    return number(conn, CHANGES) > most


CHANGES = f"select count(distinct transaction) from watching.change where what in ({str(sorted(trail.AUDITED))[1:-1]})"
OTHERS = (
    "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    " and xact_start is not null and backend_type = 'client backend'"
)


def test_change_without_an_entry_and_entry_without_a_change_are_seen(
    templates: Templates, endpoint: Endpoint, superuser: Endpoint, tmp_path: Path
) -> None:
    with (
        installed(templates, endpoint, ManualClock(), tmp_path) as installation,
        trail.watched(installation, superuser) as conn,
    ):
        client = Factory(installation).client()
        assert unspoken(trail.changes(conn), trail.entries(conn)) == Counter()
        conn.execute("update ledger.client set trade_name = 'Otro'")
        assert unspoken(trail.changes(conn), trail.entries(conn)) == {("ledger.client", "trade_name"): 1}
        trail.forget(conn)
        with installation.works.system() as work:
            work.record("client.edited", ("client", client.id), Change(client.id))
        assert trail.groundless(trail.changes(conn), trail.entries(conn), READS) == ["client.edited"]
