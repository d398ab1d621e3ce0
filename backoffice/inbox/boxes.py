"""The composer: what may be written now, and why not; bands over it for what holds a send back. No sending here."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from backoffice.inbox import attached, reply_windows
from backoffice.inbox.reply_windows import DAY, HOUR
from backoffice.inbox.views import Allowed, Box, Notice, Window
from backoffice.pages import CHANNELS, Reader
from konectus import i18n
from konectus.domain import windows
from konectus.domain.channels import FILE_LIMITS, TEXT_LIMIT, Channel
from konectus.domain.connectors import LIVE, ConnectorState
from konectus.domain.conversations import Party
from konectus.domain.windows import Permission
from konectus.i18n import msg
from konectus.store.queries.inbox import ListRow

# How the script of the page counts, and what a person calls it (domain.channels.text_length).
_UNITS = {Channel.MESSENGER: "characters", Channel.INSTAGRAM: "bytes", Channel.TELEGRAM: "units"}
_COUNTED = {
    Channel.MESSENGER: msg("characters"),
    Channel.INSTAGRAM: msg("bytes"),
    Channel.TELEGRAM: msg("UTF-16 units"),
}
Resting = Mapping[UUID, datetime]


def of(found: ListRow, name: str, reader: Reader, resting: Resting) -> Box:
    """By who can be reached at all, then by the Connector, then by the channel's window."""
    channel = CHANNELS[found.channel][0]
    if found.unreachable:
        return _unreachable(found, name, channel, reader)
    if found.connector_state not in LIVE:
        return _disconnected(found, channel, reader)
    window = reply_windows.of(found, reader.now)
    box = _by_window(found, name, window, reader)
    return replace(box, notices=(*_owner(found, channel), *_resting(found, channel, reader, resting), *_group(found)))


def _by_window(found: ListRow, name: str, window: windows.Window, reader: Reader) -> Box:
    if window.permission is Permission.SHUT:
        return _shut(found, name, window, reader)
    if window.permission is Permission.HUMAN_AGENT and window.human_until:
        days = max(1, (window.human_until - reader.now) // DAY)
        left = i18n.ngettext("Agent only · {n} day left", "Agent only · {n} days left", days)
        return replace(
            _plain(found.channel, Window("user-round", left, "soon", reply_windows.opened(found, reader))),
            button=i18n.gettext("Send as an agent"),
            heading=i18n.gettext("An answer to their question, written by you. No promotions, no automatic replies."),
            refreshes_at=window.human_until,
        )
    if window.closes_at is None:
        return _plain(found.channel, Window("timer", i18n.gettext("Open without limit of time")))
    tone = "soon" if window.closes_at - reader.now < HOUR else ""
    words = i18n.gettext("Window open · closes")
    box = _plain(found.channel, Window("timer", words, tone, reply_windows.opened(found, reader)))
    return replace(box, window_until=window.closes_at, refreshes_at=window.closes_at)


def _plain(channel: Channel, window: Window) -> Box:
    counted = i18n.gettext(
        "{channel} counts {unit}", channel=CHANNELS[channel][0], unit=i18n.gettext(_COUNTED[channel])
    )
    limit = TEXT_LIMIT[channel]
    return Box(window, None, limit, _UNITS[channel], _allowed(channel), explanation=counted)


def _allowed(channel: Channel) -> Allowed:
    """What the page tells before the click; the service decides again after it."""
    limits, name = FILE_LIMITS[channel], CHANNELS[channel][0]
    size, image = attached.size(limits.bytes), attached.size(limits.image_bytes)
    return Allowed(
        most=limits.most_files,
        size=limits.bytes,
        image_size=limits.image_bytes,
        types=tuple(limits.types),
        words=i18n.gettext("up to {n}, {size} each, pictures {image}", n=limits.most_files, size=size, image=image),
        said_most=i18n.gettext("No more than {n} files at once", n=limits.most_files),
        said_size=i18n.gettext("{channel} takes files up to {size}", channel=name, size=size),
        said_image=i18n.gettext("{channel} takes pictures up to {size}", channel=name, size=image),
        said_type=i18n.gettext("{channel} does not take this kind of file", channel=name),
    )


def _closed(found: ListRow, heading: str, explanation: str, glyph: str = "ban") -> Box:
    window = Window(glyph, i18n.gettext("Nothing can be sent"), "shut")
    return replace(_plain(found.channel, window), is_shut=True, heading=heading, explanation=explanation)


def _unreachable(found: ListRow, name: str, channel: str, reader: Reader) -> Box:
    since = i18n.format_datetime(found.unreachable_at, reader.zone) if found.unreachable_at else ""
    when = i18n.gettext("Since {since}.", since=since) if since else ""
    if found.kind is not Party.PERSON:
        heading = i18n.gettext("The bot cannot write in {name}", name=name)
        words = i18n.gettext("The group is closed or the bot was taken out. Add the bot again to go on.")
    elif found.unreachable == "blocked":
        heading = i18n.gettext("{name} blocked the account in {channel}", name=name, channel=channel)
        words = i18n.gettext("If they unblock it or write again, this box opens by itself.")
    else:
        heading = i18n.gettext("{name} is no longer in {channel}", name=name, channel=channel)
        words = i18n.gettext("Their account is gone; the conversation stays here.")
    return _closed(found, heading, " ".join(filter(None, (when, words))))


def _disconnected(found: ListRow, channel: str, reader: Reader) -> Box:
    since = i18n.format_datetime(found.connector_since, reader.zone)
    if found.connector_state is ConnectorState.PENDING_AUTH:
        heading = i18n.gettext("{channel} is being connected", channel=channel)
        return _closed(found, heading, i18n.gettext("You can answer in a moment."), "plug")
    heading = i18n.gettext("{channel} is disconnected since {since}", channel=channel, since=since)
    words = i18n.gettext("An owner can connect {account} again under Account.", account=found.connector_name)
    return _closed(found, heading, words, "unplug")


def _shut(found: ListRow, name: str, window: windows.Window, reader: Reader) -> Box:
    channel = CHANNELS[found.channel][0]
    return replace(
        _plain(found.channel, Window("lock", i18n.gettext("Shut since"), "shut")),
        window_until=window.human_until or window.closes_at,
        is_shut=True,
        heading=i18n.gettext("{channel} no longer lets us write to {name}", channel=channel, name=name),
        explanation=_why_shut(found, reader),
    )


def _why_shut(found: ListRow, reader: Reader) -> str:
    opened_at = found.window_opened_at
    if found.channel is Channel.TELEGRAM and found.business_at:
        day = i18n.format_date(found.business_at, reader.zone)
        return i18n.gettext(
            "They wrote to the owner's account on {day}. The limit is 24 hours; if they write again it opens again.",
            day=day,
        )
    if opened_at is None:
        return i18n.gettext("They have not written yet; the window opens when they do.")
    return i18n.gettext(
        "Their last message was on {day}. The limit is 7 days. If they write again it opens again.",
        day=i18n.format_date(opened_at, reader.zone),
    )


def _owner(found: ListRow, channel: str) -> tuple[Notice, ...]:
    if not found.owner_app:
        return ()
    words = i18n.gettext("What you send asks {channel} for the conversation first; it may refuse.", channel=channel)
    return (Notice("git-merge", i18n.gettext("Another application leads this conversation"), words, "info"),)


_TROUBLE = {
    "needs_reauth": msg("An owner renews the session under Account; what you send waits until then, in order."),
    "permission_lost": msg("An owner grants the permission again under Account; what you send waits."),
    "restricted": msg("{channel} holds the account back; what you send waits, in order."),
    "policy_block": msg("{channel} blocked the account for its rules; what you send waits."),
    "provider_down": msg("What you send waits and leaves by itself, in order."),
    "paused_by_staff": msg("Konectus paused this channel; what you send waits."),
}


def _resting(found: ListRow, channel: str, reader: Reader, resting: Resting) -> tuple[Notice, ...]:
    """The breaker first, since it knows when; else what the Connector suffers from, with the mend."""
    again = resting.get(found.connector_id)
    if again is not None and again > reader.now:
        at = i18n.format_time(again, reader.zone)
        heading = i18n.gettext("{channel} does not answer; the next try is at {at}", channel=channel, at=at)
        return (Notice("wifi-off", heading, i18n.gettext("What you send waits and leaves by itself, in order.")),)
    if found.connector_state is not ConnectorState.DEGRADED or found.connector_reason == "silent":
        return ()
    words = _TROUBLE.get(found.connector_reason or "", _TROUBLE["provider_down"])
    heading = i18n.gettext("{channel} is not sending", channel=channel)
    return (Notice("unplug", heading, i18n.gettext(words, channel=channel)),)


def _group(found: ListRow) -> tuple[Notice, ...]:
    if found.kind is Party.PERSON:
        return ()
    words = msg("Everybody in the group reads what you send.")
    if found.kind is Party.CHANNEL:
        words = msg("Everybody who follows the channel reads what you send.")
    return (Notice("users", i18n.gettext(words), "", "info"),)
