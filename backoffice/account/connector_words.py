"""What a Client's people read about a Connector: its state, what is wrong with it and what mends it. Words alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from konectus import i18n
from konectus.domain.channels import Channel
from konectus.domain.connectors import LIVE, ConnectorState, Reason
from konectus.i18n import msg
from konectus.store.queries.connectors import ConnectorRow

# From here on a token that ends is worth a warning; it is prolonged with thirty days left.
SOON = timedelta(days=7)
CHECKED_EVERY = timedelta(hours=1)

STATES = {
    ConnectorState.PENDING_AUTH: ("circle-dashed", msg("Being connected"), "tone-mute"),
    ConnectorState.CONNECTED: ("circle-check", msg("Connected"), "tone-ok"),
    ConnectorState.DEGRADED: ("triangle-alert", msg("With trouble"), "tone-warn"),
    ConnectorState.DISCONNECTING: ("unplug", msg("Being disconnected"), "tone-mute"),
    ConnectorState.NEEDS_RECONFIGURATION: ("unplug", msg("Has to be connected again"), "tone-warn"),
}


@dataclass(frozen=True, slots=True)
class Mend:
    """What happened, and what helps, as msgids."""

    what: str
    mend: str


_REASONS = {
    Reason.NEEDS_REAUTH: Mend(
        msg("The session with the channel ended; messages still arrive, replies wait."),
        msg("Connect it again: nothing is lost meanwhile."),
    ),
    Reason.PERMISSION_LOST: Mend(
        msg("The channel took a permission away."),
        msg("Connect it again and leave every permission switched on; on Instagram also allow access to messages."),
    ),
    Reason.RESTRICTED: Mend(
        msg("The channel restricted the account; replies wait."),
        msg("Open the channel's own app: it says there what to do and until when."),
    ),
    Reason.SILENT: Mend(
        msg("The channel does not tell us of new messages."),
        msg("Connect it again; if another program uses this account, switch it off there first."),
    ),
    Reason.PROVIDER_DOWN: Mend(
        msg("The channel does not answer right now."), msg("Nothing to do: we try again by ourselves.")
    ),
    Reason.SUSPENDED: Mend(
        msg("It was disconnected with the pause of the service."), msg("Connect it again to receive and reply.")
    ),
    Reason.REVOKED: Mend(
        msg("Whoever connected it took the permission back at the channel."),
        msg("Connect it again with a person who manages the account."),
    ),
    Reason.REAUTHORIZED_ELSEWHERE: Mend(
        msg("The account was connected in another place and belongs there now."),
        msg("Disconnect it there first, then connect it here again."),
    ),
    Reason.PAUSED_BY_STAFF: Mend(msg("Konectus stopped this connector."), msg("Write to Konectus to learn more.")),
    Reason.POLICY_BLOCK: Mend(
        msg("The channel blocked the Page for breaking its rules."),
        msg("Ask the channel for a review in its own support."),
    ),
}
_WAIT = (Reason.PROVIDER_DOWN, Reason.RESTRICTED, Reason.POLICY_BLOCK, Reason.PAUSED_BY_STAFF)
_REFUSED = Mend(msg("The channel did not accept the connection."), msg("Connect it again."))


@dataclass(frozen=True, slots=True)
class Told:
    """A Connector as its page shows it."""

    row: ConnectorRow
    glyph: str
    state: str
    tone: str
    what: str
    mend: str
    ends: datetime | None
    ends_soon: bool
    next_check: datetime | None
    waits: str

    @property
    def is_live(self) -> bool:
        return self.row.state in LIVE

    @property
    def can_begin_again(self) -> bool:
        return self.is_live or self.row.state is ConnectorState.NEEDS_RECONFIGURATION

    @property
    def wants_login(self) -> bool:
        """Whether connecting it again is the next thing to do: not while all is well, nor where it mends nothing."""
        is_well = self.row.state is ConnectorState.CONNECTED and not self.ends_soon
        return self.can_begin_again and not is_well and self.row.reason not in _WAIT


def told(row: ConnectorRow, now: datetime) -> Told:
    glyph, state, tone = STATES[row.state]
    mend = _mend(row)
    ends = row.token_expires_at if row.state in LIVE else None
    looked = row.checked_at or row.since
    return Told(
        row=row,
        glyph=glyph,
        state=i18n.gettext(state),
        tone=tone,
        what=i18n.gettext(mend.what) if mend else "",
        mend=i18n.gettext(mend.mend) if mend else "",
        ends=ends,
        ends_soon=ends is not None and ends - now < SOON,
        next_check=max(looked + CHECKED_EVERY, now) if row.state in LIVE else None,
        waits=_waits(row),
    )


def _mend(row: ConnectorRow) -> Mend | None:
    if row.reason in tuple(Reason):
        return _REASONS.get(Reason(row.reason))
    return _REFUSED if row.state is ConnectorState.NEEDS_RECONFIGURATION else None


def _waits(row: ConnectorRow) -> str:
    """Deliveries the channel keeps for us, which only Telegram tells."""
    if row.channel is not Channel.TELEGRAM or not (row.check_failure or "").startswith("deliveries_wait:"):
        return ""
    number = (row.check_failure or "").removeprefix("deliveries_wait:").partition(",")[0].strip()
    count = int(number) if number.isdigit() else 0
    return i18n.ngettext(
        "{n} message waits at the channel; it is delivered shortly.",
        "{n} messages wait at the channel; they are delivered shortly.",
        count,
    )
