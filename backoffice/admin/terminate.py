"""Ending a Client's contract (Terms 15.2): thirty days' notice, breach with a second person, taking an end back."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from backoffice.admin import endings_effects as effect_of
from backoffice.admin import endings_words, words
from backoffice.admin.commands import Command, Effect, Known, Refused, Second, fingerprint
from backoffice.admin.given import Slip, Typed
from backoffice.admin.pieces import Act, Cell, Fact
from backoffice.admin.roles import APPROVAL, BREACH, CLIENT, TERMINATE, TERMINATION, WITHDRAW
from backoffice.admin.shell import page_of
from backoffice.admin.suspend import REHEARSED
from konectus.domain.approvals import AlreadyRequested
from konectus.domain.endings import AlreadyEnding
from konectus.i18n import format_money, gettext
from konectus.services import refunds, suspensions, terminations
from konectus.services.work import Work
from konectus.store import locks
from konectus.store.models.clients import Client
from konectus.store.models.endings import Termination
from konectus.store.queries import admin_clients, billing, clients
from konectus.store.queries import terminations as read
from konectus.store.queries.terminations import TerminationRow


@dataclass(frozen=True)
class OnContract(Command):
    """What they share: one Client, how its contract stands."""

    client_id: UUID
    identity: ClassVar[str] = CLIENT
    is_dangerous: ClassVar[bool] = True

    def facts(self, work: Work) -> tuple[Client, TerminationRow | None, tuple[Fact, ...], str]:
        """The Client under its lock, its end if one is announced, the facts and their fingerprint."""
        locks.client(work.session, self.client_id)
        client = suspensions.client_of(work, self.client_id)
        found = read.live(work.session, self.client_id)
        access = clients.access(work.session, self.client_id)
        contract = admin_clients.contract(work.session, self.client_id)
        paid_until = read.contract_ends_at(work.session, self.client_id)
        owed = sum(one.balance_cents for one in billing.owed(work.session, self.client_id))
        plan = (
            Cell(contract.plan, small=words.subscription(contract.status).words)
            if contract
            else Cell(gettext("None in force"))
        )
        shown = (
            Fact(gettext("Client"), Cell(client.legal_name, small=client.tax_id or "")),
            Fact(gettext("Service"), Cell(state=words.service(access.causes))),
            Fact(gettext("Plan"), plan),
            Fact(gettext("The period ends"), Cell(at=paid_until)),
            Fact(gettext("Owes"), Cell(format_money(owed))),
            Fact(gettext("Legal e-mail"), Cell(client.registered_email)),
            *((Fact(gettext("Already announced"), _announced(found)),) if found else ()),
        )
        end = found and (str(found.id), str(found.effective_at), str(found.effected_at))
        plan_seen = contract and (contract.plan, contract.version, str(contract.status), str(paid_until))
        return client, found, shown, fingerprint(client.row_version, access.causes, plan_seen, end, owed)


@dataclass(frozen=True)
class GiveNotice(OnContract):
    """Thirty days' notice for any reason (Terms 15.2 ii)."""

    action: ClassVar[str] = TERMINATE

    @property
    def step(self) -> str:
        return gettext("Thirty days' notice")

    @property
    def go(self) -> str:
        return gettext("Give notice")

    def known(self, work: Work) -> Known:
        client, found, facts, seen = self.facts(work)
        if found is not None and found.effected_at is not None:
            raise ended_already(client, found)
        return Known(
            title=gettext("End the contract of {client} with thirty days' notice", client=client.trade_name),
            lead=gettext("The notice leaves when you confirm; its days run from its delivery (clause 15.2)."),
            name=client.trade_name,
            href=page_of(CLIENT, client.id),
            facts=facts,
            read_at=work.now,
            seen=seen,
        )

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        del given
        before = effect_of.at_work(work, self.client_id)
        row = self._announce(work, REHEARSED)
        proposed = refunds.propose(work, row) if row.refund_due else []
        return (
            effect_of.takes_effect(row.effective_at, earliest=True),
            effect_of.mailed(gettext("The notice goes out by e-mail")),
            effect_of.stops(before, now=False),
            effect_of.refunded(proposed, due=row.refund_due),
            effect_of.exports(work, now=False),
            effect_of.owes(work, self.client_id),
        )

    def carry_out(self, work: Work, given: Typed) -> str:
        return page_of(TERMINATION, self._announce(work, given.why).id)

    def _announce(self, work: Work, reason: str) -> Termination:
        try:
            made = terminations.give_notice(work, self.client_id, reason)
        except AlreadyEnding:
            raise Slip(gettext("The contract ends already, and not later than this would")) from None
        return work.session.get_one(Termination, made)


@dataclass(frozen=True)
class EndForBreach(OnContract):
    """At once, for a material breach that cannot be cured: asked for by one, decided by another."""

    action: ClassVar[str] = BREACH

    @property
    def step(self) -> str:
        return gettext("End for breach")

    @property
    def go(self) -> str:
        return gettext("Ask for the approval")

    def known(self, work: Work) -> Known:
        client, found, facts, seen = self.facts(work)
        if found is not None and found.effected_at is not None:
            raise ended_already(client, found)
        return Known(
            title=gettext("End the contract of {client} for breach", client=client.trade_name),
            lead=gettext("A material breach that cannot be cured ends it at once (clause 15.2); two people decide it."),
            name=client.trade_name,
            href=page_of(CLIENT, client.id),
            facts=facts,
            read_at=work.now,
            seen=seen,
        )

    def second(self, work: Work, given: Typed) -> Second | None:
        del work, given
        because = gettext("A contract is ended for breach by two people.")
        return Second("", ("client", str(self.client_id)), because=because, client_id=self.client_id, is_own=True)

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        del given
        return breach_effects(work, self.client_id)

    def carry_out(self, work: Work, given: Typed) -> str:
        try:
            return page_of(APPROVAL, terminations.request_breach(work, self.client_id, given.why).id)
        except AlreadyRequested:
            raise Slip(gettext("A second person was asked for exactly this already; see Today")) from None


@dataclass(frozen=True)
class Withdraw(OnContract):
    """An end that was announced is taken back before it comes."""

    action: ClassVar[str] = WITHDRAW
    is_dangerous: ClassVar[bool] = False
    is_confirmed: ClassVar[bool] = False

    @property
    def step(self) -> str:
        return gettext("Take the end back")

    @property
    def go(self) -> str:
        return gettext("Take the end back")

    def known(self, work: Work) -> Known:
        client, found, facts, seen = self.facts(work)
        if found is None:
            raise not_ending(client)
        if found.effected_at is not None:
            raise ended_already(client, found)
        return Known(
            title=gettext("Take back the end of the contract of {client}", client=client.trade_name),
            lead=gettext("Until it takes effect, an end that was announced can be taken back."),
            name=client.trade_name,
            href=page_of(CLIENT, client.id),
            facts=facts,
            read_at=work.now,
            seen=seen,
        )

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        del given
        terminations.withdraw(work, self.client_id, REHEARSED)
        stays = gettext("The contract goes on")
        return (
            Effect("circle-check", "ok", stays, gettext("As if no end had been announced; renewals go on."), stays),
            effect_of.mailed(gettext("The Client is told that it goes on")),
        )

    def carry_out(self, work: Work, given: Typed) -> str:
        terminations.withdraw(work, self.client_id, given.why)
        return page_of(CLIENT, self.client_id)


def breach_effects(work: Work, client_id: UUID) -> tuple[Effect, ...]:
    """An end at once, as the Client's own cancellation at once rehearses it; without the notice and its refund."""
    return (
        effect_of.takes_effect(work.now, earliest=False),
        effect_of.stops(effect_of.at_work(work, client_id), now=True),
        effect_of.refunded([], due=False),
        effect_of.exports(work, now=True),
        effect_of.owes(work, client_id),
    )


def not_ending(client: Client) -> Refused:
    return Refused(
        gettext("The contract of {client} does not end", client=client.trade_name),
        gettext("No end was announced, or it was taken back."),
        (),
        (Act(gettext("Back to the Client"), page_of(CLIENT, client.id), "", "primary"),),
    )


def ended_already(client: Client, found: TerminationRow) -> Refused:
    return Refused(
        gettext("The contract of {client} has ended already", client=client.trade_name),
        gettext("Until a deletion begins it can come back with a new subscription."),
        (
            Fact(gettext("Since"), Cell(at=found.effected_at)),
            Fact(gettext("Why"), Cell(endings_words.ground(found.ground))),
        ),
        (
            Act(gettext("See how it ended"), page_of(TERMINATION, found.id), "circle-x", "primary"),
            Act(gettext("Back to the Client"), page_of(CLIENT, client.id)),
        ),
    )


def _announced(found: TerminationRow) -> Cell:
    return Cell(at=found.effective_at, small=endings_words.ground(found.ground))
