"""What people type is read as they mean it, and refused with a line that says what to mend."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial

import pytest

from backoffice.admin import given
from backoffice.admin.given import Slip
from konectus import i18n

AMOUNTS = {
    "1,234.50": 123_450,
    "1234.5": 123_450,
    "1234": 123_400,
    "$ 1,948.00": 194_800,
    "MXN 12": 1_200,
    "12.30 pesos": 1_230,
    "0.01": 1,
    "10,000,000.00": 1_000_000_000,
    "12.": 1_200,
}
BAD_AMOUNTS = {
    "": "Escribe el importe",
    "-5": "mayor que cero",
    "\N{MINUS SIGN}5": "mayor que cero",
    "0": "mayor que cero",
    "0.00": "mayor que cero",
    "1.234": "A lo más dos decimales",
    "1.234,50": "Escríbelo así",
    "12,34": "Escríbelo así",
    "1,2345": "Escríbelo así",
    "12 34": "Escríbelo así",
    "\N{ARABIC-INDIC DIGIT ONE}2": "Escríbelo así",
    "USD 20": "Solo pesos",
    "US$20": "Solo pesos",
    "20 €": "Solo pesos",
    "1e9": "Solo pesos",
    "10000000.01": "revísalo",
    "9" * 30: "Escríbelo así",
}
NOON = datetime(2026, 11, 22, 18, tzinfo=UTC)


def slip(read: Callable[[], object]) -> str:
    with i18n.use("es_MX"), pytest.raises(Slip) as caught:
        read()
    return caught.value.words


@pytest.mark.parametrize(("text", "cents"), AMOUNTS.items())
def test_an_amount_is_read_as_people_write_it(text: str, cents: int) -> None:
    assert given.cents(text) == cents
    assert given.cents(given.as_typed(cents)) == cents


@pytest.mark.parametrize(("text", "told"), BAD_AMOUNTS.items())
def test_an_amount_that_is_none_is_refused_with_one_line(text: str, told: str) -> None:
    assert told in slip(lambda: given.cents(text))


def test_days_are_bounded_and_told_in_words() -> None:
    first, last = date(2026, 11, 20), date(2026, 11, 22)
    assert given.day("2026-11-22", least=first, most=last) == last
    assert "No después del domingo 22 de noviembre" in slip(lambda: given.day("2026-11-23", most=last))
    assert "No antes del viernes 20 de noviembre" in slip(lambda: given.day("2026-11-19", least=first))
    for text in ("2026-02-30", "mañana", "22/11/2026"):
        assert "Escribe el día así" in slip(partial(given.day, text))
    assert "Elige el día" in slip(lambda: given.day(""))


def test_a_day_without_an_hour_is_its_noon_and_never_to_come() -> None:
    assert given.moment_of(date(2026, 11, 20), NOON) == datetime(2026, 11, 20, 18, tzinfo=UTC)
    assert given.moment_of(date(2026, 11, 22), datetime(2026, 11, 22, 15, tzinfo=UTC)).hour == 15
    late_evening = datetime(2026, 11, 23, 5, 30, tzinfo=UTC)  # 23:30 of the 22nd in Mexico City
    assert given.today(late_evening) == date(2026, 11, 22)
    assert given.today(late_evening, 3) == date(2026, 11, 25)


def test_numbers_addresses_and_choices_are_what_they_say() -> None:
    assert given.whole("12", least=1, most=20) == 12
    for text in ("", "0", "21", "-1", "1.5", "\N{SUPERSCRIPT TWO}", "9" * 20):
        assert "Un número entero de 1 a 20" in slip(partial(given.whole, text, least=1, most=20))
    assert given.email("Cobranza@Huasteca.MX") == "cobranza@huasteca.mx"
    for text in ("", "a", "a@b", "a b@c.mx", "@c.mx", f"{'a' * 200}@c.mx"):
        assert "correo" in slip(partial(given.email, text))
    assert "Elige" in slip(lambda: given.choice("x", ("a", "b")))
    assert "Al menos 10" in slip(lambda: given.line("corto", least=10))
