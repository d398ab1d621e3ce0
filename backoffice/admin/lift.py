"""Lifting a Suspension by hand: its facts, its rehearsal and the act."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from backoffice.admin import reason_words, words
from backoffice.admin.commands import Command, Effect, Known, Refused, Second, fingerprint
from backoffice.admin.given import Slip, Typed
from backoffice.admin.pieces import Act, Cell, Fact
from backoffice.admin.roles import APPROVAL, CLIENT, LIFT, SUSPENSION
from backoffice.admin.shell import page_of
from backoffice.admin.suspend import REHEARSED
from konectus.domain.approvals import AlreadyRequested
from konectus.domain.endings import WindowEnd
from konectus.domain.suspension import POLICIES, LiftRule
from konectus.errors import NotFound
from konectus.i18n import gettext, ngettext
from konectus.services import lifting, suspensions
from konectus.services.work import Work
from konectus.store import locks
from konectus.store.queries import admin, admin_clients, admin_lists, clients
from konectus.store.queries.admin_lists import SuspensionLine

# Lifted by one person, or by two; the rest follows from facts.
BY_PEOPLE = (LiftRule.MANUAL, LiftRule.TWO_PERSONS)


@dataclass(frozen=True)
class Lift(Command):
    """The command on one Suspension."""

    suspension_id: UUID
    identity: ClassVar[str] = SUSPENSION
    action: ClassVar[str] = LIFT
    is_dangerous: ClassVar[bool] = False

    @property
    def step(self) -> str:
        return gettext("Lift")

    @property
    def go(self) -> str:
        return gettext("Lift the suspension")

    def known(self, work: Work) -> Known:
        row = admin_lists.suspension(work.session, self.suspension_id)
        if row is None:
            raise NotFound
        locks.client(work.session, row.client_id)
        row = admin_lists.suspension(work.session, self.suspension_id) or row
        names = admin.staff_names(work.session, {row.opened_by, row.lifted_by or ""})
        if row.lifted_at is not None:
            raise _lifted(row, names)
        if POLICIES[row.cause].lift not in BY_PEOPLE:
            raise _not_by_hand(row)
        causes = clients.access(work.session, row.client_id).causes
        links = admin_clients.links(work.session, row.client_id)
        return Known(
            title=gettext("Lift the suspension of {client}", client=row.trade_name),
            lead=gettext("It takes effect when you confirm. Connectors stay disconnected until the Client reconnects."),
            name=row.trade_name,
            href=page_of(CLIENT, row.client_id),
            facts=(
                Fact(gettext("Client"), Cell(row.trade_name)),
                Fact(gettext("Service"), Cell(state=words.service(causes))),
                Fact(gettext("Since"), Cell(at=row.opened_at)),
                Fact(gettext("By"), Cell(who(row.opened_by, names))),
                Fact(gettext("Reason"), Cell(reason_words.told(row.reason))),
            ),
            read_at=work.now,
            seen=fingerprint(str(row.id), causes, [(str(link.id), str(link.state)) for link in links]),
        )

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        del given
        if self._rule(work) is LiftRule.TWO_PERSONS:
            opened = suspensions.to_lift(work, self.suspension_id)
            found = suspensions.close_cause(work, opened, REHEARSED, WindowEnd.REACTIVATED)
        else:
            found = suspensions.lift_by_hand(work, self.suspension_id, REHEARSED)
        return (_service(found), _to_reconnect(found), _unchanged())

    def needs_proof(self, work: Work) -> bool:
        return self._rule(work) is LiftRule.TWO_PERSONS

    def second(self, work: Work, given: Typed) -> Second | None:
        del given
        if self._rule(work) is not LiftRule.TWO_PERSONS:
            return None
        because = gettext("A suspension by order or for security is lifted by two people.")
        return Second("", ("suspension", str(self.suspension_id)), because=because, is_own=True)

    def carry_out(self, work: Work, given: Typed) -> str:
        if self._rule(work) is not LiftRule.TWO_PERSONS:
            suspensions.lift_by_hand(work, self.suspension_id, given.why)
            return page_of(SUSPENSION, self.suspension_id)
        try:
            return page_of(APPROVAL, lifting.request_lift(work, self.suspension_id, given.why).id)
        except AlreadyRequested:
            raise Slip(gettext("A second person was asked for exactly this already; see Today")) from None

    def _rule(self, work: Work) -> LiftRule:
        row = admin_lists.suspension(work.session, self.suspension_id)
        if row is None:
            raise NotFound
        return POLICIES[row.cause].lift


def who(reference: str | None, names: Mapping[str, str]) -> str:
    """A person's name where the reference names one of the staff, else what kind of actor it was."""
    if not reference:
        return ""
    return names.get(reference) or words.actor(reference.partition(":")[0])


def _acts(row: SuspensionLine) -> tuple[Act, ...]:
    return (
        Act(gettext("See the suspension"), page_of(SUSPENSION, row.id), "circle-pause", "primary"),
        Act(gettext("Back to the Client"), page_of(CLIENT, row.client_id)),
    )


def _lifted(row: SuspensionLine, names: Mapping[str, str]) -> Refused:
    return Refused(
        gettext("This suspension of {client} is lifted already", client=row.trade_name),
        gettext("There is nothing left to lift."),
        (
            Fact(gettext("Since"), Cell(at=row.lifted_at)),
            Fact(gettext("By"), Cell(who(row.lifted_by, names))),
            Fact(gettext("Reason"), Cell(row.lift_reason or "")),
        ),
        _acts(row),
    )


def _not_by_hand(row: SuspensionLine) -> Refused:
    return Refused(
        gettext("Nobody lifts this suspension of {client} by hand", client=row.trade_name),
        words.how_it_ends(row.cause),
        (Fact(gettext("Since"), Cell(at=row.opened_at)), Fact(gettext("Cause"), Cell(words.cause(row.cause)))),
        _acts(row),
    )


def _service(found: suspensions.Lifted) -> Effect:
    if found.still_open:
        causes = ", ".join(words.cause(cause) for cause in found.still_open)
        return Effect(
            "circle-pause",
            "warn",
            gettext("The Client stays suspended {causes}", causes=causes),
            gettext("Another cause is open; the service returns when that one ends too."),
            gettext("Still suspended {causes}", causes=causes),
        )
    return Effect(
        "circle-check",
        "ok",
        gettext("The service is back"),
        gettext("Their people sign in, read and reply again, and channels can be connected."),
        gettext("Service back"),
    )


def _to_reconnect(found: suspensions.Lifted) -> Effect:
    n = found.to_reconfigure
    if not n:
        none = gettext("No connector waits to be reconnected")
        return Effect("unplug", "", none, gettext("The Client can connect channels at once."), none)
    return Effect(
        "unplug",
        "warn",
        ngettext("{n} connector waits to be reconnected", "{n} connectors wait to be reconnected", n),
        gettext("Each one needs the authorization of the Client at its channel."),
        ngettext("{n} connector to reconnect", "{n} connectors to reconnect", n),
    )


def _unchanged() -> Effect:
    return Effect(
        "shield-check",
        "ok",
        gettext("What does not change"),
        gettext("Messages that were cancelled stay drafts. The suspension stays in the history."),
    )
