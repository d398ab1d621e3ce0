"""Handing mail to a real server: taken, refused, put off, hanging, encrypted, signed in; and to a folder."""

import contextlib
import socket
import stat
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from time import sleep

import pytest
from pydantic import SecretStr

from konectus.clock import monotonic
from konectus.mail import talking
from konectus.mail.directory import DirectoryMail
from konectus.mail.opening import open_mail
from konectus.mail.port import Answer, Envelope, MailDown, Outcome, send
from konectus.mail.smtp import SmtpMail, WrongSmtpUrl
from konectus.mail.talking import Talks
from konectus.settings import Settings
from tests.support.mailbox import PASSWORD, USER, Certificate, Mailbox, running

DATA = b"Subject: Aviso\r\n\r\nUno\r\n.\r\n..dos\r\nfin\r\n"


def envelope(recipient: str = "a@cliente.example", data: bytes = DATA) -> Envelope:
    return Envelope("avisos@konectus.example", recipient, "<0193@konectus.example>", data)


def hand(box: Mailbox, given: Envelope | None = None, **more: object) -> Answer:
    mail = SmtpMail("127.0.0.1", box.port, seconds=0.5, **more)  # type: ignore[arg-type]  # of a test's own making
    return mail.hand_over(given or envelope())


@pytest.fixture(scope="module")
def server() -> Iterator[Mailbox]:
    with running(enable_SMTPUTF8=True) as box:
        yield box


@pytest.fixture
def box(server: Mailbox) -> Mailbox:
    server.rcpt, server.data, server.delay = "250 OK", "250 taken", 0.0
    server.arrived.clear()
    return server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate.made(tmp_path_factory.mktemp("tls"))


def test_a_message_arrives_as_it_is_lines_that_begin_with_dots_too(box: Mailbox) -> None:
    assert hand(box) == Answer(Outcome.ACCEPTED, "250 taken")
    assert box.arrived == [("avisos@konectus.example", ["a@cliente.example"], DATA)]


def test_lone_line_ends_cannot_smuggle_a_second_message(box: Mailbox) -> None:
    sneaky = b"Subject: Uno\r\n\r\nfin\n.\nMAIL FROM:<x@y.z>\r.\rRCPT TO:<a@b.c>\r\n"
    assert hand(box, envelope(data=sneaky)).outcome is Outcome.ACCEPTED
    assert len(box.arrived) == 1
    assert box.arrived[0][2] == b"Subject: Uno\r\n\r\nfin\r\n.\r\nMAIL FROM:<x@y.z>\r\n.\r\nRCPT TO:<a@b.c>\r\n"


@pytest.mark.parametrize(
    ("rcpt", "data", "outcome"),
    [
        ("550 5.1.1 no such mailbox", "250 taken", Outcome.REFUSED),
        ("450 4.2.0 greylisted, come back", "250 taken", Outcome.DEFERRED),
        ("250 OK", "554 5.7.1 not wanted here", Outcome.REFUSED),
        ("250 OK", "451 4.3.0 try later", Outcome.DEFERRED),
    ],
)
def test_a_no_is_for_good_or_for_now_as_its_number_says(box: Mailbox, rcpt: str, data: str, outcome: Outcome) -> None:
    box.rcpt, box.data = rcpt, data
    answer = hand(box)
    assert answer.outcome is outcome
    assert answer.text in (rcpt, data)
    assert box.arrived == []


def test_silence_after_the_text_is_neither_yes_nor_no(box: Mailbox) -> None:
    box.delay = 1.0
    assert hand(box).outcome is Outcome.UNKNOWN
    assert len(box.arrived) == 1


def test_a_server_that_takes_connections_and_says_nothing_puts_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mail = SmtpMail("127.0.0.1", silent.getsockname()[1], seconds=0.2)
        assert mail.hand_over(envelope()).outcome is Outcome.DEFERRED


def test_a_server_that_is_not_there_puts_off_and_a_letter_for_nobodys_books_says_so() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        mail = SmtpMail("127.0.0.1", probe.getsockname()[1], seconds=0.2)
        assert mail.hand_over(envelope()).outcome is Outcome.DEFERRED
        with pytest.raises(MailDown):
            send(mail, letter())


def test_a_server_that_hangs_up_in_the_middle_of_the_talk_puts_off() -> None:
    def talk(listening: socket.socket) -> None:
        conn, _ = listening.accept()
        with conn:
            conn.sendall(b"220 hello\r\n")
            conn.recv(100)
            conn.sendall(b"250 hello\r\n")
            conn.recv(100)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=talk, args=[listening])
        thread.start()
        answer = SmtpMail("127.0.0.1", listening.getsockname()[1], seconds=2).hand_over(envelope())
        thread.join()
    assert answer.outcome is Outcome.DEFERRED


def dripping(listening: socket.socket, *said: bytes) -> None:
    """A server that says this and then a byte now and then, each within the patience of one wait."""
    conn, _ = listening.accept()
    with conn, contextlib.suppress(OSError):
        for words in said:
            conn.sendall(words)
            conn.recv(10_000)
        while True:
            conn.sendall(b"2")
            sleep(0.05)


TALK = [b"220 hello\r\n", b"250 hello\r\n", b"250 sender\r\n", b"250 recipient\r\n", b"354 go on\r\n"]


@pytest.mark.parametrize(("said", "outcome"), [(0, "deferred"), (1, "deferred"), (4, "deferred"), (5, "unknown")])
@pytest.mark.parametrize("is_stop", [True, False])
def test_a_server_that_drips_holds_nobody_up_and_what_it_has_not_is_put_off(
    monkeypatch: pytest.MonkeyPatch, said: int, outcome: str, *, is_stop: bool
) -> None:
    """Every single wait is short enough: the whole has an end of its own, and a stop does not wait for that."""
    monkeypatch.setattr(talking, "AT_STOP", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=dripping, args=[listening, *TALK[:said]], daemon=True).start()
        mail = SmtpMail("127.0.0.1", listening.getsockname()[1], talks=Talks(60.0 if is_stop else 0.3))
        if is_stop:
            threading.Timer(0.1, mail.ask_to_stop).start()
        began = monotonic()
        answer = mail.hand_over(envelope())
    assert (answer.outcome, monotonic() - began < 3) == (outcome, True)


def test_a_stop_lets_a_server_that_has_the_message_answer(box: Mailbox) -> None:
    box.delay = 0.3
    mail = SmtpMail("127.0.0.1", box.port)
    threading.Timer(0.15, mail.ask_to_stop).start()
    assert mail.hand_over(envelope()).outcome is Outcome.ACCEPTED


def test_letters_in_an_address_need_a_server_that_takes_them(box: Mailbox) -> None:
    assert hand(box, envelope("iñaki@cliente.example")).outcome is Outcome.ACCEPTED
    assert box.arrived[0][1] == ["iñaki@cliente.example"]
    with running(enable_SMTPUTF8=False) as plain:
        assert hand(plain, envelope("iñaki@cliente.example")).outcome is Outcome.REFUSED


def test_starttls_is_used_where_it_is_offered_and_the_password_goes_only_inside(certificate: Certificate) -> None:
    with running(tls_context=certificate.server(), require_starttls=True, auth_required=True) as box:
        signed_in = hand(box, user=USER, password=PASSWORD, context=certificate.trusting)
        assert signed_in.outcome is Outcome.ACCEPTED
        assert (box.users, box.encrypted) == ([USER], [True])
        wrong = hand(box, user=USER, password="otra", context=certificate.trusting)
        assert wrong.outcome is Outcome.DEFERRED
        assert "otra" not in wrong.text


def test_a_certificate_nobody_vouches_for_is_not_talked_to(certificate: Certificate) -> None:
    with running(tls_context=certificate.server()) as box:
        assert hand(box).outcome is Outcome.DEFERRED
        assert box.arrived == []


def test_a_password_is_never_sent_in_clear() -> None:
    with running(auth_required=False, auth_require_tls=False) as box:
        answer = hand(box, user=USER, password=PASSWORD)
        assert answer.outcome is Outcome.DEFERRED
        assert box.users == []


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://host.example", ("host.example", 587, False, "", "")),
        ("smtps://ana%40x:p%2Fq@host.example", ("host.example", 465, True, "ana@x", "p/q")),
        ("smtp://127.0.0.1:2525/", ("127.0.0.1", 2525, False, "", "")),
    ],
)
def test_the_address_of_a_server_is_read(url: str, expected: tuple[object, ...]) -> None:
    found = SmtpMail.of(url)
    assert (found.host, found.port, found.tls, found.user, found.password) == expected
    assert "p/q" not in repr(found)


@pytest.mark.parametrize("url", ["http://s3cret@x", "smtp://", "smtp://x:99999", "x", "smtp://x/path", "smtp://x?y=1"])
def test_another_address_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(WrongSmtpUrl, match="KONECTUS_SMTP_URL: give") as refusal:
        SmtpMail.of(url)
    assert "s3cret" not in str(refusal.value)


def test_without_a_server_mail_is_a_file_for_our_eyes_alone_written_once(tmp_path: Path) -> None:
    mail = open_mail(Settings(data_dir=tmp_path, environment="demo"))
    assert mail.hand_over(envelope()) == Answer(Outcome.ACCEPTED, "0193.eml", proves_delivery=True)
    path = tmp_path / "outbox/0193.eml"
    assert path.read_bytes() == DATA
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert mail.hand_over(envelope(data=b"other")).outcome is Outcome.ACCEPTED
    assert path.read_bytes() == DATA
    assert [one.name for one in path.parent.iterdir()] == ["0193.eml"]


def test_in_production_a_file_proves_nothing(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, environment="production", public_url="https://x.example")
    assert open_mail(settings).hand_over(envelope()) == Answer(Outcome.ACCEPTED, "0193.eml")


def test_a_folder_that_cannot_be_written_puts_off(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("in the way")
    answer = DirectoryMail(tmp_path / "outbox", proves_delivery=True).hand_over(envelope())
    assert answer.outcome is Outcome.DEFERRED


def test_a_message_id_never_names_a_place_outside_the_folder(tmp_path: Path) -> None:
    mail = DirectoryMail(tmp_path / "outbox", proves_delivery=True)
    for name in ("<../../x@y>", "<.hidden@y>", "<a/b@y>", "<>"):
        mail.hand_over(Envelope("a@b.c", "d@e.f", name, name.encode()))
    assert len(list((tmp_path / "outbox").glob("*.eml"))) == 4
    assert [one.name for one in tmp_path.iterdir()] == ["outbox"]


def test_settings_choose_the_server(box: Mailbox) -> None:
    mail = open_mail(Settings(smtp_url=SecretStr(box.url)))
    send(mail, letter())
    assert box.messages[0]["Subject"] == "Enlace"
    box.rcpt = "550 no"
    with pytest.raises(MailDown, match="refused"):
        send(mail, letter())


def letter() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "K <k@konectus.example>", "Ana <a@b.example>", "Enlace"
    message.set_content("Sigue el enlace.")
    return message
