"""Sentences tell clear changes alone; what is within the margin is named as such, what is hidden is not named."""

from dashboard.changes import Noisy
from dashboard.stories import MOST, Subject, sentences
from konectus import i18n

QUIET = Noisy(100, 5)


def told(*subjects: Subject) -> list[str]:
    with i18n.use("es_MX"):
        return [f"{said.title} {said.detail}".replace("\N{NO-BREAK SPACE}", " ") for said in sentences(subjects)]


def test_a_clear_change_is_told_with_its_range_and_the_rest_in_one_line() -> None:
    grown = Subject("messages", Noisy(150, 5), QUIET, channel="Instagram")
    assert told(Subject("clients", QUIET, QUIET), grown, Subject("contacts", QUIET, QUIET)) == [
        "Instagram creció. Sus mensajes subieron 50 %, entre 34 y 69 %.",
        "Clientes activos, personas atendidas: sin cambio claro. La diferencia cabe en el margen.",
    ]


def test_a_fall_is_told_downwards() -> None:
    assert told(Subject("clients", Noisy(60, 5), QUIET))[0].startswith("Menos Clientes activos. Bajaron 40 %, entre")


def test_a_difference_within_the_margin_is_never_told_as_a_change() -> None:
    [line] = told(Subject("messages", Noisy(111, 5), QUIET))
    assert line.startswith("Mensajes: sin cambio claro.")


def test_a_hidden_month_is_compared_with_nothing() -> None:
    assert told(Subject("clients", None, QUIET), Subject("contacts", QUIET, None)) == []


def test_the_surest_changes_come_first_and_the_story_stays_short() -> None:
    many = [Subject("messages", Noisy(150 + 10 * n, 5), QUIET, channel=f"Canal {n}") for n in range(6)]
    lines = told(*many)
    assert len(lines) == MOST
    assert lines[0].startswith("Canal 5")
