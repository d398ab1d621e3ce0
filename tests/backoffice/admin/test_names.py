"""Typing a Client's name to confirm: what counts as the same, and what is said of a slip."""

import pytest

from backoffice.admin.names import mismatch
from konectus import i18n

NAME = "Promo Express del Bajío"


@pytest.mark.parametrize(
    "typed", [NAME, f"  {NAME} ", "Promo  Express del\u00a0Bajío", "Promo Express del Baji\u0301o"]
)
def test_blanks_and_the_encoding_of_accents_do_not_count(typed: str) -> None:
    assert mismatch(NAME, typed) == ""


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Escribe el nombre del Cliente"),
        ("Promo Express del Bajio", "Falta el acento en “Bajío”"),
        ("Promo Express del Bajìo", "El acento de “Bajío” es otro"),
        ("Promo express del Bajío", "Cambian mayúsculas y minúsculas en “Express”"),
        ("Promo Express", "Falta “del Bajío” al final"),
        ("Promo Express del Bajío SA", "Sobra “SA” al final"),
        ("Promo Ekspress del Bajío", "“Ekspress” no coincide; es “Express”"),
        ("<b>x</b>", "“<b>x</b>” no coincide; es “Promo”"),
    ],
)
def test_a_slip_is_named_in_one_line(typed: str, said: str) -> None:
    with i18n.use("es_MX"):
        assert mismatch(NAME, typed) == said


def test_names_in_other_scripts_are_compared_too() -> None:
    assert mismatch("شركة النخيل", "شركة النخيل") == ""
    assert mismatch("شركة النخيل", "شركة") != ""


@pytest.mark.parametrize(
    "name", ["Ta\u200bller Uno", "\u202eTaller Uno", "Taller\u2066 Uno\u2069", "\ufeffTaller\x07 Uno"]
)
def test_signs_nobody_sees_do_not_have_to_be_typed(name: str) -> None:
    assert mismatch(name, "Taller Uno") == ""
    assert mismatch(name, "Taller Dos") != ""
