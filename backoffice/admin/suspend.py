"""Suspending a Client for misuse (Terms 15.1 b): its facts, its rehearsal and the act."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from backoffice.admin import conduct, words
from backoffice.admin.commands import Effect, Known, Refused, Typed, explanation, fingerprint
from backoffice.admin.pieces import Act, Cell, Fact, Field
from backoffice.admin.roles import CLIENT, SUSPEND, SUSPENSION
from backoffice.admin.shell import page_of
from konectus.domain.connectors import LIVE, ConnectorState
from konectus.domain.suspension import Cause
from konectus.i18n import gettext, ngettext
from konectus.services import suspensions
from konectus.services.work import Work
from konectus.store import locks
from konectus.store.models.clients import Client
from konectus.store.queries import admin, admin_clients, clients

CAUSE = Cause.AUP
# Stands in the rolled-back transaction only.
REHEARSED = "Rehearsal: nothing is kept"
LONGEST_CASE = 200
_STOPPED = (*LIVE, ConnectorState.PENDING_AUTH)


@dataclass(frozen=True)
class Suspend:
    """The command on one Client."""

    client_id: UUID
    identity: ClassVar[str] = CLIENT
    action: ClassVar[str] = SUSPEND
    is_dangerous: ClassVar[bool] = True

    @property
    def step(self) -> str:
        return gettext("Suspend")

    @property
    def go(self) -> str:
        return gettext("Suspend now")

    def known(self, work: Work) -> Known:
        locks.client(work.session, self.client_id)
        client = suspensions.client_of(work, self.client_id)
        opened = clients.open_suspensions(work.session, self.client_id)
        for one in opened:
            if one.cause is CAUSE:
                raise _already(work, client, one)
        causes = tuple(one.cause for one in opened)
        contract = admin_clients.contract(work.session, self.client_id)
        links = admin_clients.links(work.session, self.client_id)
        live = [link for link in links if link.state in _STOPPED]
        plan = contract and (contract.plan, contract.version, contract.status)
        return Known(
            title=gettext("Suspend {client} for misuse", client=client.trade_name),
            lead=gettext("It takes effect when you confirm, without prior notice (clause 15.1 b)."),
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

    def effects(self, work: Work) -> tuple[Effect, ...]:
        found = suspensions.suspend_by_hand(work, self.client_id, CAUSE, REHEARSED)
        tokens = admin_clients.api_tokens(work.session, self.client_id)
        return (_unplugged(found), _signed_out(found, tokens), _cancelled(found), _unchanged())

    def reasons(self, given: Typed, problems: Mapping[str, str]) -> tuple[Field, ...]:
        return (
            Field(
                "rule",
                gettext("Rule of clause 7"),
                given.rule,
                "select",
                options=(("", gettext("Choose the rule")), *conduct.options()),
                error=problems.get("rule", ""),
            ),
            Field(
                "case",
                gettext("Case"),
                given.case,
                hint=gettext("Number of the case with the evidence, if there is one."),
                error=problems.get("case", ""),
                longest=LONGEST_CASE,
            ),
            explanation(given, problems, gettext("It stays in Audit with your name.")),
        )

    def problems(self, given: Typed) -> dict[str, str]:
        found = {}
        if given.rule not in conduct.RULES:
            found["rule"] = gettext("Choose the rule that was broken")
        if len(given.case) > LONGEST_CASE:
            found["case"] = gettext("It is too long: at most {most} characters", most=LONGEST_CASE)
        return found

    def carry_out(self, work: Work, given: Typed) -> str:
        subject = given.case or suspensions.NO_SUBJECT
        reason = f"{given.rule} · {given.why}"
        done = suspensions.suspend_by_hand(work, self.client_id, CAUSE, reason, subject_ref=subject)
        return page_of(SUSPENSION, done.suspension_id)


def _already(work: Work, client: Client, one: clients.OpenSuspension) -> Refused:
    names = admin.staff_names(work.session, {one.opened_by})
    return Refused(
        gettext("{client} is suspended for misuse already", client=client.trade_name),
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


def _unplugged(found: suspensions.Effects) -> Effect:
    n = len(found.connectors)
    if not n:
        none = gettext("No connector is at work")
        return Effect("unplug", "", none, gettext("There is nothing to disconnect."), none)
    return Effect(
        "unplug",
        "danger",
        ngettext("{n} connector is disconnected", "{n} connectors are disconnected", n),
        gettext("To come back, the Client reconnects them one by one."),
        ngettext("{n} connector out", "{n} connectors out", n),
        tuple(channel for channel, _ in found.connectors),
    )


def _signed_out(found: suspensions.Effects, tokens: int) -> Effect:
    n = found.people_signed_out
    heading = ngettext("{n} open session ends", "{n} open sessions end", n) if n else gettext("Nobody is signed in")
    if tokens:
        keys = ngettext("{n} API token can only export", "{n} API tokens can only export", tokens)
        heading = gettext("{sessions} and {tokens}", sessions=heading, tokens=keys)
    return Effect(
        "log-out",
        "danger" if n or tokens else "",
        heading,
        gettext("They can sign in again and see what happened. Nobody reads or replies."),
        ngettext("{n} session out", "{n} sessions out", n) if n else gettext("Nobody is signed in"),
    )


def _cancelled(found: suspensions.Effects) -> Effect:
    n = found.sends_cancelled
    if not n:
        none = gettext("No message is queued")
        return Effect("hourglass", "", none, gettext("There is nothing to cancel."), none)
    return Effect(
        "hourglass",
        "warn",
        ngettext("{n} queued message is cancelled", "{n} queued messages are cancelled", n),
        gettext("Its text comes back as a draft."),
        ngettext("{n} message cancelled", "{n} messages cancelled", n),
    )


def _unchanged() -> Effect:
    return Effect(
        "shield-check",
        "ok",
        gettext("What does not change"),
        gettext("Money, data and backups. No period of deletion begins. A payment does not lift it."),
    )
