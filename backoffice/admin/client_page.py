"""The overview of a Client: connectors, people, money, use of its Plan, the latest entries, commands."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from backoffice.admin import book_cells, client_head, reason_words, words
from backoffice.admin.client_head import Head
from backoffice.admin.pieces import Act, Asked, Cell, Fact, Table
from backoffice.admin.roles import AUDIT, CLIENT, CONNECTOR, INVOICE, NOTICE, RESEND, SUSPENSION
from backoffice.admin.shell import HOME, page_of
from konectus.domain.connectors import LIVE, ConnectorState
from konectus.domain.notices import NoticeKind
from konectus.i18n import format_number, gettext
from konectus.services.work import Work
from konectus.store.models.clients import Client
from konectus.store.queries import admin_audit, admin_clients, admin_money, admin_notices
from konectus.store.queries.admin_clients import Contract, Link, Person

MOST_PEOPLE, LATEST, LATEST_BILLS, MOST_PAST = 200, 8, 4, 20


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
    identity: str
    head: Head
    connectors: Table
    people: Table
    bills: Table
    facts: tuple[Fact, ...]
    gauges: tuple[Gauge, ...]
    latest: tuple[Moment, ...]
    trail_href: str
    past: Table
    acts: tuple[Act, ...]


def read(work: Work, client_id: UUID, asked: Asked) -> ClientPage:
    """Everything in a fixed number of statements, however much the Client has. Raises NoSuchClient."""
    head = client_head.head(work, client_id, asked, "details")
    links = admin_clients.links(work.session, client_id)
    found = admin_clients.people(work.session, client_id, work.now, MOST_PEOPLE)
    total, active = admin_clients.people_counted(work.session, client_id)
    return ClientPage(
        identity=CLIENT,
        head=head,
        connectors=connectors(client_id, links),
        people=people(found, total),
        bills=_bills(work, client_id, asked),
        facts=_facts(head.client, found),
        gauges=_gauges(head.contract, links, active),
        latest=_latest(work, client_id, may_audit=asked.may(AUDIT, "list")),
        trail_href=client_head.href(client_id, "timeline"),
        past=_past(work, client_id),
        acts=(*reconnecting(work, client_id, links, asked), *client_head.commands(client_id, head.open_causes, asked)),
    )


def reconnecting(work: Work, client_id: UUID, links: list[Link], asked: Asked) -> tuple[Act, ...]:
    """After a Suspension the Client reconnects by itself; the notice that says how can be sent again."""
    if not any(link.state is ConnectorState.NEEDS_RECONFIGURATION for link in links) or not asked.may(NOTICE, RESEND):
        return ()
    told = admin_notices.latest(work.session, client_id, NoticeKind.REACTIVATED)
    act = Act(gettext("Send the link to reconnect"), f"{HOME}{NOTICE}/resend/{told}", "plug")
    return (act,) if told else ()


def _bills(work: Work, client_id: UUID, asked: Asked) -> Table:
    """The latest invoices, for those who may see them."""
    if not asked.may(INVOICE, "list"):
        return Table((), ())
    rows = admin_money.bills(work.session, admin_money.Asked(client_id=client_id), work.now, LATEST_BILLS)
    return replace(book_cells.bills(rows, work.now, with_client=False), more_href=client_head.href(client_id, "money"))


def connectors(client_id: UUID, links: list[Link]) -> Table:
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


def people(found: list[Person], total: int) -> Table:
    def state(person: Person) -> str:
        if not person.active:
            return gettext("Deactivated")
        return gettext("Signed in now") if person.signed_in else ""

    return Table(
        title=gettext("People"),
        headings=(gettext("Name"), gettext("Role"), gettext("State")),
        rows=tuple(
            (Cell(person.name, small=person.email), Cell(words.user_role(person.role)), Cell(state(person)))
            for person in found
        ),
        empty=gettext("Nobody has been added."),
        count=format_number(total),
        note=gettext("The first {n}, owners before all others.", n=len(found)) if total > len(found) else "",
    )


def _facts(client: Client, people: list[Person]) -> tuple[Fact, ...]:
    owners = ", ".join(person.name for person in people if person.role == "owner" and person.active)
    return (
        Fact(gettext("Owner"), Cell(owners or gettext("None yet"))),
        Fact(gettext("Legal e-mail"), Cell(client.registered_email)),
        Fact(gettext("Authority"), Cell(words.authority(client.authority))),
        Fact(gettext("RFC"), Cell(client.tax_id or "")),
        Fact(gettext("Zone"), Cell(client.zone)),
        Fact(gettext("Language"), Cell(gettext("Spanish") if client.language == "es" else gettext("English"))),
        Fact(gettext("Client since"), Cell(at=client.created_at)),
    )


def _gauges(contract: Contract | None, links: list[Link], active: int) -> tuple[Gauge, ...]:
    if contract is None:
        return ()
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
            " · ".join(part for part in (entry.actor_name, reason_words.told(entry.reason)) if part),
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
