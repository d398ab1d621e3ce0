"""What the software writes into the audit trail is told to the staff in words, in their language."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from backoffice.admin import reason_words, words
from konectus import i18n
from konectus.domain.money import RefundStatus
from konectus.domain.plans import SubscriptionStatus

PROJECT = Path(__file__).parents[3]
SOURCES = [
    path for room in ("konectus", "backoffice", "ingestion", "reports") for path in (PROJECT / room).rglob("*.py")
]
RECORDED = re.compile(r'\.record\(\s*f?"([a-z_]+\.[^"]+)"')
# What stands in the place of a name that code puts together.
PLACES = {
    "figures.{how}": ("shown", "taken"),
    "client.usage_{how}": ("shown", "taken"),
    "approval.{what}": ("requested", "approved", "rejected", "used", "void", "expired"),
    "invoice.{status}": ("void", "written_off"),
    "invoice.{word}": ("paid", "reopened"),
    "payment.{new.status}": ("pending", "succeeded", "failed"),
    "refund.{status}": tuple(RefundStatus),
    "subscription.{standing}": tuple(SubscriptionStatus),
}
# These are recorded by a function of their file, by the last word.
BY_WORD = {
    "deletion.{what}": ("konectus/services/erasure.py", "konectus/services/erasing.py"),
    "export_window.{what}": ("konectus/services/windows.py",),
}


def recorded() -> Iterator[str]:
    for name in {found for path in SOURCES for found in RECORDED.findall(path.read_text())}:
        head = name.partition("{")[0]
        if name in BY_WORD:
            texts = [(PROJECT / path).read_text() for path in BY_WORD[name]]
            yield from (head + last for text in texts for last in re.findall(r'_record\(work, \w+, "([a-z_]+)"', text))
        elif "{" in name:
            yield from (head + last for last in PLACES[name])
        else:
            yield name


def test_every_action_of_the_trail_has_words() -> None:
    names = set(recorded())
    assert len(names) > 80
    assert sorted(name for name in names if words.action(name) == name) == []


def test_reasons_are_told_that_the_software_really_writes() -> None:
    code = " ".join(path.read_text() for path in SOURCES if path.name != "reason_words.py")
    assert [reason for reason in reason_words.REASONS if f'"{reason}"' not in code] == []


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (
            "Invoice K-000005 was not paid within the days of its notice (Terms 15.1 a)",
            "La factura K-000005 no se pagó en los días de su aviso (Términos 15.1 a)",
        ),
        ("The export window elapsed", "Pasaron los días para exportar"),
        ("Lo pidió por teléfono", "Lo pidió por teléfono"),
    ],
)
def test_a_reason_is_told_in_the_readers_language_and_a_persons_as_it_was_written(reason: str, said: str) -> None:
    with i18n.use("es_MX"):
        assert reason_words.told(reason) == said
