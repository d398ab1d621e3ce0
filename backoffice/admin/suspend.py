"""Suspending a Client by hand: for misuse, for security, by order of an authority (Terms 15.1 b, c, d)."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from backoffice.admin import conduct, suspend_effects, words
from backoffice.admin import given as read
from backoffice.admin.commands import Command, Effect, Known, Refused, explanation, fingerprint
from backoffice.admin.given import Typed
from backoffice.admin.pieces import Act, Cell, Fact, Field
from backoffice.admin.roles import CLIENT, SUSPEND, SUSPEND_ORDER, SUSPEND_SECURITY, SUSPENSION
from backoffice.admin.shell import page_of
from konectus.domain.connectors import LIVE, ConnectorState
from konectus.domain.suspension import Cause
from konectus.i18n import gettext, ngettext
from konectus.services import suspensions
from konectus.services.suspensions import Order
from konectus.services.work import Work
from konectus.store import locks
from konectus.store.models.clients import Client
from konectus.store.queries import admin, admin_clients, clients

# Stands in the rolled-back transaction only.
REHEARSED = "Rehearsal: nothing is kept"
LONGEST_CASE = 200
_STOPPED = (*LIVE, ConnectorState.PENDING_AUTH)
_YES = "yes"


@dataclass(frozen=True)
class ByHand(Command):
    """What the three share: one Client, its facts, one open Suspension for a cause."""

    client_id: UUID
    cause: ClassVar[Cause]
    identity: ClassVar[str] = CLIENT
    is_dangerous: ClassVar[bool] = True

    @property
    def step(self) -> str:
        return gettext("Suspend")

    @property
    def go(self) -> str:
        return gettext("Suspend now")

    @abstractmethod
    def told(self, name: str) -> tuple[str, str]:
        """Title and lead of the page."""

    @abstractmethod
    def act(self, work: Work, given: Typed, reason: str) -> suspensions.Effects:
        """The act itself, for the rehearsal and for good."""

    def known(self, work: Work) -> Known:
        locks.client(work.session, self.client_id)
        client = suspensions.client_of(work, self.client_id)
        opened = clients.open_suspensions(work.session, self.client_id)
        for one in opened:
            if one.cause is self.cause:
                raise _already(work, client, one)
        causes = tuple(one.cause for one in opened)
        contract = admin_clients.contract(work.session, self.client_id)
        links = admin_clients.links(work.session, self.client_id)
        live = [link for link in links if link.state in _STOPPED]
        plan = contract and (contract.plan, contract.version, contract.status)
        title, lead = self.told(client.trade_name)
        return Known(
            title=title,
            lead=lead,
            name=client.trade_name,
            href=page_of(CLIENT, client.id),
            facts=(
                Fact(gettext("Client"), Cell(client.legal_name, small=client.tax_id or "")),
                Fact(gettext("Service"), Cell(state=words.service(causes))),
                Fact(gettext("Plan"), _plan(contract)),
                Fact(gettext("Connectors"), Cell(ngettext("{n} at work", "{n} at work", len(live)))),
                Fact(gettext("Before"), _before(work, self.client_id)),
            ),
            read_at=work.now,
            seen=fingerprint(client.row_version, causes, plan, [(str(link.id), str(link.state)) for link in links]),
        )

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        found = self.act(work, given, REHEARSED)
        tokens = admin_clients.api_tokens(work.session, self.client_id)
        return suspend_effects.of(self.cause, found, tokens)

    def carry_out(self, work: Work, given: Typed) -> str:
        return page_of(SUSPENSION, self.act(work, given, given.why).suspension_id)


@dataclass(frozen=True)
class Suspend(ByHand):
    """For misuse: a rule of clause 7."""

    cause: ClassVar[Cause] = Cause.AUP
    action: ClassVar[str] = SUSPEND

    def told(self, name: str) -> tuple[str, str]:
        return (
            gettext("Suspend {client} for misuse", client=name),
            gettext("It takes effect when you confirm, without prior notice (clause 15.1 b)."),
        )

    def reasons(self, given: Typed, problems: Mapping[str, str]) -> tuple[Field, ...]:
        return (
            Field(
                "rule",
                gettext("Rule of clause 7"),
                given["rule"],
                "select",
                options=(("", gettext("Choose the rule")), *conduct.options()),
                error=problems.get("rule", ""),
            ),
            _case(given, problems, gettext("Number of the case with the evidence, if there is one.")),
            explanation(given, problems, gettext("It stays in Audit with your name.")),
        )

    def problems(self, work: Work, given: Typed) -> dict[str, str]:
        del work
        found = _too_long(given, "case")
        if given["rule"] not in conduct.RULES:
            found["rule"] = gettext("Choose the rule that was broken")
        return found

    def act(self, work: Work, given: Typed, reason: str) -> suspensions.Effects:
        subject = given["case"] or suspensions.NO_SUBJECT
        text = reason if reason is REHEARSED else f"{given['rule']} · {reason}"
        return suspensions.suspend_by_hand(work, self.client_id, self.cause, text, subject_ref=subject)


@dataclass(frozen=True)
class SuspendForSecurity(ByHand):
    """For a security risk: nobody signs in until it is looked at."""

    cause: ClassVar[Cause] = Cause.SECURITY
    action: ClassVar[str] = SUSPEND_SECURITY

    def told(self, name: str) -> tuple[str, str]:
        return (
            gettext("Suspend {client} for security", client=name),
            gettext("It takes effect when you confirm, without prior notice (clause 15.1 d). Two people lift it."),
        )

    def reasons(self, given: Typed, problems: Mapping[str, str]) -> tuple[Field, ...]:
        hint = gettext("Number of the incident, if there is one.")
        return (
            _case(given, problems, hint),
            explanation(given, problems, gettext("It stays in Audit with your name.")),
        )

    def problems(self, work: Work, given: Typed) -> dict[str, str]:
        del work
        return _too_long(given, "case")

    def act(self, work: Work, given: Typed, reason: str) -> suspensions.Effects:
        subject = given["case"] or suspensions.NO_SUBJECT
        return suspensions.suspend_by_hand(work, self.client_id, self.cause, reason, subject_ref=subject)


@dataclass(frozen=True)
class SuspendByOrder(ByHand):
    """By order of an authority: its document, its scope, what it forbids and whether the Client may know."""

    cause: ClassVar[Cause] = Cause.LEGAL_ORDER
    action: ClassVar[str] = SUSPEND_ORDER
    weighs: ClassVar[tuple[str, ...]] = ("forbids", "export", "silent")

    def told(self, name: str) -> tuple[str, str]:
        return (
            gettext("Suspend {client} by order of an authority", client=name),
            gettext("It takes effect when you confirm, without prior notice (clause 15.1 c). Two people lift it."),
        )

    def needs_proof(self, work: Work) -> bool:
        del work
        return True

    def start(self, work: Work) -> Mapping[str, str]:
        del work
        return {"forbids": _YES, "export": "no", "silent": "no"}

    def inputs(self, work: Work, given: Typed, problems: Mapping[str, str]) -> tuple[Field, ...]:
        del work
        yes, no = (_YES, gettext("Yes")), ("no", gettext("No"))

        def either(name: str, label: str) -> Field:
            return Field(name, label, given[name], "select", (yes, no), error=problems.get(name, ""))

        return (
            either("forbids", gettext("Does the order forbid deleting?")),
            either("export", gettext("Does it let the Client export?")),
            either("silent", gettext("Does it forbid telling the Client?")),
        )

    def reasons(self, given: Typed, problems: Mapping[str, str]) -> tuple[Field, ...]:
        document = gettext("Number and date of the order, as it is filed.")
        scope = gettext("What the order extends to, in one line.")
        return (
            Field(
                "document", gettext("Document"), given["document"], hint=document, error=problems.get("document", "")
            ),
            Field("scope", gettext("Scope"), given["scope"], hint=scope, error=problems.get("scope", "")),
            explanation(given, problems, gettext("It stays in Audit with your name.")),
        )

    def problems(self, work: Work, given: Typed) -> dict[str, str]:
        del work
        found: dict[str, str] = {}
        for name in ("document", "scope"):
            read.problem(found, name, lambda name=name: read.line(given[name]))  # type: ignore[misc]  # the default binds it
        for name in self.weighs:
            read.problem(found, name, lambda name=name: read.choice(given[name], (_YES, "no")))  # type: ignore[misc]  # the same
        return found

    def act(self, work: Work, given: Typed, reason: str) -> suspensions.Effects:
        order = Order(
            document=given["document"] or REHEARSED,
            scope=given["scope"] or REHEARSED,
            forbids_deletion=given["forbids"] == _YES,
            allows_export=given["export"] == _YES,
            is_silent=given["silent"] == _YES,
        )
        return suspensions.suspend_by_order(work, self.client_id, order, reason)

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        return (*super().effects(work, given), *suspend_effects.of_order(given["forbids"] == _YES, given))


def _case(given: Typed, problems: Mapping[str, str], hint: str) -> Field:
    error = problems.get("case", "")
    return Field("case", gettext("Case"), given["case"], hint=hint, error=error, longest=LONGEST_CASE)


def _too_long(given: Typed, name: str) -> dict[str, str]:
    if len(given[name]) <= LONGEST_CASE:
        return {}
    return {name: gettext("It is too long: at most {most} characters", most=LONGEST_CASE)}


def _already(work: Work, client: Client, one: clients.OpenSuspension) -> Refused:
    names = admin.staff_names(work.session, {one.opened_by})
    why = words.cause(one.cause)
    return Refused(
        gettext("{client} is suspended {cause} already", client=client.trade_name, cause=why),
        gettext("One open suspension for a cause is enough; this one is lifted when the case is closed."),
        (
            Fact(gettext("Since"), Cell(at=one.opened_at)),
            Fact(gettext("By"), Cell(names.get(one.opened_by) or words.actor(one.opened_by.partition(":")[0]))),
        ),
        (
            Act(gettext("See the suspension"), page_of(SUSPENSION, one.id), "circle-pause", "primary"),
            Act(gettext("Back to the Client"), page_of(CLIENT, client.id)),
        ),
    )


def _plan(contract: admin_clients.Contract | None) -> Cell:
    if contract is None:
        return Cell(gettext("None in force"))
    return Cell(contract.plan, small=words.subscription(contract.status).words)


def _before(work: Work, client_id: UUID) -> Cell:
    earlier = admin_clients.suspensions(work.session, client_id, most=100)
    if not earlier:
        return Cell(gettext("No suspension so far"))
    counted = ngettext("{n} suspension", "{n} suspensions", len(earlier))
    return Cell(counted, small=gettext("the last one {cause}", cause=words.cause(earlier[0].cause)))
