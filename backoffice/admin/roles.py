"""Who of the staff may do what in /admin: one matrix, deny by default, behind sqladmin's two backends.

Who the person is has been decided by the guard (backoffice.middleware) before a request comes here.
"""

from collections.abc import Mapping
from uuid import UUID

from sqladmin.authentication import AuthenticationBackend
from sqladmin.authorization import Action, GrantsAuthorizationBackend
from starlette.requests import Request
from starlette.responses import Response

from backoffice.sessions import Visitor
from konectus.domain.roles import MAY_SUSPEND, StaffRole
from konectus.errors import Unauthenticated

# Identities as sqladmin derives them from the models, and the home page.
TODAY, CLIENT, AUDIT = "today", "client", "audit-entry"
PLAN, SUBSCRIPTION, SUSPENSION, CONNECTOR = "plan", "subscription", "suspension", "connector"
EVENT, LETTER = "webhook-event", "dead-letter"
INVOICE, PAYMENT, CREDIT, REFUND = "invoice", "payment", "credit-note", "refund"
PAYMENT_EVENT = "payment-event"
NOTICE, TASK, READING, APPROVAL = "notice", "staff-task", "reading", "approval"
SUSPEND, SUSPEND_SECURITY, SUSPEND_ORDER, LIFT = "suspend", "suspend-security", "suspend-order", "lift"
REPLAY, DISCARD = "replay", "discard"
PAY, REVERSE, VOID, CREDIT_IT, DECIDE = "record-payment", "reverse", "void", "credit", "decide"
DEFER, RESEND, FIX, CHANGE, PUBLISH = "defer", "resend", "fix", "change", "publish"
ASK_DOCUMENTS, CLOSE, DANGER, REVIEW = "request-documents", "close", "danger", "review"
TERMINATION, HOLD, WINDOW, ARCHIVE, DELETION = "termination", "hold", "export-window", "export-job", "deletion"
DOCUMENT, CHECK = "document-version", "job-slot"
PAPER, OPEN_PAPER = "authority-document", "open"
EVIDENCE = "evidence"
FIGURES, USAGE = "usage-daily", "usage"
FIGURES_OF_MONEY = (FIGURES, "money")
REMARK, WRITE, WITHDRAW_REMARK = "annotation", "write", "withdraw"
REPORT, ORDER, STOP = "report-subscription", "order", "stop"
TERMINATE, BREACH, WITHDRAW, REACTIVATE = "terminate", "end-for-breach", "withdraw-end", "reactivate"
HOLD_IT, RELEASE, EXTEND, APPROVE, GIVE_UP, SETTLE = "hold", "release", "extend", "approve", "give-up", "settle"

Grants = frozenset[tuple[str, str]]


def _sees(*identities: str) -> Grants:
    return frozenset((identity, action) for identity in identities for action in (Action.LIST, Action.DETAILS))


_BOOKS = _sees(INVOICE, PAYMENT, PAYMENT_EVENT, CREDIT, REFUND, READING)
_WATCHES = _sees(NOTICE, TASK)
_FATES = _sees(TERMINATION, HOLD, WINDOW, ARCHIVE, DELETION, DOCUMENT)
_CARES = _sees(APPROVAL, CHECK)
_HOUSE = (
    _sees(TODAY, CLIENT, PLAN, SUBSCRIPTION, SUSPENSION, CONNECTOR)
    | _BOOKS
    | _WATCHES
    | _FATES
    | _CARES
    | {(TASK, CLOSE)}
)
_EDITS: Grants = frozenset({(CLIENT, Action.EDIT)})
# Clause 7 and security are Trust's, an order of an authority is Legal's; each lifts through the same page.
_SUSPENDS: Grants = frozenset({(CLIENT, SUSPEND), (CLIENT, DANGER), (SUSPENSION, LIFT), (SUSPENSION, REVIEW)})
_SECURES: Grants = frozenset({(CLIENT, SUSPEND_SECURITY)})
_ORDERS: Grants = frozenset({(CLIENT, SUSPEND_ORDER)})
_MONEY: Grants = frozenset(
    {(CLIENT, PAY), (CLIENT, CREDIT_IT), (CLIENT, CHANGE), (PAYMENT, REVERSE), (INVOICE, VOID), (REFUND, DECIDE)}
)
_WAITS: Grants = frozenset({(CLIENT, DEFER), (NOTICE, RESEND), (NOTICE, FIX)})
_TERMS: Grants = frozenset({(PLAN, PUBLISH), (READING, CHANGE)})
_PAPERS: Grants = frozenset({(CLIENT, ASK_DOCUMENTS)})
# Everything about a Client's case in one file: for those who answer a dispute.
_ANSWERS: Grants = frozenset({(CLIENT, EVIDENCE)})
# What Clients sent to prove their authority names people outside: the legal role's alone.
_PROOFS: Grants = _sees(PAPER) | {(PAPER, OPEN_PAPER)}
# Exact figures (privacy.md 2, its end): of the house for capacity and for billing, of one Client for who answers it.
_USE: Grants = frozenset({(CLIENT, USAGE)})
_CAPACITY: Grants = _sees(FIGURES) | _USE
_TOTALS: Grants = _CAPACITY | {FIGURES_OF_MONEY}
# What is said on the charts that analysts read: by few, since no Client may be named there.
# Who gets the anonymous figures by mail: analysts do not enter /admin, so an administrator orders for them.
_REPORTS: Grants = _sees(REPORT) | {(REPORT, ORDER), (REPORT, STOP)}
_REMARKS: Grants = _sees(REMARK) | {(REMARK, WRITE), (REMARK, WITHDRAW_REMARK)}
# What a role decides as the second person is domain.approvals.MAY_DECIDE; who is never one does not get to the page.
_SIGNS: Grants = frozenset({(APPROVAL, DECIDE)})
# lifecycle.md 6: contracts, holds, windows and deletions are Legal's.
_ENDS: Grants = frozenset(
    {(CLIENT, action) for action in (TERMINATE, BREACH, WITHDRAW, REACTIVATE, HOLD_IT, SETTLE)}
    | {(HOLD, RELEASE), (WINDOW, EXTEND), (DELETION, APPROVE), (DELETION, GIVE_UP)}
)

# Events and letters are metadata; reading them again brings Clients what they lack, discarding takes it away for good.
_LOG = _sees(EVENT, LETTER)
_REPLAYS: Grants = frozenset({(EVENT, REPLAY), (LETTER, REPLAY)})
_DISCARDS: Grants = frozenset({(LETTER, DISCARD)})

_BASE: Mapping[StaffRole, Grants] = {
    StaffRole.ADMIN: _HOUSE
    | _EDITS
    | _sees(AUDIT)
    | _LOG
    | _REPLAYS
    | _DISCARDS
    | _MONEY
    | _WAITS
    | _TERMS
    | _PAPERS
    | _SECURES
    | _ORDERS
    | _SIGNS
    | _ENDS
    | _ANSWERS
    | _TOTALS
    | _REMARKS
    | _REPORTS,
    StaffRole.SUPPORT: _HOUSE | _EDITS | _LOG | _REPLAYS | _WAITS | _PAPERS | _CAPACITY | _REMARKS,
    StaffRole.BILLING: _HOUSE | _EDITS | _MONEY | _WAITS | _SIGNS | _ANSWERS | _TOTALS,
    StaffRole.TRUST: _HOUSE | _sees(AUDIT) | _LOG | _SECURES | _SIGNS | _ANSWERS | _USE,
    StaffRole.LEGAL: _HOUSE | _sees(AUDIT) | _TERMS | _PAPERS | _PROOFS | _ORDERS | _SIGNS | _ENDS | _ANSWERS,
    StaffRole.PRIVACY: _sees(TODAY, CLIENT, CONNECTOR, AUDIT) | _LOG | _WATCHES | _FATES,
    StaffRole.ANALYST: frozenset(),
}
GRANTS: Mapping[StaffRole, Grants] = {
    role: grants | (_SUSPENDS if role in MAY_SUSPEND else frozenset()) for role, grants in _BASE.items()
}


def visitor_of(request: Request) -> Visitor:
    """The signed-in person of the staff. Raises Unauthenticated where the guard found none."""
    found = request.scope.get("state", {}).get("visitor")
    if not isinstance(found, Visitor) or found.kind != "staff":
        raise Unauthenticated
    return found


class StaffOnly(AuthenticationBackend):
    """Asks who the guard let in; signing in and out live elsewhere, so this keeps no session of its own."""

    def __init__(self) -> None:
        self.middlewares = []

    async def authenticate(self, request: Request) -> Response | bool:
        visitor_of(request)
        return True

    async def get_user_id(self, request: Request) -> UUID:
        return visitor_of(request).user_id


class RoleMatrix(GrantsAuthorizationBackend):
    """What the role of the person is granted; an unknown role has nothing."""

    async def get_grants(self, request: Request) -> set[tuple[str, str]]:
        return set(GRANTS.get(StaffRole(visitor_of(request).role), frozenset()))
