"""Publishing the next version of a Plan: who keeps the one before, and that a second person approves a price."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from backoffice.admin import given as read
from backoffice.admin import words
from backoffice.admin.commands import Command, Effect, Known, Second, fingerprint
from backoffice.admin.given import Typed
from backoffice.admin.limits import args
from backoffice.admin.payment import REHEARSED
from backoffice.admin.pieces import Cell, Fact, Field
from backoffice.admin.roles import PLAN, PUBLISH
from backoffice.admin.shell import page_of
from konectus.domain.approvals import Action
from konectus.domain.plans import Interval
from konectus.errors import NotFound
from konectus.i18n import format_number, gettext, ngettext
from konectus.services import registration
from konectus.services.registration import NewPlan
from konectus.services.work import Work
from konectus.store import locks
from konectus.store.queries import admin_lists
from konectus.store.queries.admin_lists import PlanLine

MOST_PLANS, MOST_SEATS, MOST_CONNECTORS = 200, 10_000, 1_000


@dataclass(frozen=True)
class PublishPlan(Command):
    """The command on one Plan by its code."""

    code: str
    identity: ClassVar[str] = PLAN
    action: ClassVar[str] = PUBLISH
    is_confirmed: ClassVar[bool] = False
    weighs: ClassVar[tuple[str, ...]] = ("price", "seats", "connectors", "extra")

    @property
    def step(self) -> str:
        return gettext("New version")

    @property
    def go(self) -> str:
        return gettext("Publish the version")

    def known(self, work: Work) -> Known:
        locks.plan(work.session, self.code)
        newest, live = self._newest(work)
        return Known(
            title=gettext("Publish a new version of {plan}", plan=newest.name),
            lead=gettext("What was published never changes; each Client keeps the version it contracted (Terms 2)."),
            name=newest.name,
            href=page_of(PLAN, self.code),
            facts=(
                Fact(gettext("Version"), Cell(format_number(newest.version), at=newest.published_at)),
                Fact(gettext("Price"), Cell(words.price(newest.price_cents, newest.interval))),
                Fact(gettext("People"), Cell(format_number(newest.seats))),
                Fact(gettext("Connectors"), Cell(format_number(newest.connectors))),
                Fact(gettext("Clients"), Cell(format_number(live))),
            ),
            read_at=work.now,
            seen=fingerprint(self.code, newest.version),
        )

    def start(self, work: Work) -> Mapping[str, str]:
        newest, _ = self._newest(work)
        extra = newest.extra_seat_cents
        return {
            "price": read.as_typed(newest.price_cents),
            "seats": str(newest.seats),
            "connectors": str(newest.connectors),
            "extra": "" if extra is None else read.as_typed(extra),
        }

    def inputs(self, work: Work, given: Typed, problems: Mapping[str, str]) -> tuple[Field, ...]:
        del work
        extra = gettext("For each person beyond those, a whole period. Empty: only with another Plan.")
        fields = (
            ("price", gettext("Price of a period, without tax"), "money", ""),
            ("extra", gettext("Price of an extra person"), "money", extra),
            ("seats", gettext("People"), "number", ""),
            ("connectors", gettext("Connectors"), "number", ""),
        )
        return tuple(
            Field(name, label, given[name], kind, hint=hint, error=problems.get(name, ""))
            for name, label, kind, hint in fields
        )

    def problems(self, work: Work, given: Typed) -> dict[str, str]:
        del work
        found: dict[str, str] = {}
        read.problem(found, "price", lambda: read.cents(given["price"]))
        if given["extra"]:
            read.problem(found, "extra", lambda: read.cents(given["extra"]))
        read.problem(found, "seats", lambda: read.whole(given["seats"], least=1, most=MOST_SEATS))
        read.problem(found, "connectors", lambda: read.whole(given["connectors"], least=0, most=MOST_CONNECTORS))
        return found

    def second(self, work: Work, given: Typed) -> Second | None:
        del work
        because = gettext("A price is published by two people.")
        return Second(Action.PUBLISH_PLAN, ("plan", self.code), args(given), because)

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        newest, live = self._newest(work)
        made = registration.publish_plan(work, self._new(work, given), reason=REHEARSED)
        price = words.price(made.price_cents, made.interval)
        heading = gettext("Version {n} is on offer at {price}", n=made.version, price=price)
        stay = ngettext("{n} Client keeps what it has", "{n} Clients keep what they have", live)
        was = gettext("Before: {price}.", price=words.price(newest.price_cents, newest.interval))
        return (
            Effect("layers", "info", heading, was, heading),
            Effect("shield-check", "ok", stay, gettext("Until they change their Plan themselves."), stay),
        )

    def carry_out(self, work: Work, given: Typed) -> str:
        registration.publish_plan(work, self._new(work, given), reason=given.why)
        return page_of(PLAN, self.code)

    def _newest(self, work: Work) -> tuple[PlanLine, int]:
        """The newest version, and how many Clients have any. Raises NotFound."""
        found = [row for row in admin_lists.plans(work.session, most=MOST_PLANS) if row.code == self.code]
        if not found:
            raise NotFound
        return found[0], sum(row.live for row in found)

    def _new(self, work: Work, given: Typed) -> NewPlan:
        newest, _ = self._newest(work)
        return NewPlan(
            code=self.code,
            name=newest.name,
            price_cents=read.cents(given["price"]),
            seats=read.whole(given["seats"], least=1, most=MOST_SEATS),
            connectors=read.whole(given["connectors"], least=0, most=MOST_CONNECTORS),
            interval=Interval(newest.interval),
            extra_seat_cents=read.cents(given["extra"]) if given["extra"] else None,
        )
