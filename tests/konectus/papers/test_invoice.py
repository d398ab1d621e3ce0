"""The printable invoice, read back as a reader's program reads it."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from konectus.domain.money import InvoiceStatus, LineKind
from konectus.papers.invoice import PrintedInvoice, PrintedLine, render
from konectus.papers.layout import printable, size_for

# 23:30 of 19 November in Mexico City is the 20th elsewhere.
LATE = datetime(2026, 11, 20, 5, 30, tzinfo=UTC)
LINES = (
    PrintedLine(LineKind.PLAN, 1, 194_800, {"plan": "Crece", "version": 2, "seats": 10}),
    PrintedLine(LineKind.SEATS, 3, 45_000, {"plan": "Crece", "version": 2, "each_cents": 15_000}),
    PrintedLine(
        LineKind.PRORATION_CREDIT,
        1,
        -12_345,
        {"plan": "Inicia", "version": 1, "seats": 2, "days": 12, "total_days": 30},
    ),
    PrintedLine(
        LineKind.PRORATION_DEBIT, 1, 20_000, {"plan": "Crece", "version": 2, "seats": 10, "days": 12, "total_days": 30}
    ),
    PrintedLine(LineKind.TAX, 1, 31_168, {"basis_points": 1600}),
)


def invoice(**given: Any) -> PrintedInvoice:
    values: dict[str, Any] = {
        "number": "K-000123",
        "status": InvoiceStatus.OPEN,
        "issued_at": LATE,
        "due_at": LATE,
        "period_starts_at": LATE,
        "period_ends_at": datetime(2026, 12, 19, 6, tzinfo=UTC),
        "billed_to": {
            "legal_name": "Ñandú y Peña, S.A. de C.V.",
            "tax_id": "NAN010203AB1",
            "email": "pagos@cliente.example",
            "country": "MX",
        },
        "lines": LINES,
        "total_cents": 278_623,
        "paid_cents": 100_000,
        "balance_cents": 178_623,
        "fiscal_ref": None,
        "pay_to": "CLABE 012180001234567895",
    }
    return PrintedInvoice(**{**values, **given})


def read(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


def test_spanish_invoice_says_all_of_it_and_that_it_is_not_fiscal() -> None:
    said = read(render(invoice(), "es_MX"))
    for words in (
        "Factura K-000123",
        "Este documento no es un comprobante fiscal (CFDI)",
        "Ñandú y Peña, S.A. de C.V.",
        "NAN010203AB1",
        "19 nov 2026 al 18 dic 2026",
        "Plan Crece, versión 2 (10 lugares)",
        "−$123.45",
        "12 de 30 días",
        "Impuesto, 16",
        "$311.68",
        "$2,786.23",
        "$1,786.23 MXN",
        "CLABE 012180001234567895",
    ):
        assert words in said, words


def test_english_invoice_says_that_spanish_prevails() -> None:
    said = read(render(invoice(), "en"))
    assert "This is not a fiscal invoice (CFDI)" in said
    assert "The Spanish version prevails." in said
    assert "Nov 19, 2026" in said


def test_paid_invoice_asks_for_nothing() -> None:
    said = read(render(invoice(status=InvoiceStatus.PAID, paid_cents=278_623, balance_cents=0), "es_MX"))
    assert "CLABE" not in said
    assert "Pagada" in said


@pytest.mark.parametrize(("country", "size", "width"), [("MX", "Letter", 612), ("ES", "A4", 595)])
def test_paper_is_what_the_country_prints_on(country: str, size: str, width: int) -> None:
    assert size_for(country) == size
    given = invoice(billed_to={"legal_name": "X", "country": country})
    assert round(float(PdfReader(BytesIO(render(given, "es_MX"))).pages[0].mediabox.width)) == width


def test_long_invoice_goes_on_over_pages_that_are_counted() -> None:
    pdf = render(invoice(lines=LINES * 20), "es_MX")
    pages = PdfReader(BytesIO(pdf)).pages
    assert len(pages) > 2
    assert f"{len(pages)} / {len(pages)}" in pages[-1].extract_text()


def test_same_invoice_is_printed_in_the_same_bytes() -> None:
    assert render(invoice(), "es_MX") == render(invoice(), "es_MX")


@pytest.mark.parametrize(
    ("text", "printed"), [("Peña €", "Peña €"), ("Łódź", "Lódz"), ("Nguyễn", "Nguyen"), ("Ωmega 日", "?mega ?")]
)
def test_letters_that_the_font_lacks_are_printed_plainly(text: str, printed: str) -> None:
    assert printable(text) == printed
