"""One Client on one page: causes and what the Client can do now, connectors, people, Plan, latest entries, commands."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from backoffice.admin import words
from backoffice.admin.lift import who
from backoffice.admin.pieces import Act, Asked, Cell, Fact, Table
from backoffice.admin.roles import AUDIT, CLIENT, CONNECTOR, LIFT, SUSPEND, SUSPENSION
from backoffice.admin.shell import HOME, list_of, page_of
from konectus.domain.connectors import LIVE
from konectus.domain.suspension import POLICIES, Cause, LiftRule
from konectus.i18n import gettext
from konectus.services import suspensions
from konectus.services.work import Work
from konectus.store.models.clients import Client
from konectus.store.queries import admin, admin_audit, admin_clients, clients
from konectus.store.queries.admin_clients import Contract, Link, Person

MOST_PEOPLE, LATEST, MOST_PAST = 200, 8, 20


@dataclass(frozen=True, slots=True)
class OpenCause:
    """A cause that is open: what, since when, by whom, how it ends, and the way to lift it where one may."""

    heading: str
    opened_at: datetime
    by: str
    ends: str
    lift: Act | None


@dataclass(frozen=True, slots=True)
class Gauge:
    """How much of what the Plan includes is used."""

    words: str
    used: int
    most: int


@dataclass(frozen=True, slots=True)
class Moment:
    at: datetime
    heading: str
    small: str
    href: str


@dataclass(frozen=True)
class ClientPage:
    client: Client
    identity: str
    contract: Contract | None
    plan_words: str
    causes: tuple[OpenCause, ...]
    abilities: tuple[tuple[str, bool], ...]
    connectors: Table
    people: Table
    facts: tuple[Fact, ...]
    gauges: tuple[Gauge, ...]
    latest: tuple[Moment, ...]
    trail_href: str
    past: Table
    acts: tuple[Act, ...]


def read(work: Work, client_id: UUID, asked: Asked) -> ClientPage:
    """Everything in a fixed number of statements, however much the Client has. Raises NoSuchClient."""
    client = suspensions.client_of(work, client_id)
    contract = admin_clients.contract(work.session, client_id)
    links = admin_clients.links(work.session, client_id)
    people = admin_clients.people(work.session, client_id, work.now, MOST_PEOPLE)
    access = clients.access(work.session, client_id)
    may_audit = asked.may(AUDIT, "list")
    return ClientPage(
        client=client,
        identity=CLIENT,
        contract=contract,
        plan_words=words.price(contract.price_cents, contract.interval) if contract else "",
        causes=_causes(work, client_id, asked),
        abilities=words.abilities(access),
        connectors=_connectors(client_id, links),
        people=_people(people),
        facts=_facts(client, people),
        gauges=_gauges(contract, links, people),
        latest=_latest(work, client_id, may_audit=may_audit),
        trail_href=f"{list_of(AUDIT)}?client={client_id}" if may_audit else "",
        past=_past(work, client_id),
        acts=_acts(client_id, access.causes, asked),
    )


def _causes(work: Work, client_id: UUID, asked: Asked) -> tuple[OpenCause, ...]:
    opened = clients.open_suspensions(work.session, client_id)
    names = admin.staff_names(work.session, {one.opened_by for one in opened})
    return tuple(
        OpenCause(
            gettext("Suspended {cause}", cause=words.cause(one.cause)),
            one.opened_at,
            who(one.opened_by, names),
            words.how_it_ends(one.cause),
            _lift(one.id) if POLICIES[one.cause].lift is LiftRule.MANUAL and asked.may(SUSPENSION, LIFT) else None,
        )
        for one in opened
    )


def _lift(suspension_id: UUID) -> Act:
    return Act(gettext("Lift"), f"{HOME}{SUSPENSION}/lift/{suspension_id}", "undo-2")


def _acts(client_id: UUID, causes: tuple[Cause, ...], asked: Asked) -> tuple[Act, ...]:
    edit = Act(gettext("Edit the data"), f"{HOME}{CLIENT}/edit/{client_id}", "pencil")
    stop = Act(gettext("Suspend for misuse"), f"{HOME}{CLIENT}/suspend/{client_id}", "circle-pause")
    return tuple(
        act
        for act, shown in (
            (edit, asked.may(CLIENT, "edit")),
            (stop, asked.may(CLIENT, SUSPEND) and Cause.AUP not in causes),
        )
        if shown
    )


def _connectors(client_id: UUID, links: list[Link]) -> Table:
    return Table(
        title=gettext("Connectors"),
        headings=(gettext("Channel"), gettext("State"), gettext("Since"), gettext("Last event")),
        rows=tuple(
            (
                Cell(
                    link.name,
                    small=link.account_id,
                    href=page_of(CONNECTOR, f"{client_id};{link.id}"),
                    channel=link.channel,
                ),
                Cell(state=words.connector(link.state), small=link.error or words.connector_reason(link.reason)),
                Cell(at=link.since),
                Cell(at=link.last_event_at),
            )
            for link in links
        ),
        empty=gettext("The Client has connected no channel."),
    )


def _people(people: list[Person]) -> Table:
    def state(person: Person) -> str:
        if not person.active:
            return gettext("Deactivated")
        return gettext("Signed in now") if person.signed_in else ""

    return Table(
        title=gettext("People"),
        headings=(gettext("Name"), gettext("Role"), gettext("State")),
        rows=tuple(
            (Cell(person.name, small=person.email), Cell(words.user_role(person.role)), Cell(state(person)))
            for person in people
        ),
        empty=gettext("Nobody has been added."),
    )


def _facts(client: Client, people: list[Person]) -> tuple[Fact, ...]:
    owners = ", ".join(person.name for person in people if person.role == "owner" and person.active)
    return (
        Fact(gettext("Owner"), Cell(owners or gettext("None yet"))),
        Fact(gettext("Legal e-mail"), Cell(client.registered_email)),
        Fact(gettext("RFC"), Cell(client.tax_id or "")),
        Fact(gettext("Zone"), Cell(client.zone)),
        Fact(gettext("Language"), Cell(gettext("Spanish") if client.language == "es" else gettext("English"))),
        Fact(gettext("Client since"), Cell(at=client.created_at)),
    )


def _gauges(contract: Contract | None, links: list[Link], people: list[Person]) -> tuple[Gauge, ...]:
    if contract is None:
        return ()
    active = sum(person.active for person in people)
    live = sum(link.state in LIVE for link in links)
    return (
        Gauge(gettext("People"), active, contract.seats),
        Gauge(gettext("Connectors"), live, contract.connectors),
    )


def _latest(work: Work, client_id: UUID, *, may_audit: bool) -> tuple[Moment, ...]:
    entries = admin_audit.entries(work.session, admin_audit.Asked(client_id=client_id), LATEST)
    return tuple(
        Moment(
            entry.at,
            words.action(entry.action),
            " · ".join(part for part in (entry.actor_name, entry.reason) if part),
            page_of(AUDIT, entry.id) if may_audit else "",
        )
        for entry in entries
    )


def _past(work: Work, client_id: UUID) -> Table:
    lifted = [row for row in admin_clients.suspensions(work.session, client_id, MOST_PAST) if row.lifted_at]
    return Table(
        title=gettext("Suspensions before"),
        headings=(gettext("Cause"), gettext("From"), gettext("To")),
        rows=tuple(
            (
                Cell(words.cause(row.cause), href=page_of(SUSPENSION, row.id)),
                Cell(at=row.opened_at),
                Cell(at=row.lifted_at),
            )
            for row in lifted
        ),
    )
