"""Signing a deletion as the first person, and giving one up before it begins (Terms 15.3)."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from backoffice.admin import endings_effects as effect_of
from backoffice.admin import endings_words as say
from backoffice.admin.commands import Command, Effect, Known, Refused, Second, fingerprint
from backoffice.admin.given import Slip, Typed
from backoffice.admin.pieces import Act, Cell, Fact
from backoffice.admin.roles import APPROVAL, APPROVE, CLIENT, DELETION, GIVE_UP
from backoffice.admin.shell import page_of
from backoffice.admin.suspend import REHEARSED
from konectus.domain.approvals import AlreadyRequested
from konectus.domain.endings import DeletionRefused, DeletionState
from konectus.errors import NotFound
from konectus.i18n import format_money, gettext, ngettext
from konectus.services import erasure
from konectus.services.work import Work
from konectus.store.queries import admin_endings as read
from konectus.store.queries import billing
from konectus.store.queries import erasure as deletions
from konectus.store.queries.admin_endings import DeletionLine


def line(work: Work, deletion_id: UUID) -> DeletionLine:
    """Raises NotFound."""
    found = read.row(work.session, DeletionLine, deletion_id)
    if found is None:
        raise NotFound
    return found


# The last instant that is set says how far one is.
_STEPS = (
    ("cancelled_at", DeletionState.CANCELLED),
    ("certified_at", DeletionState.CERTIFIED),
    ("verified_at", DeletionState.VERIFIED),
    ("files_purged_at", DeletionState.FILES_PURGED),
    ("rows_purged_at", DeletionState.ROWS_PURGED),
    ("key_destroyed_at", DeletionState.KEY_DESTROYED),
    ("started_at", DeletionState.STARTED),
    ("second_at", DeletionState.APPROVED_2),
    ("approved_at", DeletionState.APPROVED_1),
)


def state_of(row: DeletionLine) -> DeletionState:
    return next((state for name, state in _STEPS if getattr(row, name) is not None), DeletionState.REQUESTED)


@dataclass(frozen=True)
class OnDeletion(Command):
    """What both share: one deletion that has not begun."""

    deletion_id: UUID
    identity: ClassVar[str] = DELETION

    def row(self, work: Work) -> DeletionLine:
        """Under its Client's lock. Raises NotFound, or Refused once it has begun or was given up."""
        line(work, self.deletion_id)
        erasure.locked(work, self.deletion_id)
        found = line(work, self.deletion_id)
        if found.started_at is not None or found.cancelled_at is not None:
            raise past(work, found)
        return found


@dataclass(frozen=True)
class ApproveDeletion(OnDeletion):
    """The first signature, which asks for the second one."""

    action: ClassVar[str] = APPROVE
    is_dangerous: ClassVar[bool] = True

    @property
    def step(self) -> str:
        return gettext("First signature")

    @property
    def go(self) -> str:
        return gettext("Sign and ask for the second person")

    def known(self, work: Work) -> Known:
        row = self.row(work)
        if row.second_at is not None:
            raise past(work, row)
        return Known(
            title=gettext("Delete the data of {client}", client=row.trade_name),
            lead=gettext("The days to export have passed (clause 15.3). You sign first; a second person decides."),
            name=row.legal_name,
            href=page_of(DELETION, row.id),
            facts=facts(work, row),
            read_at=work.now,
            seen=seen(work, row),
        )

    def needs_proof(self, work: Work) -> bool:
        del work
        return True

    def second(self, work: Work, given: Typed) -> Second | None:
        del work, given
        because = gettext("Two different people sign a deletion, and it rests before it begins.")
        return Second("", ("deletion", str(self.deletion_id)), because=because, is_own=True)

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        del given
        try:
            erasure.approve(work, self.deletion_id, REHEARSED)
        except AlreadyRequested:
            raise Slip(gettext("A second person was asked for exactly this already; see Today")) from None
        except DeletionRefused as refusal:
            raise Slip(against_words(refusal)) from None
        return effect_of.erases(work, line(work, self.deletion_id).client_id, None)

    def carry_out(self, work: Work, given: Typed) -> str:
        try:
            return page_of(APPROVAL, erasure.approve(work, self.deletion_id, given.why).id)
        except AlreadyRequested:
            raise Slip(gettext("A second person was asked for exactly this already; see Today")) from None
        except DeletionRefused as refusal:
            raise Slip(against_words(refusal)) from None


@dataclass(frozen=True)
class GiveUpDeletion(OnDeletion):
    """The data stays, until a deletion is asked for again."""

    action: ClassVar[str] = GIVE_UP
    is_confirmed: ClassVar[bool] = False

    @property
    def step(self) -> str:
        return gettext("Give up")

    @property
    def go(self) -> str:
        return gettext("Give the deletion up")

    def known(self, work: Work) -> Known:
        row = self.row(work)
        return Known(
            title=gettext("Give up the deletion of {client}", client=row.trade_name),
            lead=gettext("Until it begins, a deletion can be given up by one person."),
            name=row.legal_name,
            href=page_of(DELETION, row.id),
            facts=facts(work, row),
            read_at=work.now,
            seen=seen(work, row),
        )

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        del given
        erasure.cancel(work, self.deletion_id, REHEARSED)
        stays = gettext("Nothing is deleted")
        again = gettext("While nothing else changes, the daily job asks for it again; a hold keeps it away for longer.")
        void = gettext("Signatures that were given are void")
        return (
            Effect("shield-check", "ok", stays, again, stays),
            Effect("fingerprint", "info", void, gettext("Another deletion needs two signatures anew."), void),
        )

    def carry_out(self, work: Work, given: Typed) -> str:
        erasure.cancel(work, self.deletion_id, given.why)
        return page_of(DELETION, self.deletion_id)


def facts(work: Work, row: DeletionLine) -> tuple[Fact, ...]:
    """What both people who sign decide by."""
    found = deletions.against(work.session, row.client_id)
    owed = sum(one.balance_cents for one in billing.owed(work.session, row.client_id))
    refusal = found.refusal()
    stands = say.given_up(refusal) if refusal else gettext("Nothing")
    held = ngettext("{n} in force", "{n} in force", len(found.holds)) if found.holds else gettext("None")
    exported = gettext("Yes: Legal is the second person") if found.exported else gettext("No")
    return (
        Fact(gettext("Client"), Cell(row.legal_name, small=row.trade_name, href=page_of(CLIENT, row.client_id))),
        Fact(gettext("State"), Cell(state=say.deletion(state_of(row)))),
        Fact(gettext("Asked for"), Cell(at=row.requested_at)),
        Fact(gettext("The Client exported"), Cell(exported)),
        Fact(gettext("Holds"), Cell(held)),
        Fact(gettext("Stands against it"), Cell(stands)),
        Fact(gettext("Owes"), Cell(format_money(owed))),
    )


def seen(work: Work, row: DeletionLine) -> str:
    now = deletions.against(work.session, row.client_id).seen()
    return fingerprint(str(row.id), str(state_of(row)), row.approved_by, now)


def past(work: Work, row: DeletionLine) -> Refused:
    return Refused(
        gettext("This deletion is past that"),
        gettext("It was signed twice, has begun, or was given up."),
        facts(work, row),
        (Act(gettext("See the deletion"), page_of(DELETION, row.id), "trash-2", "primary"),),
        identity=DELETION,
    )


def against_words(refusal: DeletionRefused) -> str:
    """What stands against a deletion."""
    return gettext("This Client cannot be deleted now: {why}", why=say.given_up(str(refusal.facts["why"])))
