"""Sending a notice again, and mending the Client's address first: facts, rehearsals and acts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from backoffice.admin import given as read
from backoffice.admin import money_words
from backoffice.admin.commands import Command, Effect, Known, Refused, fingerprint
from backoffice.admin.given import Slip, Typed
from backoffice.admin.payment import REHEARSED
from backoffice.admin.pieces import Act, Cell, Fact, Field
from backoffice.admin.roles import CLIENT, FIX, NOTICE, RESEND
from backoffice.admin.shell import page_of
from konectus.errors import NotFound
from konectus.i18n import gettext
from konectus.services import notices
from konectus.services.work import Work
from konectus.store import locks
from konectus.store.queries import admin_notices
from konectus.store.queries.admin_notices import Told


@dataclass(frozen=True)
class Resend(Command):
    """The same notice again, to the registered address of now."""

    notice_id: UUID
    identity: ClassVar[str] = NOTICE
    action: ClassVar[str] = RESEND
    is_confirmed: ClassVar[bool] = False

    @property
    def step(self) -> str:
        return gettext("Send again")

    @property
    def go(self) -> str:
        return gettext("Send the notice again")

    def known(self, work: Work) -> Known:
        row = _told(work, self.notice_id)
        locks.client(work.session, row.client_id)
        row = _told(work, self.notice_id)
        return Known(
            title=gettext("Send again: {notice}", notice=money_words.notice_kind(row.kind)),
            lead=gettext("The one that was sent stays as proof; this one follows it."),
            name=row.trade_name,
            href=page_of(NOTICE, row.id),
            facts=_facts(row),
            read_at=work.now,
            seen=fingerprint(str(row.id), row.state, row.registered_email),
        )

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        del given
        row = _told(work, self.notice_id)
        again = _told(work, _resent(work, row, REHEARSED))
        return (_goes(again), _clock(row))

    def carry_out(self, work: Work, given: Typed) -> str:
        return page_of(NOTICE, _resent(work, _told(work, self.notice_id), given.why))


@dataclass(frozen=True)
class FixAddress(Command):
    """Another registered address for the Client, and the notice again to it."""

    notice_id: UUID
    identity: ClassVar[str] = NOTICE
    action: ClassVar[str] = FIX
    is_confirmed: ClassVar[bool] = False
    weighs: ClassVar[tuple[str, ...]] = ()

    @property
    def step(self) -> str:
        return gettext("Fix the address")

    @property
    def go(self) -> str:
        return gettext("Fix and send again")

    def known(self, work: Work) -> Known:
        row = _told(work, self.notice_id)
        locks.client(work.session, row.client_id)
        row = _told(work, self.notice_id)
        return Known(
            title=gettext("Fix the address and send again: {notice}", notice=money_words.notice_kind(row.kind)),
            lead=gettext("It becomes the registered address for everything formal. Ask the Client first."),
            name=row.trade_name,
            href=page_of(NOTICE, row.id),
            facts=_facts(row),
            read_at=work.now,
            seen=fingerprint(str(row.id), row.state, row.registered_email),
        )

    def start(self, work: Work) -> Mapping[str, str]:
        return {"address": _told(work, self.notice_id).registered_email}

    def inputs(self, work: Work, given: Typed, problems: Mapping[str, str]) -> tuple[Field, ...]:
        del work
        label, error = gettext("Registered e-mail"), problems.get("address", "")
        return (Field("address", label, given["address"], "email", error=error, is_wide=True, longest=200),)

    def problems(self, work: Work, given: Typed) -> dict[str, str]:
        found: dict[str, str] = {}
        read.problem(found, "address", lambda: self._address(work, given))
        return found

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        del given
        row = _told(work, self.notice_id)
        again = _told(work, _resent(work, row, REHEARSED))
        heading = gettext("The registered e-mail changes")
        small = gettext("Both addresses are told of the change. What was delivered before stays valid.")
        return (Effect("at-sign", "warn", heading, small, heading), _goes(again, address=False), _clock(row))

    def carry_out(self, work: Work, given: Typed) -> str:
        return page_of(NOTICE, notices.fix_address(work, self.notice_id, self._address(work, given), given.why))

    def _address(self, work: Work, given: Typed) -> str:
        address = read.email(given["address"])
        if address == _told(work, self.notice_id).registered_email:
            raise Slip(gettext("That is the address it has; to try it once more, send the notice again"))
        return address


def _resent(work: Work, row: Told, reason: str) -> UUID:
    try:
        return notices.resend(work, row.id, reason)
    except notices.StillWaiting:
        raise _refused(row, gettext("It waits to leave already: look again in a moment.")) from None
    except notices.NothingOwed:
        raise _refused(row, gettext("What it would ask for is paid.")) from None


def _refused(row: Told, lead: str) -> Refused:
    see = Act(gettext("See the notice"), page_of(NOTICE, row.id), "mail", "primary")
    facts = (
        Fact(gettext("State"), Cell(state=money_words.notice(row.state))),
        Fact(gettext("Sent"), Cell(at=row.sent_at)),
    )
    return Refused(gettext("This notice is not sent again now"), lead, facts, (see,), identity=NOTICE)


def _told(work: Work, notice_id: UUID) -> Told:
    work.session.flush()  # one that was queued in this rehearsal is read too
    found = admin_notices.notice(work.session, notice_id)
    if found is None:
        raise NotFound
    return found


def _facts(row: Told) -> tuple[Fact, ...]:
    return (
        Fact(gettext("Client"), Cell(row.trade_name, href=page_of(CLIENT, row.client_id))),
        Fact(gettext("Notice"), Cell(money_words.notice_kind(row.kind), small=row.subject)),
        Fact(gettext("State"), Cell(state=money_words.notice(row.state), small=row.last_error or "")),
        Fact(gettext("Sent to"), Cell(row.recipient)),
        Fact(gettext("Registered e-mail"), Cell(row.registered_email)),
        Fact(gettext("Sent"), Cell(at=row.sent_at)),
    )


def _goes(again: Told, *, address: bool = True) -> Effect:
    heading = gettext("An e-mail leaves, number {n} of this notice", n=again.seq)
    small = gettext("To {address}, within seconds.", address=again.recipient) if address else gettext("Within seconds.")
    return Effect("mail", "info", heading, small, heading)


def _clock(row: Told) -> Effect:
    if row.state == "delivered":
        small = gettext("The first one was delivered; its clock goes on as it is.")
    else:
        small = gettext("No clock runs until this one is delivered: two full days from then on.")
    return Effect("timer", "", gettext("The time to pay"), small)
