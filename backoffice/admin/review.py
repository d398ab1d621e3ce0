"""The second look at a Suspension that one person opened: lifecycle.md 6 asks for it within a day."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from backoffice.admin import reason_words, words
from backoffice.admin.commands import Command, Effect, Known, fingerprint
from backoffice.admin.given import Slip, Typed
from backoffice.admin.lift import who
from backoffice.admin.payment import REHEARSED
from backoffice.admin.pieces import Cell, Fact
from backoffice.admin.roles import CLIENT, REVIEW, SUSPENSION
from backoffice.admin.shell import page_of
from konectus.domain.approvals import SamePerson
from konectus.errors import NotFound
from konectus.i18n import gettext
from konectus.services import suspensions
from konectus.services.work import Work
from konectus.store.queries import admin, admin_lists


@dataclass(frozen=True)
class Review(Command):
    """The command on one Suspension."""

    suspension_id: UUID
    identity: ClassVar[str] = SUSPENSION
    action: ClassVar[str] = REVIEW
    is_confirmed: ClassVar[bool] = False

    @property
    def step(self) -> str:
        return gettext("Review")

    @property
    def go(self) -> str:
        return gettext("Note my review")

    def known(self, work: Work) -> Known:
        row = admin_lists.suspension(work.session, self.suspension_id)
        if row is None:
            raise NotFound
        names = admin.staff_names(work.session, {row.opened_by})
        return Known(
            title=gettext("Review the suspension of {client}", client=row.trade_name),
            lead=gettext("Look at the reason and the evidence. If it was wrong, lift it instead."),
            name=row.trade_name,
            href=page_of(SUSPENSION, row.id),
            facts=(
                Fact(gettext("Client"), Cell(row.trade_name, href=page_of(CLIENT, row.client_id))),
                Fact(gettext("Cause"), Cell(words.cause(row.cause))),
                Fact(gettext("Since"), Cell(at=row.opened_at)),
                Fact(gettext("By"), Cell(who(row.opened_by, names))),
                Fact(gettext("Reason"), Cell(reason_words.told(row.reason))),
            ),
            read_at=work.now,
            seen=fingerprint(str(row.id), str(row.lifted_at)),
        )

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        del given
        heading = gettext("The suspension stays as it is, reviewed by you")
        try:
            suspensions.review(work, self.suspension_id, REHEARSED)
        except SamePerson:
            heading = gettext("You opened it, so another person has to review it")
            return (Effect("ban", "warn", heading, gettext("Nothing is done."), heading),)
        return (Effect("check-check", "ok", heading, gettext("Its task is closed."), heading),)

    def carry_out(self, work: Work, given: Typed) -> str:
        try:
            suspensions.review(work, self.suspension_id, given.why)
        except SamePerson:
            raise Slip(gettext("You opened it, so another person has to review it")) from None
        return page_of(SUSPENSION, self.suspension_id)
