"""The head of every page of a Client: who it is, what is open with its clocks, what it can do, tabs, commands."""

from dataclasses import dataclass
from uuid import UUID

from backoffice.admin import client_clocks, words
from backoffice.admin.claim import Claim
from backoffice.admin.client_clocks import Clock
from backoffice.admin.lift import BY_PEOPLE, who
from backoffice.admin.pieces import Act, Asked, Tab, Table
from backoffice.admin.roles import (
    ASK_DOCUMENTS,
    CHANGE,
    CLIENT,
    CONNECTOR,
    CREDIT_IT,
    DANGER,
    DEFER,
    EVIDENCE,
    INVOICE,
    LIFT,
    NOTICE,
    PAY,
    SUSPEND,
    SUSPEND_ORDER,
    SUSPEND_SECURITY,
    SUSPENSION,
    TERMINATION,
    USAGE,
)
from backoffice.admin.shell import HOME
from konectus.domain.suspension import POLICIES, Cause
from konectus.i18n import gettext, msg
from konectus.services import suspensions
from konectus.services.work import Work
from konectus.store.models.clients import Client
from konectus.store.queries import admin, admin_clients, clients
from konectus.store.queries.admin_clients import Contract
from konectus.store.queries.clients import OpenSuspension


@dataclass(frozen=True, slots=True)
class TabPlace:
    words: str
    grant: tuple[str, str]


TABS = {
    "details": TabPlace(msg("Overview"), (CLIENT, "details")),
    "money": TabPlace(msg("Money"), (INVOICE, "list")),
    "notices": TabPlace(msg("Notices"), (NOTICE, "list")),
    "connectors": TabPlace(msg("Connectors"), (CONNECTOR, "list")),
    "people": TabPlace(msg("People"), (CLIENT, "details")),
    "usage": TabPlace(msg("Usage"), (CLIENT, USAGE)),
    "ending": TabPlace(msg("End and documents"), (TERMINATION, "list")),
    "timeline": TabPlace(msg("Timeline"), (CLIENT, "details")),
    "danger": TabPlace(msg("Danger"), (CLIENT, DANGER)),
}


@dataclass(frozen=True, slots=True)
class OpenCause:
    """A cause that is open: what, since when, by whom, how it ends, and the way to lift it where one may."""

    heading: str
    opened_at: object
    by: str
    ends: str
    lift: Act | None


@dataclass(frozen=True, slots=True)
class Danger:
    """A command that is not lightly done: its way, and what it does in one line."""

    act: Act
    small: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one tab shows below the head."""

    tables: tuple[Table, ...] = ()
    acts: tuple[Act, ...] = ()
    dangers: tuple[Danger, ...] = ()
    lists: tuple[tuple[str, str], ...] = ()
    next_href: str = ""
    claim: Claim | None = None


@dataclass(frozen=True)
class Head:
    client: Client
    contract: Contract | None
    plan_words: str
    causes: tuple[OpenCause, ...]
    open_causes: tuple[Cause, ...]
    is_open: bool
    ended: str
    clocks: tuple[Clock, ...]
    abilities: tuple[tuple[str, bool], ...]
    tabs: tuple[Tab, ...]
    main: Act | None
    # Where the evidence is asked for by POST; empty for those who may not.
    evidence: str


@dataclass(frozen=True)
class TabPage:
    identity: str
    head: Head
    title: str
    sheet: Sheet


def href(client_id: UUID, tab: str) -> str:
    return f"{HOME}{CLIENT}/{tab}/{client_id}"


def page(work: Work, client_id: UUID, asked: Asked, tab: str, sheet: Sheet) -> TabPage:
    """Raises NoSuchClient."""
    return TabPage(CLIENT, head(work, client_id, asked, tab), gettext(TABS[tab].words), sheet)


def head(work: Work, client_id: UUID, asked: Asked, tab: str) -> Head:
    """What every tab begins with, in a fixed number of statements. Raises NoSuchClient."""
    client = suspensions.client_of(work, client_id)
    contract = admin_clients.contract(work.session, client_id)
    access = clients.access(work.session, client_id)
    opened = clients.open_suspensions(work.session, client_id)
    pay = Act(gettext("Record payment"), f"{HOME}{CLIENT}/record-payment/{client_id}", "landmark", "primary")
    return Head(
        client=client,
        contract=contract,
        plan_words=words.price(contract.price_cents, contract.interval) if contract else "",
        causes=_causes(work, opened, asked),
        open_causes=access.causes,
        is_open=access.is_open,
        ended=_ended(terminated=access.terminated, deleting=access.deleting),
        clocks=client_clocks.read(work, client_id),
        abilities=words.abilities(access),
        tabs=tuple(
            Tab(gettext(place.words), href(client_id, name), name == tab)
            for name, place in TABS.items()
            if asked.may(*place.grant)
        ),
        main=pay if asked.may(CLIENT, PAY) else None,
        evidence=_at(client_id, EVIDENCE) if asked.may(CLIENT, EVIDENCE) else "",
    )


def _ended(*, terminated: bool, deleting: bool) -> str:
    if deleting:
        return gettext("Its data is being deleted or is gone; what it owes stays owed.")
    return gettext("The contract has ended; it can export while its days last.") if terminated else ""


def _causes(work: Work, opened: list[OpenSuspension], asked: Asked) -> tuple[OpenCause, ...]:
    names = admin.staff_names(work.session, {one.opened_by for one in opened})
    return tuple(
        OpenCause(
            gettext("Suspended {cause}", cause=words.cause(one.cause)),
            one.opened_at,
            who(one.opened_by, names),
            words.how_it_ends(one.cause),
            _lift(one.id) if POLICIES[one.cause].lift in BY_PEOPLE and asked.may(SUSPENSION, LIFT) else None,
        )
        for one in opened
    )


def _lift(suspension_id: UUID) -> Act:
    return Act(gettext("Lift"), f"{HOME}{SUSPENSION}/lift/{suspension_id}", "undo-2")


def _at(client_id: UUID, path: str) -> str:
    return f"{HOME}{CLIENT}/{path}/{client_id}"


def money_acts(client_id: UUID, asked: Asked) -> tuple[Act, ...]:
    """Commands on money that the reader may give."""
    offered = (
        (PAY, Act(gettext("Record payment"), _at(client_id, "record-payment"), "landmark")),
        (CREDIT_IT, Act(gettext("Credit note"), _at(client_id, "credit"), "percent")),
        (DEFER, Act(gettext("Defer the suspension"), _at(client_id, "defer"), "calendar-clock")),
        (CHANGE, Act(gettext("Change the Plan"), _at(client_id, "change"), "chevrons-up-down")),
    )
    return tuple(act for action, act in offered if asked.may(CLIENT, action))


def commands(client_id: UUID, causes: tuple[Cause, ...], asked: Asked) -> tuple[Act, ...]:
    """Everything that the reader may order here, without what is so already."""
    edit = Act(gettext("Edit the data"), _at(client_id, "edit"), "pencil")
    papers = Act(gettext("Request documents"), _at(client_id, "request-documents"), "file-text")
    stop = Act(gettext("Suspend for misuse"), _at(client_id, "suspend"), "circle-pause")
    return (
        *((edit,) if asked.may(CLIENT, "edit") else ()),
        *money_acts(client_id, asked),
        *((papers,) if asked.may(CLIENT, ASK_DOCUMENTS) else ()),
        *((stop,) if asked.may(CLIENT, SUSPEND) and Cause.AUP not in causes else ()),
    )


def dangers(client_id: UUID, asked: Asked) -> tuple[Danger, ...]:
    """What stops a Client; each page says first what would happen."""
    offered = (
        (
            SUSPEND,
            Act(gettext("Suspend for misuse"), _at(client_id, "suspend"), "circle-pause"),
            gettext("A rule of clause 7 was broken. Without prior notice; one person lifts it."),
        ),
        (
            SUSPEND_SECURITY,
            Act(gettext("Suspend for security"), _at(client_id, "suspend-security"), "shield-alert"),
            gettext("An account was taken over or is attacked. Nobody signs in; two people lift it."),
        ),
        (
            SUSPEND_ORDER,
            Act(gettext("Suspend by order of an authority"), _at(client_id, "suspend-order"), "gavel"),
            gettext("With the document of the order; it may forbid deleting and telling. Two people lift it."),
        ),
    )
    return tuple(Danger(act, small) for action, act, small in offered if asked.may(CLIENT, action))
