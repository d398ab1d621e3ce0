"""Letters with a one-time link: first sign-in, invitation, reset. The link is in the letter alone, so none is kept.

Always in Spanish, with English below for who reads that. Sent after the page was answered: a known address takes no
longer than an unknown one. What is a formal notice is konectus.services.notices'.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from enum import StrEnum

from konectus import i18n
from konectus.errors import KonectusError
from konectus.i18n import msg
from konectus.ids import uuid7
from konectus.mail.letters import BadAddress, address_of
from konectus.mail.opening import open_mail
from konectus.mail.port import MailDown, send
from konectus.services import credentials, email_changes
from konectus.services.installation import Installation
from konectus.services.invitations import Invited
from konectus.services.signup import Letter, Sent

log = logging.getLogger(__name__)


class Kind(StrEnum):
    """Which letter; the sign-up's and the reset's are named as there."""

    VERIFY = Sent.VERIFY
    KNOWN = Sent.KNOWN
    RESET = Sent.RESET
    ADDRESS = Sent.ADDRESS
    INVITED = "invited"


SUBJECTS = {
    Kind.VERIFY: msg("Confirm your e-mail and enter Konectus"),
    Kind.KNOWN: msg("You already have an account at Konectus"),
    Kind.RESET: msg("A new password for Konectus"),
    Kind.ADDRESS: msg("Confirm this e-mail for the notices of Konectus"),
    Kind.INVITED: msg("You were invited to Konectus"),
}
# What stands before the link and after it; names of strangers stay out of letters that anybody can cause.
BODIES = {
    Kind.VERIFY: (
        msg("You registered a business at Konectus with this e-mail. Open this link to confirm it, with a password:"),
        msg("It works once, for {hours} hours. If it was not you, ignore this letter: no one enters without it."),
    ),
    Kind.KNOWN: (
        msg("Somebody wanted to register a business with this e-mail, which has an account at Konectus. Enter here:"),
        msg("If you forgot your password, ask for another there. If it was not you, ignore this: nothing was changed."),
    ),
    Kind.RESET: (
        msg("Somebody asked for a new password for this e-mail. Open this link to choose it:"),
        msg(
            "It works once, for {minutes} minutes, and signs you out wherever you are signed in. If it was not you,"
            " ignore this letter: your password stays."
        ),
    ),
    Kind.ADDRESS: (
        msg("An account at Konectus wants its formal notices at this e-mail. Open this link and confirm it there:"),
        msg(
            "It works once, for {day_hours} hours; until then the notices go where they went. If it was not you,"
            " ignore this letter: without the link nothing changes."
        ),
    ),
    Kind.INVITED: (
        msg("{client} invited you to its inbox at Konectus. Open this link to choose your password:"),
        msg("It works once, for {hours} hours. If you do not know who invites you, ignore this letter."),
    ),
}
_LONGEST_NAME = 80
_PATHS = {Kind.VERIFY: "/invite/", Kind.RESET: "/reset/", Kind.INVITED: "/invite/", Kind.ADDRESS: "/confirm-email/"}
_HOURS = credentials.INVITATION_LIFE // timedelta(hours=1)
_DAY_HOURS = email_changes.LIFE // timedelta(hours=1)
_MINUTES = credentials.LINK_LIFE // timedelta(minutes=1)


def written(installation: Installation, kind: Kind, letter: Letter, client_name: str = "") -> EmailMessage:
    """The message: Spanish first, English below it where that is the reader's language."""
    settings = installation.settings
    base = settings.public_url.rstrip("/")
    link = f"{base}{_PATHS[kind]}{letter.secret}" if letter.secret else f"{base}/login"
    locales = ("es_MX", "en") if letter.language == "en" else ("es_MX",)
    texts, subject = [], ""
    for locale in locales:
        with i18n.use(locale):
            subject = subject or i18n.gettext(SUBJECTS[kind])
            texts.append(_text(kind, link, client_name))
    message = EmailMessage()
    message["From"] = settings.mail_from
    message["To"] = address_of(letter.email)
    message["Subject"] = subject
    now = installation.clock.now()
    message["Date"] = format_datetime(now)
    domain = parseaddr(settings.mail_from)[1].rpartition("@")[2]
    message["Message-ID"] = f"<{uuid7(now)}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n\n— — —\n\n".join(texts))
    return message


def _text(kind: Kind, link: str, client_name: str) -> str:
    before, after = BODIES[kind]
    client = " ".join(client_name.split())[:_LONGEST_NAME]
    told = {"client": client, "hours": _HOURS, "minutes": _MINUTES, "day_hours": _DAY_HOURS}
    parts = (i18n.gettext("Hello:"), i18n.gettext(before, **told), link, i18n.gettext(after, **told), "Konectus")
    return "\n\n".join(parts)


def post(installation: Installation, kind: Kind, letter: Letter, client_name: str = "") -> bool:
    """Send it; False, and a line in the log without address and link, where the mail was not taken."""
    try:
        send(open_mail(installation.settings), written(installation, kind, letter, client_name))
    except (MailDown, BadAddress):
        log.warning("letter not accepted by the mail server", extra={"letter": str(kind)})
        return False
    return True


def invite(installation: Installation, invited: Invited, client_name: str, language: str) -> None:
    """To somebody an owner invited, in the language of their Client."""
    letter = Letter(Sent.VERIFY, invited.email, invited.name, language, invited.secret)
    post(installation, Kind.INVITED, letter, client_name)


def later(installation: Installation, find: Callable[[], Letter | None]) -> None:
    """Find out what to write and to whom, then write it: all of it after the visitor was answered."""
    try:
        letter = find()
    except KonectusError as error:
        log.warning("letter not written", extra={"code": error.code})
        return
    if letter is not None:
        post(installation, Kind(letter.kind), letter)
