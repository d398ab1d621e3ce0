"""Which conversations the list shows: its address, its choices, and the places its pages begin at."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, get_args
from urllib.parse import urlencode
from uuid import UUID

from backoffice.inbox.views import Choice, Listing, Notice, Person, Row, Side
from backoffice.pages import CHANNELS, Reader
from backoffice.sessions import Visitor
from konectus import i18n
from konectus.domain.channels import Channel
from konectus.domain.connectors import ConnectorState
from konectus.domain.conversations import Party, Status
from konectus.errors import Invalid
from konectus.i18n import msg
from konectus.store.queries.connectors import ConnectorRow
from konectus.store.queries.inbox import PAGE, Counts, Kinds, ListFilter, ListRow, View

_VIEWS: dict[View, tuple[str, str]] = {
    "mine": ("user-round", msg("Mine")),
    "unassigned": ("hand", msg("Unassigned")),
    "all": ("inbox", msg("All")),
}
Kind = Literal["people", "groups", "requests"]
_APART: dict[Kind, tuple[str, str]] = {
    "groups": ("users", msg("Groups and channels")),
    "requests": ("user-plus", msg("Requests")),
}
_STATUSES = {Status.OPEN: msg("Open conversations"), Status.CLOSED: msg("Closed conversations")}
_MOST_BANDS = 2  # more of them would leave no room for the list
_MOST_NAMED = 4
_FORMAT = "%Y%m%dT%H%M%S.%f"


class UnreadableCursor(Invalid):
    """A place in a list that `cursor` never wrote."""


@dataclass(frozen=True)
class Filter:
    """What the address of the list says; everything else is the default."""

    view: View = "all"
    status: Status = Status.OPEN
    channel: Channel | None = None
    kind: Kind = "people"

    @classmethod
    def read(cls, view: str, status: str, channel: str, kind: str = "") -> "Filter":
        """Words that are none of ours fall back to the default: an old link still opens the inbox."""
        return cls(
            view=next((known for known in get_args(View) if known == view), "all"),
            status=Status(status) if status in set(_STATUSES) else Status.OPEN,
            channel=Channel(channel) if channel in set(Channel) else None,
            kind=next((known for known in get_args(Kind) if known == kind), "people"),
        )

    @property
    def query(self) -> str:
        """`?view=…` for links that stay in this list."""
        chosen = {"view": self.view, "status": self.status, "channel": self.channel or "", "kind": self.kind}
        default = {"view": "all", "status": Status.OPEN, "channel": "", "kind": "people"}
        said = {name: value for name, value in chosen.items() if value != default[name]}
        return f"?{urlencode(said)}" if said else ""

    def url(self, path: str = "/inbox", **changed: str) -> str:
        """The address of the same list with one choice changed."""
        words = {"view": self.view, "status": self.status, "channel": self.channel or "", "kind": self.kind} | changed
        return path + Filter.read(**words).query

    def stream(self, position: str, tab: str, shown: UUID | None) -> str:
        """The address of the live stream of one loaded page: its list, its conversation, and where it was written."""
        url = self.url("/inbox/stream")
        place = {"since": position, "tab": tab, **({"shown": str(shown)} if shown else {})}
        return f"{url}{'&' if '?' in url else '?'}{urlencode(place)}"

    def admits(self, row: ListRow, user_id: UUID, *, asks: bool) -> bool:
        """Whether a conversation belongs into this list now; `asks`: it waits as a request."""
        in_view = {"mine": row.assignee_id == user_id, "unassigned": row.assignee_id is None, "all": True}
        is_ours = asks if self.kind == "requests" else (row.kind is Party.PERSON) == (self.kind == "people")
        return is_ours and in_view[self.view] and row.status == self.status and self.channel in (None, row.channel)

    def wanted(self, user_id: UUID, before: str | None = None) -> ListFilter:
        place = place_of(before) if before else None
        kind: Kinds = "groups" if self.kind == "groups" else "people"
        return ListFilter(user_id, self.view, self.status, self.channel, before=place, kind=kind)


def cursor(at: datetime, row_id: UUID) -> str:
    """A place in a list, for the address of the next page."""
    return f"{at.astimezone(UTC).strftime(_FORMAT)}_{row_id}"


def place_of(text: str) -> tuple[datetime, UUID]:
    """Raises UnreadableCursor for what `cursor` never wrote."""
    at, _, row_id = text.partition("_")
    try:
        return datetime.strptime(at, _FORMAT).replace(tzinfo=UTC), UUID(row_id)
    except ValueError:
        raise UnreadableCursor from None


def side(visitor: Visitor, chosen: Filter, counts: Counts, asking: int) -> Side:
    """The views with their counts, and the channels; groups and requests where there are any."""
    by_view = {"mine": counts.mine, "unassigned": counts.unassigned, "all": counts.all}
    views = tuple(
        Choice(
            i18n.gettext(words),
            chosen.url(view=view, kind="people"),
            glyph,
            count=by_view[view],
            is_current=view == chosen.view and chosen.kind == "people",
        )
        for view, (glyph, words) in _VIEWS.items()
    )
    channels = tuple(
        Choice(
            words,
            chosen.url(channel="" if name == chosen.channel else name),
            glyph,
            hue,
            is_current=name == chosen.channel,
        )
        for name, (words, glyph, hue) in CHANNELS.items()
    )
    by_kind: dict[Kind, int] = {"groups": counts.groups, "requests": asking}
    apart = tuple(
        Choice(
            i18n.gettext(words),
            chosen.url(view="all", kind=kind),
            glyph,
            count=by_kind[kind],
            is_current=kind == chosen.kind,
            short=i18n.gettext("Groups") if kind == "groups" else i18n.gettext(words),
        )
        for kind, (glyph, words) in _APART.items()
        if by_kind[kind] or kind == chosen.kind
    )
    reader = Person(visitor.user_id, visitor.name, is_reader=True)
    return Side(visitor.client_name, views, channels, reader, apart)


def listing(chosen: Filter, rows: tuple[Row, ...], visitor: Visitor, notices: tuple[Notice, ...] = ()) -> Listing:
    """The list pane: choices, lines, and what is said where there are none."""
    last = rows[-1] if len(rows) >= PAGE else None
    more = chosen.url("/inbox/rows") if last else None
    if more and last:
        more += ("&" if "?" in more else "?") + urlencode({"before": cursor(last.at, last.id)})
    first_name = visitor.name.split()[0] if visitor.name else ""
    return Listing(
        title=i18n.gettext((_APART.get(chosen.kind) or _VIEWS[chosen.view])[1]),
        statuses=tuple(
            Choice(i18n.gettext(words), chosen.url(status=status), is_current=status == chosen.status)
            for status, words in _STATUSES.items()
        ),
        rows=rows,
        more=more,
        notices=notices,
        empty_heading=i18n.gettext("You are all caught up, {name}", name=first_name),
        empty_words=i18n.gettext("There are no conversations here. New ones arrive by themselves."),
        empty_link=None if chosen.view == "all" else Choice(i18n.gettext("See all"), chosen.url(view="all")),
    )


def notices(connectors: list[ConnectorRow], reader: Reader) -> tuple[Notice, ...]:
    """A band for each Connector that does not do its whole work, and one where there is none at all."""
    if not connectors:
        words = i18n.gettext("As soon as a channel is connected, new messages arrive here.")
        link = Choice(i18n.gettext("Connect a channel"), "/account/connectors")
        return (Notice("plug", i18n.gettext("No channel is connected yet"), words, "info", link),)
    troubled = [row for row in connectors if row.state is not ConnectorState.CONNECTED]
    link = Choice(i18n.gettext("See the connectors"), "/account/connectors")
    if len(troubled) > _MOST_BANDS:
        heading = i18n.ngettext("{n} channel needs a look", "{n} channels need a look", len(troubled))
        names = ", ".join(f"{CHANNELS[row.channel][0]} · {row.name}" for row in troubled[:_MOST_NAMED])
        return (Notice("unplug", heading, names + ("…" if len(troubled) > _MOST_NAMED else ""), link=link),)
    return tuple(replace(_notice(row, reader), link=link) for row in troubled)


def _notice(row: ConnectorRow, reader: Reader) -> Notice:
    channel = CHANNELS[row.channel][0]
    since = i18n.format_datetime(row.since, reader.zone)
    if row.state is ConnectorState.PENDING_AUTH:
        heading = i18n.gettext("{channel} is being connected", channel=channel)
        return Notice(
            "plug", heading, i18n.gettext("{account} starts to receive in a moment.", account=row.name), "info"
        )
    if row.state is ConnectorState.DEGRADED:
        heading = i18n.gettext("{channel} is not sending since {since}", channel=channel, since=since)
        words = _DEGRADED.get(
            row.reason or "", msg("The channel has trouble with {account}. What you answer leaves later, in order.")
        )
        return Notice("unplug", heading, i18n.gettext(words, account=row.name))
    heading = i18n.gettext("{channel} is disconnected since {since}", channel=channel, since=since)
    words = i18n.gettext("{account} neither receives nor sends until an owner connects it again.", account=row.name)
    return Notice("unplug", heading, words)


_DEGRADED = {
    "needs_reauth": msg(
        "The session of {account} expired. We go on receiving; what you answer leaves once it is renewed, in order."
    ),
    "permission_lost": msg("{account} lost a permission. We go on receiving; an owner can grant it again."),
    "restricted": msg("The channel holds {account} back. What you answer waits, in order."),
    "provider_down": msg("The channel does not answer. What you write waits and leaves by itself, in order."),
    "silent": msg("Nothing arrives from {account}, although the channel says it is connected. We are checking."),
}
