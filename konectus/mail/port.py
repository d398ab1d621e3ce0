"""What a way out for mail does: take one message, once, and say what became of it. Trying again is the sender's."""

from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import getaddresses
from enum import StrEnum
from typing import Protocol

from konectus.errors import Unavailable


class MailDown(Unavailable):
    """The mail could not be handed over now."""

    code = "mail_down"


class Outcome(StrEnum):
    """`deferred` and `refused` are certain: nobody has the message. `unknown`: it may have been taken."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a message. `text` is the server's reply; `proves_delivery`: there is no further way to go."""

    outcome: Outcome
    text: str
    proves_delivery: bool = False


@dataclass(frozen=True, slots=True)
class Envelope:
    """Addresses as SMTP wants them, without names, and the whole message with CRLF line ends."""

    sender: str
    recipient: str
    message_id: str
    data: bytes


class Mail(Protocol):
    """A way out."""

    def hand_over(self, envelope: Envelope) -> Answer:
        """Hand one message over; never raises for what a server does."""
        ...

    def ask_to_stop(self) -> None:
        """What is being handed over ends within seconds, one way or the other."""
        ...


def send(mail: Mail, message: EmailMessage) -> None:
    """Hand over a message to its one `To`. Raises MailDown unless it was accepted; for letters nobody proves."""
    ((_, sender),) = getaddresses([str(message["From"])])
    ((_, recipient),) = getaddresses([str(message["To"])])
    data = message.as_bytes(policy=SMTP)
    answer = mail.hand_over(Envelope(sender, recipient, str(message["Message-ID"] or ""), data))
    if answer.outcome is not Outcome.ACCEPTED:
        raise MailDown(f"the mail was not accepted: {answer.outcome}")
