"""List, head and contact: from rows of the store to what templates show. Bubbles are turns.py. Reads nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from backoffice.inbox import attached, boxes, reply_windows, states, turns
from backoffice.inbox.bubbles import Badge
from backoffice.inbox.listing import cursor
from backoffice.inbox.turns import Talk
from backoffice.inbox.views import Contact, Fact, Person, Row, Thread
from backoffice.pages import CHANNELS, Reader
from konectus import i18n
from konectus.domain.conversations import Delivery, Direction, Party, Status
from konectus.i18n import msg
from konectus.store.queries import threads
from konectus.store.queries.inbox import ListRow
from konectus.store.queries.threads import EventRow, MessageRow

_PARTIES = {
    Party.GROUP: ("users", msg("Group")),
    Party.CHANNEL: ("message-square-text", msg("Channel of Telegram")),
}
_UNREACHABLE = {"blocked": msg("Blocked us"), "gone": msg("Gone")}


@dataclass(frozen=True)
class Page:
    """A page of a thread as it was read. `sought` is the message it was opened at, if any."""

    messages: Sequence[MessageRow] = ()
    events: Sequence[EventRow] = ()
    resting: Mapping[UUID, datetime] = field(default_factory=dict)
    sought: UUID | None = None
    has_later: bool = False


def row(found: ListRow, reader: Reader, user_id: UUID, *, asks: bool = False) -> Row:
    """One line of the list; `asks`: it waits as a request."""
    shown = _snippet(found)
    return Row(
        id=found.id,
        name=name_of(found),
        channel=found.channel,
        at=found.last_at,
        snippet=shown.words,
        glyph=shown.glyph,
        tone=shown.tone,
        window=reply_windows.in_list(found, reader),
        unread=found.unread,
        assignee=_assignee(found, user_id),
        chips=chips(found, asks=asks),
    )


def name_of(found: ListRow) -> str:
    named = {Party.GROUP: msg("Group on {channel}"), Party.CHANNEL: msg("Channel on {channel}")}
    words = named.get(found.kind, msg("Person on {channel}"))
    return found.name or found.handle or i18n.gettext(words, channel=CHANNELS[found.channel][0])


def talk_of(found: ListRow) -> Talk:
    return Talk(found.id, found.channel, name_of(found))


def party_chips(kind: Party) -> tuple[Badge, ...]:
    """A group or channel is told as such; a person needs no word."""
    told = _PARTIES.get(kind)
    return (Badge(told[0], i18n.gettext(told[1])),) if told else ()


def chips(found: ListRow, *, asks: bool = False) -> tuple[Badge, ...]:
    """What one has to know before reading: a group, a request, somebody who blocked us, another application leads."""
    told = [*party_chips(found.kind)]
    if asks:
        told.append(Badge("user-plus", i18n.gettext("Message request"), "tone-info"))
    if found.unreachable:
        told.append(Badge("ban", i18n.gettext(_UNREACHABLE.get(found.unreachable, msg("Gone"))), "tone-danger"))
    if found.owner_app:
        told.append(Badge("git-merge", i18n.gettext("Another application"), "tone-info"))
    return tuple(told)


def _assignee(found: ListRow, user_id: UUID) -> Person | None:
    if found.assignee_id is None:
        return None
    return Person(found.assignee_id, found.assignee_name or "", is_reader=found.assignee_id == user_id)


def _snippet(found: ListRow) -> Badge:
    """The last thing of a conversation in one line: a draft first, then what failed, then the newest message."""
    if found.draft:
        return Badge("pencil", i18n.gettext("Draft: {text}", text=found.draft))
    if found.preview_status in (Delivery.FAILED, Delivery.UNKNOWN, Delivery.CANCELLED):
        state = states.of_part(found.preview_status, found.preview_failure)
        assert state is not None
        return Badge(state.glyph, state.words, "tone-danger" if state.tone == "failed" else "")
    if found.preview_deleted:
        return Badge("undo-2", i18n.gettext("Withdrawn message"))
    glyph = "reply" if found.preview_direction is Direction.OUT else ""
    if found.preview or not found.preview_kind:
        return Badge(glyph, found.preview)
    if found.preview_attachment is None:
        return Badge(glyph, i18n.gettext("Message that cannot be shown here"))
    kind_glyph, words = attached.KINDS[found.preview_attachment]
    return Badge(glyph or kind_glyph, i18n.gettext(words))


def thread(found: ListRow, page: Page, reader: Reader, *, user_id: UUID, reply_id: UUID) -> Thread:
    """The middle pane. `reply_id` names the next click on Send."""
    messages, url = page.messages, f"/inbox/c/{found.id}"
    first, last = (messages[0], messages[-1]) if messages else (None, None)
    is_full = len(messages) >= threads.PAGE or page.sought is not None
    unread = 0 if page.sought or page.has_later else found.unread
    return Thread(
        id=found.id,
        name=name_of(found),
        channel=found.channel,
        handle=found.handle or name_of(found),
        account=found.connector_name,
        is_open=found.status is not Status.CLOSED,
        assignee=_assignee(found, user_id),
        turns=turns.turns(messages, talk_of(found), reader, events=page.events, unread=unread),
        box=boxes.of(found, name_of(found), reader, page.resting),
        reply_id=reply_id,
        earlier=f"{url}/earlier?before={cursor(first.occurred_at, first.id)}" if first and is_full else None,
        later=f"{url}/later?after={cursor(last.occurred_at, last.id)}" if last and page.has_later else None,
        draft=found.draft,
        sought=page.sought,
        chips=chips(found),
    )


def contact(found: ListRow, reader: Reader) -> Contact:
    """The right pane: who it is, and the ledger of the reply window."""
    window = reply_windows.of(found, reader.now)
    facts = [
        Fact(i18n.gettext("Channel"), CHANNELS[found.channel][0]),
        Fact(i18n.gettext("Account"), found.connector_name),
        Fact(i18n.gettext("First message"), "", found.contact_since),
    ]
    if found.handle:
        facts.insert(1, Fact(i18n.gettext("User name"), found.handle))
    if found.unreachable and found.unreachable_at:
        words = _UNREACHABLE.get(found.unreachable, msg("Gone"))
        facts.append(Fact(i18n.gettext(words), "", found.unreachable_at))
    left = max((window.closes_at - reader.now) / reply_windows.HOUR, 0.0) if window.closes_at else None
    return Contact(
        id=found.id,
        name=name_of(found),
        subtitle=i18n.gettext("since {month}", month=i18n.format_date(found.contact_since, reader.zone, "month")),
        facts=tuple(facts),
        window=reply_windows.ledger(found, reader),
        hours_left=left,
        hours_words=i18n.gettext("{n} of 24 hours are left", n=i18n.format_number(left, 1)) if left is not None else "",
    )
