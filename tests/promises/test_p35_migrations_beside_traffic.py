"""P35: this release's revisions take no dangerous lock, and going down and up again under traffic loses nothing.

What runs beside the migrations are this release's processes: on the schema before they wait where they need what is
not there, and nothing is lost by that. Programs of the release before are not at hand here.
"""

import io
import itertools
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, create_engine, create_mock_engine, make_url

from konectus.services.installation import Installation
from konectus.store import migrations
from konectus.store.cluster import Endpoint
from konectus.store.roles import Role
from tests.promises.intake import PAGE, drained, message, signature, stored
from tests.support.factories import Factory
from tests.support.processes import MASTER_HEX, Site, until

# Of the development dependencies, beside this Python.
SQUAWK = Path(sys.executable).with_name("squawk")
BEFORE = "20261122_indexes"
ACCEPTED = {
    ("prefer-bigint-over-int", "INTEGER"): "counts of days, attempts, positions and versions: never near 2^31",
    ("prefer-text-field", "VARCHAR(3)"): "a currency has three letters for good, and the table is new",
    ("adding-foreign-key-constraint", "ledger.suspension"): "its columns came a statement before and are null: nothing"
    " is looked up, and the few rows of suspensions are read in a moment",
    ("constraint-missing-not-valid", "ledger.suspension"): "the few rows of suspensions are read in a moment",
    ("constraint-missing-not-valid", "ck_authorized_user_relation"): "validated over a column that came a statement"
    " before and is null: one read of the people, no write waits longer than the lock timeout",
    ("ban-drop-constraint", "ck_suspension_nonpayment_needs_notice"): "replaced by a wider one in the same transaction",
    ("ban-drop-constraint", "ck_staff_task_kind"): "replaced by one with more kinds in the same transaction",
    ("ban-drop-constraint", "ck_refund_days"): "replaced by a wider one in the same transaction",
    ("ban-drop-not-null", "ledger.refund"): "refunds of what is left of a payment have no invoice; the release before"
    " writes and decides none of them",
    ("prefer-robust-stmts", "validate constraint"): "validating what is valid already does nothing",
    ("ban-drop-view", "ops.client_access"): "made again in the same transaction with more columns",
}  # fmt: skip


def offline(revisions: str) -> str:
    """The SQL of revisions as `alembic upgrade --sql` prints it, under the timeouts that the driver sets."""
    printed = io.StringIO()
    nowhere: Any = create_mock_engine("postgresql+psycopg://", lambda *_: None)
    config = migrations.config(migrations.MAIN, nowhere)
    config.output_buffer = printed
    command.upgrade(config, revisions, sql=True)
    timeouts = re.findall(r"-c (\w+)=(\S+)", migrations._TIMEOUTS)
    assert {name for name, _ in timeouts} == {"lock_timeout", "statement_timeout"}
    return "".join(f"set {name} = '{value}';\n" for name, value in timeouts) + printed.getvalue()


def complaints(sql: str, folder: Path) -> list[tuple[str, str]]:
    """Rule and the words it is about, of everything squawk finds."""
    path = folder / "upgrade.sql"
    path.write_text(sql, encoding="utf-8")
    found = subprocess.run(
        [str(SQUAWK), "--pg-version=16", "--reporter=json", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = sql.splitlines()
    return [(one["rule_name"], "\n".join(lines[one["line"] : one["line_end"] + 1])) for one in json.loads(found.stdout)]


def test_linter_finds_nothing_that_is_not_accepted_with_a_reason(tmp_path: Path) -> None:
    found = complaints(offline(f"{BEFORE}:head"), tmp_path)
    unknown = [one for one in found if not any(rule == one[0] and words in one[1] for rule, words in ACCEPTED)]
    assert unknown == []
    stale = [key for key in ACCEPTED if not any(key[0] == rule and key[1] in words for rule, words in found)]
    assert stale == []


@pytest.mark.parametrize(
    ("planted", "rule"),
    [
        ("alter table ledger.invoice alter column total_cents type numeric;", "changing-column-type"),
        ("create index on tenant.message (received_at);", "require-concurrent-index-creation"),
        ("alter table ledger.client add column x text not null;", "adding-required-field"),
        ("alter table ledger.client add constraint x check (kind <> '');", "constraint-missing-not-valid"),
    ],
)
def test_dangerous_revision_is_found(tmp_path: Path, planted: str, rule: str) -> None:
    found = complaints(f"set lock_timeout = '2s'; set statement_timeout = '1s';\n{planted}\n", tmp_path)
    assert rule in {name for name, _ in found}
    assert not any((name, words) in ACCEPTED for name, words in found)


@dataclass
class Channel:
    """Delivers one message after another and each again until it is acknowledged, as a channel does."""

    site: Site
    acknowledged: list[str] = field(default_factory=list)
    again: int = 0
    _over: threading.Event = field(default_factory=threading.Event)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def run(self) -> None:
        with httpx.Client(timeout=8) as http:
            while not self._over.is_set():
                self._deliver(http, f"m_{next(self._numbers):06d}")
                time.sleep(0.005)

    def _deliver(self, http: httpx.Client, mid: str) -> None:
        body = message(mid, person="7001", at=1_790_000_000_000)
        headers = {"X-Hub-Signature-256": signature(body)}
        for _ in range(2_000):
            try:
                if http.post(f"{self.site.url}/webhooks/meta/demo", content=body, headers=headers).is_success:
                    self.acknowledged.append(mid)
                    return
            except httpx.HTTPError:
                pass
            self.again += 1
            time.sleep(0.01)

    def stop(self) -> None:
        self._over.set()


@pytest.mark.processes
@pytest.mark.timeout(150)
def test_traffic_while_the_schema_goes_down_and_up_again_loses_nothing(site: Site) -> None:
    site.start()
    endpoint = Endpoint.discover(site.data_dir)
    assert endpoint is not None
    owner = make_url(endpoint.url("konectus"))
    with site.installation() as installation:
        make = Factory(installation)
        client_id = make.client().id
        make.connector(client_id, account_id=PAGE)
        channel = Channel(site)
        thread = threading.Thread(target=channel.run)
        thread.start()
        try:
            until(lambda: len(channel.acknowledged) > 20, seconds=30, what="traffic flows")
            for _ in range(2):
                before = len(channel.acknowledged)
                down(owner, BEFORE)
                migrations.migrate(owner, bytes.fromhex(MASTER_HEX))
                until(lambda seen=before: len(channel.acknowledged) > seen + 20, seconds=30, what="traffic flows on")  # type: ignore[misc]  # mypy infers no lambda with a default
        finally:
            channel.stop()
            thread.join()
        until(lambda: drained(installation), seconds=60, what=lambda: f"the backlog is empty\n{site.log('up.log')}")
        kept = set(stored(installation, client_id))
        lost = [mid for mid in channel.acknowledged if mid not in kept]
        assert lost == [], f"{aside(installation)}\n{site.log('up.log')}"
        assert len(kept) == len(channel.acknowledged)
        sys.stdout.write(f"{len(channel.acknowledged)} told = {len(kept)} held, told again {channel.again} times\n")


def aside(installation: Installation) -> list[object]:
    """What the doors and the worker put away instead of storing it."""
    letters = "select count(*), reason, min(created_at), max(created_at) from platform.dead_letter group by reason"
    dropped = "select sum(events), channel, connector from platform.dropped_count group by channel, connector"
    with installation.database.session(Role.WORKER) as session:
        conn = session.connection()
        return [tuple(row) for query in (letters, dropped) for row in conn.exec_driver_sql(query)]


def down(owner: Any, to: str) -> None:
    """One step after the other, each tried again where a table is busy, as `konectus migrate` does it upwards."""
    engine = create_engine(owner, poolclass=NullPool, connect_args={"options": migrations._TIMEOUTS})
    with engine.connect() as conn:
        scripts = ScriptDirectory.from_config(migrations.config(migrations.MAIN, conn))
        steps = [one.down_revision for one in scripts.iterate_revisions("head", to)]
    for step in steps:
        migrations._patiently(lambda target=step: one_down(engine, target))  # type: ignore[misc]  # mypy infers no lambda with a default
    engine.dispose()


def one_down(engine: Any, to: str) -> None:
    with engine.connect() as conn:
        command.downgrade(migrations.config(migrations.MAIN, conn), to)
