"""P15 on real processes: doors, worker, sender, archive builder and scheduler of `konectus up`, the simulator's people.

What test_p15_erasure_incl_backups.py shows in one process in every `make test`, here nothing is called by the test that
a process does of itself: the marks come in at the doors, and the erasure is the scheduler's, by the demo's clock.
"""

import hashlib
import hmac
import json
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from konectus.domain.channels import Channel
from konectus.domain.endings import DeletionState
from konectus.domain.retention import ErasedClientsReturned
from konectus.domain.roles import StaffRole, UserRole
from konectus.files import sealed
from konectus.files.directory import DirectoryFiles
from konectus.services import erasure, restoring
from konectus.services.installation import Installation, open_installation
from konectus.services.work import Actor
from konectus.settings import Settings
from konectus.store.cluster import Cluster
from konectus.store.keystore import NoKey
from konectus.store.queries import erasure as read
from konectus.store.roles import Role
from tests.promises.clicks import Agents
from tests.promises.figures import tell
from tests.promises.office import COOKIE, Account, Chat, Office, opened
from tests.promises.remains import found_in
from tests.promises.test_p15_erasure_incl_backups import (
    SERVER,
    House,
    invented,
    owed,
    raw_log,
    tenant_rows,
)
from tests.promises.wiretap import targets
from tests.support.clock import ManualClock
from tests.support.cluster import connect
from tests.support.processes import until

pytestmark = [pytest.mark.load, pytest.mark.processes, pytest.mark.timeout(600)]
DOOR = "/webhooks/meta/demo"
REASON = "El plazo de exportación terminó"
# What people said and what stands for it; the rest of a Client's rows goes on with the clock (checks, due calls).
CONTENT = ("tenant.message", "tenant.reply", "tenant.draft", "tenant.attachment", "tenant.contact")


@dataclass(frozen=True)
class Tenant:
    """A Client whose marks came in through the doors and went out through the sender."""

    id: UUID
    picture: bytes
    agents: Agents


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """Of this test alone, with a folder for whatever its processes leave in /tmp."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    tmp_path.chmod(0o711)
    with opened(tmp_path) as made:
        yield made


def lives(office: Office, stem: str) -> Tenant:
    """People with marked names write marked words and send pictures; agents answer, note, search and pack."""
    client_id = office.make.client().id
    accounts = office.accounts(client_id, Channel.MESSENGER, Channel.TELEGRAM)
    agents = Agents(office, client_id, random.Random(15))  # noqa: S311 reason: repeatable clicks
    for account in accounts:
        chats = office.chats(account, 2, words=f"{stem}dicho", name=f"{stem}nombre")
        agents.answer_all(chats, 2, words=f"{stem}respuesta")
        shows_a_picture(office, account, chats[0], f"{stem}pie")
    keeps(agents, f"/inbox/c/{chats[0].conversation_id}/draft", text=f"{stem}borrador")
    breaks(office, accounts[0], f"{stem}roto")
    until(lambda: len(pictures(office, client_id)) >= 2, seconds=60, what=office.told)
    until(lambda: finds(agents, f"{stem}dicho"), seconds=60, what=office.told)
    packs(office, client_id)
    store, keys = DirectoryFiles(office.site.data_dir / "files"), office.installation.keys.of(client_id)
    content = sealed.read(store, keys, pictures(office, client_id)[0])
    middle = len(content) // 2
    return Tenant(client_id, content[middle : middle + 32], agents)


def shows_a_picture(office: Office, account: Account, chat: Chat, words: str) -> None:
    said = {"person": chat.person, "channel": account.channel, "account": account.id, "text": words}
    office.site.sim("say", said | {"attachments": [{"type": "image"}]})


def breaks(office: Office, account: Account, words: str) -> None:
    """A signed body one of whose items cannot be read."""
    item = {"sender": {"id": "5"}, "recipient": {"id": account.id}, "timestamp": "ayer", "message": {"text": words}}
    body = json.dumps({"object": "page", "entry": [{"id": account.id, "time": 1, "messaging": [item]}]}).encode()
    headers = {"X-Hub-Signature-256": signature(office.secrets.new_app, body)}
    assert httpx.post(f"{office.site.url}{DOOR}", content=body, headers=headers).status_code == 200
    letters = "select count(*) from platform.dead_letter where client_id = :c"
    until(lambda: sql(office, letters, account.client_id), seconds=30, what=office.told)


def signature(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.digest(secret.encode(), body, hashlib.sha256).hex()


def keeps(agents: Agents, path: str, **form: str) -> None:
    assert httpx.post(f"{agents.office.site.url}{path}", data=form, headers=agents.headers, timeout=20).is_success


def finds(agents: Agents, words: str) -> bool:
    url = f"{agents.office.site.url}/inbox/found"
    return words in httpx.post(url, data={"words": words}, headers=agents.headers, timeout=20).text


def pictures(office: Office, client_id: UUID) -> list[UUID]:
    """Pictures that the sender fetched from the simulator."""
    query = text("select id from tenant.attachment where client_id = :c and kind = 'image' and state = 'stored'")
    with office.installation.database.session(Role.WORKER) as session:
        return list(session.execute(query, {"c": client_id}).scalars())


def packs(office: Office, client_id: UUID) -> None:
    """The owner asks for everything; the sender's own builder packs it, with the media."""
    headers = owner(office, client_id)
    assert httpx.post(f"{office.site.url}/account/export", headers=headers, timeout=20).is_redirect
    ready = "select count(*) from ledger.export_job where client_id = :c and state = 'ready'"
    until(lambda: sql(office, ready, client_id), seconds=60, what=office.told)


def owner(office: Office, client_id: UUID) -> dict[str, str]:
    token = office.make.user_session(client_id, office.make.user(client_id, role=UserRole.OWNER))
    return {"Cookie": f"{COOKIE}={token}", "Sec-Fetch-Site": "same-origin"}


def sql(office: Office, query: str, client_id: UUID) -> Any:
    with office.installation.database.session(Role.WORKER) as session:
        return session.execute(text(query), {"c": client_id}).scalar()


def erase(office: Office, client_id: UUID) -> None:
    """The owner ends the contract at once; days pass, the scheduler does its part and two people theirs."""
    form = {"when": "now", "understood": "true"}
    headers = owner(office, client_id)
    assert httpx.post(f"{office.site.url}/account/cancel", data=form, headers=headers, timeout=20).is_redirect
    works, make = office.installation.works, office.make
    passes(
        office,
        lambda: sql(office, "select count(*) from ledger.export_window where client_id = :c", client_id),
        minutes=6,
    )
    passes(office, lambda: deletion(office, client_id), days=33)
    with works.staff(Actor("staff", str(make.staff(role=StaffRole.ADMIN)), "Iñaki Peña")) as unit:
        asked = erasure.approve(unit, deletion(office, client_id).id, REASON).id
    with works.staff(Actor("staff", str(make.staff(role=StaffRole.LEGAL)), "Elena Ruiz")) as unit:
        erasure.decide(unit, asked, approve=True, reason=REASON)
    passes(office, lambda: deletion(office, client_id).state is DeletionState.CERTIFIED, hours=25)


def deletion(office: Office, client_id: UUID) -> Any:
    with office.installation.database.session(Role.WORKER) as session:
        return next(iter(read.of_client(session, client_id)), None)


def passes(office: Office, look: Callable[[], object], **step: float) -> None:
    """Time passes until it is so: the step once, then hours."""
    for tried in range(6):
        office.advance(**(step if not tried else {"hours": 24 if tried > 3 else 0.2}))
        try:
            until(look, seconds=20, what="")
        except pytest.fail.Exception:
            continue
        return
    pytest.fail(office.told())


def test_what_real_processes_kept_is_sealed_and_what_they_erased_stays_away(office: Office) -> None:
    folder, site, mark = office.site.folder, office.site, invented()
    house = House(folder, ManualClock(), "", {})
    with connect(house.cluster.superuser()) as conn:
        # What lies in the write-ahead log is searched as bytes too, so it is not compressed here.
        conn.execute("alter system set wal_compression = off")
        conn.execute("select pg_reload_conf()")
    a, b = lives(office, f"{mark}a"), lives(office, f"{mark}b")
    debts, rows_of_b = owed(office.installation, a.id), content(office.installation, b.id)
    assert debts
    assert all(told.split()[0] != "0" for told in rows_of_b.values()), rows_of_b

    base, dump = house.backup(), house.dump()
    copy = shutil.copytree(site.data_dir / "keystore", folder / "keystore-copy")
    places = [base, dump, copy, site.data_dir, folder / "up.log", folder / "tmp"]
    read_bytes = 0
    for needle in (mark, a.picture, b.picture):
        hits, read_bytes = found_in(places, needle)
        assert hits == set(), needle
    assert control_is_found(house, office)

    erase(office, a.id)
    assert sum(int(told.split()[0]) for told in tenant_rows(office.installation, a.id).values()) == 0
    assert owed(office.installation, a.id) == debts
    assert content(office.installation, b.id) == rows_of_b

    with restored(office) as again:
        comes_back(again, a.id, mark)
        assert content(again, b.id) == rows_of_b
        assert owed(again, a.id) == debts
    calls = len(targets(folder / "asked"))
    tell("P15 processes", f"{read_bytes} bytes, 0 found, {calls} calls of channels, {len(debts)} debt stays")


@contextmanager
def restored(office: Office) -> Iterator[Installation]:
    """The backup started, beside the key store and the files of today."""
    folder, data_dir = office.site.folder / "restored", office.site.data_dir
    cluster = Cluster(folder, SERVER)
    settings = Settings(
        environment="development",
        data_dir=folder,
        database_url=cluster.start().url("konectus"),
        master_key=office.secrets.master_key,
        secret_key=office.secrets.secret_key,
        keystore_url=f"file://{data_dir / 'keystore'}",
        files_url=f"file://{data_dir / 'files'}",
    )
    again = open_installation(settings)
    try:
        yield again
    finally:
        again.close()
        cluster.stop()


def content(installation: Installation, client_id: UUID) -> dict[str, str]:
    """What people said, as one hash for each table."""
    found = tenant_rows(installation, client_id)
    return {name: found[name] for name in CONTENT}


def control_is_found(house: House, office: Office) -> bool:
    """The search can fail: a mark that somebody left in the open is found in the database's files."""
    control = invented()
    with connect(house.cluster.superuser(), "konectus") as conn:
        conn.execute(
            "insert into platform.heartbeat (process, worker, at, counters) values (%s, 'x', now(), '{}')", [control]
        )
        conn.execute("checkpoint")
    hits, _ = found_in([office.site.data_dir / "postgresql" / "data"], control)
    return any("/base/" in hit for hit in hits)


def comes_back(again: Installation, client_id: UUID, mark: str) -> None:
    """The backup from before the erasure beside the key store of today opens nothing and is purged before it serves."""
    before = tenant_rows(again, client_id)
    assert int(before["tenant.message"].split()[0]) > 3, "the backup does not hold the erased Client at all"
    with pytest.raises(NoKey):
        again.keys.of(client_id)
    assert raw_log(again, mark) == set(), "the intake keys of those days are over"
    with pytest.raises(ErasedClientsReturned):
        again.require_ready()
    assert restoring.purge_destroyed(again) == 1
    assert {told.split()[0] for told in tenant_rows(again, client_id).values()} == {"0"}
