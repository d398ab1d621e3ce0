"""A report as a message: short words, the figures attached, named by their period. Pure."""

import hashlib
from collections.abc import Iterator, Sequence
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
from reports.mails.facts import Report

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


def compose(house: House, to: Addressee, report: Report, now: datetime) -> Letter:
    """The newest release of the report for one person. Raises BadAddress."""
    with i18n.use(_LOCALES[to.language]):
        release, sender = report.now, letters.sender_of(house)
        recipient = letters.address_of(to.address)
        message = EmailMessage(policy=SMTP)
        subject = gettext("Figures: {period}", period=telling.named(release))
        message_id = f"<{to.mail_id}@{sender.rpartition('@')[2]}>"
        message["From"] = Address(parseaddr(house.sender)[0], addr_spec=sender)
        message["To"] = recipient
        message["Subject"] = subject
        message["Date"] = format_datetime(now)
        message["Message-ID"] = message_id
        message["Auto-Submitted"] = "auto-generated"
        lines = _lines(house, report)
        message.set_content("\n\n".join(lines) + "\n", cte="quoted-printable")
        message.add_alternative(_page(subject, lines), subtype="html", cte="quoted-printable")
        name = f"konectus-{telling.written(release.grain, release.period)}"
        if "pdf" in to.forms:
            message.add_attachment(paper.render(report), "application", "pdf", filename=f"{name}.pdf")
        if "xlsx" in to.forms:
            message.add_attachment(workbook.render(report), "application", _SHEET, filename=f"{name}.xlsx")
        return Letter(recipient.addr_spec, message_id, message.as_bytes())


def _lines(house: House, report: Report) -> list[str]:
    name = telling.named(report.now)
    return [
        gettext("The anonymous figures of {period} are published.", period=name),
        *_told(report),
        *_quarter(report),
        gettext("All of them, with how they were made: {url}", url=f"{house.public_url.rstrip('/')}/dashboard/"),
        gettext("You get this because an administrator of Konectus ordered it for you; any of them can stop it."),
    ]


def _told(report: Report) -> Iterator[str]:
    for key, cell in telling.headlines(report.now):
        yield f"{telling.words(report, key)}: {telling.value(report, cell)}"
    yield from telling.changes(report)


def _quarter(report: Report) -> Iterator[str]:
    """The one that ends with the month told."""
    if report.quarter:
        yield telling.named(report.quarter.now)
        yield from _told(report.quarter)


def _page(subject: str, lines: Sequence[str]) -> str:
    """Plain markup without pictures or anything that tells us it was read."""
    head = (
        f'<!doctype html><html lang="{i18n.tag()}"><head><meta charset="utf-8"><title>{escape(subject)}</title></head>'
    )
    style = "font-family:sans-serif;font-size:16px;line-height:1.5;max-width:40em;margin:1em auto;padding:0 1em"
    return f'{head}<body style="{style}">{"".join(f"<p>{escape(line)}</p>" for line in lines)}</body></html>\n'
