"""Weeks to those who want weeks, months with the quarter they end; a server that is down; nothing of a Client."""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from pypdf import PdfReader
from sqlalchemy import text

from konectus.domain.roles import StaffRole
from konectus.mail.port import Answer, Envelope, Outcome
from konectus.mail.smtp import SmtpMail
from konectus.services import report_mails
from konectus.services.installation import Installation
from konectus.services.report_mails import NewOrder
from konectus.services.work import Actor, Change
from konectus.store.roles import Role
from reports import periods
from reports.mails import sending
from tests.support import told
from tests.support.clock import ManualClock
from tests.support.factories import Factory
from tests.support.figures import World
from tests.support.mailbox import Mailbox, plain, running

WHY = "Lo pidió la dirección de análisis"


def closing(period: str, **later: float) -> datetime:
    """When that period is released, and a while after."""
    return periods.parse(period).closes_at + timedelta(**later)


class Post:
    """Readers of an installation, a clock, and a server that takes their mail."""

    def __init__(self, installation: Installation, clock: ManualClock, box: Mailbox) -> None:
        self.installation, self.clock, self.box = installation, clock, box

    def reader(self, *paces: str) -> tuple[UUID, str]:
        """An analyst with those subscriptions, and their address."""
        staff_id = Factory(self.installation).staff(role=StaffRole.ANALYST)
        with self.installation.works.staff(Actor("staff", str(staff_id), "Administración")) as work:
            for pace in paces:
                report_mails.order(work, NewOrder(staff_id, pace, ("pdf", "xlsx"), "es"), reason=WHY)
            (address,) = work.session.execute(
                text("select email from ledger.staff where id = :id"), {"id": staff_id}
            ).one()
        return staff_id, str(address)

    def run(self, at: datetime | None = None) -> int:
        if at:
            self.clock.set(at)
        return sending.run(self.installation, SmtpMail("127.0.0.1", self.box.port, seconds=2))

    def subjects(self) -> list[str]:
        return sorted(str(message["Subject"]) for message in self.box.messages)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with self.installation.database.session(Role.STAFF) as session:
            return [tuple(row) for row in session.execute(text(query))]


@pytest.fixture
def post(installation: Installation, clock: ManualClock) -> Iterator[Post]:
    clock.set(closing("2026-07"))
    with running() as box:
        yield Post(installation, clock, box)


def test_each_pace_gets_its_own_releases_once(post: Post) -> None:
    post.reader("month", "week")
    post.reader("week")
    told.release(post.installation, "2026-W33", "2026-W34")
    assert [post.run(closing("2026-W34", hours=1)), post.run()] == [4, 0], "two weeks to two people"
    told.release(post.installation, "2026-08")
    assert [post.run(closing("2026-08", hours=1)), post.run()] == [1, 0]
    assert post.subjects() == [
        *["Cifras: Semana del 10 ago 2026"] * 2,
        *["Cifras: Semana del 17 ago 2026"] * 2,
        "Cifras: agosto de 2026",
    ]


def test_the_month_that_ends_a_quarter_waits_for_it_and_then_tells_it(post: Post) -> None:
    post.reader("month")
    told.release(post.installation, "2026-09")
    assert post.run(closing("2026-09", minutes=10)) == 0, "the quarter is released right after"
    told.release(post.installation, "2026-Q3")
    assert [post.run(closing("2026-09", minutes=15)), post.run(closing("2026-09", hours=3))] == [1, 0]
    assert "Trimestre 3 de 2026" in plain(post.box.messages[0])


def test_a_month_does_not_wait_for_a_quarter_that_is_not_coming(post: Post) -> None:
    post.reader("month")
    told.release(post.installation, "2026-09", clients=80, rung=20)
    assert post.run(closing("2026-09", minutes=10)) == 1, "so few Clients have no quarter"


def test_after_an_hour_the_month_is_sent_without_its_quarter(post: Post) -> None:
    post.reader("month")
    told.release(post.installation, "2026-09")
    assert post.run(closing("2026-09", minutes=59)) == 0
    assert post.run(closing("2026-09", minutes=61)) == 1
    assert "Trimestre" not in plain(post.box.messages[0])


def test_a_release_without_figures_sends_nothing(post: Post) -> None:
    post.reader("month")
    told.release(post.installation, "2026-08", clients=10, rung=0)
    assert post.run(closing("2026-08", hours=1)) == 0
    assert post.rows("select count(*) from platform.report_mail") == [(0,)]


class Revoking:
    """A way out over which, at the first message, the right of the second reader is taken."""

    def __init__(self, installation: Installation, staff_ids: dict[str, UUID], column: str) -> None:
        self.installation, self.staff_ids, self.column = installation, staff_ids, column
        self.taken: list[str] = []

    def hand_over(self, envelope: Envelope) -> Answer:
        self.taken.append(envelope.recipient)
        (other,) = (one for address, one in self.staff_ids.items() if address != self.taken[0])
        with self.installation.works.system() as work:
            work.session.execute(text(f"update ledger.staff set {self.column} where id = :id"), {"id": other})
            work.record("staff.changed", ("staff", other), Change(reason=WHY))
        return Answer(Outcome.ACCEPTED, "taken")

    def ask_to_stop(self) -> None:
        """It never waits."""


@pytest.mark.parametrize("column", ["active = false", "role = 'support'"])
def test_who_loses_the_right_while_mails_leave_gets_none(post: Post, column: str) -> None:
    readers = {address: staff_id for staff_id, address in (post.reader("month"), post.reader("month"))}
    told.release(post.installation, "2026-08")
    post.clock.set(closing("2026-08", hours=1))
    out = Revoking(post.installation, readers, column)
    assert sending.run(post.installation, out) == 1
    assert len(out.taken) == 1
    assert post.run() == 0


def test_a_server_that_is_down_or_busy_is_tried_again_and_gets_each_mail_once(post: Post) -> None:
    post.reader("month")
    post.reader("month")
    told.release(post.installation, "2026-08")
    post.clock.set(closing("2026-08", hours=1))
    port, post.box.port = post.box.port, 1  # nobody listens there
    assert post.run() == 0
    assert post.rows("select tries, sent_at from platform.report_mail") == [(1, None)] * 2
    post.box.port = port
    assert post.run() == 0, "the wait is not over"
    post.box.rcpt = "451 busy, come later"
    post.clock.advance(minutes=6)
    assert post.run() == 0
    post.box.rcpt, post.box.data = "250 OK", "452 no room"
    post.clock.advance(minutes=11)
    assert post.run() == 0
    post.box.data = "250 taken"
    post.clock.advance(minutes=21)
    assert [post.run(), post.run()] == [2, 0]
    assert len({str(message["Message-ID"]) for message in post.box.messages}) == 2
    assert post.rows("select tries, count(sent_at) from platform.report_mail group by 1") == [(4, 2)]


def test_a_mail_whose_answer_never_came_is_not_sent_a_second_time(post: Post) -> None:
    """The server may have taken it: one too few is better than one too many."""
    post.reader("month")
    told.release(post.installation, "2026-08")
    post.box.delay = 3
    assert post.run(closing("2026-08", hours=1)) == 0
    post.box.delay = 0
    assert post.run(closing("2026-08", hours=9)) == 0
    assert len(post.box.arrived) == 1


def test_an_address_that_is_refused_for_good_is_given_up(post: Post) -> None:
    post.reader("month")
    told.release(post.installation, "2026-08")
    post.box.rcpt = "550 no such person"
    assert post.run(closing("2026-08", hours=1)) == 0
    post.box.rcpt = "250 OK"
    assert post.run(closing("2026-08", hours=9)) == 0
    assert post.rows("select tries, count(given_up_at) from platform.report_mail group by 1") == [(1, 1)]


def test_a_mail_holds_nothing_of_the_main_database(world: World, clock: ManualClock) -> None:
    """Names of Clients, their addresses and identifiers, and exact sums are nowhere in it, nor in its files."""
    world.believable(clients=180, months=["2026-09", "2026-10"])
    world.releaser.build_all("2026-09", "2026-10")
    with world.installation.database.session(Role.STAFF) as session:
        clients = session.execute(text("select id, legal_name, registered_email from ledger.client")).all()
        sums = "select sum(messages_in + messages_out), sum(contacts_active) from ledger.usage_daily"
        exact = [f"{one}" for one in session.execute(text(sums + " where day >= '2026-10-01'")).one()]
    clock.set(closing("2026-07"))
    with running() as box:
        post = Post(world.installation, clock, box)
        post.reader("month")
        assert post.run(datetime.fromisoformat("2026-11-22T20:00:00Z")) == 1
        told_words = everything(box)
    assert "Clientes activos" in told_words, "the words are read at all"
    assert len(clients) == 180
    assert [str(value) for row in clients for value in row if str(value) in told_words] == []
    assert [one for one in exact if re.search(rf"(?<![\d.]){one}(?![\d.])", told_words)] == []


def everything(box: Mailbox) -> str:
    """Every word of the mail and of its files, with and without commas."""
    (message,) = box.messages
    files = {str(one.get_filename()): one.get_payload(decode=True) for one in message.iter_attachments()}
    words = [str(message), plain(message)]
    for name, data in files.items():
        assert isinstance(data, bytes)
        if name.endswith(".pdf"):
            words += [page.extract_text() for page in PdfReader(io.BytesIO(data)).pages]
        else:
            with zipfile.ZipFile(io.BytesIO(data)) as packed:
                words += [packed.read(part).decode() for part in packed.namelist()]
    joined = "\n".join(words)
    return joined + joined.replace(",", "")
