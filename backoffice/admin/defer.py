"""Waiting longer for an overdue amount, until the end of a day (Terms 18: that waives nothing)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from backoffice.admin import given as read
from backoffice.admin import money_effects
from backoffice.admin.commands import Command, Effect, Known, Refused, fingerprint
from backoffice.admin.given import Typed
from backoffice.admin.payment import REHEARSED
from backoffice.admin.pieces import Act, Cell, Fact, Field
from backoffice.admin.roles import CLIENT, DEFER
from backoffice.admin.shell import page_of
from konectus.domain.suspension import Cause
from konectus.i18n import format_date, format_money, gettext
from konectus.services import deferrals, suspensions
from konectus.services.work import Work
from konectus.store import locks
from konectus.store.queries import admin_money, billing

# Three more days is what is asked for most; a quarter is a matter of writing off.
USUAL_DAYS, MOST_DAYS = 3, 92


@dataclass(frozen=True)
class Defer(Command):
    """The command on one Client."""

    client_id: UUID
    identity: ClassVar[str] = CLIENT
    action: ClassVar[str] = DEFER
    is_confirmed: ClassVar[bool] = False
    weighs: ClassVar[tuple[str, ...]] = ("until", "invoice")

    @property
    def step(self) -> str:
        return gettext("Defer")

    @property
    def go(self) -> str:
        return gettext("Defer the suspension")

    def known(self, work: Work) -> Known:
        locks.client(work.session, self.client_id)
        client = suspensions.client_of(work, self.client_id)
        now = money_effects.standing(work, self.client_id)
        waiting = admin_money.deferrals(work.session, self.client_id, work.now)
        if not now.owed:
            raise Refused(
                gettext("{client} owes nothing", client=client.trade_name),
                gettext("There is nothing to wait for."),
                (),
                (Act(gettext("Back to the Client"), page_of(CLIENT, client.id), "", "primary"),),
            )
        until = waiting[-1].until if waiting else None
        return Known(
            title=gettext("Wait longer for {client}", client=client.trade_name),
            lead=gettext("Nobody is suspended for this debt until the day you choose is over. It waives nothing."),
            name=client.trade_name,
            href=page_of(CLIENT, client.id),
            facts=(*money_effects.facts(now), Fact(gettext("Deferred already until"), Cell(at=until))),
            read_at=work.now,
            seen=fingerprint(*now.print, [str(one.id) for one in waiting]),
        )

    def start(self, work: Work) -> Mapping[str, str]:
        return {"until": read.today(work.now, USUAL_DAYS).isoformat()}

    def inputs(self, work: Work, given: Typed, problems: Mapping[str, str]) -> tuple[Field, ...]:
        owed = billing.owed(work.session, self.client_id)
        bills = [(str(one.invoice_id), f"{one.number}, {format_money(one.balance_cents)}") for one in owed]
        return (
            Field(
                "until",
                gettext("Last day"),
                given["until"],
                "day",
                error=problems.get("until", ""),
                hint=gettext("Until its end in Mexico City, 23:59."),
                least=read.today(work.now).isoformat(),
                most=read.today(work.now, MOST_DAYS).isoformat(),
            ),
            Field(
                "invoice",
                gettext("What for"),
                given["invoice"],
                "select",
                (("", gettext("Everything that is overdue")), *bills),
                error=problems.get("invoice", ""),
            ),
        )

    def problems(self, work: Work, given: Typed) -> dict[str, str]:
        found: dict[str, str] = {}
        bounds = {"least": read.today(work.now), "most": read.today(work.now, MOST_DAYS)}
        read.problem(found, "until", lambda: read.day(given["until"], **bounds))
        read.problem(found, "invoice", lambda: self._invoice(work, given))
        return found

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        until = read.day(given["until"])
        is_suspended = Cause.NONPAYMENT in money_effects.standing(work, self.client_id).causes
        self._defer(work, given, REHEARSED)
        still = Cause.NONPAYMENT in money_effects.standing(work, self.client_id).causes
        heading = gettext("No suspension for this debt until the end of {day}", day=format_date(until, form="full"))
        waits = Effect(
            "calendar-clock", "info", heading, gettext("After it, the next sweep at 09:00 looks again."), heading
        )
        return (waits, *_service(is_suspended, still), _unchanged())

    def carry_out(self, work: Work, given: Typed) -> str:
        self._defer(work, given, given.why)
        return page_of(CLIENT, self.client_id)

    def _invoice(self, work: Work, given: Typed) -> UUID | None:
        owed = billing.owed(work.session, self.client_id)
        return read.chosen_id(given["invoice"], [one.invoice_id for one in owed])

    def _defer(self, work: Work, given: Typed, reason: str) -> None:
        deferrals.defer(work, self.client_id, read.day(given["until"]), reason, invoice_id=self._invoice(work, given))


def _service(was: bool, still: bool) -> tuple[Effect, ...]:  # noqa: FBT001 the same fact before and after
    if was and not still:
        heading = gettext("The service comes back by itself")
        return (Effect("circle-check", "ok", heading, gettext("The Client reconnects its channels."), heading),)
    if still:
        heading = gettext("The present suspension stays")
        return (Effect("circle-pause", "warn", heading, gettext("Only a payment lifts it."), heading),)
    return ()


def _unchanged() -> Effect:
    small = gettext("The debt, its notices and its clocks. Whoever pays earlier needs nothing of this.")
    return Effect("shield-check", "ok", gettext("What does not change"), small)
