"""The catalogue is whole, and dates, money and choice of language read as the look sheet says."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from konectus import i18n

ROOT = Path(__file__).parents[2]
PACKAGES = ("konectus", "backoffice", "ingestion", "reports", "dashboard")
KEYWORDS = {"gettext": None, "lazy": None, "msg": None, "_": None, "translate": None, "ngettext": (1, 2)}
THURSDAY = datetime(2026, 11, 19, 21, 24, tzinfo=UTC)  # 15:24 in Mexico City


def messages_in_code() -> set[str]:
    methods = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")]
    found = set()
    for package in PACKAGES:
        for _, _, message, _, _ in extract_from_dir(str(ROOT / package), methods, keywords=KEYWORDS):
            found.add(message[0] if isinstance(message, tuple) else message)
    return found


def messages_in_catalogue() -> list[tuple[str, str | tuple[str, ...]]]:
    found: list[tuple[str, str | tuple[str, ...]]] = []
    for path in sorted((ROOT / "locale/es_MX").glob("*.po")):
        with path.open("rb") as source:
            for message in read_po(source, locale="es_MX", abort_invalid=True):
                assert not message.fuzzy, f"{path.name}: {message.id}"
                if message.id:
                    first = message.id[0] if isinstance(message.id, tuple) else message.id
                    text = message.string if isinstance(message.string, str) else tuple(message.string or ())
                    found.append((str(first), text))
    return found


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_every_message_of_the_code_has_its_spanish() -> None:
    spoken = {msgid for msgid, text in messages_in_catalogue() if text}
    assert sorted(messages_in_code() - spoken) == []


def test_no_message_has_two_translations() -> None:
    counted = Counter(msgid for msgid, _ in set(messages_in_catalogue()))
    assert [msgid for msgid, times in counted.items() if times > 1] == []


def test_spanish_takes_the_same_values_as_english() -> None:
    for msgid, text in messages_in_catalogue():
        for form in (text,) if isinstance(text, str) else text:
            assert fields(form) <= fields(msgid) | {"n"}, msgid


@pytest.mark.parametrize(
    ("form", "spanish", "english"),
    [
        ("full", "jueves 19 de noviembre de 2026", "Thursday, November 19, 2026"),
        ("long", "jueves 19 de noviembre", "Thursday, November 19"),
        ("medium", "19 nov 2026", "Nov 19, 2026"),
        ("scan", "jue 19", "Thu 19"),
        ("month", "noviembre de 2026", "November 2026"),
    ],
)
def test_days_are_told_in_the_readers_language(form: str, spanish: str, english: str) -> None:
    with i18n.use("es_MX"):
        assert i18n.format_date(THURSDAY, form=form) == spanish
    with i18n.use("en"):
        assert i18n.format_date(THURSDAY, form=form) == english


def test_an_instant_is_told_in_the_zone_asked_for() -> None:
    assert i18n.format_datetime(THURSDAY) == "19 nov 2026, 15:24"
    assert i18n.format_datetime(THURSDAY, "America/Tijuana") == "19 nov 2026, 13:24"


def test_money_and_numbers_have_a_true_minus_and_a_comma_for_thousands() -> None:
    assert i18n.format_money(194800) == "$1,948.00"
    assert i18n.format_money(-50) == "−$0.50"
    assert i18n.format_number(-12345) == "−12,345"
    assert i18n.format_percent(0.09) == "9\N{NO-BREAK SPACE}%"


@pytest.mark.parametrize(
    ("seconds", "margin", "said"),
    [
        (0, 0, "0 s"),
        (-3, 0, "0 s"),
        (59, 0, "59 s"),
        (59.6, 0, "1 min"),
        (75, 0, "1 min 15 s"),
        (7_830, 0, "2 h 10 min"),
        (38_160, 0, "10 h 36 min"),
        (38_160, 4_000, "11 h"),
        (7_830, 4_000, "2 h 10 min"),
        (90_000, 0, "1 d 1 h"),
        (864_000, 0, "10 d"),
    ],
)
def test_a_duration_is_told_as_finely_as_its_doubt_allows(seconds: float, margin: float, said: str) -> None:
    assert i18n.format_duration(seconds, margin).replace("\N{NO-BREAK SPACE}", " ") == said


def test_short_distances_in_time_are_told_both_ways() -> None:
    assert i18n.relative(THURSDAY, THURSDAY + timedelta(minutes=2)) == "hace 2 min"
    assert i18n.relative(THURSDAY + timedelta(hours=3), THURSDAY) == "en 3 h"
    assert i18n.relative(THURSDAY, THURSDAY + timedelta(seconds=3)) == "ahora"


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("", "es_MX"),
        ("en-US,en;q=0.9", "en"),
        ("es-419,es;q=0.8,en;q=0.1", "es_MX"),
        ("en;q=0.1,es;q=0.9", "es_MX"),
        ("fr,en;q=0.5", "en"),
        ("zh-Hant-TW;q=x,*;q=0", "es_MX"),
    ],
)
def test_the_first_language_that_fits_is_spoken(header: str, chosen: str) -> None:
    assert i18n.negotiate(header) == chosen


def test_a_name_for_later_speaks_the_language_of_the_moment() -> None:
    later = i18n.lazy("just now")
    with i18n.use("en"):
        assert str(later) == "just now"
    with i18n.use("es_MX"):
        assert str(later) == "ahora"
