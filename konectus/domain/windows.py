"""The reply window of each channel: when it shuts and what may still be sent (channels.md 2.4, 3.3, 4.6)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from konectus.domain.channels import Channel
from konectus.errors import Conflict

STANDARD = timedelta(hours=24)
HUMAN_AGENT = timedelta(days=7)


class Permission(StrEnum):
    FREE = "free"
    HUMAN_AGENT = "human_agent"
    SHUT = "shut"


class WindowShut(Conflict):
    """The channel lets nobody write to this person until they write again."""

    code = "window_shut"


@dataclass(frozen=True, slots=True)
class Window:
    """What the channel allows now. `closes_at` is None where a channel has no window."""

    permission: Permission
    closes_at: datetime | None
    human_until: datetime | None


class Opener(StrEnum):
    """What opened a window (channels.md 2.4): the inbox names it beside the countdown."""

    MESSAGE = "message"
    POSTBACK = "postback"
    REACTION = "reaction"
    STORY_REPLY = "story_reply"
    STORY_MENTION = "story_mention"
    REFERRAL = "referral"
    OPTIN = "optin"


def through_owner(opened_at: datetime | None, business_at: datetime | None) -> bool:
    """Whether the person's last act came through the owner's Telegram account (`business_at`): answers go there."""
    return business_at is not None and (opened_at is None or business_at >= opened_at)


def of(channel: Channel, opened_at: datetime | None, now: datetime, *, through_owner: bool = False) -> Window:
    """The window of a conversation whose person last acted at `opened_at` (the sender's time).

    A bot's own chats have none; in chats of the owner's account a bot may answer for 24 hours (channels.md 4.10).
    """
    if channel is Channel.TELEGRAM and not through_owner:
        return Window(Permission.FREE, None, None)
    if opened_at is None:
        return Window(Permission.SHUT, None, None)
    if channel is Channel.TELEGRAM:
        closes_at = opened_at + STANDARD
        return Window(Permission.FREE if now < closes_at else Permission.SHUT, closes_at, None)
    closes_at, human_until = opened_at + STANDARD, opened_at + HUMAN_AGENT
    if now < closes_at:
        return Window(Permission.FREE, closes_at, human_until)
    permission = Permission.HUMAN_AGENT if now < human_until else Permission.SHUT
    return Window(permission, closes_at, human_until)


def require_open(window: Window, *, written_by_person: bool) -> None:
    """Raises WindowShut where nothing may be sent; HUMAN_AGENT is for a person outside 24 h alone."""
    if window.permission is Permission.FREE:
        return
    if window.permission is Permission.HUMAN_AGENT and written_by_person:
        return
    raise WindowShut("the reply window is shut until the person writes again", closed_at=window.closes_at)
