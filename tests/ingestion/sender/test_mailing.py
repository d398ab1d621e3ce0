"""Notices leave by a real mail server, once each: side by side, through refusals, silence and a sender's sudden end."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from ingestion.sender.mailing import Mailing
from ingestion.sender.process import Sender
from konectus.domain.notices import NoticeEventKind, NoticeKind, NoticeState
from konectus.domain.tasks import TaskKind
from konectus.mail.letters import House
from konectus.mail.port import Answer, Envelope
from konectus.mail.smtp import SmtpMail
from konectus.services import notice_sweeps, notices, tasks
from konectus.services.installation import Installation
from konectus.services.notices import MailEvent, NewNotice
from konectus.store.cluster import Endpoint
from konectus.store.queries import notices as read
from konectus.store.queries.notices import NoticeRow
from konectus.store.roles import Role
from tests.support.clock import START, ManualClock
from tests.support.database import MASTER_HEX, Templates, installed
from tests.support.factories import Factory
from tests.support.mailbox import TAKEN, Debts, Mailbox, running
from tests.support.processes import until

HOUSE = House("Konectus <avisos@konectus.example>", "https://office.example", "CLABE 012")
ROOT = Path(__file__).parents[3]
NEW = NewNotice(NoticeKind.PAYMENT_REVERSED, "payment 1", {"amount_cents": 500})


@dataclass
class Office:
    """An installation that sends to one mail server."""

    installation: Installation
    box: Mailbox
    clock: ManualClock
    debts: Debts

    def mailing(self, seconds: float = 2.0) -> Mailing:
        return Mailing(self.installation.works, SmtpMail("127.0.0.1", self.box.port, seconds=seconds), HOUSE)

    def queue(self) -> UUID:
        client = self.debts.client()
        with self.installation.works.system() as work:
            made = notices.queue(work, client.id, NEW)
        assert made is not None
        return made

    def row(self, notice_id: UUID) -> NoticeRow:
        with self.installation.database.session(Role.WORKER) as session:
            found = read.by_id(session, notice_id)
        assert found is not None
        return found

    def kinds(self, notice_id: UUID) -> list[str]:
        with self.installation.database.session(Role.WORKER) as session:
            return [str(one.kind) for one in read.events(session, notice_id)]

    def ids(self) -> list[str]:
        return [str(message["Message-ID"]) for message in self.box.messages]


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="module")
def server() -> Iterator[Mailbox]:
    with running() as box:
        yield box


@pytest.fixture(scope="module")
def installation(
    templates: Templates, endpoint: Endpoint, clock: ManualClock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    with installed(templates, endpoint, clock, tmp_path_factory.mktemp("mailing")) as made:
        yield made


@pytest.fixture
def office(installation: Installation, clock: ManualClock, server: Mailbox) -> Office:
    with installation.database.session(Role.WORKER) as session:
        session.execute(text("update ledger.notice set undeliverable_at = queued_at where delivered_at is null"))
    clock.set(START)
    server.rcpt, server.data, server.delay = "250 OK", TAKEN, 0.0
    server.arrived.clear()
    return Office(installation, server, clock, Debts(installation, Factory(installation)))


def test_a_notice_arrives_whole_and_what_was_kept_is_what_went_out(office: Office) -> None:
    made = office.queue()
    office.mailing().step()
    (message,) = office.box.messages
    assert message["Message-ID"] == f"<{made}@konectus.example>"
    assert office.row(made).state is NoticeState.SENT
    assert office.kinds(made) == ["accepted"]
    with office.installation.database.session(Role.STAFF) as session:
        kept = notices.evidence(session, made)
    assert kept.is_whole
    assert kept.eml is not None
    assert office.box.arrived[0][2] == kept.eml
    assert not office.mailing().step()
    assert len(office.box.arrived) == 1


def test_senders_side_by_side_send_each_notice_once(office: Office) -> None:
    made = {f"<{office.queue()}@konectus.example>" for _ in range(12)}
    office.box.delay = 0.02
    threads = [threading.Thread(target=office.mailing().step) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(office.ids()) == sorted(made)


def test_a_greylist_lets_it_in_at_the_next_try(office: Office) -> None:
    made = office.queue()
    office.box.rcpt = "450 4.2.0 greylisted, come back in a minute"
    office.mailing().step()
    office.box.rcpt = "250 OK"
    office.mailing().step()
    assert office.box.arrived == []
    assert office.row(made).state is NoticeState.QUEUED
    office.clock.advance(minutes=1)
    office.mailing().step()
    assert office.ids() == [f"<{made}@konectus.example>"]
    assert office.kinds(made) == ["deferred", "accepted"]


def test_a_refusal_for_good_is_a_bounce_and_a_task(office: Office) -> None:
    made = office.queue()
    office.box.rcpt = "550 5.1.1 nobody of this name"
    office.mailing().step()
    assert office.row(made).state is NoticeState.BOUNCED
    office.box.rcpt = "250 OK"
    office.clock.advance(days=5)
    office.mailing().step()
    assert office.box.arrived == []
    statement = text("select count(*) from ledger.staff_task where kind = 'notice_bounced' and subject_ref = :id")
    with office.installation.database.session(Role.STAFF) as session:
        assert session.scalar(statement, {"id": str(made)}) == 1


def test_a_server_that_is_silent_after_the_text_is_not_asked_again_for_that_row(office: Office) -> None:
    """It may have the message: another acceptance would be a second mail. The next of its row goes a day later."""
    made = office.queue()
    office.box.delay = 1.0
    office.mailing(seconds=0.3).step()
    assert len(office.box.arrived) == 1
    assert office.row(made).state is NoticeState.SENT
    assert str(office.row(made).last_error).startswith("unknown: ")
    office.box.delay = 0.0
    office.clock.advance(hours=23)
    office.mailing().step()
    assert len(office.box.arrived) == 1
    office.clock.advance(hours=1)
    assert notice_sweeps.notice_watch(office.installation) == 1
    office.mailing().step()
    assert len(set(office.ids())) == 2


def test_a_server_that_is_down_keeps_the_others_waiting_not_failing(office: Office) -> None:
    made = [office.queue() for _ in range(4)]
    office.box.data = "451 4.3.0 out of order"
    office.mailing().step()
    assert sorted(office.row(one).attempts for one in made) == [0, 0, 1, 1]
    office.box.data = TAKEN
    office.clock.advance(minutes=1)
    office.mailing().step()
    assert len(set(office.ids())) == 4


def test_a_stop_in_a_talk_that_hangs_puts_the_notice_off_and_the_next_sender_sends_it(office: Office) -> None:
    made = office.queue()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mail = SmtpMail("127.0.0.1", silent.getsockname()[1], seconds=30.0)
        hanging = Mailing(office.installation.works, mail, HOUSE)
        step = threading.Thread(target=hanging.step)
        step.start()
        conn, _ = silent.accept()
        hanging.stopping.set()
        hanging.ask_to_stop()
        step.join(5)
        conn.close()
    assert not step.is_alive()
    assert (office.row(made).state, office.kinds(made)) == (NoticeState.QUEUED, ["deferred"])
    office.clock.advance(minutes=1)
    office.mailing().step()
    assert office.ids() == [f"<{made}@konectus.example>"]


def test_mail_that_was_called_unwanted_opens_a_task_and_only_courtesies_rest(office: Office) -> None:
    first = office.queue()
    office.mailing().step()
    client_id = office.row(first).client_id
    with office.installation.works.system() as work:
        message_id = f"<{first}@konectus.example>"
        said = MailEvent("mail:1", message_id, NoticeEventKind.COMPLAINT, work.now, {"kind": "complaint"})
        assert [notices.event(work, said) for _ in range(2)] == ["applied", "duplicate"]

    def tell(kind: NoticeKind, **facts: object) -> NoticeState:
        with office.installation.works.system() as work:
            made = notices.queue(work, client_id, NewNotice(kind, str(work.new_id()), facts))
        assert made is not None
        office.mailing().step()
        return office.row(made).state

    ends = {"effective_at": "2026-04-01T06:00:00+00:00"}
    assert tell(NoticeKind.REACTIVATED) is NoticeState.WITHDRAWN
    assert tell(NoticeKind.TERMINATION_NOTICE, **ends) is NoticeState.SENT, "the Terms have us tell it"
    assert office.row(first).state is NoticeState.SENT
    with office.installation.works.system() as work:
        assert tasks.close_task(work, TaskKind.MAIL_COMPLAINT, f"client:{client_id}")
    assert tell(NoticeKind.REACTIVATED) is NoticeState.SENT


@dataclass
class Lost:
    """The way out of a sender that dies between the server's yes and writing it down."""

    mail: SmtpMail

    def hand_over(self, envelope: Envelope) -> Answer:
        self.mail.hand_over(envelope)
        raise KeyboardInterrupt

    def ask_to_stop(self) -> None:
        raise AssertionError


def test_who_dies_after_the_servers_yes_leaves_a_row_that_nobody_sends_again(office: Office) -> None:
    made = office.queue()
    dying = Mailing(office.installation.works, Lost(SmtpMail("127.0.0.1", office.box.port)), HOUSE)
    with pytest.raises(KeyboardInterrupt):
        dying.step()
    office.clock.advance(hours=1)
    office.mailing().step()
    assert office.ids() == [f"<{made}@konectus.example>"]
    assert office.row(made).state is NoticeState.SENT
    assert office.kinds(made) == []


KILLED = """
import sys
from pydantic import SecretStr
from ingestion.sender.mailing import Mailing, house_of
from konectus.mail.smtp import SmtpMail
from konectus.services.installation import open_installation
from konectus.settings import Settings
url, data_dir, master, port = sys.argv[1:]
settings = Settings(database_url=SecretStr(url), data_dir=data_dir, master_key=SecretStr(master))
works = open_installation(settings).works
print("ready", flush=True)
Mailing(works, SmtpMail("127.0.0.1", int(port), seconds=60), house_of(settings)).step()
"""


def test_a_sender_killed_while_the_server_thinks_is_not_made_up_for_by_a_second_mail(office: Office) -> None:
    made = office.queue()
    office.box.delay = 30.0
    settings = office.installation.settings
    assert settings.database_url is not None
    given = [settings.database_url.get_secret_value(), str(settings.data_dir), MASTER_HEX, str(office.box.port)]
    with subprocess.Popen([sys.executable, "-c", KILLED, *given], cwd=ROOT, stdout=subprocess.PIPE) as process:
        until(lambda: office.box.arrived, seconds=60, what="the message at the server")
        os.kill(process.pid, signal.SIGKILL)
    office.box.delay = 0.0
    for _ in range(3):
        office.mailing().step()
        office.clock.advance(hours=1)
    assert len(office.box.arrived) == 1
    assert office.row(made).state is NoticeState.SENT


def test_an_address_nobody_can_write_to_bounces_and_holds_up_no_other(office: Office) -> None:
    bad, good = office.queue(), office.queue()
    with office.installation.database.session(Role.WORKER) as session:
        session.execute(
            text("update ledger.notice set recipient = :to where id = :id"), {"id": bad, "to": "a@b.mx\r\nBcc: c@d.mx"}
        )
    office.mailing().step()
    assert (office.row(bad).state, office.row(good).state) == (NoticeState.BOUNCED, NoticeState.SENT)
    assert [envelope[1] for envelope in office.box.arrived] == [[office.row(good).recipient]]


def test_the_senders_own_loop_writes_files_that_count_as_delivered_in_the_demo(office: Office) -> None:
    made = office.queue()
    sender = Sender(office.installation)
    assert sender.loops["notices"].seconds <= 2
    sender.mailing.step()
    path = office.installation.settings.data_dir / "outbox" / f"{made}.eml"
    assert path.exists()
    assert office.row(made).state is NoticeState.DELIVERED
    assert office.kinds(made) == ["accepted", "delivered"]
    assert office.row(made).delivered_at == office.row(made).sent_at == START


def test_a_signal_wakes_the_loop(office: Office) -> None:
    sender = Sender(office.installation)
    sender.loops["notices"]._woken.clear()
    sender._told("konectus_outbox")
    assert sender.loops["notices"]._woken.is_set()


def test_settings_say_where_mail_leaves(office: Office) -> None:
    settings = office.installation.settings.model_copy(update={"smtp_url": SecretStr(office.box.url)})
    found = Mailing.of(replace(office.installation, settings=settings), threading.Event())
    made = office.queue()
    found.step()
    message: EmailMessage = office.box.messages[0]
    assert message["Message-ID"] == f"<{made}@konectus.example>"
