"""What stands around every admin page: the menu a role may see, who is signed in, and the counts beside the words."""

from dataclasses import dataclass
from typing import Any

from sqladmin.authorization import Action, matches_grant
from sqladmin.templating import Jinja2Templates
from starlette.requests import Request
from starlette.responses import HTMLResponse

from backoffice import deps, pages
from backoffice.admin import words
from backoffice.admin.roles import (
    APPROVAL,
    ARCHIVE,
    AUDIT,
    CHECK,
    CLIENT,
    CONNECTOR,
    CREDIT,
    DELETION,
    DOCUMENT,
    EVENT,
    FIGURES,
    GRANTS,
    HOLD,
    INVOICE,
    LETTER,
    NOTICE,
    PAYMENT,
    PAYMENT_EVENT,
    PLAN,
    READING,
    REFUND,
    REMARK,
    REPORT,
    SUBSCRIPTION,
    SUSPENSION,
    TASK,
    TERMINATION,
    TODAY,
    WINDOW,
    visitor_of,
)
from konectus.domain.roles import StaffRole
from konectus.i18n import gettext, msg

HOME = "/admin/"


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the menu."""

    identity: str
    words: str
    glyph: str

    @property
    def href(self) -> str:
        return HOME if self.identity == TODAY else list_of(self.identity)


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is shown: in the reader's language, with its count."""

    identity: str
    words: str
    glyph: str
    href: str
    count: int = 0


MENU: tuple[tuple[str, tuple[Place, ...]], ...] = (
    (
        "",
        (
            Place(TODAY, msg("Today"), "sun"),
            Place(CLIENT, msg("Clients"), "building-2"),
            Place(TASK, msg("Tasks"), "flag"),
            Place(APPROVAL, msg("Approvals"), "fingerprint"),
            Place(FIGURES, msg("Figures"), "chart-line"),
            Place(REMARK, msg("Remarks"), "message-square-text"),
            Place(REPORT, msg("Reports by mail"), "mail"),
        ),
    ),
    (
        msg("Money"),
        (
            Place(PLAN, msg("Plans"), "layers"),
            Place(SUBSCRIPTION, msg("Subscriptions"), "users"),
            Place(INVOICE, msg("Invoices"), "receipt"),
            Place(PAYMENT, msg("Payments"), "landmark"),
            Place(PAYMENT_EVENT, msg("Payment messages"), "activity"),
            Place(CREDIT, msg("Credit notes"), "percent"),
            Place(REFUND, msg("Refunds"), "undo-2"),
            Place(SUSPENSION, msg("Suspensions"), "circle-pause"),
        ),
    ),
    (
        msg("Channels"),
        (
            Place(CONNECTOR, msg("Connectors"), "plug"),
            Place(EVENT, msg("Events"), "activity"),
            Place(LETTER, msg("Dead letters"), "mail-warning"),
        ),
    ),
    (
        msg("Endings"),
        (
            Place(TERMINATION, msg("Terminations"), "circle-x"),
            Place(WINDOW, msg("Days to export"), "alarm-clock"),
            Place(ARCHIVE, msg("Exports"), "file-archive"),
            Place(HOLD, msg("Holds"), "lock"),
            Place(DELETION, msg("Deletions"), "trash-2"),
        ),
    ),
    (
        msg("Compliance"),
        (
            Place(NOTICE, msg("Notices"), "mail"),
            Place(DOCUMENT, msg("Documents"), "file-text"),
            Place(READING, msg("Readings"), "book-open"),
        ),
    ),
    (
        msg("System"),
        (Place(CHECK, msg("Jobs and invariants"), "activity"), Place(AUDIT, msg("Audit"), "history")),
    ),
)


def list_of(identity: str) -> str:
    return f"{HOME}{identity}/list"


def page_of(identity: str, key: object) -> str:
    return f"{HOME}{identity}/details/{key}"


def may(request: Request, identity: str, action: str) -> bool:
    """Whether the signed-in person's role is granted this; the same matrix the routes ask."""
    grants = GRANTS.get(StaffRole(visitor_of(request).role), frozenset())
    return matches_grant(set(grants), identity, action)


def menu(request: Request) -> tuple[tuple[str, tuple[Line, ...]], ...]:
    """Groups with the lines that the reader may open; a group without any is left out."""
    counts = getattr(request.state, "waiting", None) or {}
    groups = []
    for heading, places in MENU:
        seen = [place for place in places if may(request, place.identity, Action.LIST)]
        if seen:
            lines = (Line(p.identity, gettext(p.words), p.glyph, p.href, counts.get(p.identity, 0)) for p in seen)
            groups.append((gettext(heading) if heading else "", tuple(lines)))
    return tuple(groups)


class Templates(Jinja2Templates):
    """Where sqladmin asks for a page, ours is written: one environment, the shell of the staff around it."""

    def __init__(self) -> None:
        self.env = pages.environment()

    async def TemplateResponse(  # type: ignore[override]  # noqa: N802 sqladmin's name; its response keeps the context, ours need not
        self, request: Request, name: str, context: dict[str, Any] | None = None, status_code: int = 200
    ) -> HTMLResponse:
        visitor = visitor_of(request)
        around = {"menu": menu(request), "visitor": visitor, "role_words": words.staff_role(visitor.role)}
        return HTMLResponse(pages.render(name, deps.reader(request), **around, **(context or {})), status_code)
