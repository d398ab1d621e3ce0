"""Pages of an archive that people leaf through without a program: conversations, their list, the first page.

No script, nothing from elsewhere, Spanish first. What is said in conversations is escaped by the templates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from konectus import i18n
from konectus.domain.channels import AttachmentKind, AttachmentState
from konectus.domain.conversations import Delivery
from konectus.domain.terms import Document
from konectus.i18n import msg
from konectus.sealing import Unreadable
from konectus.store.queries import archive_pages, threads
from konectus.store.queries.archive_pages import ConversationLine
from konectus.store.queries.archive_papers import Text
from konectus.store.queries.thread_rows import AttachmentRow, EventRow, MessageRow
from reports.export.media_names import media_name
from reports.export.paper_names import text_file
from reports.export.segments import Content
from reports.export.stages import Batch, Place, Source

ON_A_PAGE = 200
LINES_ON_A_PAGE = 200
CONVERSATIONS_AT_ONCE = 25
_FIRST: threads.Place = (datetime(1, 1, 1, tzinfo=UTC), UUID(int=0))
HERE = Path(__file__).parent
CHANNELS = {"messenger": "Messenger", "instagram": "Instagram", "telegram": "Telegram"}
KINDS = {
    AttachmentKind.IMAGE: msg("Picture"),
    AttachmentKind.AUDIO: msg("Sound"),
    AttachmentKind.VIDEO: msg("Film"),
    AttachmentKind.FILE: msg("File"),
    AttachmentKind.STICKER: msg("Sticker"),
    AttachmentKind.LOCATION: msg("Place"),
    AttachmentKind.CONTACT: msg("Contact card"),
    AttachmentKind.SHARE: msg("Shared post"),
    AttachmentKind.STORY: msg("Story"),
    AttachmentKind.UNKNOWN: msg("Attachment"),
}
DELIVERIES = {
    Delivery.QUEUED: msg("Not sent yet"),
    Delivery.SENDING: msg("Being sent"),
    Delivery.SENT: msg("Sent"),
    Delivery.DELIVERED: msg("Delivered"),
    Delivery.READ: msg("Read"),
    Delivery.FAILED: msg("Not sent: it failed"),
    Delivery.UNKNOWN: msg("Unknown whether it arrived"),
    Delivery.CANCELLED: msg("Not sent: cancelled"),
}
NAMES = {
    Document.TERMS: msg("Terms and Conditions"),
    Document.PRIVACY: msg("Privacy Policy"),
    Document.DPA: msg("Data processing agreement"),
}
# What every browser shows of itself and runs nothing of.
_PICTURES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_SOUNDS = frozenset({"audio/mpeg", "audio/mp4", "audio/ogg", "audio/aac", "audio/wav"})
_FILMS = frozenset({"video/mp4", "video/webm"})


@dataclass(frozen=True)
class House:
    """For whom the archive is made, and when."""

    name: str
    zone: str
    made_at: datetime


@dataclass(frozen=True)
class First:
    """What the first page tells. `parts`: (name, rows, parts) of every table; `texts`: what was accepted."""

    counts: Mapping[str, int]
    parts: Sequence[tuple[str, int, int]]
    texts: Sequence[Text]
    troubles: int


@dataclass(frozen=True, slots=True)
class Shown:
    """An attachment on a page. `form` is picture, sound, film or file; `href` only where its file is in the archive."""

    form: str
    kind: str
    name: str
    href: str | None
    state: str


@dataclass(frozen=True)
class Conversations:
    """Every conversation as pages, a long one as several."""

    house: House

    def __call__(self, source: Source, place: Place) -> Batch:
        batch = Batch(None)
        if "within" in place:
            line = archive_pages.conversation(source.session, source.keys, UUID(place["within"][0]))
            if line is not None:
                self._add(source, line, batch, place["within"][1:])
            batch.place = batch.place or {"after": place["within"][0]}
            return batch
        found = archive_pages.conversations(source.session, source.keys, place.get("after"), CONVERSATIONS_AT_ONCE)
        for line in found:
            self._add(source, line, batch, (1, None))
            if batch.place is not None:
                return batch
        if len(found) == CONVERSATIONS_AT_ONCE:
            batch.place = {"after": str(found[-1].id)}
        return batch

    def _add(self, source: Source, line: ConversationLine, batch: Batch, begun: Sequence[Any]) -> None:
        """One page of a conversation; `batch.place` is set where it has more."""
        source.alive()
        number, after = begun
        place: threads.Place = (datetime.fromisoformat(after[0]), UUID(after[1])) if after else _FIRST
        try:
            messages, following = _messages(source, line.id, place)
            events = _events(source, line.id, messages if number > 1 else (), following)
        except Unreadable:
            messages, following, events = [], [], []
            batch.trouble.append(f"unreadable: a message of conversation {line.id}; the rows as data hold the others")
        page = render(
            "conversation.html", self.house, up="../../", line=line, number=number, has_more=bool(following),
            turns=_turns(messages, events), earlier=page_name(line.id, number - 1),
            later=page_name(line.id, number + 1),
        )  # fmt: skip
        batch.files.append(Content(f"conversations/{folder(line.id)}/{page_name(line.id, number)}", page))
        batch.rows += len(messages)
        batch.counts["conversation pages"] = batch.counts.get("conversation pages", 0) + 1
        if following:
            last = messages[-1]
            batch.place = {"within": [str(line.id), number + 1, [last.occurred_at.isoformat(), str(last.id)]]}


@dataclass(frozen=True)
class Lists:
    """The list of conversations, the last talked to first."""

    house: House

    def __call__(self, source: Source, place: Place) -> Batch:
        number, before = place.get("number", 1), place.get("before")
        found = archive_pages.newest(source.session, source.keys, before, LINES_ON_A_PAGE + 1)
        lines, has_more = found[:LINES_ON_A_PAGE], len(found) > LINES_ON_A_PAGE
        page = render("list.html", self.house, up="../", lines=lines, number=number, has_more=has_more)
        batch = Batch(None, [Content(f"conversations/list-{number:04}.html", page)])
        if has_more:
            last = lines[-1]
            batch.place = {"number": number + 1, "before": [last.last_at.isoformat(), str(last.id)]}
        return batch


def first_page(house: House, told: First) -> list[Content]:
    """The first page and what all pages look like."""
    page = render("index.html", house, up="", told=told, counts=told.counts, names=NAMES)
    return [Content("style.css", (HERE / "templates/style.css").read_bytes()), Content("index.html", page)]


def folder(conversation_id: UUID) -> str:
    return conversation_id.hex[-2:]


def page_name(conversation_id: UUID, number: int) -> str:
    return f"{conversation_id}-{number:04}.html"


def _messages(source: Source, conversation_id: UUID, place: threads.Place) -> tuple[list[MessageRow], list[MessageRow]]:
    """A page of messages, oldest first, and what follows it."""
    found: list[MessageRow] = []
    while True:
        more = threads.thread_page(source.session, source.keys, conversation_id, after=place)
        if len(found) >= ON_A_PAGE:
            return found, more
        found += more
        if len(more) < threads.PAGE:
            return found, []
        place = (more[-1].occurred_at, more[-1].id)


def _events(
    source: Source, conversation_id: UUID, before: Sequence[MessageRow], following: Sequence[MessageRow]
) -> list[EventRow]:
    since = before[0].occurred_at if before else None
    until = following[0].occurred_at if following else None
    return threads.events(source.session, source.keys, conversation_id, since=since, until=until)


def _turns(messages: Sequence[MessageRow], events: Sequence[EventRow]) -> list[tuple[MessageRow | None, Any]]:
    """Messages with their attachments and events between them, by time."""
    told: list[tuple[datetime, MessageRow | None, Any]] = [
        (m.occurred_at, m, [] if m.deleted_at else [shown(a) for a in m.attachments]) for m in messages
    ]
    told += [(e.at, None, e) for e in events]
    return [(message, rest) for _, message, rest in sorted(told, key=lambda turn: turn[0])]


def shown(row: AttachmentRow) -> Shown:
    """How a page shows an attachment. Addresses at the channel are in the data alone: no page leads elsewhere."""
    kept = row.state is AttachmentState.STORED
    kind = row.media_type or ""
    forms = {"picture": kind in _PICTURES, "sound": kind in _SOUNDS, "film": kind in _FILMS}
    form = next((name for name, fits in forms.items() if fits and kept), "file")
    href = f"../../{media_name(row.id, row.name, row.media_type)}" if kept else None
    state = "" if kept else msg("The bytes are not here; what is known of it is in the data.")
    return Shown(form, KINDS[row.kind], row.name, href, state)


def render(template: str, house: House, **values: object) -> bytes:
    """A page of the archive."""
    told = _environment().get_template(template).render(house=house, **values)
    return told.encode("utf-8", "replace")


@lru_cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.globals.update(
        _=both, channels=CHANNELS, deliveries=DELIVERIES, folder=folder, page_name=page_name, text_file=text_file,
        time=_time, money=_money,
    )  # fmt: skip
    return made


def both(msgid: str, **values: object) -> Markup:
    """Spanish, which prevails (Terms 18), and English beside it where it differs."""
    with i18n.use("es_MX"):
        spanish = i18n.gettext(msgid, **values)
    with i18n.use("en"):
        english = i18n.gettext(msgid, **values)
    if spanish == english:
        return Markup("{}").format(spanish)  # nothing to tell apart
    return Markup('<span lang="es">{}</span> <span class="en" lang="en">{}</span>').format(spanish, english)


def _money(cents: int) -> str:
    with i18n.use("es_MX"):
        return i18n.format_money(cents)


def _time(instant: datetime, house: House) -> Markup:
    stamp = instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    with i18n.use("es_MX"):
        told = i18n.format_datetime(instant, house.zone)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(stamp, stamp, told)
