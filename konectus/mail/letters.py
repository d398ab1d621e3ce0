"""Notices put into words: Spanish always and first, English below for a Client who reads it (Terms 18).

A template's first line is the subject; then a line is a paragraph, `- ` begins an item, `=> Label | path` a link.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache, lru_cache
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any
from unicodedata import category
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from konectus import i18n
from konectus.domain.deadlines import LEGAL_ZONE, local_day, start_of
from konectus.domain.notice_words import CATALOGUE
from konectus.domain.notices import NoticeKind
from konectus.errors import Invalid
from konectus.i18n import gettext, msg

TEMPLATES = Path(__file__).parent / "templates"
_LOCALES = {"es": "es_MX", "en": "en"}
_LONGEST_SUBJECT = 200
_BODY = "\N{OBJECT REPLACEMENT CHARACTER}"
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\\x00-\x1f\x7f]{1,64}@[^\s@<>,;:\"()\[\]\\\x00-\x1f\x7f]{1,253}")
_CAUSES = {
    "nonpayment": msg("overdue payment"),
    "trial_expired": msg("the free trial is over"),
    "aup": msg("use that is not allowed"),
    "legal_order": msg("order of an authority"),
    "security": msg("security risk"),
}


class BadAddress(Invalid):
    """The recipient cannot be written into a message."""

    code = "bad_address"


@dataclass(frozen=True, slots=True)
class House:
    """Of an installation: who writes, where its pages are, where to pay."""

    sender: str
    public_url: str = ""
    pay_to: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What a notice says and to whom. `facts` are those of `domain.notice_words`."""

    kind: NoticeKind
    facts: Mapping[str, Any]
    client: str
    zone: str
    language: str


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, an item of a list or a link; `url` for links alone."""

    shape: str
    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A notice in one language."""

    subject: str
    blocks: tuple[Block, ...]

    @property
    def plain(self) -> str:
        return "\n\n".join("\n".join(_plain(block) for block in group) for group in _grouped(self.blocks))


@dataclass(frozen=True, slots=True)
class Letter:
    """A whole message: its bytes are what is sent, kept and hashed."""

    message_id: str
    subject: str
    data: bytes
    sha256: bytes


def versions() -> Mapping[str, Mapping[str, Any]]:
    """Each kind's version and the hash of its texts; a changed text without a new version fails a test."""
    found: Mapping[str, Mapping[str, Any]] = json.loads((TEMPLATES / "versions.json").read_text())
    return found


@cache
def version(kind: NoticeKind) -> int:
    return int(versions()[kind]["version"])


def texts_sha256(kind: NoticeKind) -> str:
    """Of all that a kind's message is made of, in both languages."""
    paths = [TEMPLATES / language / f"{name}.txt" for language in _LOCALES for name in (kind, "frame")]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()


def text(house: House, told: Told, language: str) -> Text:
    """The words of a notice in one language, without salutation and footer; for a banner as for a mail."""
    words = CATALOGUE[told.kind]
    facts = dict.fromkeys((*words.facts, *words.also, "invoices", "owed_cents", "composed_at", "days")) | dict(
        told.facts
    )
    with i18n.use(_LOCALES[language]):
        cause = gettext(_CAUSES.get(str(facts.get("cause")), _CAUSES["security"]))
        rendered = (
            _environment(told.zone)
            .get_template(f"{language}/{told.kind}.txt")
            .render(f=facts, pay_to=house.pay_to, cause=cause, path=_path(facts, words.path))
        )
    subject, _, body = rendered.partition("\n")
    return Text(" ".join(subject.split())[:_LONGEST_SUBJECT], tuple(_blocks(body, house.public_url)))


def compose(house: House, told: Told, recipient: str, notice_id: str, now: datetime) -> Letter:
    """The message as it goes out. Raises BadAddress."""
    languages = ("es", "en") if told.language == "en" else ("es",)
    texts = [text(house, told, language) for language in languages]
    parts = [
        (language, one, _framed(house, told, language, notice_id))
        for language, one in zip(languages, texts, strict=True)
    ]
    message = EmailMessage(policy=SMTP)
    name, sender = parseaddr(house.sender)[0], sender_of(house)
    message_id = f"<{notice_id}@{sender.rpartition('@')[2]}>"
    subject = " / ".join(one.subject for one in texts)
    message["From"] = Address(name, addr_spec=sender)
    message["To"] = address_of(recipient)
    message["Subject"] = subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    plain = "\n\n--- English ---\n\n".join(_mail_plain(one, frame) for _, one, frame in parts)
    message.set_content(plain + "\n", cte="quoted-printable")
    message.add_alternative(_page(subject, parts), subtype="html", cte="quoted-printable")
    # Last: a second part takes every Content header that is there already along into the first.
    message["Content-Language"] = ", ".join(languages)
    data = message.as_bytes()
    return Letter(message_id, subject, data, hashlib.sha256(data).digest())


def address_of(recipient: str) -> Address:
    """One address and nothing else. Raises BadAddress where it could end a header or name a second one."""
    # Signs that turn around or hide what is read (category C) would make one address look like another.
    if not _ADDRESS.fullmatch(recipient) or any(category(sign).startswith("C") for sign in recipient):
        raise BadAddress("the address cannot be written into a message")
    local, _, domain = recipient.rpartition("@")
    try:
        return Address("", local, domain.encode("idna").decode("ascii"))
    except ValueError:
        raise BadAddress("the address cannot be written into a message") from None


def sender_of(house: House) -> str:
    """The address of KONECTUS_MAIL_FROM, without a name."""
    return parseaddr(house.sender)[1]


def _framed(house: House, told: Told, language: str, reference: str) -> tuple[list[Block], list[Block]]:
    """What stands before and after the body."""
    words = CATALOGUE[told.kind]
    clause = told.facts.get("clause") or words.clause
    values = {"client": told.client, "clause": clause, "reference": reference, "body": _BODY}
    rendered = _environment(told.zone).get_template(f"{language}/frame.txt").render(values)
    before, _, after = rendered.partition(_BODY)
    return list(_blocks(before, house.public_url)), list(_blocks(after, house.public_url))


def _path(facts: Mapping[str, Any], usual: str) -> str:
    given = str(facts.get("path") or "")
    return given if re.fullmatch(r"/account[/\w-]*", given) else usual


def _blocks(rendered: str, public_url: str) -> Iterator[Block]:
    for line in filter(None, (line.strip() for line in rendered.split("\n"))):
        if line.startswith("- "):
            yield Block("item", line[2:])
        elif line.startswith("=> "):
            label, _, path = line[3:].rpartition(" | ")
            yield Block("link", label, public_url.rstrip("/") + path)
        else:
            yield Block("paragraph", line)


def _plain(block: Block) -> str:
    if block.shape == "link":
        return f"{block.text}: {block.url}"
    return f"- {block.text}" if block.shape == "item" else block.text


def _mail_plain(one: Text, frame: tuple[list[Block], list[Block]]) -> str:
    return Text("", (*frame[0], *one.blocks, *frame[1])).plain


def _grouped(blocks: tuple[Block, ...]) -> Iterator[list[Block]]:
    """Items that follow each other are one list, every other block stands alone."""
    for is_list, group in groupby(blocks, key=lambda block: block.shape == "item"):
        if is_list:
            yield list(group)
        else:
            yield from ([block] for block in group)


def _page(subject: str, parts: list[tuple[str, Text, tuple[list[Block], list[Block]]]]) -> str:
    """Plain markup without pictures, styles from elsewhere or anything that tells us it was read."""
    divisions = [
        f'<div lang="{language}">{_markup((*frame[0], *one.blocks, *frame[1]))}</div>' for language, one, frame in parts
    ]
    head = f'<!doctype html><html lang="es"><head><meta charset="utf-8"><title>{escape(subject)}</title></head>'
    style = "font-family:sans-serif;font-size:16px;line-height:1.5;max-width:40em;margin:1em auto;padding:0 1em"
    return f'{head}<body style="{style}">{"<hr>".join(divisions)}</body></html>\n'


def _markup(blocks: tuple[Block, ...]) -> str:
    found = []
    for group in _grouped(blocks):
        first = group[0]
        if first.shape == "item":
            found.append(f"<ul>{''.join(f'<li>{escape(one.text)}</li>' for one in group)}</ul>")
        elif first.shape == "link":
            found.append(f'<p><a href="{escape(first.url)}"><b>{escape(first.text)}</b></a></p>')
        else:
            found.append(f"<p>{escape(first.text)}</p>")
    return "\n".join(found)


@lru_cache(32)  # an overlay of its own would compile its templates each time
def _environment(zone: str) -> Environment:
    made = _base().overlay()
    made.filters = {**made.filters, "when": lambda at: _when(at, zone), "until": lambda at: _until(at, zone)}
    return made


@cache
def _base() -> Environment:
    made = Environment(  # noqa: S701 -- plain text; the HTML is made of it and escaped whole
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_one_line,
    )
    made.filters |= {"money": i18n.format_money, "day": lambda at: i18n.format_date(_instant(at), form="full")}
    return made


def _one_line(value: object) -> object:
    """A value never begins a line, a paragraph or a header of its own."""
    return " ".join(value.split()) if isinstance(value, str) else value


def _instant(value: str) -> datetime:
    return datetime.fromisoformat(value)


def _when(value: str, zone: str) -> str:
    """An instant in the legal zone and, where its clocks differ, in the Client's (lifecycle.md 2, #2)."""
    at = _instant(value)
    return f"{i18n.format_datetime(at, form='full')} ({_zones(at, zone)})"


def _until(value: str, zone: str) -> str:
    """A deadline: one at midnight is told as the end of the day before, as people count."""
    at = _instant(value)
    if at != start_of(local_day(at)):
        return _when(value, zone)
    last = i18n.format_date(local_day(at) - timedelta(days=1), form="full")
    return f"{gettext('the end of {day}', day=last)} ({_zones(at, zone)})"


def _zones(at: datetime, zone: str) -> str:
    there = at.astimezone(ZoneInfo(zone))
    if there.utcoffset() == at.astimezone(LEGAL_ZONE).utcoffset():
        return gettext("Mexico City time")
    place = zone.rpartition("/")[2].replace("_", " ")
    moment = i18n.format_datetime(at, zone, form="full")
    return gettext("Mexico City time; in {place}, {moment}", moment=moment, place=place)
