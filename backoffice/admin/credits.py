"""Credit notes and refunds: their lists and one of each."""

from typing import ClassVar

from sqladmin import expose
from starlette.requests import Request
from starlette.responses import Response

from backoffice.admin import book_cells, money_words, serving
from backoffice.admin.lift import who
from backoffice.admin.paging import Place
from backoffice.admin.pieces import Act, Asked, Cell, Details, Fact, Listing, id_of
from backoffice.admin.refund import DecideRefund, Verdict
from backoffice.admin.roles import CREDIT, DECIDE, INVOICE, REFUND
from backoffice.admin.shell import HOME, list_of, page_of
from backoffice.admin.view import PAGE_SIZE, StaffView
from konectus.errors import NotFound
from konectus.i18n import format_money, gettext
from konectus.services.work import Work
from konectus.store.models.payments import CreditNote, Refund
from konectus.store.queries import admin_money as read
from konectus.store.queries.admin import staff_names
from konectus.store.queries.admin_money import GivenBack


class CreditAdmin(StaffView, model=CreditNote):
    name: ClassVar[str] = "credit note"

    def read_list(self, work: Work, asked: Asked) -> Listing:
        place = Place.of(CREDIT, asked, ())
        rows = read.credit_notes(work.session, read.Asked("", place.term, None, place.after), PAGE_SIZE + 1)
        return Listing(
            title=gettext("Credit notes"),
            identity=CREDIT,
            lead=gettext("They lower what is owed; what is left over pays the next invoice."),
            term=place.term,
            search_hint=gettext("Number, from its beginning"),
            table=book_cells.credits_(rows[:PAGE_SIZE], with_client=True),
            next_href=place.next_href(rows),
            first_href=place.first_href,
        )

    def read_details(self, work: Work, asked: Asked) -> Details:
        row = read.credit_note(work.session, id_of(asked.pk))
        if row is None:
            raise NotFound
        of_invoice = page_of(INVOICE, row.invoice_id) if row.invoice_id else ""
        return Details(
            title=gettext("Credit note {number}", number=row.number),
            identity=CREDIT,
            crumbs=((gettext("Credit notes"), list_of(CREDIT)),),
            facts=(
                Fact(gettext("Client"), book_cells.client(row)),
                Fact(gettext("Amount"), Cell(format_money(row.amount_cents))),
                Fact(gettext("Reason"), Cell(money_words.credit_reason(row.reason), small=row.note)),
                Fact(gettext("Issued"), Cell(at=row.issued_at)),
                Fact(gettext("Invoice"), Cell(row.invoice_number or "", href=of_invoice)),
            ),
            tables=(book_cells.parts(read.parts(work.session, credit=row.id), of_invoice=False),),
        )


class RefundAdmin(StaffView, model=Refund):
    name: ClassVar[str] = "refund"

    def read_list(self, work: Work, asked: Asked) -> Listing:
        states = money_words.states("refund")
        place = Place.of(REFUND, asked, [name for name, _ in states])
        rows = read.refunds(work.session, read.Asked(place.show, "", None, place.after), PAGE_SIZE + 1)
        return Listing(
            title=gettext("Refunds"),
            identity=REFUND,
            lead=gettext(
                "Prepaid days that were not used and credit that was left at an end. Proposed by itself, decided here."
            ),
            tabs=place.tabs(states),
            table=book_cells.refunds(rows[:PAGE_SIZE], with_client=True),
            next_href=place.next_href(rows),
            first_href=place.first_href,
        )

    def read_details(self, work: Work, asked: Asked) -> Details:
        row = read.refund(work.session, id_of(asked.pk))
        if row is None:
            raise NotFound
        names = staff_names(work.session, {row.decided_by or ""})
        return Details(
            title=gettext("Refund of {amount}", amount=format_money(row.amount_cents)),
            identity=REFUND,
            crumbs=((gettext("Refunds"), list_of(REFUND)),),
            state=money_words.refund(row.status),
            facts=(
                Fact(gettext("Client"), book_cells.client(row)),
                *book_cells.refunded(row),
                Fact(gettext("Proposed"), Cell(at=row.proposed_at)),
                Fact(gettext("Decided"), Cell(at=row.decided_at, small=who(row.decided_by, names))),
                Fact(gettext("Reference"), Cell(row.provider_ref or "")),
            ),
            acts=_acts(row) if asked.may(REFUND, DECIDE) else (),
        )

    @expose("/decide/{verdict}/{pk}", methods=["GET", "POST"])
    async def decide(self, request: Request) -> Response:
        """Asks for its own grant first."""
        verdict = request.path_params["verdict"]
        if verdict not in tuple(Verdict):
            raise NotFound
        command = DecideRefund(id_of(request.path_params["pk"]), Verdict(verdict))
        return await serving.serve(request, self.templates, command)


def _acts(row: GivenBack) -> tuple[Act, ...]:
    """What may follow from the state it is in, the likely one first."""
    found = [verdict for verdict in Verdict if row.status in verdict.fits]
    return tuple(
        Act(verdict.words, f"{HOME}{REFUND}/decide/{verdict}/{row.id}", "", "primary" if n == 0 else "")
        for n, verdict in enumerate(found)
    )
