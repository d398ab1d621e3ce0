"""Reports by mail: once for each release and subscription, to those who may read, with what was released."""

import io
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from uuid import UUID

import pytest
from pypdf import PdfReader
from sqlalchemy import insert, text

from konectus.domain.roles import StaffRole
from konectus.ids import uuid7
from konectus.mail.port import Answer, Envelope, Outcome
from konectus.mail.smtp import SmtpMail
from konectus.services.installation import Installation
from konectus.services.work import Change
from konectus.store.models.readers import ReportSubscription
from konectus.store.roles import Role
from reports.mails import sending
from tests.support.clock import ManualClock
from tests.support.factories import Factory
from tests.support.figures import AFTER, World
from tests.support.mailbox import Mailbox, plain, running


@dataclass
class Readers:
    """People with a subscription, and a server that takes their mail."""

    installation: Installation
    clock: ManualClock
    box: Mailbox

    def reader(
        self, *, role: StaffRole = StaffRole.ANALYST, language: str = "es", pace: str = "month", early: bool = True
    ) -> UUID:
        staff_id = Factory(self.installation).staff(role=role)
        asked_at = AFTER + timedelta(days=-30 if early else 1)
        row = {"id": uuid7(AFTER), "staff_id": staff_id, "pace": pace, "forms": ["pdf", "xlsx"], "language": language}
        with self.installation.database.session(Role.STAFF) as session:
            session.execute(insert(ReportSubscription), [row | {"asked_at": asked_at}])
        return staff_id

    def run(self) -> int:
        return sending.run(self.installation, SmtpMail("127.0.0.1", self.box.port, seconds=2))

    def rows(self, columns: str) -> list[tuple[object, ...]]:
        with self.installation.database.session(Role.STAFF) as session:
            return [tuple(row) for row in session.execute(text(f"select {columns} from platform.report_mail"))]


@pytest.fixture
def readers(world: World, clock: ManualClock) -> Iterator[Readers]:
    """The release of October is new; those before it are not, and one of them is a first, without figures."""
    world.believable(clients=180, months=["2026-08", "2026-09", "2026-10"])
    world.plans("unused")
    for month in ("2026-08", "2026-09"):
        world.releaser.build(month, now=AFTER - timedelta(days=30))
    world.releaser.build("2026-10")
    clock.set(AFTER + timedelta(hours=2))
    with running() as box:
        yield Readers(world.installation, clock, box)


def attached(message: EmailMessage) -> dict[str, bytes]:
    return {str(one.get_filename()): one.get_payload(decode=True) for one in message.iter_attachments()}  # type: ignore[misc]  # bytes: no part of these has parts


def test_a_release_is_sent_once_to_each_reader_and_holds_what_was_released(readers: Readers) -> None:
    readers.reader()
    readers.reader(role=StaffRole.ADMIN, language="en")
    assert [readers.run(), readers.run()] == [2, 0]
    spanish, english = sorted(readers.box.messages, key=lambda one: "October" in str(one["Subject"]))
    assert (spanish["Subject"], english["Subject"]) == ("Cifras: octubre de 2026", "Figures: October 2026")
    assert "±" in plain(spanish)
    files = attached(english)
    assert sorted(files) == ["konectus-2026-10.pdf", "konectus-2026-10.xlsx"]
    ((release_id, sha256),) = World(readers.installation).releaser.released(
        "select id, sha256 from released.release where period = '2026-10-01'"
    )
    pages = "".join(page.extract_text() for page in PdfReader(io.BytesIO(files["konectus-2026-10.pdf"])).pages)
    found = pages.replace("\n", "")
    assert str(release_id) in found
    assert str(sha256) in found
    assert "Active Clients" in pages
    assert "– few Clients" in pages
    with zipfile.ZipFile(io.BytesIO(files["konectus-2026-10.xlsx"])) as packed:
        sheet = packed.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == 1 + 19
    assert "<f>" not in sheet
    assert "few_clients" in sheet
    assert readers.rows("count(*), count(sent_at), count(sha256)") == [(2, 2, 2)]


def test_nobody_gets_what_is_not_for_them(readers: Readers) -> None:
    gone, moved = readers.reader(), readers.reader()
    readers.reader(early=False)  # asked after the release
    readers.reader(pace="week")  # there is no weekly release
    with readers.installation.works.system() as work:
        work.session.execute(text("update ledger.staff set active = false where id = :id"), {"id": gone})
        work.session.execute(text("update ledger.staff set role = 'support' where id = :id"), {"id": moved})
        work.record("staff.changed", ("staff", gone), Change(reason="De prueba, dos personas"))
    assert readers.run() == 0
    assert readers.box.arrived == []


@dataclass
class Fussy:
    """A way out that answers one recipient as told and takes everything else."""

    to: str
    outcome: Outcome
    taken: list[Envelope] = field(default_factory=list)

    def hand_over(self, envelope: Envelope) -> Answer:
        if envelope.recipient == self.to:
            return Answer(self.outcome, "as the test says")
        self.taken.append(envelope)
        return Answer(Outcome.ACCEPTED, "taken")

    def ask_to_stop(self) -> None:
        """It never waits."""


def test_a_failing_recipient_stops_nobody_and_is_tried_again(readers: Readers) -> None:
    unlucky = readers.reader()
    readers.reader()
    with readers.installation.works.system() as work:
        (address,) = work.session.execute(text("select email from ledger.staff where id = :id"), {"id": unlucky}).one()
    fussy = Fussy(address, Outcome.DEFERRED)
    assert sending.run(readers.installation, fussy) == 1
    assert readers.rows("count(*), count(sent_at)") == [(2, 1)]
    assert readers.run() == 0  # its wait is not over
    readers.clock.advance(minutes=6)
    assert readers.run() == 1
    assert str(readers.box.messages[0]["To"]) == address


def test_three_schedulers_at_once_send_one_mail(readers: Readers) -> None:
    readers.reader()
    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(lambda _: readers.run(), range(3))) == 1
    assert len(readers.box.arrived) == 1
