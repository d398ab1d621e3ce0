"""What is told of a channel's reply window: in the list for scanning, and as the box one may or may not write in."""

from dataclasses import replace
from datetime import datetime, timedelta

from backoffice.inbox.views import Badge, Box
from backoffice.pages import CHANNELS, Reader
from konectus import i18n
from konectus.domain import windows
from konectus.domain.channels import TEXT_LIMIT, Channel
from konectus.domain.windows import Permission, Window
from konectus.i18n import msg

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# How the script of the page counts, and what a person calls it (domain.channels.text_length).
_UNITS = {Channel.MESSENGER: "characters", Channel.INSTAGRAM: "bytes", Channel.TELEGRAM: "units"}
_COUNTED = {
    Channel.MESSENGER: msg("characters"),
    Channel.INSTAGRAM: msg("bytes"),
    Channel.TELEGRAM: msg("UTF-16 units"),
}


def in_list(channel: Channel, opened_at: datetime | None, reader: Reader) -> Badge:
    """How long one may still answer, for scanning."""
    window = windows.of(channel, opened_at, reader.now)
    if window.permission is Permission.SHUT:
        day = i18n.format_date(window.human_until, reader.zone, "scan") if window.human_until else ""
        return Badge("lock", i18n.gettext("Shut {day}", day=day) if day else i18n.gettext("Window shut"), "shut")
    if window.permission is Permission.HUMAN_AGENT and window.human_until:
        days = i18n.gettext("{n} d", n=max(1, (window.human_until - reader.now) // DAY))
        return Badge("user-round", i18n.gettext("Agent only · {left}", left=days), "soon")
    if window.closes_at is None:
        return Badge("", i18n.gettext("No limit"))
    left = window.closes_at - reader.now
    if left < HOUR:
        return Badge("timer", i18n.gettext("{n} min", n=max(1, left // timedelta(minutes=1))), "soon")
    return Badge("timer", i18n.gettext("{n} h", n=left // HOUR))


def box(channel: Channel, opened_at: datetime | None, name: str, reader: Reader) -> Box:
    """The composer by the channel's window: open, for a person only, or shut with the cause."""
    window = windows.of(channel, opened_at, reader.now)
    if window.permission is Permission.SHUT:
        return _shut(channel, opened_at, name, window)
    if window.permission is Permission.HUMAN_AGENT and window.human_until:
        days = max(1, (window.human_until - reader.now) // DAY)
        left = i18n.ngettext("Agent only · {n} day left", "Agent only · {n} days left", days)
        return replace(
            _plain(channel, Badge("user-round", left, "soon")),
            button=i18n.gettext("Send as an agent"),
            heading=i18n.gettext("An answer to their question, written by you. No promotions, no automatic replies."),
            refreshes_at=window.human_until,
        )
    if window.closes_at is None:
        return _plain(channel, Badge("timer", i18n.gettext("Open without limit of time")))
    tone = "soon" if window.closes_at - reader.now < HOUR else ""
    found = _plain(channel, Badge("timer", i18n.gettext("Window open · closes"), tone))
    return replace(found, window_until=window.closes_at, refreshes_at=window.closes_at)


def _plain(channel: Channel, badge: Badge) -> Box:
    counted = i18n.gettext(
        "{channel} counts {unit}", channel=CHANNELS[channel][0], unit=i18n.gettext(_COUNTED[channel])
    )
    return Box(badge, None, TEXT_LIMIT[channel], _UNITS[channel], explanation=counted)


def _shut(channel: Channel, opened_at: datetime | None, name: str, window: Window) -> Box:
    explanation = i18n.gettext("They have not written yet; the window opens when they do.")
    if opened_at is not None:
        explanation = i18n.gettext(
            "Their last message was on {day}. The limit is 7 days. If they write again it opens again.",
            day=i18n.format_date(opened_at),
        )
    return replace(
        _plain(channel, Badge("lock", i18n.gettext("Shut since"), "shut")),
        window_until=window.human_until,
        is_shut=True,
        heading=i18n.gettext("{channel} no longer lets us write to {name}", channel=CHANNELS[channel][0], name=name),
        explanation=explanation,
    )
