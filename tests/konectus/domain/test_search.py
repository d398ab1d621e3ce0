"""What is a word: the same for the text that is indexed and for what is looked for."""

import json
from pathlib import Path

import pytest

from konectus.domain import search
from konectus.domain.search import beginnings, excerpt, wanted, wanted_beginnings, words

HOSTILE = [found["text"] for found in json.loads(Path("tests/corpus/hostile.json").read_text())]


def finds(looked_for: str, text: str) -> bool:
    """Whether a search finds a message."""
    asked = wanted(looked_for)
    return bool(asked) and set(asked) <= set(words(text))


@pytest.mark.parametrize(
    ("looked_for", "text"),
    [
        ("pedido", "¿Dónde está mi PEDIDO?"),
        ("nandu", "El Ñandú corre"),
        ("ÑANDÚ", "el nandu corre"),
        ("cafe\u0301", "Un CAFÉ, por favor"),
        ("strasse", "Große Straße 5"),
        ("istanbul", "İstanbul"),
        ("ＡＢＣ", "código abc"),
        ("ok", "Ok."),
        ("y", "tú y yo"),
        ("pedido tarde", "llega tarde el pedido"),
        ("abc-1234", "la orden ABC-1234 no llegó"),
        ("maria@ejemplo.mx", "escribe a Maria@Ejemplo.MX"),
        ("世界", "你好世界"),
        ("好", "你好"),
        ("हिन्दी", "यह हिन्दी है"),
        ("カメラ", "新しいカメラです"),
        ("🎉", "¡felicidades🎉🎉!"),
        ("❤", "gracias ❤️"),
        ("👍🏽", "va 👍"),
    ],
)
def test_word_is_found_whatever_its_case_accents_and_script(looked_for: str, text: str) -> None:
    assert finds(looked_for, text)


@pytest.mark.parametrize(
    ("looked_for", "text"),
    [
        ("pedi", "mi pedido"),
        ("pedido tarde", "mi pedido llegó"),
        ("界世", "你好世界"),
        ("हिन", "यह हिन्दी है"),
        ("1234", "el 12345"),
        ("🎉", "felicidades"),
    ],
)
def test_part_of_a_word_or_one_word_of_two_is_not_found(looked_for: str, text: str) -> None:
    assert not finds(looked_for, text)


@pytest.mark.parametrize("looked_for", ["5512345678", "55 1234 5678", "+52 55 1234 5678", "(55) 1234-5678"])
@pytest.mark.parametrize(
    "text", ["llámame al 55 1234 5678", "mi cel: +52 (55) 1234-5678.", "5512345678", "55-12-34-56-78"]
)
def test_telephone_number_is_found_however_it_is_written(looked_for: str, text: str) -> None:
    assert finds(looked_for, text)


def test_numbers_of_an_order_stay_apart_from_their_neighbours() -> None:
    assert finds("4411", "pedidos 4411 y 4412")
    assert finds("12 500", "son 12 500 pesos")
    assert not finds("124", "pedidos 12 y 4")


@pytest.mark.parametrize("nothing", ["", "   ", "¿?", "...", "_", "\x00", "‍"])
def test_nothing_to_look_for_is_no_word(nothing: str) -> None:
    assert wanted(nothing) == []
    assert wanted_beginnings(nothing) == []


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_found_by_its_own_words_and_bounded(text: str) -> None:
    found = words(text)
    assert set(wanted(text)) <= set(found)
    assert all(0 < len(word) <= search.LONGEST for word in found)
    cut = excerpt(text, wanted(text))
    assert all(0 <= start < end <= len(cut.text) for start, end in cut.marks)


def test_endless_text_gives_a_bounded_number_of_words() -> None:
    text = " ".join(f"palabra{number}" for number in range(50_000)) + " x" * 10_000 + "y" * 100_000
    assert len(words(text)) == search.MOST_WORDS
    assert len(wanted(text)) == search.MOST_WANTED


def test_name_is_found_by_three_letters_of_each_of_its_words() -> None:
    stored = set(beginnings("Mariana Ortúzar Íñiguez", "@mari_ort"))
    for typed in ("mar", "MARIA", "ortu", "íñi", "mariana ort", "mari_o", "ort mar"):
        assert set(wanted_beginnings(typed)) <= stored, typed
    for typed in ("ari", "maríaa", "ortz"):
        assert not set(wanted_beginnings(typed)) <= stored, typed


def test_letters_still_being_typed_do_not_hide_the_person() -> None:
    assert wanted_beginnings("Mariana O") == ["mariana"]


def test_short_and_foreign_names_are_found_as_they_are() -> None:
    assert set(wanted_beginnings("bo")) <= set(beginnings("Bo Li"))
    assert not set(wanted_beginnings("bo")) <= set(beginnings("Borja"))
    assert set(wanted_beginnings("小龍")) <= set(beginnings("李小龍"))


def test_excerpt_shows_the_word_and_marks_it() -> None:
    text = "relleno " * 60 + "mi Pedidó no llegó " + "relleno " * 60
    cut = excerpt(text, wanted("pedido llego"))
    assert [cut.text[start:end] for start, end in cut.marks] == ["Pedidó", "llegó"]
    assert len(cut.text) <= search.EXCERPT + 2
    assert (cut.text[0], cut.text[-1]) == ("…", "…")
    assert excerpt("corto", ["nada"]).text == "corto"


def test_excerpt_marks_a_number_in_groups_as_one() -> None:
    cut = excerpt("al +52 55 1234 5678 por favor", wanted("5512345678"))
    assert [cut.text[start:end] for start, end in cut.marks] == ["52 55 1234 5678"]
