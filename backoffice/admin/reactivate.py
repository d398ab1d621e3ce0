"""Bringing a contract back after its end, with a new Subscription, until a deletion begins (lifecycle.md 2, #14)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from backoffice.admin import endings_words, words
from backoffice.admin import given as typed_in
from backoffice.admin.commands import Command, Effect, Known, Refused, fingerprint
from backoffice.admin.given import Slip, Typed
from backoffice.admin.pieces import Act, Cell, Fact, Field
from backoffice.admin.roles import CLIENT, DELETION, REACTIVATE
from backoffice.admin.shell import page_of
from backoffice.admin.suspend import REHEARSED
from backoffice.admin.terminate import not_ending
from konectus.domain.endings import DeletionBegun
from konectus.domain.seats import SeatsBelowUse
from konectus.i18n import format_money, gettext, ngettext
from konectus.services import suspensions, terminations
from konectus.services.work import Work
from konectus.store import locks
from konectus.store.models.clients import PlanVersion
from konectus.store.queries import admin_clients, billing, clients, contracts, erasure, windows
from konectus.store.queries import terminations as read
from konectus.store.queries.terminations import TerminationRow


@dataclass(frozen=True)
class Reactivate(Command):
    """The command on one Client whose contract has ended."""

    client_id: UUID
    identity: ClassVar[str] = CLIENT
    action: ClassVar[str] = REACTIVATE
    weighs: ClassVar[tuple[str, ...]] = ("plan",)

    @property
    def step(self) -> str:
        return gettext("Bring back")

    @property
    def go(self) -> str:
        return gettext("Bring the contract back")

    def known(self, work: Work) -> Known:
        locks.client(work.session, self.client_id)
        client = suspensions.client_of(work, self.client_id)
        found = read.live(work.session, self.client_id)
        if found is None or found.effected_at is None:
            raise not_ending(client)
        deletion = erasure.live(work.session, self.client_id)
        if deletion is not None and deletion.started_at is not None:
            raise _begun(client.trade_name, client.id, deletion.id)
        owed = sum(one.balance_cents for one in billing.owed(work.session, self.client_id))
        state = endings_words.deletion(deletion.state) if deletion else None
        return Known(
            title=gettext("Bring back the contract of {client}", client=client.trade_name),
            lead=gettext("With a new subscription from today; nothing of the old one is paid back or forgiven."),
            name=client.trade_name,
            href=page_of(CLIENT, client.id),
            facts=(
                Fact(gettext("Client"), Cell(client.legal_name, small=client.tax_id or "")),
                Fact(gettext("The contract ended"), _ended(found)),
                Fact(gettext("Owes"), Cell(format_money(owed))),
                Fact(gettext("Deletion"), Cell(state=state)),
            ),
            read_at=work.now,
            seen=fingerprint(client.row_version, str(found.id), owed, str(deletion and deletion.state)),
        )

    def inputs(self, work: Work, given: Typed, problems: Mapping[str, str]) -> tuple[Field, ...]:
        offered = [
            (str(one.plan_version_id), f"{one.offer.name}, {words.price(one.offer.price_cents, one.offer.interval)}")
            for one in contracts.published(work.session)
        ]
        options = (("", gettext("Choose the Plan")), *offered)
        return (Field("plan", gettext("Plan"), given["plan"], "select", options, error=problems.get("plan", "")),)

    def problems(self, work: Work, given: Typed) -> dict[str, str]:
        found: dict[str, str] = {}
        typed_in.problem(found, "plan", lambda: self._version(work, given))
        return found

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        if not given["plan"]:
            return ()
        version = self._version(work, given)
        before = {one.invoice_id for one in billing.owed(work.session, self.client_id)}
        open_before = len(windows.open_of(work.session, self.client_id))
        self._act(work, version, REHEARSED)
        work.session.flush()  # what was rehearsed is read
        return (
            _access(work, self.client_id),
            _billed(work, self.client_id, before),
            _windows(open_before - len(windows.open_of(work.session, self.client_id))),
            _connectors(len(admin_clients.links(work.session, self.client_id))),
        )

    def carry_out(self, work: Work, given: Typed) -> str:
        self._act(work, self._version(work, given), given.why)
        return page_of(CLIENT, self.client_id)

    def _version(self, work: Work, given: Typed) -> PlanVersion:
        offered = [one.plan_version_id for one in contracts.published(work.session)]
        chosen = typed_in.chosen_id(given["plan"], offered)
        if chosen is None:
            raise Slip(gettext("Choose the Plan"), "plan")
        return work.session.get_one(PlanVersion, chosen)

    def _act(self, work: Work, version: PlanVersion, reason: str) -> None:
        try:
            terminations.reactivate(work, self.client_id, version, reason)
        except DeletionBegun:
            raise Slip(gettext("Its deletion has begun; nothing brings it back")) from None
        except SeatsBelowUse:
            raise Slip(gettext("More people are active than this Plan has seats for"), "plan") from None


def _ended(found: TerminationRow) -> Cell:
    return Cell(at=found.effected_at, small=endings_words.ground(found.ground))


def _begun(name: str, client_id: UUID, deletion_id: UUID) -> Refused:
    return Refused(
        gettext("The deletion of {client} has begun", client=name),
        gettext("From its start on nothing brings a contract back. A new one begins with a new registration."),
        (),
        (
            Act(gettext("See the deletion"), page_of(DELETION, deletion_id), "trash-2", "primary"),
            Act(gettext("Back to the Client"), page_of(CLIENT, client_id)),
        ),
    )


def _access(work: Work, client_id: UUID) -> Effect:
    access = clients.access(work.session, client_id)
    if access.causes:
        still = words.service(access.causes).words
        small = gettext("The contract comes back, but a cause is still open.")
        return Effect("circle-pause", "warn", still, small, still)
    back = gettext("The service is back")
    small = gettext("Their people sign in, read and reply again, and channels can be connected.")
    return Effect("circle-check", "ok", back, small, back)


def _billed(work: Work, client_id: UUID, before: set[UUID]) -> Effect:
    made = [one for one in billing.owed(work.session, client_id) if one.invoice_id not in before]
    if not made:
        none = gettext("No invoice is issued now")
        return Effect("receipt", "", none, gettext("The Plan costs nothing, or credit pays it."), none)
    heading = gettext("An invoice of {amount} is issued", amount=format_money(sum(one.balance_cents for one in made)))
    return Effect("receipt", "warn", heading, gettext("Its period begins today. Old debts stay."), heading)


def _windows(closed: int) -> Effect:
    if not closed:
        none = gettext("No days to export are running")
        return Effect("download", "", none, gettext("A deletion that was asked for is given up all the same."), none)
    heading = gettext("The days to export end, and no deletion follows from them")
    return Effect("download", "ok", heading, gettext("A deletion that was asked for is given up."), heading)


def _connectors(known: int) -> Effect:
    if not known:
        none = gettext("No connector waits to be reconnected")
        return Effect("unplug", "", none, gettext("The Client can connect channels at once."), none)
    heading = ngettext("{n} connector waits to be reconnected", "{n} connectors wait to be reconnected", known)
    return Effect(
        "unplug", "warn", heading, gettext("Each one needs the authorization of the Client at its channel."), heading
    )
