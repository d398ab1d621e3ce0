"""Every kind of notice in words: Spanish always and first, amounts, dates, links; no value becomes a header."""

import hashlib
from datetime import UTC, datetime
from email import policy
from email.parser import BytesParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from konectus.domain.notice_words import CATALOGUE, MissingFacts, require_facts
from konectus.domain.notices import NoticeKind
from konectus.mail import letters
from konectus.mail.letters import BadAddress, House, Letter, Told
from tests.support.mailbox import parsed, plain

HOUSE = House("Konectus Ñ <avisos@konectus.example>", "https://office.example/", "BBVA, CLABE 012180001234567890")
NOW = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
# Midnight in Mexico City: the end of the 24th.
MIDNIGHT = "2026-11-25T06:00:00+00:00"
BILL = {
    "id": "1",
    "number": "F-2026-000007",
    "due_at": "2026-11-20T06:00:00+00:00",
    "total_cents": 194_800,
    "balance_cents": 94_800,
}
FACTS: dict[str, Any] = (
    {
        "number": "F-2026-000007",
        "total_cents": 194_800,
        "amount_cents": 94_800,
        "owed_cents": 94_800,
        "invoices": [BILL],
        "numbers": ["F-2026-000007"],
        "composed_at": NOW.isoformat(),
        "days": 2,
        "cause": "nonpayment",
        "clause": "15.1(a)",
        "days_left": 15,
        "sha256": "ab" * 32,
        "certificate": "B-000001",
        "old": "antes@cliente.example",
        "new": "ahora@cliente.example",
        "version": 2,
        "connectors": 3,
    }
    | dict.fromkeys(
        ("due_at", "paid_at", "opened_at", "closes_at", "ends_at", "expires_at", "effective_at", "deleted_at"), MIDNIGHT
    )
    | {"deadline_at": MIDNIGHT, "residual_until_at": MIDNIGHT}
)


def letter(kind: NoticeKind, *, language: str = "es", zone: str = "America/Mexico_City", **facts: Any) -> Letter:
    told = Told(kind, FACTS | facts, "Taller Ñandú <&>", zone, language)
    return letters.compose(HOUSE, told, "cobranza@cliente.example", "0193", NOW)


@pytest.mark.parametrize("kind", NoticeKind)
def test_every_kind_speaks_spanish_and_below_it_english_and_says_where_to_go(kind: NoticeKind) -> None:
    made = letter(kind, language="en")
    message = parsed(made.data)
    words = plain(message)
    spanish, _, english = words.partition("--- English ---")
    assert spanish.startswith("Hola, Taller Ñandú <&>:")
    assert "prevalece la versión en español" in spanish
    assert english.strip().startswith("Hello, Taller Ñandú <&>:")
    assert f"cláusula {FACTS['clause']}" in spanish
    if kind is not NoticeKind.DELETED:
        assert f"https://office.example{CATALOGUE[kind].path}" in spanish
    assert "None" not in words
    assert "{" not in words
    only_spanish = plain(parsed(letter(kind).data))
    assert "Hello" not in only_spanish


@pytest.mark.parametrize("kind", NoticeKind)
def test_message_parses_has_our_id_and_carries_nothing_that_tells_it_was_read(kind: NoticeKind) -> None:
    made = letter(kind)
    message = parsed(made.data)
    assert message["Message-ID"] == "<0193@konectus.example>" == made.message_id
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == NOW
    assert message["To"].addresses[0].addr_spec == "cobranza@cliente.example"
    assert message["From"].addresses[0].display_name == "Konectus Ñ"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    page = message.get_body(("html",))
    assert page is not None
    html = page.get_content()
    assert "Taller Ñandú &lt;&amp;&gt;" in html
    assert not any(sign in html for sign in ("<img", "<script", "url(", "<link", "<iframe"))
    assert made.sha256 == hashlib.sha256(made.data).digest()
    assert b"\r\n" in made.data
    assert b"\n" not in made.data.replace(b"\r\n", b"")


def test_pending_payment_says_what_is_owed_until_when_and_where_to_pay() -> None:
    words = plain(parsed(letter(NoticeKind.PAYMENT_PENDING).data))
    assert "F-2026-000007, venció el viernes 20 de noviembre de 2026: debes $948.00 de $1,948.00" in words
    assert "hasta el final del martes 24 de noviembre de 2026 (hora de la Ciudad de México)" in words
    assert "BBVA, CLABE 012180001234567890" in words
    assert "2 días naturales completos" in words


def test_a_client_elsewhere_reads_its_own_time_beside_the_legal_one() -> None:
    words = plain(parsed(letter(NoticeKind.SUSPENDED, zone="America/Tijuana").data))
    legal = "miércoles 25 de noviembre de 2026, 00:00 (hora de la Ciudad de México"
    assert f"{legal}; en Tijuana, martes 24 de noviembre de 2026, 22:00)" in words
    same_clock = plain(parsed(letter(NoticeKind.SUSPENDED, zone="America/Monterrey").data))
    assert f"{legal})" in same_clock


@pytest.mark.parametrize("cause", ["nonpayment", "trial_expired", "aup", "legal_order", "security"])
def test_each_cause_of_a_suspension_is_told_what_ends_it(cause: str) -> None:
    words = plain(parsed(letter(NoticeKind.SUSPENDED, cause=cause).data))
    ends = {
        "nonpayment": "En cuanto recibamos todo lo vencido",
        "trial_expired": "Elige un plan",
        "aup": "una persona lo revisa",
    }
    assert ends.get(cause, "La levanta una persona de Konectus") in words
    assert ("Dónde pagar" in words) == (cause == "nonpayment")
    assert ("Quedó sin pagar: F-2026-000007 ($948.00)." in words) == (cause == "nonpayment")


@pytest.mark.parametrize(
    ("left", "said"), [(30, "Te quedan 30 días para"), (1, "Te queda 1 día para"), (0, "Hoy es el último día para")]
)
def test_a_reminder_says_how_many_days_are_left_and_names_the_last(left: int, said: str) -> None:
    assert letter(NoticeKind.EXPORT_WINDOW, days_left=left).subject.startswith(said)


def test_texts_are_as_their_version_says() -> None:
    """Changed on purpose? Give the kind a new version in versions.json, with the hash this test prints."""
    assert {str(kind): letters.texts_sha256(kind) for kind in NoticeKind} == {
        kind: one["sha256"] for kind, one in letters.versions().items()
    }


@pytest.mark.parametrize("kind", [kind for kind in NoticeKind if CATALOGUE[kind].facts])
def test_notice_without_what_its_text_says_is_not_queued(kind: NoticeKind) -> None:
    with pytest.raises(MissingFacts):
        require_facts(kind, {})


def test_optional_facts_may_be_absent() -> None:
    for kind in NoticeKind:
        needed = (*CATALOGUE[kind].facts, "invoices", "owed_cents", "composed_at", "days", "deadline_at")
        told = Told(kind, {name: FACTS[name] for name in needed if name in FACTS}, "T", "America/Cancun", "en")
        assert "None" not in letters.text(HOUSE, told, "es").plain
        assert "None" not in letters.text(HOUSE, told, "en").plain


HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"]
HEADERS += ["MIME-Version", "Content-Type", "Content-Language"]


@settings(max_examples=25, deadline=None)
@given(
    words=st.text(max_size=60),
    number=st.sampled_from(["\r\nBcc: x@y.z", "\n\n.\r\n", "\n=> a | //evil", "\x00\x85\u2028"]),
)
def test_no_value_becomes_a_header_a_line_or_a_link_of_its_own(words: str, number: str) -> None:
    told = Told(NoticeKind.INVOICE_ISSUED, FACTS | {"number": words + number}, words + number, "UTC", "es")
    made = letters.compose(HOUSE, told, "a@cliente.example", "0193", NOW)
    message = BytesParser(policy=policy.default).parsebytes(made.data)
    assert message.keys() == HEADERS
    page = message.get_body(("html",))
    assert page is not None
    assert page.get_content().count("<a ") == 1


@pytest.mark.parametrize(
    "address",
    [
        "a@b.mx\r\nBcc: c@d.mx",
        "a@b.mx, c@d.mx",
        "a@b@c.mx",
        "<a@b.mx>",
        "a b@c.mx",
        "sin-arroba",
        "a@",
        "@b.mx",
        "a@b.mx\0",
        "o(k)@b.mx",
        "a\N{RIGHT-TO-LEFT OVERRIDE}b@c.mx",
        f"a@{'b' * 70}.mx",
        f"a@{'x.' * 130}mx",
    ],
)
def test_an_address_that_is_more_than_one_address_is_refused(address: str) -> None:
    with pytest.raises(BadAddress):
        letters.address_of(address)


def test_a_domain_with_letters_of_ours_is_written_as_dns_knows_it() -> None:
    assert letters.address_of("cobranza@ñandú.mx").addr_spec == "cobranza@xn--and-6ma2c.mx"
