"""Mail by SMTP (RFC 5321) with TLS: one connection a message. What is certain and what is not is told apart.

A mail that was refused may be tried again; one whose final reply never came may have been taken and is not.
"""

import base64
import re
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from konectus.errors import Unavailable
from konectus.mail.port import Answer, Envelope, Outcome

SECONDS = 10.0
_PORTS = {"smtp": 587, "smtps": 465}
_SIGNED_IN, _OK, _FORWARDED, _GO_ON, _PERMANENT = 235, 250, 251, 354, 500
_LONGEST_REPLY = 500
_LINE_END = re.compile(rb"\r\n|\r|\n")
_MEND = "KONECTUS_SMTP_URL: give smtp://user:password@host:587 or smtps://user:password@host:465"


class WrongSmtpUrl(Unavailable):
    """The address of the mail server cannot be read."""

    code = "smtp_url"


class _NoTls(Exception):
    """A password is not sent in clear."""


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
        try:
            smtp = self._connect()
        except (smtplib.SMTPException, OSError, _NoTls) as trouble:
            return Answer(Outcome.DEFERRED, _words(trouble))
        try:
            return _converse(smtp, envelope)
        except (smtplib.SMTPException, OSError) as trouble:
            return Answer(Outcome.DEFERRED, _words(trouble))
        finally:
            _hang_up(smtp)

    def _connect(self) -> smtplib.SMTP:
        if self.tls:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=self.seconds, context=self.context())
        else:
            smtp = smtplib.SMTP(self.host, self.port, timeout=self.seconds)
        try:
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


def _converse(smtp: smtplib.SMTP, envelope: Envelope) -> Answer:
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
    try:
        smtp.send(_stuffed(envelope.data))
        code, reply = smtp.getreply()
    except (smtplib.SMTPException, OSError) as trouble:
        return Answer(Outcome.UNKNOWN, _words(trouble))
    return Answer(Outcome.ACCEPTED, _reply(code, reply)) if code == _OK else _refusal(code, reply)


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
