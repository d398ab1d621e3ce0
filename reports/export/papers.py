"""Papers of the contract in an archive: invoices as PDF with their list, texts accepted, proofs of authority.

Each stage goes batch after batch like the others of `stages`; where a paper lies is `paper_names`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from konectus import i18n
from konectus.domain.money import InvoiceStatus
from konectus.i18n import msg
from konectus.sealing import Unreadable
from konectus.services import authority as papers_of
from konectus.services import invoice_papers
from konectus.store.queries import archive_papers
from konectus.store.queries.archive_papers import Text
from reports.export import leafing
from reports.export.leafing import House
from reports.export.paper_names import authority_file, invoice_file, text_file
from reports.export.segments import Content
from reports.export.stages import Batch, Place, Source

# A page of paper takes some ten milliseconds; a batch is one transaction.
INVOICES_AT_ONCE = 20
INVOICES_ON_A_PAGE = 200
TEXTS_AT_ONCE = 5
PROOFS_AT_ONCE = 2
STATUSES = {
    InvoiceStatus.OPEN: msg("To be paid"),
    InvoiceStatus.PAID: msg("Settled"),
    InvoiceStatus.VOID: msg("Void"),
    InvoiceStatus.WRITTEN_OFF: msg("Written off"),
}


@dataclass(frozen=True)
class Invoices:
    """Every invoice on paper in Spanish, then the pages that list them."""

    house: House

    def __call__(self, source: Source, place: Place) -> Batch:
        if "page" in place:
            return self._list(source, place)
        found = archive_papers.bills(source.session, source.keys.client_id, place.get("after"), INVOICES_AT_ONCE)
        batch = Batch(None, rows=len(found), counts={"invoice papers": len(found)})
        for bill in found:
            source.alive()
            made = invoice_papers.pdf(source.work, source.keys.client_id, bill.id, i18n.DEFAULT, source.pay_to)
            batch.files.append(Content(invoice_file(bill.number), made, squeeze=False))
        batch.place = {"after": str(found[-1].id)} if len(found) == INVOICES_AT_ONCE else {"page": 1}
        return batch

    def _list(self, source: Source, place: Place) -> Batch:
        number, client_id = place["page"], source.keys.client_id
        found = archive_papers.bills(source.session, client_id, place.get("before"), INVOICES_ON_A_PAGE + 1)
        bills, has_more = found[:INVOICES_ON_A_PAGE], len(found) > INVOICES_ON_A_PAGE
        files = [invoice_file(bill.number).partition("/")[2] for bill in bills]
        page = leafing.render(
            "invoices.html", self.house, up="../", bills=list(zip(bills, files, strict=True)), number=number,
            has_more=has_more, statuses=STATUSES,
        )  # fmt: skip
        batch = Batch(None, [Content(f"invoices/list-{number:04}.html", page)])
        if has_more:
            batch.place = {"page": number + 1, "before": str(bills[-1].id)}
        return batch


def terms(source: Source, place: Place) -> Batch:
    """The texts that were accepted, byte for byte: the hash in `acceptances` is that of the Spanish file."""
    begun = place.get("number", 0)
    found = texts(source.session, source.keys.client_id)
    batch = Batch(None)
    for text in found[begun : begun + TEXTS_AT_ONCE]:
        spanish, english = archive_papers.bodies(source.session, text.id)
        batch.files.append(Content(text_file(text, "es"), spanish.encode()))
        if english is not None:
            batch.files.append(Content(text_file(text, "en"), english.encode()))
    batch.counts = {"accepted texts": len(batch.files)}
    if begun + TEXTS_AT_ONCE < len(found):
        batch.place = {"number": begun + TEXTS_AT_ONCE}
    return batch


def texts(session: Session, client_id: UUID) -> Sequence[Text]:
    """What the Client accepted, as the first page lists it."""
    return archive_papers.texts(session, client_id)


def authority(source: Source, place: Place) -> Batch:
    """What proves the Client's authority, opened with the ledger's key; one that does not open is told."""
    client_id = source.keys.client_id
    found = archive_papers.proofs(source.session, client_id, place.get("after"), PROOFS_AT_ONCE)
    batch = Batch(None)
    for proof in found:
        source.alive()
        try:
            content = papers_of.content_of(source.work.keys, client_id, proof.id, proof.content_sealed)
        except Unreadable:
            batch.trouble.append(f"unreadable: authority_documents {proof.id}")
            continue
        batch.files.append(Content(authority_file(proof.id, proof.media_type), content, squeeze=False))
    batch.counts = {"authority papers": len(batch.files)}
    if len(found) == PROOFS_AT_ONCE:
        batch.place = {"after": str(found[-1].id)}
    return batch
