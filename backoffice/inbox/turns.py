"""From rows of a thread to what its templates show, in the reader's language and zone. Reads nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from backoffice.inbox import attached, beside, facts, lines, states
from backoffice.inbox.bubbles import Album, Day, Line, Mark, Node, Quote, Turn, Version
from backoffice.inbox.facts import Facts
from backoffice.pages import CHANNELS, Reader
from konectus import i18n
from konectus.domain.channels import AttachmentKind, Channel
from konectus.domain.conversations import Author, Direction, arrived_late
from konectus.store.queries.threads import AnsweredRow, EventRow, MessageRow, ReactionRow

_YEAR = 180
_LONGEST_QUOTE = 160
# Reactions that channels tell by name.
_NAMED = {
    "smile": "😄",
    "angry": "😠",
    "sad": "😢",
    "wow": "😮",
    "love": "❤️",
    "like": "👍",
    "dislike": "👎",
    "other": "💬",
    "paid": "⭐",
}


@dataclass(frozen=True)
class Talk:
    """One conversation as its thread is shown: who the other side is, and on which channel."""

    id: UUID
    channel: Channel
    name: str


def turns(
    messages: Sequence[MessageRow], talk: Talk, reader: Reader, *, events: Sequence[EventRow] = (), unread: int = 0
) -> tuple[Turn, ...]:
    """Bubbles, albums and lines in their order, a line before each day and one before what is new."""
    shown: list[Turn] = [*_blocks(messages, talk, reader), *(_line(event, talk) for event in events)]
    shown.sort(key=lambda turn: turn.key)
    new_from = _first_unread(messages, unread)
    found: list[Turn] = []
    last_day = None
    for turn in shown:
        opened = _day(_at(turn), talk.id, reader)
        if opened.id != last_day:
            found.append(opened)
            last_day = opened.id
        if new_from is not None and new_from in _holds(turn):
            words = i18n.ngettext("{n} new message", "{n} new messages", unread)
            found.append(Day("new", talk.id, f"{turn.key.partition('|')[0]}|", words, is_new_mark=True))
        found.append(turn)
    return tuple(found)


def node_id(message: MessageRow) -> str:
    """The element of a message. A reply's is named by the click that made it, so that it replaces its early bubble."""
    return f"m-{message.id}" if message.reply_id is None else f"r-{message.reply_id}-{message.part}"


def node(message: MessageRow, talk: Talk, reader: Reader) -> Node:
    """One bubble."""
    told = facts.read(message.facts)
    is_ours = message.direction is Direction.OUT
    found = Node(
        id=node_id(message),
        thread=message.conversation_id,
        key=_key(message.occurred_at, message.id),
        message=message.id,
        at=message.occurred_at,
        is_ours=is_ours,
        author=_author(message, told, talk),
        author_glyph={Author.OWNER: "smartphone", Author.PROGRAM: "plug"}.get(message.author, ""),
        state=states.of_part(message.status, message.failure) if is_ours else None,
        acts=states.acts_of(message) if is_ours else (),
        notes=_notes(message, told),
    )
    if message.deleted_at is not None:
        return replace(found, gone=_gone(message))
    return _with_content(found, message, told, talk, reader)


def _with_content(found: Node, message: MessageRow, told: Facts, talk: Talk, reader: Reader) -> Node:
    files = tuple(attached.of(row) for row in message.attachments if row.kind is not AttachmentKind.STORY)
    near = beside.of(message, told, reader)
    is_empty = not (message.text or files or near)
    return replace(
        found,
        text=message.text,
        placeholder=_placeholder(talk) if is_empty or message.kind == "unsupported" else "",
        quote=_quote(message, told, talk),
        beside=near,
        files=files,
        marks=tuple(_mark(one, talk) for one in message.reactions),
        versions=tuple(Version(one.at, one.text) for one in message.versions),
        is_edited=message.edited_at is not None,
        album=facts.words(told.get("album")),
    )


def _blocks(messages: Sequence[MessageRow], talk: Talk, reader: Reader) -> Iterable[Turn]:
    """Bubbles; consecutive ones of one album in a block, those of one reply told as its parts."""
    counted = {reply: len(list(parts)) for reply, parts in groupby(sorted(_replies(messages)))}
    nodes = []
    for message in messages:
        one, count = node(message, talk, reader), counted.get(str(message.reply_id), 1)
        if count > 1 and message.part is not None:
            one = replace(one, part=i18n.gettext("part {n} of {count}", n=message.part + 1, count=count))
        nodes.append(one)
    for (album, _), run in groupby(nodes, key=lambda one: (one.album or one.id, one.is_ours)):
        together = tuple(run)
        yield Album(together) if len(together) > 1 and album else together[0]


def _replies(messages: Iterable[MessageRow]) -> list[str]:
    return [str(message.reply_id) for message in messages if message.reply_id is not None]


def _placeholder(talk: Talk) -> str:
    channel = CHANNELS[talk.channel][0]
    return i18n.gettext("This cannot be shown here. Open the conversation in {channel} to see it.", channel=channel)


def _gone(message: MessageRow) -> str:
    if message.direction is Direction.OUT:
        return i18n.gettext("This message was withdrawn")
    return i18n.gettext("The person withdrew this message")


def _author(message: MessageRow, told: Facts, talk: Talk) -> str:
    """Who wrote it, where that is not plain: of groups the speaker, of what went out by whose hand."""
    if message.direction is Direction.IN:
        sender = told.get("sender")
        return facts.first(facts.an_object(sender).get("name"), facts.an_object(sender).get("handle"))
    if message.author is Author.OWNER:
        return i18n.gettext("By hand, in {channel}", channel=CHANNELS[talk.channel][0])
    if message.author is Author.PROGRAM:
        return message.author_name or i18n.gettext("Through another application")
    return message.author_name or ""


def _notes(message: MessageRow, told: Facts) -> tuple[str, ...]:
    found = []
    if message.direction is Direction.IN and arrived_late(message.occurred_at, message.received_at):
        found.append(i18n.gettext("arrived late"))
    if told.get("standby"):
        found.append(i18n.gettext("while another application leads"))
    if told.get("backfilled"):
        found.append(i18n.gettext("from the channel's history"))
    if told.get("is_self"):
        found.append(i18n.gettext("to itself"))
    return tuple(found)


def _quote(message: MessageRow, told: Facts, talk: Talk) -> Quote | None:
    """What it answers: the message where it is here, else the words that the channel quoted."""
    quoted = facts.words(told.get("quote"))
    if message.answered is None:
        if not (quoted or message.is_reply):
            return None
        return Quote(i18n.gettext("An earlier message"), _short(quoted) or i18n.gettext("It is not here."))
    answered = message.answered
    url = f"/inbox/c/{answered.conversation_id}?at={answered.id}"
    return Quote(_who(answered, talk), _short(quoted or _said(answered)), answered.id, url)


def _who(answered: AnsweredRow, talk: Talk) -> str:
    if answered.direction is Direction.IN:
        return talk.name
    return answered.author_name or i18n.gettext("You")


def _said(answered: AnsweredRow) -> str:
    if answered.is_deleted:
        return i18n.gettext("Withdrawn message")
    return answered.text or i18n.gettext("Attachment")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_QUOTE else f"{line[:_LONGEST_QUOTE].rstrip()}…"


def _mark(reaction: ReactionRow, talk: Talk) -> Mark:
    """A channel's own emoji come as a number nobody can draw."""
    emoji = _NAMED.get(reaction.emoji, "⭐" if reaction.emoji.isdigit() else reaction.emoji)
    if reaction.direction is Direction.OUT:
        return Mark(emoji, i18n.gettext("You reacted with {emoji}", emoji=emoji))
    return Mark(emoji, i18n.gettext("{who} reacted with {emoji}", who=talk.name, emoji=emoji))


def _line(event: EventRow, talk: Talk) -> Line:
    said = lines.of(event, talk.channel)
    return Line(f"e-{event.id}", talk.id, _key(event.at, event.id), event.at, said.glyph, said.words, said.tone)


def _key(instant: datetime, row_id: UUID) -> str:
    """Orders a thread as the store does: the sender's time, then the id."""
    return f"{_stamp(instant)}|{row_id}"


def _stamp(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def _at(turn: Turn) -> datetime:
    assert not isinstance(turn, Day)
    return turn.nodes[0].at if isinstance(turn, Album) else turn.at


def _holds(turn: Turn) -> tuple[str, ...]:
    return turn.holds if isinstance(turn, Node | Album) else ()


def _first_unread(messages: Iterable[MessageRow], unread: int) -> str | None:
    inbound = [node_id(message) for message in messages if message.direction is Direction.IN]
    return inbound[-unread] if 0 < unread <= len(inbound) else None


def _day(instant: datetime, thread: UUID, reader: Reader) -> Day:
    """The line of an instant's day in the reader's zone."""
    zone = ZoneInfo(reader.zone)
    date = instant.astimezone(zone).date()
    age = (reader.now.astimezone(zone).date() - date).days
    words = i18n.format_date(date, form="long" if abs(age) < _YEAR else "full")
    if age == 0:
        words = i18n.gettext("Today, {day}", day=words)
    elif age == 1:
        words = i18n.gettext("Yesterday, {day}", day=words)
    midnight = datetime.combine(date, datetime.min.time(), zone)
    return Day(f"d-{thread}-{date}", thread, _stamp(midnight), words)
