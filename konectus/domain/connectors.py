"""The states of a Connector and which change may follow which. Carrying a change out lives in services."""

from enum import StrEnum

from konectus.errors import Conflict

# Begins the error of a request whose Connector went another way while it waited: no refusal of the channel.
MOOT = "not_connected"


class ConnectorState(StrEnum):
    PENDING_AUTH = "pending_auth"
    CONNECTED = "connected"
    DEGRADED = "degraded"
    DISCONNECTING = "disconnecting"
    NEEDS_RECONFIGURATION = "needs_reconfiguration"
    REMOVED = "removed"


class Reason(StrEnum):
    """Why a Connector is where it is."""

    NEEDS_REAUTH = "needs_reauth"
    PERMISSION_LOST = "permission_lost"
    RESTRICTED = "restricted"
    SILENT = "silent"
    PROVIDER_DOWN = "provider_down"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    REAUTHORIZED_ELSEWHERE = "reauthorized_elsewhere"
    PAUSED_BY_STAFF = "paused_by_staff"
    POLICY_BLOCK = "policy_block"
    REQUESTED = "requested"


class RequestKind(StrEnum):
    """What the sender is asked to do at a channel on behalf of a page or a command."""

    CONNECT = "connect"
    DISCONNECT = "disconnect"
    CHECK = "check"
    REFRESH = "refresh"
    RECONCILE = "reconcile"


class RequestState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


_S = ConnectorState
_FOLLOWS = {
    _S.PENDING_AUTH: {_S.CONNECTED, _S.DISCONNECTING, _S.NEEDS_RECONFIGURATION, _S.REMOVED},
    _S.CONNECTED: {_S.DEGRADED, _S.DISCONNECTING},
    _S.DEGRADED: {_S.CONNECTED, _S.DISCONNECTING},
    _S.DISCONNECTING: {_S.NEEDS_RECONFIGURATION, _S.REMOVED},
    # Terms 2: a disconnected Connector must be reconfigured; it never returns to connected by itself.
    _S.NEEDS_RECONFIGURATION: {_S.PENDING_AUTH, _S.REMOVED},
    _S.REMOVED: set[ConnectorState](),
}
# The account belongs to its connector in these, so nobody else may connect it (decisions.md).
HOLDING = (_S.PENDING_AUTH, _S.CONNECTED, _S.DEGRADED, _S.DISCONNECTING)
LIVE = (_S.CONNECTED, _S.DEGRADED)


class WrongStep(Conflict):
    code = "connector_wrong_step"


def require_step(now: ConnectorState, then: ConnectorState) -> None:
    """Raises WrongStep where a Connector cannot go from `now` to `then`."""
    if then not in _FOLLOWS[now]:
        raise WrongStep(f"a connector that is {now} cannot become {then}", now=now, then=then)
