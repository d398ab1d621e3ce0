"""A report as a message: short words, the figures attached, named by their period. Pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from html import escape

from konectus import i18n
from konectus.i18n import gettext
from konectus.mail import letters
from konectus.mail.letters import House
from reports.mails import paper, telling, workbook
from reports.mails.reading import Release

_LOCALES = {"es": "es_MX", "en": "en"}
_SHEET = "vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who gets it, in which language and forms; `mail_id` names the message for good."""

    mail_id: str
    address: str
    language: str
    forms: Sequence[str]


@dataclass(frozen=True, slots=True)
class Letter:
    """A whole message: its bytes are what is handed over and hashed."""

    recipient: str
    message_id: str
    data: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def compose(house: House, to: Addressee, history: Sequence[Release], now: datetime) -> Letter:
    """The newest of the releases for one person. Raises BadAddress."""
    with i18n.use(_LOCALES[to.language]):
        release, sender = history[-1], letters.sender_of(house)
        recipient = letters.address_of(to.address)
        message = EmailMessage(policy=SMTP)
        subject = gettext("Figures: {period}", period=telling.period(release.grain, release.period))
        message_id = f"<{to.mail_id}@{sender.rpartition('@')[2]}>"
        message["From"] = Address(parseaddr(house.sender)[0], addr_spec=sender)
        message["To"] = recipient
        message["Subject"] = subject
        message["Date"] = format_datetime(now)
        message["Message-ID"] = message_id
        message["Auto-Submitted"] = "auto-generated"
        lines = _lines(house, history)
        message.set_content("\n\n".join(lines) + "\n", cte="quoted-printable")
        message.add_alternative(_page(subject, lines), subtype="html", cte="quoted-printable")
        name = f"konectus-{telling.written(release.grain, release.period)}"
        if "pdf" in to.forms:
            message.add_attachment(paper.render(history), "application", "pdf", filename=f"{name}.pdf")
        if "xlsx" in to.forms:
            message.add_attachment(workbook.render(release), "application", _SHEET, filename=f"{name}.xlsx")
        return Letter(recipient.addr_spec, message_id, message.as_bytes())


def _lines(house: House, history: Sequence[Release]) -> list[str]:
    now = history[-1]
    totals = ((metric, now.total(key)) for key, metric in now.metrics.items())
    figures = [f"{telling.name(metric)}: {telling.value(cell)}" for metric, cell in totals if cell is not None]
    return [
        gettext("The anonymous figures of {period} are published.", period=telling.period(now.grain, now.period)),
        *figures,
        *telling.changes(now, telling.previous(history)),
        gettext("All of them, with how they were made: {url}", url=f"{house.public_url.rstrip('/')}/dashboard/"),
        gettext("You get this because an administrator of Konectus ordered it for you; any of them can stop it."),
    ]


def _page(subject: str, lines: Sequence[str]) -> str:
    """Plain markup without pictures or anything that tells us it was read."""
    head = (
        f'<!doctype html><html lang="{i18n.tag()}"><head><meta charset="utf-8"><title>{escape(subject)}</title></head>'
    )
    style = "font-family:sans-serif;font-size:16px;line-height:1.5;max-width:40em;margin:1em auto;padding:0 1em"
    return f'{head}<body style="{style}">{"".join(f"<p>{escape(line)}</p>" for line in lines)}</body></html>\n'
