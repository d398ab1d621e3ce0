"""What a handed-in paper is, by its bytes, and what it may be called."""

import pytest

from konectus.domain.papers import MOST_BYTES, PaperRefused, name_of, require_kind
from tests.support.papers import JPEG, PDF, PNG


@pytest.mark.parametrize(
    ("content", "kind"),
    [(PDF, "application/pdf"), (JPEG, "image/jpeg"), (PNG, "image/png"), (PDF + b"\n", "application/pdf")],
)
def test_a_paper_is_what_its_bytes_are(content: bytes, kind: str) -> None:
    assert require_kind(content) == kind


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"MZ\x90\x00 a program", "kind"),
        (b"<html><script>alert(1)</script>%PDF-1.4 %%EOF", "kind"),
        (b"PK\x03\x04 word/document.xml", "kind"),
        (PDF[:20], "kind"),
        (PNG[:-12], "kind"),
        (JPEG[:-2], "kind"),
        (b"%PDF-1.7" + b"0" * MOST_BYTES + b"%%EOF", "too_big"),
    ],
)
def test_anything_else_is_refused_with_its_reason(content: bytes, why: str) -> None:
    with pytest.raises(PaperRefused) as refused:
        require_kind(content)
    assert refused.value.facts["why"] == why


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("poder notarial.PDF", "poder notarial.pdf"),
        ("C:\\Papeles\\acta.pdf", "acta.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("factura\u202efdp.exe", "facturafdp.exe.pdf"),
        ("  ", "documento.pdf"),
        (".pdf", "documento.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"),
        ("ñ" * 500 + ".pdf", "ñ" * 120 + ".pdf"),
    ],
)
def test_a_name_leads_nowhere_and_ends_as_what_it_is(told: str, kept: str) -> None:
    assert name_of(told, "application/pdf") == kept
    assert name_of("foto.jpeg", "image/jpeg") == "foto.jpg"
