"""Mail by SMTP (RFC 5321) with TLS: one connection a message. What is certain and what is not is told apart.

A mail that was refused may be tried again; one whose final reply never came may have been taken and is not.
"""

import base64
import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from konectus.errors import Unavailable
from konectus.mail.port import Answer, Envelope, Outcome
from konectus.mail.talking import Talk, Talks

SECONDS = 10.0
_PORTS = {"smtp": 587, "smtps": 465}
_READY, _SIGNED_IN, _OK, _FORWARDED, _GO_ON = 220, 235, 250, 251, 354
_TEMPORARY, _PERMANENT, _NO_CODE = 400, 500, 600
_LONGEST_REPLY = 500
_LINE_END = re.compile(rb"\r\n|\r|\n")
_MEND = "KONECTUS_SMTP_URL: give smtp://user:password@host:587 or smtps://user:password@host:465"


class WrongSmtpUrl(Unavailable):
    """The address of the mail server cannot be read."""

    code = "smtp_url"


class _NoTls(Exception):
    """A password is not sent in clear."""


class _Line(smtplib.SMTP):
    """A connection that another thread can break off from its first moment on."""

    _host: str

    def __init__(self, talk: Talk, seconds: float) -> None:
        self.talk = talk
        super().__init__(timeout=seconds)

    def call(self, host: str, port: int) -> tuple[int, bytes]:
        """As the constructor does where it is given a host; the certificate has to bear that name."""
        self._host = host
        return self.connect(host, port)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        found = socket.create_connection((host, port), timeout)
        try:
            self.talk.over(found)
        except OSError:
            found.close()
            raise
        return found


class _TlsLine(smtplib.SMTP_SSL, _Line):
    """The same, encrypted from the beginning."""

    def __init__(self, talk: Talk, seconds: float, context: ssl.SSLContext) -> None:
        self.talk = talk
        smtplib.SMTP_SSL.__init__(self, timeout=seconds, context=context)


@dataclass(frozen=True)
class SmtpMail:
    """One mail server. The password never shows in a repr, a log or an error."""

    host: str
    port: int
    tls: bool = False
    user: str = ""
    password: str = field(default="", repr=False)
    seconds: float = SECONDS
    context: Callable[[], ssl.SSLContext] = field(default=ssl.create_default_context, repr=False)
    talks: Talks = field(default_factory=Talks, repr=False)

    @classmethod
    def of(cls, url: str) -> "SmtpMail":
        """Of KONECTUS_SMTP_URL. Raises WrongSmtpUrl, without the url: a password stands in it."""
        try:
            parts = urlsplit(url)
            port = parts.port or _PORTS[parts.scheme]
        except (ValueError, KeyError):
            raise WrongSmtpUrl(_MEND) from None
        if not parts.hostname or parts.path.strip("/") or parts.query:
            raise WrongSmtpUrl(_MEND)
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.hostname, port, parts.scheme == "smtps", user, password)

    def hand_over(self, envelope: Envelope) -> Answer:
        """What is said before the recipient is named is our own trouble and waits: the address is not at fault."""
        with self.talks.one() as talk:
            try:
                smtp = self._connect(talk)
            except (smtplib.SMTPException, OSError, _NoTls) as trouble:
                return Answer(Outcome.DEFERRED, _words(trouble))
            try:
                return _converse(smtp, envelope, talk)
            except (smtplib.SMTPException, OSError) as trouble:
                return Answer(Outcome.DEFERRED, _words(trouble))
            finally:
                _hang_up(smtp)

    def ask_to_stop(self) -> None:
        """No conversation lasts from here on: nothing is lost by it, what was not handed over is put off."""
        self.talks.ask_to_stop()

    def _connect(self, talk: Talk) -> smtplib.SMTP:
        smtp = _TlsLine(talk, self.seconds, self.context()) if self.tls else _Line(talk, self.seconds)
        try:
            code, reply = smtp.call(self.host, self.port)
            if code != _READY:
                raise smtplib.SMTPConnectError(code, reply)
            self._introduce(smtp)
        except (smtplib.SMTPException, OSError, _NoTls):
            _hang_up(smtp)
            raise
        return smtp

    def _introduce(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        secret = self.tls
        if not self.tls and smtp.has_extn("starttls"):
            smtp.starttls(context=self.context())
            smtp.ehlo()
            secret = True
        if self.user:
            if not secret:
                raise _NoTls("the server offers no STARTTLS, and a password is not sent in clear")
            self._sign_in(smtp)

    def _sign_in(self, smtp: smtplib.SMTP) -> None:
        if (self.user + self.password).isascii():
            smtp.login(self.user, self.password)
            return
        # smtplib knows passwords of ASCII alone; RFC 4616 has them in UTF-8.
        token = base64.b64encode(f"\0{self.user}\0{self.password}".encode()).decode("ascii")
        code, reply = smtp.docmd("AUTH", f"PLAIN {token}")
        if code != _SIGNED_IN:
            raise smtplib.SMTPAuthenticationError(code, reply)


def _converse(smtp: smtplib.SMTP, envelope: Envelope, talk: Talk) -> Answer:
    """One message. Everything before the text is over the line leaves nothing behind at the server."""
    wide = not (envelope.sender + envelope.recipient).isascii()
    if wide and not smtp.has_extn("smtputf8"):
        return Answer(Outcome.REFUSED, "the address needs SMTPUTF8, which the mail server does not offer")
    if wide:
        smtp.command_encoding = "utf-8"
    code, reply = smtp.mail(envelope.sender, ("SMTPUTF8", "BODY=8BITMIME") if wide else ())
    if code != _OK:
        return Answer(Outcome.DEFERRED, _reply(code, reply))
    code, reply = smtp.rcpt(envelope.recipient)
    if code not in (_OK, _FORWARDED):
        return _refusal(code, reply)
    code, reply = smtp.docmd("DATA")
    if code != _GO_ON:
        return _refusal(code, reply)
    return _give(smtp, envelope, talk)


def _give(smtp: smtplib.SMTP, envelope: Envelope, talk: Talk) -> Answer:
    """The text: from here on nobody knows, until the server has answered whole."""
    talk.give_text()
    try:
        smtp.send(_stuffed(envelope.data))
        code, reply = smtp.getreply()
    except (smtplib.SMTPException, OSError) as trouble:
        return Answer(Outcome.UNKNOWN, _words(trouble))
    if code == _OK:
        return Answer(Outcome.ACCEPTED, _reply(code, reply))
    # Half a line, where the connection broke in the middle of the answer, is neither yes nor no.
    is_no = _TEMPORARY <= code < _NO_CODE
    return _refusal(code, reply) if is_no else Answer(Outcome.UNKNOWN, _reply(code, reply))


def _refusal(code: int, reply: bytes) -> Answer:
    """5xx is for good; the rest, greylisting with it, may be tried again."""
    return Answer(Outcome.REFUSED if code >= _PERMANENT else Outcome.DEFERRED, _reply(code, reply))


def _stuffed(data: bytes) -> bytes:
    """RFC 5321 4.5.2: a line that begins with a dot gets another, a dot alone ends the text.

    Lone CR and LF become CRLF: a server that reads one as a line end must not see a second message in it.
    """
    lines = _LINE_END.sub(b"\r\n", data).replace(b"\r\n.", b"\r\n..")
    if lines.startswith(b"."):
        lines = b"." + lines
    return lines + (b".\r\n" if lines.endswith(b"\r\n") else b"\r\n.\r\n")


def _hang_up(smtp: smtplib.SMTP) -> None:
    try:
        if smtp.sock is not None:
            smtp.sock.settimeout(1.0)
        smtp.quit()
    except (smtplib.SMTPException, OSError):
        smtp.close()


def _reply(code: int, reply: bytes) -> str:
    return f"{code} {reply.decode('utf-8', 'replace')}"[:_LONGEST_REPLY]


def _words(trouble: Exception) -> str:
    """Kind and reply of a failure. An authentication error quotes the server, never what we sent."""
    if isinstance(trouble, smtplib.SMTPResponseException):
        said = trouble.smtp_error
        return _reply(trouble.smtp_code, said if isinstance(said, bytes) else str(said).encode())
    return f"{type(trouble).__name__}: {trouble}"[:_LONGEST_REPLY]
