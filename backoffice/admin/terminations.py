"""Terminations: the list, and one with its notice, its people, what it started and the ways from here."""

from typing import ClassVar

from backoffice.admin import endings_words as say
from backoffice.admin import reason_words
from backoffice.admin.lift import who
from backoffice.admin.paging import Place, cells
from backoffice.admin.pieces import Act, Asked, Cell, Details, Fact, Listing, Table, id_of
from backoffice.admin.roles import CLIENT, NOTICE, REACTIVATE, TERMINATION, WITHDRAW
from backoffice.admin.shell import HOME, list_of, page_of
from backoffice.admin.view import PAGE_SIZE, StaffView
from konectus.domain.endings import Ground
from konectus.errors import NotFound
from konectus.i18n import gettext
from konectus.services.work import Work
from konectus.store.models.endings import Termination
from konectus.store.queries import admin_endings as read
from konectus.store.queries import terminations
from konectus.store.queries.admin import staff_names
from konectus.store.queries.admin_endings import TerminationLine


class TerminationAdmin(StaffView, model=Termination):
    name: ClassVar[str] = "termination"

    def read_list(self, work: Work, asked: Asked) -> Listing:
        place = Place.of(TERMINATION, asked, ("announced", "ended", "withdrawn"))
        wanted = read.Asked(place.show, after=place.after, most=PAGE_SIZE + 1)
        rows = read.rows(work.session, TerminationLine, wanted)
        shown = table(rows[:PAGE_SIZE], with_client=True)
        return Listing(
            title=gettext("Terminations"),
            identity=TERMINATION,
            lead=gettext("Ends of contracts: announced, come, taken back. Ours run from the delivery of the notice."),
            tabs=place.tabs(
                [
                    ("announced", gettext("Announced")),
                    ("ended", gettext("Ended")),
                    ("withdrawn", gettext("Withdrawn ends")),
                ]
            ),
            table=shown,
            next_href=place.next_href(rows),
            first_href=place.first_href,
        )

    def read_details(self, work: Work, asked: Asked) -> Details:
        row = read.row(work.session, TerminationLine, id_of(asked.pk))
        if row is None:
            raise NotFound
        return Details(
            title=gettext("End of the contract of {client}", client=row.trade_name),
            identity=TERMINATION,
            lead=say.ground(row.ground),
            crumbs=((gettext("Terminations"), list_of(TERMINATION)),),
            state=say.termination(row),
            facts=_facts(work, row),
            tables=_mails(work, row),
            acts=_acts(row, asked),
        )


def table(rows: list[TerminationLine], *, with_client: bool) -> Table:
    """Ends of contracts, newest first."""
    first = (gettext("Client"),) if with_client else ()

    def of(row: TerminationLine) -> tuple[Cell, ...]:
        name = (Cell(row.trade_name, href=page_of(TERMINATION, row.id)),) if with_client else ()
        why = Cell(say.ground(row.ground), href="" if with_client else page_of(TERMINATION, row.id))
        return (*name, why, Cell(state=say.termination(row)), Cell(at=row.notified_at), Cell(at=row.effective_at))

    headings = (*first, gettext("Why"), gettext("State"), gettext("Announced"), gettext("Takes effect"))
    return Table(headings, cells(rows, of), gettext("No contract ends."), gettext("Terminations"))


def _facts(work: Work, row: TerminationLine) -> tuple[Fact, ...]:
    people = (row.notified_by, row.withdrawn_by, row.approved_by, row.second_by)
    names = staff_names(work.session, {one for one in people if one})
    two = " · ".join(who(one, names) for one in (row.approved_by, row.second_by) if one)
    refund = gettext("Proposed when it takes effect") if row.refund_due else gettext("None")
    return (
        Fact(gettext("Client"), Cell(row.trade_name, href=page_of(CLIENT, row.client_id))),
        Fact(gettext("Ended by"), Cell(say.ended_by(row.by_whom))),
        Fact(gettext("Reason"), Cell(reason_words.told(row.reason))),
        Fact(gettext("Announced"), Cell(at=row.notified_at, small=who(row.notified_by, names))),
        Fact(gettext("Approved by two"), Cell(two)),
        Fact(gettext("Takes effect"), say.both_zones(row.effective_at, row.zone)),
        Fact(gettext("In effect since"), say.both_zones(row.effected_at, row.zone)),
        Fact(gettext("Taken back on"), Cell(at=row.withdrawn_at, small=who(row.withdrawn_by, names))),
        Fact(gettext("Came back"), Cell(at=row.reactivated_at)),
        Fact(gettext("Refund"), Cell(refund)),
    )


def _mails(work: Work, row: TerminationLine) -> tuple[Table, ...]:
    """The mails of a notice of ours: the days run from a delivery."""
    if row.ground != Ground.KONECTUS_NOTICE:
        return ()
    mails = terminations.told(work.session, row.client_id, row.id)
    found = tuple(
        (
            Cell(gettext("E-mail {n}", n=number), href=page_of(NOTICE, mail.notice_id)),
            Cell(at=mail.delivered_at) if mail.delivered_at else Cell(gettext("not yet")),
            Cell(at=mail.bounced_at) if mail.bounced_at else Cell(gettext("no")),
        )
        for number, mail in enumerate(mails, 1)
    )
    note = gettext("Until one is delivered the thirty days do not run; they are full days in Mexico City.")
    headings = (gettext("Notice"), gettext("Delivered"), gettext("Came back"))
    return (Table(headings, found, gettext("No mail was sent."), gettext("The notice"), note=note),)


def _acts(row: TerminationLine, asked: Asked) -> tuple[Act, ...]:
    is_live = row.withdrawn_at is None and row.reactivated_at is None
    at = f"{HOME}{CLIENT}"
    if is_live and row.effected_at is None and asked.may(CLIENT, WITHDRAW):
        return (Act(gettext("Take the end back"), f"{at}/{WITHDRAW}/{row.client_id}", "undo-2", "primary"),)
    if is_live and row.effected_at is not None and asked.may(CLIENT, REACTIVATE):
        return (Act(gettext("Bring the contract back"), f"{at}/{REACTIVATE}/{row.client_id}", "rotate-cw"),)
    return ()
