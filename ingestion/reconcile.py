"""What a channel says it delivered against what we hold: a turn of a walk through conversations (channels.md 2.8).

What is missing becomes a body as the channel would have sent it, so that there is one path by which messages are
stored. Who asks, how often and where bodies go is the caller's.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta

import httpx

from ingestion.channels.meta import history
from ingestion.channels.meta.history import Listing, Named, Told
from ingestion.channels.port.adapter import Access
from ingestion.channels.port.failures import Action, Permanent
from konectus.domain.channels import Channel

# A message this young may be on its way to us: it is fetched, and not counted as missing.
SETTLING = timedelta(minutes=2)
_PRODUCT = {Channel.MESSENGER: "page", Channel.INSTAGRAM: "instagram"}


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a walk stands, as it is kept between its turns, and what it found. Instants in ISO text."""

    since: str
    started: str
    after: str | None = None
    # Conversations of this page of the list that are read.
    done_here: Sequence[str] = ()
    turns: int = 0
    again: bool = False
    finished: bool = False
    conversations: int = 0
    messages: int = 0
    missing: int = 0
    added: int = 0
    too_old: int = 0

    def kept(self) -> dict[str, object]:
        return asdict(self)

    @property
    def floor(self) -> datetime:
        """Conversations that did not move since are of no interest: on the second pass those the first may have lost.

        While a walk waits between turns a conversation that moves jumps to the top, past where the walk stands.
        """
        return datetime.fromisoformat(self.started if self.again else self.since)


@dataclass(frozen=True)
class Account:
    """The account at the channel: how it is asked, and under which ids it speaks."""

    http: httpx.Client = field(repr=False)
    access: Access
    channel: Channel
    node: str
    own: frozenset[str]


@dataclass(frozen=True)
class Hands:
    """What a walk needs of its caller. `may_call` waits for its turn; False: stop here."""

    may_call: Callable[[], bool]
    missing: Callable[[Sequence[Named]], list[Named]]
    is_twin: Callable[[Told], bool]
    keep: Callable[[Sequence[bytes], Progress], None]


class _Stopped(Exception):
    """The turn is over, which is no error; carries the progress."""


@dataclass(frozen=True)
class Walk:
    """One turn through the conversations of an account, the latest first."""

    at: Account
    hands: Hands

    def turn(self, progress: Progress) -> Progress:
        """Go on until all is read or the caller says stop. Raises Transient and Permanent of the channel."""
        progress = replace(progress, turns=progress.turns + 1)
        try:
            while not progress.finished:
                progress = self._listing(progress)
                self.hands.keep((), progress)
        except _Stopped as stopped:
            return stopped.args[0] if stopped.args else progress
        return progress

    def _listing(self, progress: Progress) -> Progress:
        listing = self._conversations(progress)
        for thread in (one for one in listing.threads if one.id not in progress.done_here):
            if thread.updated_at is not None and thread.updated_at < progress.floor:
                return _ended(progress)
            try:
                progress = self._thread(thread.id, progress)
            except _Stopped:
                raise _Stopped(progress) from None
        if listing.after is None:
            return _ended(progress)
        return replace(progress, after=listing.after, done_here=())

    def _conversations(self, progress: Progress) -> Listing:
        self._wait(progress)
        at = self.at
        return history.conversations(at.http, at.access, at.node, at.channel, progress.after)

    def _thread(self, thread: str, progress: Progress) -> Progress:
        self._wait(progress)
        since = datetime.fromisoformat(progress.since)
        listed = history.messages(self.at.http, self.at.access, thread)
        named = [one for one in listed if one.created_at is None or one.created_at >= since]
        missing = self.hands.missing(named)
        told = [(one, self._told(one, progress)) for one in missing]
        new = [message for _, message in told if message is not None and not self.hands.is_twin(message)]
        twins = len([message for _, message in told if message is not None]) - len(new)
        settled = datetime.fromisoformat(progress.started) - SETTLING
        young = [one for one, _ in told if one.created_at is not None and one.created_at > settled]
        found = replace(
            progress,
            done_here=(*progress.done_here, thread),
            conversations=progress.conversations + 1,
            messages=progress.messages + len(named),
            missing=progress.missing + max(len(missing) - twins - len(young), 0),
            added=progress.added + len(new),
            too_old=progress.too_old + len([1 for _, message in told if message is None]),
        )
        self.hands.keep([body(self.at, message) for message in new], found)
        return found

    def _told(self, one: Named, progress: Progress) -> Told | None:
        """None for what the channel tells no more, or not whose it is."""
        self._wait(progress)
        try:
            told = history.message(self.at.http, self.at.access, one.id)
        except Permanent as refusal:
            if refusal.action is not Action.REFUSED:
                raise
            return None
        return told if told is not None and {told.sender, told.recipient} & self.at.own else None

    def _wait(self, progress: Progress) -> None:
        if not self.hands.may_call():
            raise _Stopped(progress)


def _ended(progress: Progress) -> Progress:
    """The end of the list; after a walk of several turns once more through what moved meanwhile."""
    if progress.turns > 1 and not progress.again:
        return replace(progress, again=True, after=None, done_here=())
    return replace(progress, finished=True)


def body(at: Account, told: Told) -> bytes:
    """The message as a webhook body of its channel, marked as read by us."""
    account, is_ours = at.access.account, told.sender in at.own
    message: dict[str, object] = {"mid": told.id}
    if is_ours:
        message["is_echo"] = True
    if told.text is not None:
        message["text"] = told.text
    if told.attachments:
        message["attachments"] = list(told.attachments)
    if told.reply_to is not None:
        message["reply_to"] = {"mid": told.reply_to}
    at_ms = int(told.created_at.timestamp() * 1000)
    item = {
        "sender": {"id": account if is_ours else told.sender},
        "recipient": {"id": told.recipient if is_ours else account},
        "timestamp": at_ms,
        "message": message,
        "backfilled": True,
    }
    entry = {"id": account, "time": at_ms, "messaging": [item]}
    return json.dumps({"object": _PRODUCT[at.channel], "entry": [entry]}).encode()
