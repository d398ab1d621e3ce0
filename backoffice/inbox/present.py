"""From rows of the store to what the templates show, in the reader's language and zone. Reads nothing."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from backoffice.inbox import reply_windows, states
from backoffice.inbox.listing import cursor
from backoffice.inbox.views import Badge, Contact, Day, Fact, Node, Person, Row, Thread, Turn
from backoffice.pages import CHANNELS, Reader
from konectus import i18n
from konectus.domain import windows
from konectus.domain.conversations import Author, Delivery, Direction, Status
from konectus.store.queries import threads
from konectus.store.queries.inbox import ListRow
from konectus.store.queries.threads import MessageRow

LATE = timedelta(minutes=2)


def row(found: ListRow, reader: Reader, user_id: UUID) -> Row:
    """One line of the list."""
    shown = _snippet(found)
    return Row(
        id=found.id,
        name=name_of(found),
        channel=found.channel,
        at=found.last_at,
        snippet=shown.words,
        glyph=shown.glyph,
        tone=shown.tone,
        window=reply_windows.in_list(found.channel, found.window_opened_at, reader),
        unread=found.unread,
        assignee=_assignee(found, user_id),
    )


def name_of(found: ListRow) -> str:
    return found.name or found.handle or i18n.gettext("Person on {channel}", channel=CHANNELS[found.channel][0])


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
    text = found.preview or (i18n.gettext("Attachment") if found.preview_kind else "")
    return Badge("reply" if found.preview_direction is Direction.OUT else "", text)


def node_id(message: MessageRow) -> str:
    """The element of a message. A reply's is named by the click that made it, so that it replaces its early bubble."""
    return f"m-{message.id}" if message.reply_id is None else f"r-{message.reply_id}-{message.part}"


def node_key(message: MessageRow) -> str:
    """Orders a thread as the store does: the sender's time, then the id."""
    return f"{_stamp(message.occurred_at)}|{message.id}"


def _stamp(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def node(message: MessageRow) -> Node:
    """One bubble."""
    is_ours = message.direction is Direction.OUT
    late = not is_ours and message.received_at - message.occurred_at > LATE
    return Node(
        id=node_id(message),
        thread=message.conversation_id,
        key=node_key(message),
        at=message.occurred_at,
        is_ours=is_ours,
        text=message.text
        or ("" if message.attachments else i18n.gettext("This kind of message cannot be shown here.")),
        author=_author(message) if is_ours else "",
        files=tuple(states.of_attachment(found) for found in message.attachments),
        state=states.of_part(message.status, message.failure) if is_ours else None,
        notes=(i18n.gettext("arrived late"),) if late else (),
    )


def _author(message: MessageRow) -> str:
    if message.author is Author.OWNER:
        return i18n.gettext("Written in the channel's own app")
    if message.author is Author.PROGRAM:
        return message.author_name or i18n.gettext("Another program")
    return message.author_name or ""


def turns(messages: Sequence[MessageRow], reader: Reader, unread: int = 0) -> tuple[Turn, ...]:
    """The bubbles with a line before each day, and one before what is new."""
    found: list[Turn] = []
    last_day = None
    new_from = _first_unread(messages, unread)
    for message in messages:
        opened = day(message, reader)
        if opened.id != last_day:
            found.append(opened)
            last_day = opened.id
        if message is new_from:
            words = i18n.ngettext("{n} new message", "{n} new messages", unread)
            key = f"{_stamp(message.occurred_at)}|"
            found.append(Day("new", message.conversation_id, key, words, is_new_mark=True))
        found.append(node(message))
    return tuple(found)


def _first_unread(messages: Iterable[MessageRow], unread: int) -> MessageRow | None:
    inbound = [message for message in messages if message.direction is Direction.IN]
    return inbound[-unread] if 0 < unread <= len(inbound) else None


def day(message: MessageRow, reader: Reader) -> Day:
    """The line of a message's day in the reader's zone."""
    zone = ZoneInfo(reader.zone)
    date = message.occurred_at.astimezone(zone).date()
    age = (reader.now.astimezone(zone).date() - date).days
    words = i18n.format_date(date, form="long" if abs(age) < _YEAR else "full")
    if age == 0:
        words = i18n.gettext("Today, {day}", day=words)
    elif age == 1:
        words = i18n.gettext("Yesterday, {day}", day=words)
    midnight = datetime.combine(date, datetime.min.time(), zone)
    return Day(f"d-{message.conversation_id}-{date}", message.conversation_id, _stamp(midnight), words)


_YEAR = 180


def thread(found: ListRow, messages: Sequence[MessageRow], reader: Reader, *, user_id: UUID, reply_id: UUID) -> Thread:
    """The middle pane. `reply_id` names the next click on Send."""
    first = messages[0] if messages else None
    more = f"/inbox/c/{found.id}/earlier?before={cursor(first.occurred_at, first.id)}" if first else None
    return Thread(
        id=found.id,
        name=name_of(found),
        channel=found.channel,
        handle=found.handle or name_of(found),
        account=found.connector_name,
        is_open=found.status is not Status.CLOSED,
        assignee=_assignee(found, user_id),
        turns=turns(messages, reader, found.unread),
        box=reply_windows.box(found.channel, found.window_opened_at, name_of(found), reader),
        reply_id=reply_id,
        earlier=more if len(messages) >= threads.PAGE else None,
        draft=found.draft,
    )


def contact(found: ListRow, reader: Reader) -> Contact:
    """The right pane: who it is, and the ledger of the reply window."""
    window = windows.of(found.channel, found.window_opened_at, reader.now)
    facts = [
        Fact(i18n.gettext("Channel"), CHANNELS[found.channel][0]),
        Fact(i18n.gettext("Account"), found.connector_name),
        Fact(i18n.gettext("First message"), "", found.contact_since),
    ]
    if found.handle:
        facts.insert(1, Fact(i18n.gettext("User name"), found.handle))
    left = max((window.closes_at - reader.now) / reply_windows.HOUR, 0.0) if window.closes_at else None
    return Contact(
        id=found.id,
        name=name_of(found),
        subtitle=i18n.gettext("since {month}", month=i18n.format_date(found.contact_since, reader.zone, "month")),
        facts=tuple(facts),
        window=_ledger(found, window, reader),
        hours_left=left,
        hours_words=i18n.gettext("{n} of 24 hours are left", n=i18n.format_number(left, 1)) if left is not None else "",
    )


def _ledger(found: ListRow, window: windows.Window, reader: Reader) -> tuple[Fact, ...]:
    if window.permission is windows.Permission.FREE and window.closes_at is None:
        return (Fact("", i18n.gettext("This channel sets no limit of time")),)
    if window.closes_at is None or found.window_opened_at is None:
        return (Fact("", i18n.gettext("It opens when they write")),)
    at = i18n.format_datetime(found.window_opened_at, reader.zone)
    closes = i18n.gettext("It closed") if window.closes_at <= reader.now else i18n.gettext("It closes")
    return (
        Fact(i18n.gettext("Opened by their message of {at}", at=at), closes, window.closes_at),
        Fact("", i18n.gettext("After 24 h: only an agent, up to 7 days")),
    )
