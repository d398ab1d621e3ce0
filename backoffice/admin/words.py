"""The product's states, causes and actions in words of the staff: tone, symbol and text in one place."""

from datetime import timedelta

from backoffice.admin import action_words
from backoffice.admin.pieces import State
from konectus import i18n
from konectus.domain.channels import Channel
from konectus.domain.connectors import ConnectorState, Reason, RequestKind, RequestState
from konectus.domain.plans import Interval, SubscriptionStatus
from konectus.domain.roles import StaffRole, UserRole
from konectus.domain.suspension import Access, Cause
from konectus.i18n import gettext, msg

Look = tuple[str, str, str]
_MINUTE = 60

_CONNECTORS: dict[ConnectorState, Look] = {
    ConnectorState.PENDING_AUTH: (msg("Connecting"), "info", "hourglass"),
    ConnectorState.CONNECTED: (msg("Connected"), "ok", "circle-check"),
    ConnectorState.DEGRADED: (msg("Connected with trouble"), "warn", "triangle-alert"),
    ConnectorState.DISCONNECTING: (msg("Disconnecting"), "warn", "hourglass"),
    ConnectorState.NEEDS_RECONFIGURATION: (msg("Disconnected"), "danger", "unplug"),
    ConnectorState.REMOVED: (msg("Removed"), "mute", "trash-2"),
}
_REASONS = {
    Reason.NEEDS_REAUTH: msg("the session expired"),
    Reason.PERMISSION_LOST: msg("a permission was taken away"),
    Reason.RESTRICTED: msg("the channel holds the account back"),
    Reason.SILENT: msg("nothing has come in for long"),
    Reason.PROVIDER_DOWN: msg("the channel does not answer"),
    Reason.SUSPENDED: msg("because of the suspension"),
    Reason.REVOKED: msg("the access was revoked at the channel"),
    Reason.REAUTHORIZED_ELSEWHERE: msg("it was connected elsewhere"),
    Reason.PAUSED_BY_STAFF: msg("paused by Konectus"),
    Reason.POLICY_BLOCK: msg("blocked by the channel's policy"),
    Reason.REQUESTED: msg("on the Client's request"),
}
_KINDS = {
    RequestKind.CONNECT: msg("Connect"),
    RequestKind.DISCONNECT: msg("Disconnect"),
    RequestKind.CHECK: msg("Check"),
    RequestKind.REFRESH: msg("Renew the access"),
    RequestKind.RECONCILE: msg("Look for what is missing"),
}
_REQUESTS: dict[RequestState, Look] = {
    RequestState.QUEUED: (msg("Waiting"), "info", "hourglass"),
    RequestState.RUNNING: (msg("Under way"), "info", "loader-circle"),
    RequestState.DONE: (msg("Done"), "ok", "check"),
    RequestState.FAILED: (msg("Failed"), "danger", "circle-alert"),
}
_SUBSCRIPTIONS: dict[SubscriptionStatus, Look] = {
    SubscriptionStatus.TRIALING: (msg("On trial"), "info", "timer"),
    SubscriptionStatus.ACTIVE: (msg("In force"), "ok", "circle-check"),
    SubscriptionStatus.PAST_DUE: (msg("Past due"), "warn", "hourglass"),
    SubscriptionStatus.ENDED: (msg("Ended"), "mute", "circle-x"),
}
_CAUSES = {
    Cause.NONPAYMENT: msg("for non-payment"),
    Cause.TRIAL_EXPIRED: msg("because the trial ended"),
    Cause.AUP: msg("for misuse"),
    Cause.LEGAL_ORDER: msg("by order of an authority"),
    Cause.SECURITY: msg("for security"),
}
_ENDS = {
    Cause.NONPAYMENT: msg("It ends by itself once everything is paid; the channels are reconnected by hand."),
    Cause.TRIAL_EXPIRED: msg("It ends by itself when they contract a Plan; the channels are reconnected by hand."),
    Cause.AUP: msg("A person of Trust or Legal lifts it; the channels are reconnected by hand."),
    Cause.LEGAL_ORDER: msg("Two people lift it; the channels are reconnected by hand."),
    Cause.SECURITY: msg("Two people lift it; the channels are reconnected by hand."),
}
_STAFF_ROLES = {
    StaffRole.ADMIN: msg("Administration"),
    StaffRole.SUPPORT: msg("Support"),
    StaffRole.BILLING: msg("Billing"),
    StaffRole.TRUST: msg("Trust"),
    StaffRole.LEGAL: msg("Legal"),
    StaffRole.PRIVACY: msg("Privacy"),
    StaffRole.ANALYST: msg("Analysis"),
}
_USER_ROLES = {
    UserRole.OWNER: msg("Owner"),
    UserRole.SUPERVISOR: msg("Supervisor"),
    UserRole.AGENT: msg("Agent"),
}
_INTERVALS = {Interval.MONTH: msg("{price} a month"), Interval.YEAR: msg("{price} a year")}
ACTIONS = {
    "client.registered": msg("Client registered"),
    "client.edited": msg("Client's data changed"),
    "plan.added": msg("Plan added"),
    "plan.published": msg("Plan published"),
    "subscription.started": msg("Plan contracted"),
    "suspension.opened": msg("Suspension opened"),
    "suspension.lifted": msg("Suspension lifted"),
    "connector.connecting": msg("Connector registered"),
    "connector.disconnecting": msg("Connector stopped"),
    "connector.settled": msg("Connector changed state"),
    "user.added": msg("Person added"),
    "user.password_set": msg("Password set"),
    "staff.added": msg("Person of the staff added"),
    "staff.credentials_set": msg("Credentials of the staff set"),
    "api_token.added": msg("API token added"),
    "event.replayed": msg("Events read again"),
    "dead_letter.replay_asked": msg("Dead letters read again"),
    "dead_letter.discarded": msg("Dead letters discarded"),
    **action_words.ACTIONS,
}


# In the order of gravity: what was set aside is told first.
OUTCOMES: dict[str, Look] = {
    "duplicate": (msg("Repeat"), "mute", "copy"),
    "applied": (msg("Applied"), "ok", "check"),
    "stored": (msg("Stored"), "ok", "circle-check"),
    "ignored": (msg("Nothing to do"), "mute", "minus"),
    "unroutable": (msg("Of nobody here"), "mute", "unplug"),
    "unknown": (msg("Unknown kind"), "warn", "circle-help"),
    "dead": (msg("Set aside"), "danger", "mail-warning"),
}
_DECISIONS: dict[str | None, Look] = {
    None: (msg("Waits for a decision"), "warn", "hourglass"),
    "replay": (msg("On its way back"), "info", "loader-circle"),
    "replayed": (msg("Read again"), "ok", "circle-check"),
    "discarded": (msg("Discarded"), "mute", "trash-2"),
    "unreadable": (msg("Its key is gone"), "mute", "lock"),
}


def outcome(name: str) -> State:
    """What became of an item; a word that is new here is shown as it is."""
    return _said(OUTCOMES[name]) if name in OUTCOMES else State(name, "info", "info")


def gravity(name: str) -> int:
    return list(OUTCOMES).index(name) if name in OUTCOMES else len(OUTCOMES)


def waiting() -> State:
    return State(gettext("Waits to be read"), "info", "hourglass")


def decision(name: str | None) -> State:
    return _said(_DECISIONS[name]) if name in _DECISIONS else State(name or "", "info", "info")


def channel(of: Channel) -> str:
    return {"messenger": "Messenger", "instagram": "Instagram", "telegram": "Telegram"}[of]


def seconds(length: timedelta) -> str:
    """A short time: milliseconds below a second, else seconds or minutes."""
    told = length.total_seconds()
    if told < 1:
        return gettext("{n} ms", n=i18n.format_number(max(round(told * 1000), 0)))
    if told < _MINUTE:
        return gettext("{n} s", n=i18n.format_number(told, 1))
    return gettext("{n} min", n=i18n.format_number(round(told / _MINUTE)))


def connector(state: ConnectorState) -> State:
    return _said(_CONNECTORS[state])


def connector_reason(reason: str | None) -> str:
    return gettext(_REASONS[Reason(reason)]) if reason in tuple(Reason) else reason or ""


def request_kind(kind: str) -> str:
    return gettext(_KINDS[RequestKind(kind)])


def request(state: str) -> State:
    return _said(_REQUESTS[RequestState(state)])


def subscription(status: SubscriptionStatus) -> State:
    return _said(_SUBSCRIPTIONS[status])


def cause(of: Cause) -> str:
    """Why, to follow the word "suspended"."""
    return gettext(_CAUSES[of])


def how_it_ends(of: Cause) -> str:
    return gettext(_ENDS[of])


def service(causes: tuple[Cause, ...]) -> State:
    """A Client's service now: active, or suspended and for what."""
    if not causes:
        return State(gettext("Active"), "ok", "circle-check")
    return State(gettext("Suspended {causes}", causes=", ".join(cause(c) for c in causes)), "danger", "circle-pause")


def lift_state(*, is_lifted: bool) -> State:
    if is_lifted:
        return State(gettext("Lifted"), "ok", "circle-check")
    return State(gettext("Still open"), "danger", "circle-pause")


def staff_role(role: str) -> str:
    return gettext(_STAFF_ROLES[StaffRole(role)])


def user_role(role: str) -> str:
    return gettext(_USER_ROLES[UserRole(role)])


def price(cents: int, interval: str) -> str:
    return gettext(_INTERVALS[Interval(interval)], price=i18n.format_money(cents))


def action(name: str) -> str:
    """An audit entry's action; one without words is shown by its own name, so that none is hidden."""
    return gettext(ACTIONS[name]) if name in ACTIONS else name


def abilities(access: Access) -> tuple[tuple[str, bool], ...]:
    """What a Client can and cannot do now."""
    return (
        (gettext("Sign in"), not access.login),
        (gettext("Export everything"), not access.export),
        (gettext("Read or reply"), not access.inbox),
        (gettext("Receive messages"), not access.ingest),
        (gettext("Connect channels"), not access.ingest),
    )


def _said(look: Look) -> State:
    return State(gettext(look[0]), look[1], look[2])


_ACTORS = {
    "staff": msg("A person of Konectus"),
    "agent": msg("The Client's people"),
    "system": msg("Automatic"),
    "provider": msg("The channel"),
}


def actor(kind: str) -> str:
    return gettext(_ACTORS[kind]) if kind in _ACTORS else kind


def state_of(text: str) -> State:
    """A Connector's state as its history keeps it."""
    return connector(ConnectorState(text))


_AUTHORITY = {
    "declared": msg("Declared"),
    "requested": msg("Proof requested"),
    "verified": msg("Verified"),
    "rejected": msg("Rejected"),
}


def authority(state: str) -> str:
    """How sure it is that the person who registered may bind the Client."""
    return gettext(_AUTHORITY[state]) if state in _AUTHORITY else state
