"""Another Plan or other seats for a Client: what it costs to the cent, and from when on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from backoffice.admin import given as read
from backoffice.admin import money_words, words
from backoffice.admin.commands import Command, Effect, Known, Refused, fingerprint
from backoffice.admin.given import Slip, Typed
from backoffice.admin.pieces import Act, Cell, Fact, Field
from backoffice.admin.roles import CHANGE, CLIENT
from backoffice.admin.shell import page_of
from konectus.domain.plans import SeatsNotOffered
from konectus.domain.seats import SeatsBelowUse
from konectus.domain.suspension import ClientSuspended
from konectus.i18n import format_datetime, format_money, format_number, gettext, ngettext
from konectus.services import changes, suspensions
from konectus.services.changes import NothingToChange, Preview
from konectus.services.contracting import NotSubscribed, PlanNotOffered, Wanted
from konectus.services.work import Work
from konectus.store import locks
from konectus.store.queries import clients, contracts

MOST_SEATS = 10_000


@dataclass(frozen=True)
class ChangePlan(Command):
    """The command on one Client."""

    client_id: UUID
    identity: ClassVar[str] = CLIENT
    action: ClassVar[str] = CHANGE
    is_confirmed: ClassVar[bool] = False
    weighs: ClassVar[tuple[str, ...]] = ("plan", "seats")

    @property
    def step(self) -> str:
        return gettext("Change the Plan")

    @property
    def go(self) -> str:
        return gettext("Change the Plan")

    def known(self, work: Work) -> Known:
        locks.client(work.session, self.client_id)
        client = suspensions.client_of(work, self.client_id)
        found = contracts.contract(work.session, self.client_id)
        if found is None:
            raise Refused(
                gettext("{client} has no Plan in force", client=client.trade_name),
                gettext("It contracts one itself, on its own pages."),
                (),
                (Act(gettext("Back to the Client"), page_of(CLIENT, client.id), "", "primary"),),
            )
        used = clients.seats(work.session, self.client_id)[1]
        pending = contracts.pending_change(work.session, self.client_id)
        price = words.price(found.offer.total(found.seats), found.offer.interval)
        waits = Cell(at=pending.applies_at, small=gettext("this one takes its place")) if pending else Cell()
        return Known(
            title=gettext("Change the Plan of {client}", client=client.trade_name),
            lead=gettext("More counts at once and is paid by days; less waits for the end of the period."),
            name=client.trade_name,
            href=page_of(CLIENT, client.id),
            facts=(
                Fact(gettext("Plan"), Cell(found.offer.name, small=price)),
                Fact(gettext("People"), Cell(gettext("{used} of {most}", used=used, most=found.seats))),
                Fact(gettext("State"), Cell(state=words.subscription(found.status))),
                Fact(gettext("The period ends"), Cell(at=found.period.ends_at)),
                Fact(gettext("Another change waits for"), waits),
            ),
            read_at=work.now,
            seen=fingerprint(
                str(found.plan_version_id), found.seats, found.status, used, str(pending and pending.change_id)
            ),
        )

    def start(self, work: Work) -> Mapping[str, str]:
        found = contracts.contract(work.session, self.client_id)
        return {"plan": "", "seats": str(found.seats) if found else ""}

    def inputs(self, work: Work, given: Typed, problems: Mapping[str, str]) -> tuple[Field, ...]:
        offered = [
            (str(one.plan_version_id), f"{one.offer.name}, {words.price(one.offer.price_cents, one.offer.interval)}")
            for one in contracts.published(work.session)
        ]
        return (
            Field(
                "plan",
                gettext("Plan"),
                given["plan"],
                "select",
                (("", gettext("The same as now")), *offered),
                error=problems.get("plan", ""),
            ),
            Field("seats", gettext("People"), given["seats"], "number", error=problems.get("seats", ""), longest=5),
        )

    def problems(self, work: Work, given: Typed) -> dict[str, str]:
        found: dict[str, str] = {}
        read.problem(found, "plan", lambda: self._plan(work, given))
        if given["seats"]:
            read.problem(found, "seats", lambda: read.whole(given["seats"], least=1, most=MOST_SEATS))
        return found

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        wanted = self._wanted(work, given)
        try:
            found = changes.preview(work.session, self.client_id, wanted, work.now)
        except NothingToChange:
            return ()
        except _REFUSALS as refusal:
            raise _slip(refusal) from None
        return (*_effects(found), _unchanged())

    def carry_out(self, work: Work, given: Typed) -> str:
        try:
            asked = changes.request_change(work, self.client_id, self._wanted(work, given), reason=given.why)
            changes.apply(work, asked.id, reason=given.why)
        except _REFUSALS as refusal:
            raise _slip(refusal) from None
        return page_of(CLIENT, self.client_id)

    def _plan(self, work: Work, given: Typed) -> UUID | None:
        return read.chosen_id(given["plan"], [one.plan_version_id for one in contracts.published(work.session)])

    def _wanted(self, work: Work, given: Typed) -> Wanted:
        seats = read.whole(given["seats"], least=1, most=MOST_SEATS) if given["seats"] else None
        return Wanted(self._plan(work, given), seats)


_REFUSALS = (NothingToChange, SeatsNotOffered, SeatsBelowUse, PlanNotOffered, NotSubscribed, ClientSuspended)


def _slip(refusal: Exception) -> Slip:
    if isinstance(refusal, SeatsBelowUse):
        return Slip(gettext("More people than that use it now; the Client chooses first who leaves"), "seats")
    if isinstance(refusal, SeatsNotOffered):
        return Slip(gettext("This Plan has not so many people, or comes with more"), "seats")
    if isinstance(refusal, NothingToChange):
        return Slip(gettext("It is like that already: choose another Plan or number of people"), "plan")
    if isinstance(refusal, ClientSuspended):
        return Slip(gettext("A suspended Client pays first and changes its Plan then"))
    return Slip(gettext("That Plan is not sold"), "plan")


def _effects(found: Preview) -> tuple[Effect, ...]:
    people = ngettext("{n} person", "{n} people", found.seats)
    what = gettext("{plan} with {people}", plan=found.offer.name, people=people)
    when = gettext("At once") if found.is_at_once else format_datetime(found.applies_at, form="long")
    plan = Effect("layers", "info", what, when, f"{what}: {when}")
    return (plan, *(_billed(found) if found.lines else ()), _period(found))


def _billed(found: Preview) -> tuple[Effect, ...]:
    lines = []
    for line in found.lines:
        text, small = money_words.line(line.kind, line.facts)
        lines.append(f"{text}{f' ({small})' if small else ''} {format_money(line.amount_cents)}")
    heading = gettext("An invoice of {amount} is issued", amount=format_money(found.total_cents))
    paid = gettext("Credit pays {amount} of it.", amount=format_money(found.credit_cents)) if found.credit_cents else ""
    return (Effect("receipt", "warn", heading, " · ".join([*lines, paid]).rstrip(" ·"), heading),)


def _period(found: Preview) -> Effect:
    heading = gettext("From then on {amount} each period, tax included", amount=format_money(found.period_cents))
    return Effect("calendar", "", heading, gettext("People: {n}.", n=format_number(found.seats)), heading)


def _unchanged() -> Effect:
    small = gettext("Data, Connectors and people. What was paid before is not paid twice.")
    return Effect("shield-check", "ok", gettext("What does not change"), small)
