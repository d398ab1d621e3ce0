"""What is told of a channel's reply window: in the list for scanning, in the contact as a ledger."""

from datetime import datetime, timedelta

from backoffice import pages
from backoffice.inbox.views import Fact, Window
from backoffice.pages import Reader
from konectus import i18n
from konectus.domain import windows
from konectus.domain.channels import Channel
from konectus.domain.windows import Opener, Permission
from konectus.i18n import msg
from konectus.store.queries.inbox import ListRow

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
_OPENED = {
    Opener.MESSAGE: msg("Opened by their message of {at}"),
    Opener.POSTBACK: msg("Opened by the button they tapped, {at}"),
    Opener.REACTION: msg("Opened by their reaction of {at}"),
    Opener.STORY_REPLY: msg("Opened by their answer to your story, {at}"),
    Opener.STORY_MENTION: msg("Opened by their mention in a story, {at}"),
    Opener.REFERRAL: msg("Opened by the link or advertisement they came through, {at}"),
    Opener.OPTIN: msg("Opened by their consent of {at}"),
}


def of(found: ListRow, now: datetime) -> windows.Window:
    """The window of a conversation as the list's row knows it."""
    through_owner = windows.through_owner(found.window_opened_at, found.business_at)
    opened_at = found.business_at if through_owner else found.window_opened_at
    return windows.of(found.channel, opened_at, now, through_owner=through_owner)


def in_list(found: ListRow, reader: Reader) -> Window:
    """How long one may still answer, for scanning; the title tells what opened it and the exact instants."""
    if found.unreachable:
        return Window("", "")  # nothing can be sent however long the window: the chip says why
    window = of(found, reader.now)
    glyph, words, tone = _short(window, reader)
    return Window(glyph, words, tone, _title(found, window, reader))


def _short(window: windows.Window, reader: Reader) -> tuple[str, str, str]:
    if window.permission is Permission.SHUT:
        closed = window.human_until or window.closes_at
        day = i18n.format_date(closed, reader.zone, "scan") if closed else ""
        return "lock", i18n.gettext("Shut {day}", day=day) if day else i18n.gettext("Window shut"), "shut"
    if window.permission is Permission.HUMAN_AGENT and window.human_until:
        days = i18n.gettext("{n} d", n=max(1, (window.human_until - reader.now) // DAY))
        return "user-round", i18n.gettext("Agent only · {left}", left=days), "soon"
    if window.closes_at is None:
        return "", i18n.gettext("No limit"), ""
    left = window.closes_at - reader.now
    if left < HOUR:
        return "timer", i18n.gettext("{n} min", n=max(1, left // timedelta(minutes=1))), "soon"
    return "timer", i18n.gettext("{n} h", n=left // HOUR), ""


def _title(found: ListRow, window: windows.Window, reader: Reader) -> str:
    if window.closes_at is None:
        return ""
    shut = window.closes_at <= reader.now
    closes = i18n.gettext("It closed") if shut else i18n.gettext("It closes")
    told = [f"{opened(found, reader)}.", f"{closes} {pages.exact(window.closes_at, reader.zone)}."]
    if window.human_until and window.human_until > reader.now:
        until = pages.exact(window.human_until, reader.zone)
        told.append(i18n.gettext("After 24 h only an agent, until {until}.", until=until))
    return " ".join(told)


def opened(found: ListRow, reader: Reader) -> str:
    """What opened the window, and when."""
    by = next((known for known in Opener if known == found.window_opened_by), Opener.MESSAGE)
    at = found.window_opened_at or found.business_at
    return i18n.gettext(_OPENED[by], at=i18n.format_datetime(at, reader.zone) if at else "")


def ledger(found: ListRow, reader: Reader) -> tuple[Fact, ...]:
    """The lines of the contact's pane."""
    window = of(found, reader.now)
    if window.closes_at is None:
        if window.permission is Permission.FREE:
            return (Fact("", i18n.gettext("This channel sets no limit of time")),)
        return (Fact("", i18n.gettext("It opens when they write")),)
    closes = i18n.gettext("It closed") if window.closes_at <= reader.now else i18n.gettext("It closes")
    first = Fact(opened(found, reader), closes, window.closes_at)
    if found.channel is Channel.TELEGRAM:
        return (first, Fact("", i18n.gettext("The owner's own account: the bot answers for 24 h after their message")))
    return (first, Fact("", i18n.gettext("After 24 h: only an agent, up to 7 days")))
