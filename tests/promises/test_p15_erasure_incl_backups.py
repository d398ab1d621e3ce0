"""P15: what is erased is gone, out of the backups too. The deletion proof of Terms 15.3, on the real path.

Two Clients write random marks through everything that keeps something. No byte that the installation wrote, and none of
its backups, tells one. Then one of them is erased, and a backup from before comes back beside the key store of today.
"""

import hashlib
import json
import logging
import os
import secrets
import shutil
import string
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import make_url, select, text

from ingestion.sender.indexing import Indexing
from ingestion.sender.process import Sender
from konectus import log as logs
from konectus.domain.channels import Channel
from konectus.domain.endings import DeletionState
from konectus.domain.retention import ErasedClientsReturned
from konectus.domain.roles import StaffRole, UserRole
from konectus.files import sealed
from konectus.files.directory import DirectoryFiles
from konectus.sealing import Place, SealingKey, Unreadable, unwrap
from konectus.services import ending_sweeps, erasing, erasure, exports, inbox, jobs, restoring, terminations, windows
from konectus.services.composing import Upload
from konectus.services.installation import Installation, open_installation
from konectus.services.work import Actor
from konectus.settings import Settings
from konectus.store.cluster import Cluster, Endpoint
from konectus.store.columns import is_sealed
from konectus.store.embedded import accounts, binaries
from konectus.store.keystore import NoKey
from konectus.store.migrations import migrate
from konectus.store.queries import billing, search
from konectus.store.queries import erasure as read
from konectus.store.queries import windows as open_windows
from konectus.store.roles import Role
from reports.export import builder
from tests.ingestion.harness import META, Door, at_the_doors, page, said, signed, update, webhook_secret
from tests.ingestion.stored import Stored, work
from tests.promises.figures import tell
from tests.promises.photographs import channel, picture
from tests.promises.remains import disguises, found_in
from tests.support.clock import ManualClock
from tests.support.cluster import HASTE, connect
from tests.support.database import MASTER, MASTER_HEX
from tests.support.factories import Factory

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]
REASON = "El plazo de exportación terminó"
# What lies in the write-ahead log is searched as bytes too, so it is not compressed here.
SERVER = HASTE | {"wal_compression": "off"}


def invented() -> str:
    """Long and random: no part of it is anywhere by chance."""
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(20))


@dataclass
class House:
    """An installation with a server of its own, and a clock that moves when the test says so."""

    folder: Path
    clock: ManualClock
    channel: str
    pictures: dict[str, bytes]
    mark: str = field(default_factory=invented)

    def __post_init__(self) -> None:
        self.data_dir = self.folder / "data"
        self.cluster = Cluster(self.data_dir, SERVER)

    def start(self) -> None:
        owner = self.cluster.start()
        migrate(make_url(owner.url("konectus")), MASTER)
        self.installation = self.opened(self.data_dir, owner)
        jobs.keep_partitions(self.installation)

    def opened(self, data_dir: Path, owner: Endpoint) -> Installation:
        """With the key store and the files of the house, wherever the database is."""
        settings = Settings(
            environment="development",
            data_dir=data_dir,
            database_url=owner.url("konectus"),
            master_key=MASTER_HEX,
            secret_key="a secret of the tests",
            keystore_url=f"file://{self.data_dir / 'keystore'}",
            files_url=f"file://{self.data_dir / 'files'}",
            simulator_url=self.channel,
        )
        return replace(open_installation(settings), clock=self.clock)

    @property
    def make(self) -> Factory:
        return Factory(self.installation)

    def photo(self, name: str, mark: str) -> str:
        """The address of a picture whose own bytes carry a mark, on a server that stands for the channel's."""
        self.pictures[f"/{name}.png"] = picture(mark)
        return f"{self.channel}/{name}.png"

    def stop(self) -> None:
        if hasattr(self, "installation"):
            self.installation.close()
        self.cluster.stop()

    def backup(self) -> Path:
        """A base backup with its write-ahead log, ready to start from."""
        target = self.folder / "restored" / "postgresql" / "data"
        target.parent.mkdir(parents=True)
        self._run("pg_basebackup", "--pgdata", str(target), "--wal-method=fetch", "--checkpoint=fast", "--no-sync")
        shutil.copytree(self.data_dir / "keys", self.folder / "restored" / "keys")
        made = (self.data_dir / "postgresql" / "data").stat()
        for path in (target.parent, target, *target.rglob("*")):
            os.chown(path, made.st_uid, made.st_gid)
        for path in (self.folder / "restored", target.parent):
            path.chmod(0o711)
        return target

    def dump(self) -> Path:
        """As an operator keeps one: packed."""
        target = self.folder / "dump.sql.gz"
        self._run("pg_dump", "--file", str(target), "--compress=gzip:1", "--dbname=konectus")
        return target

    def _run(self, program: str, *arguments: str) -> None:
        login = self.cluster.superuser()
        folder = binaries.usable_by(accounts.serving(self.data_dir / "postgresql" / "data"))
        environ = os.environ | {"PGPASSWORD": login.password}
        at = ("--host", str(login.socket_dir), "--port", str(login.port), "--username", login.user)
        done = subprocess.run([str(folder / program), *at, *arguments], env=environ, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()


@dataclass(frozen=True)
class Tenant:
    """A Client that wrote its marks everywhere."""

    id: UUID
    words: frozenset[str]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    tmp_path.chmod(0o711)
    with logged(tmp_path / "product.log"), channel() as (address, pictures):
        found = House(tmp_path, ManualClock(), address, pictures)
        try:
            found.start()
            yield found
        finally:
            found.stop()


@contextmanager
def logged(path: Path) -> Iterator[None]:
    """What the product says, in its own form, into a file."""
    keeper = logging.FileHandler(path)
    keeper.setFormatter(logs.JSONLines("test"))
    root = logging.getLogger()
    before = root.level
    root.addHandler(keeper)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(keeper)
        root.setLevel(before)
        keeper.close()


def lives(house: House, name: str) -> Tenant:
    """A Client with two accounts: people write, an agent answers and keeps a draft, something cannot be read."""
    installation, words = house.installation, Words(house.mark, name)
    client_id = house.make.client(name=f"Taller {name}").id
    account, bot = str(7_000_000 + ord(name)), str(8_000_000 + ord(name))
    house.make.connector(client_id, account_id=account, secret=words("token"))
    connector_id = house.make.connector(
        client_id, channel=Channel.TELEGRAM, account_id=bot, secret=f"{bot}:{words('bot')}"
    )
    at = round(installation.clock.now().timestamp() * 1000)
    item = said(account, words("mid"), words("said"), person=words("person"), at=at)
    item["message"]["attachments"] = [{"type": "image", "payload": {"url": house.photo(words("url"), words("photo"))}}]
    broken = {"sender": {"id": "5"}, "recipient": {"id": account}, "timestamp": at, "message": {"text": words("dead")}}
    told = json.loads(update(1, words("update")))
    told["message"]["date"] = at // 1000
    told["message"]["from"]["first_name"] = told["message"]["chat"]["first_name"] = words("name")
    secret = webhook_secret(installation, connector_id)

    async def deliver(door: Door) -> tuple[int, ...]:
        body = page(account, item, broken)
        return (
            await door.post(META, body, signed(body)),
            await door.telegram(connector_id, json.dumps(told).encode(), secret),
        )

    assert at_the_doors(installation, deliver) == (200, 200)
    work(installation)
    fetches(house, client_id, words("photo"))
    answers(house, client_id, words)
    return Tenant(client_id, frozenset(words.known))


class Words:
    """Marks of one Client by what they are used for."""

    def __init__(self, mark: str, name: str) -> None:
        self._stem, self.known = f"{mark}{name.lower()}", set[str]()

    def __call__(self, what: str) -> str:
        word = self._stem + what
        self.known.add(word)
        return word


def fetches(house: House, client_id: UUID, mark: str) -> None:
    """The sender fetches the picture that came, as the channel serves it, and makes it small."""
    sender = Sender(house.installation)
    try:
        sender.media.step()
        assert sender.media.lanes.wait_idle(30)
    finally:
        sender.stop()
    with house.installation.database.session(Role.WORKER) as session:
        asked = "select id from tenant.attachment where client_id = :c and state = 'stored'"
        (found,) = session.execute(text(asked), {"c": client_id}).scalars()
    content = sealed.read(DirectoryFiles(house.data_dir / "files"), house.installation.keys.of(client_id), found)
    assert mark.encode() in content, "the picture's own bytes carry the mark"


def answers(house: House, client_id: UUID, words: Words) -> None:
    """An agent replies with a file and keeps a draft; the index is made; the owner has everything packed."""
    installation = house.installation
    agent = house.make.user(client_id, role=UserRole.OWNER)
    actor = Actor("agent", str(agent), "Mariana")
    store = DirectoryFiles(house.data_dir / "files")
    threads = {row.text: row for row in stored(installation, client_id)}
    for what in ("said", "update"):
        thread = threads[words(what)]
        upload = Upload(words("file") + ".txt", "text/plain", f"contenido {words('content')}".encode())
        with installation.works.tenant(client_id, actor) as tenant:
            new = inbox.NewReply(
                id=tenant.new_id(),
                conversation_id=thread.conversation_id,
                author_id=agent,
                text=words("reply"),
                files=(upload,) if what == "update" else (),
            )
            inbox.reply(tenant, new, store)
            inbox.save_draft(tenant, thread.conversation_id, agent, words("draft"))
    indexing = Indexing(installation.works)
    while indexing.step():
        pass
    with installation.database.session(Role.APP, client_id) as session:
        hits = search.messages(session, installation.keys.of(client_id), words("said"))
    assert len(hits) == 1, "the search does not find what was written, so nothing was indexed"
    with installation.works.tenant(client_id, actor) as tenant:
        job = exports.request(tenant, client_id)
    builder.build(installation, job)


@dataclass(frozen=True)
class Line:
    text: str
    conversation_id: UUID


def stored(installation: Installation, client_id: UUID) -> list[Line]:
    """What the Client reads, with its own keys."""
    return [Line(row["text"] or "", row["conversation_id"]) for row in Stored(installation, client_id).messages()]


def erase(house: House, client_id: UUID) -> None:
    """Cancelled at once, the thirty days pass, two people approve, a day of rest: as the jobs do it."""
    installation = house.installation
    with installation.works.system() as unit:
        terminations.cancel(unit, client_id, at_once=True)
    ending_sweeps.terminate_effective(installation)
    with installation.database.session(Role.WORKER) as session:
        (window,) = open_windows.open_of(session, client_id)
    house.clock.set(window.closes_at)
    archives_expire(installation)
    windows.close_elapsed(installation)
    assert erasure.deletion_requests(installation) == 1
    with installation.database.session(Role.WORKER) as session:
        (row,) = read.of_client(session, client_id)
    with installation.works.staff(staff(house, StaffRole.ADMIN)) as unit:
        asked = erasure.approve(unit, row.id, REASON).id
    with installation.works.staff(staff(house, StaffRole.LEGAL)) as unit:
        erasure.decide(unit, asked, approve=True, reason=REASON)
    house.clock.advance(hours=24)
    erasing.deletion_execute(installation)
    house.clock.advance(minutes=5)
    erasing.deletion_execute(installation)
    with installation.database.session(Role.WORKER) as session:
        (row,) = read.of_client(session, client_id)
    assert row.state is DeletionState.CERTIFIED
    assert row.certificate is not None
    assert row.certificate["rows"]["tenant.message"] > 3
    assert row.certificate["files"] > 0


def archives_expire(installation: Installation) -> None:
    """What was asked for in time is kept until it expires, and holds the deletion until then."""
    with installation.database.session(Role.WORKER) as session:
        ready = session.scalars(text("select id from ledger.export_job where state = 'ready'")).all()
    for job in ready:
        with installation.works.system() as unit:
            exports.expire(unit, job)


def staff(house: House, role: StaffRole) -> Actor:
    return Actor("staff", str(house.make.staff(role=role)), "Iñaki Peña")


def tenant_rows(installation: Installation, client_id: UUID) -> Mapping[str, str]:
    """Every row of a Client in the tables that an erasure empties, as one hash for each table."""
    found = {}
    with installation.database.session(Role.WORKER) as session:
        for entry in read.PURGED:
            rows = (
                select(text("t::text"))
                .select_from(text(f"{entry.name} t"))
                .where(text(f"t.{entry.client_column} = :id"))
            )
            lines = sorted(session.scalars(rows, {"id": client_id}))
            found[entry.name] = f"{len(lines)} {hashlib.sha256(chr(10).join(lines).encode()).hexdigest()}"
    return found


def owed(installation: Installation, client_id: UUID) -> list[billing.Owed]:
    with installation.database.session(Role.WORKER) as session:
        return billing.owed(session, client_id)


def keys_in(folder: Path) -> list[SealingKey]:
    """Every key of a key store, opened with the master key: as much as somebody who has all of it can open."""
    paths = [path for path in sorted(folder.iterdir()) if path.is_file()]
    return [SealingKey(unwrap(MASTER, path.read_bytes(), path.name)) for path in paths]


def opened(installation: Installation, client_id: UUID, keystore: Path, files: Path) -> int:
    """How many sealed values of a Client in this database, and files of it, open under any key of that store."""
    keys, done = keys_in(keystore), 0
    with installation.database.session(Role.WORKER) as session:
        for entry in read.PURGED:
            for column in (one for one in entry.table.columns if is_sealed(one)):
                where = entry.table.c[entry.client_column] == client_id
                row_id: Any = entry.table.c.id if "id" in entry.table.c else None
                if row_id is None:
                    continue
                for key_of_row, value in session.execute(select(row_id, column).where(where, column.is_not(None))):
                    place = Place(client_id, entry.table.name, column.name, key_of_row)
                    done += any(opens(key, bytes(value), place) for key in keys)
    for path in (files / str(client_id)).rglob("*"):
        if path.is_file():
            place = Place(client_id, "file", "content", UUID(path.name))
            done += any(opens(key, path.read_bytes(), place) for key in keys)
    return done


def opens(key: SealingKey, value: bytes, place: Place) -> bool:
    try:
        key.open(value, place)
    except Unreadable:
        return False
    return True


def raw_log(installation: Installation, mark: str) -> set[str]:
    """Words of the raw log that open with the intake keys of today's key store."""
    found = set[str]()
    with installation.database.session(Role.WORKER) as session:
        rows = session.execute(text("select key_day, nonce_id, body_sealed from platform.webhook_event")).all()
    assert rows, "the backup has no raw log, so nothing is shown"
    for row in rows:
        if installation.keys.store.read(f"intake-{row.key_day}") is None:
            continue
        key = installation.keys.intake(row.key_day)
        body = key.open(bytes(row.body_sealed), Place(None, "webhook_event", "body_sealed", str(row.nonce_id))).decode()
        found |= {part for part in body.replace('"', " ").split() if mark in part}
    return found


def test_the_search_finds_the_mark_in_every_disguise(tmp_path: Path) -> None:
    mark = invented()
    for number, (what, content) in enumerate(disguises(mark)):
        decoy = tmp_path / str(number)
        decoy.write_bytes(b"\0\1" + content + b"\2")
        assert found_in([decoy], mark)[0] == {str(decoy)}, what
        assert found_in([decoy], invented())[0] == set(), what


def test_what_is_erased_does_not_come_back_with_a_backup(house: House) -> None:
    installation, mark = house.installation, house.mark
    a, b = lives(house, "A"), lives(house, "B")
    assert len(a.words) > 10
    debts = owed(installation, a.id)
    assert debts, "nothing is owed, so nothing is shown to stay"
    rows_of_b = tenant_rows(installation, b.id)

    # Backups of everything, as an operator makes them, and the search of every byte.
    base, dump = house.backup(), house.dump()
    copy = shutil.copytree(house.data_dir / "keystore", house.folder / "keystore-copy")
    files = shutil.copytree(house.data_dir / "files", house.folder / "files-copy")
    places = [base, dump, copy, files, house.data_dir, house.folder / "product.log"]
    hits, read_bytes = found_in(places, mark)
    assert hits == set()
    assert_the_search_finds_what_is_planted(house)
    assert opened(installation, a.id, copy, files) > 15, "the marks were not kept at all"

    erase(house, a.id)
    assert sum(int(told.split()[0]) for told in tenant_rows(installation, a.id).values()) == 0
    assert owed(installation, a.id) == debts
    assert tenant_rows(installation, b.id) == rows_of_b

    restored = Cluster(house.folder / "restored", SERVER)
    again = house.opened(house.folder / "restored", restored.start())
    try:
        comes_back(house, again, (a, b), (copy, files))
        assert tenant_rows(again, b.id) == rows_of_b
        assert owed(again, a.id) == debts
    finally:
        again.close()
        restored.stop()
    tell("P15 search", f"{read_bytes} bytes, {len(a.words | b.words)} marks, 0 found")


def comes_back(house: House, again: Installation, tenants: tuple[Tenant, Tenant], copies: tuple[Path, Path]) -> None:
    """The backup from before the erasure beside the key store of today."""
    (a, b), (copy, files) = tenants, copies
    keystore = house.data_dir / "keystore"
    before = tenant_rows(again, a.id)
    assert int(before["tenant.message"].split()[0]) > 3, "the backup does not hold the erased Client at all"
    assert opened(again, a.id, copy, files) > 15, "not even the keys of then open it, so nothing is shown"
    assert opened(again, a.id, keystore, files) == 0
    with pytest.raises(NoKey):
        again.keys.of(a.id)
    # An erasure alone leaves the raw log readable: the life of the intake keys ends that.
    assert a.words & raw_log(again, house.mark), "without the intake keys' end nothing can be shown of it"
    jobs.keep_partitions(house.installation)
    assert raw_log(again, house.mark) == set()
    # Nothing of it is served: no process starts before it is purged again.
    with pytest.raises(ErasedClientsReturned):
        again.require_ready()
    assert restoring.purge_destroyed(again) == 1
    again.require_ready()
    assert {told.split()[0] for told in tenant_rows(again, a.id).values()} == {"0"}
    assert {row.text for row in stored(again, b.id)} & b.words


def assert_the_search_finds_what_is_planted(house: House) -> None:
    """In the database's files and in a dump: the search can fail."""
    control = invented()
    with house.installation.database.session(Role.WORKER) as session:
        columns = "(process, worker, at, counters) values (:what, 'x', :at, '{}')"
        statement = text(f"insert into platform.heartbeat {columns}")
        session.execute(statement, {"what": f"plano {control}", "at": house.clock.now()})
    with connect(house.cluster.superuser()) as conn:
        conn.execute("checkpoint")
    (house.folder / "dump.sql.gz").unlink()
    hits, _ = found_in([house.data_dir / "postgresql" / "data" / "base", house.dump()], control)
    assert str(house.folder / "dump.sql.gz") in hits
    assert any("/base/" in hit for hit in hits)
