"""Cards: what is not published says from when on, arrows are clear changes, caps that moved do not compare."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from dashboard import panels, readings
from dashboard.data import Cell, History, Metric, Release
from dashboard.pages import figured, heat, lines, overview, retention
from dashboard.panels import PANELS, Panel
from dashboard.params import Asked
from konectus import figures
from konectus.figures import CUTS, MONTH, QUARTER
from konectus.i18n import use

SEEN = datetime(2026, 11, 4, tzinfo=UTC)
WORDS = {"value": "inicia", "words": "Inicia"}, {"value": "crece", "words": "Crece"}
VOLUME = Panel("messages")


def release(month: int, *, messages: float, plans: tuple[float | None, ...] = (), cap: int = 512) -> Release:
    cells = [Cell("messages", "total", "all", messages, 10.0, "published", "messages")]
    for label, value in zip(WORDS, plans, strict=False):
        status = "published" if value is not None else "few_clients"
        cells.append(Cell("clients", "plan", label["value"], value, 3.0, status, "clients"))
    dims: dict[str, list[dict[str, str]]] = {"plan": list(WORDS)} if plans else {}
    total = {"total": [{"value": "all", "words": ""}]}
    known = {
        "clients": Metric("clients", {"es_MX": "Clientes", "en": "Clients"}, "clients", "presence", 1, dims),
        "messages": Metric("messages", {"es_MX": "Mensajes", "en": "Messages"}, "messages", "volume", cap, total),
    }
    return Release(
        id=UUID(int=month),
        number=month,
        period=date(2026, month, 1),
        booked=date(2026, month, 1),
        rung=120 if plans else 20,
        released_at=SEEN,
        rho=0.25,
        delta=1e-6,
        epsilon=4.0,
        caps={},
        sha256="a" * 64,
        metrics=known,
        cells={(cell.metric, cell.dim, cell.dim_value): cell for cell in cells},
    )


def page(path: str, *releases: Release) -> str:
    versus = releases[-2] if len(releases) > 1 else None
    return written(figured.content(History(releases), Asked(releases[-1], versus), path))


def written(node: Any) -> str:
    with use("es_MX"):
        return json.dumps(node.to_plotly_json(), default=lambda one: one.to_plotly_json(), ensure_ascii=False)


@pytest.fixture(autouse=True)
def _in_spanish() -> Any:
    with use("es_MX"):
        yield


def test_every_cut_of_the_catalogue_stands_on_a_page() -> None:
    shown = {(panel.metric, panel.dim) for path in PANELS for panel in PANELS[path]}
    assert {(cut.metric, cut.dim) for cut in CUTS} == shown


def test_the_forecast_is_drawn_once_there_are_six_months() -> None:
    history = History(tuple(release(n, messages=500 + 20 * n) for n in range(1, 7)))
    few, many = (
        lines.figure(History(history.releases[:n]), Asked(history.releases[n - 1], None), VOLUME, "light")
        for n in (5, 6)
    )
    assert [len(drawn.data) for drawn in (few, many)] == [2, 5]  # type: ignore[attr-defined]  # Plotly has no types
    assert many.layout.xaxis.tickvals[-1] == date(2026, 9, 1)  # type: ignore[attr-defined]  # the same


def test_the_forecast_stands_in_the_table_too() -> None:
    history = tuple(release(n, messages=500 + 20 * n) for n in range(1, 7))
    shown = page("volume", *history)
    assert "se espera entre" in shown
    assert shown.index("Septiembre de 2026") < shown.index("Junio de 2026", shown.index("Septiembre de 2026"))


def test_a_figure_not_published_says_from_how_many_clients_on() -> None:
    shown = page("plans", release(9, messages=500), release(10, messages=520))
    for rung in (120, 600, 2000):
        assert f"aparece a partir de {rung:,} Clientes" in shown
    assert "clients-plan-line-figure" not in shown
    assert figures.first_rung(MONTH, "clients", "plan") == 120


def test_a_page_without_any_release_says_from_how_many_clients_on() -> None:
    assert "a partir de 120 Clientes" in written(figured.nothing_yet("Retención", "retention"))
    assert panels.grains("retention") == (QUARTER,)


def test_a_hidden_part_has_its_reason_and_an_arrow_only_a_clear_change() -> None:
    before = release(9, messages=500, plans=(100, 60))
    shown = page("plans", before, release(10, messages=500, plans=(150, None)))
    assert "arrow-up" in shown
    assert "pocos Clientes" in shown
    unsure = page("plans", before, release(10, messages=500, plans=(103, 60)))
    assert "arrow-up" not in unsure
    assert "Sin cambio claro" in unsure


def test_volumes_under_another_cap_are_neither_joined_nor_compared() -> None:
    months = [release(8, messages=400), release(9, messages=500), release(10, messages=900, cap=724)]
    history = History(tuple(months))
    [line] = readings.lines(history, months[-1], ("messages", "total"), 1.0)
    assert [step.is_break for step in line.steps] == [False, False, True]
    assert readings.hundred(history, months[-1], ("messages", "total", "all")) == (date(2026, 10, 1), 900)
    drawn = lines.figure(history, Asked(months[-1], months[-2]), VOLUME, "light")
    stroke = next(trace for trace in drawn.data if trace.name)  # type: ignore[attr-defined]  # Plotly has no types
    assert [value is None for value in stroke.y] == [False, False, True, False]
    assert [note.text for note in drawn.layout.annotations] == ["otro tope"]  # type: ignore[attr-defined]  # the same
    told = written(overview.story(Asked(months[-1], months[-2])))
    assert "ensajes" not in told
    assert "ensajes" in written(overview.story(Asked(months[1], months[0])))


def test_who_stayed_is_a_share_with_an_interval_that_holds_it() -> None:
    quarter = replace(release(7, messages=1), grain=QUARTER)
    moved = {"stayed": 900.0, "left": 100.0}
    cells = {
        ("clients", "movement", key): Cell("clients", "movement", key, v, 10, "published", "clients")
        for key, v in moved.items()
    }
    found = retention.stayed(replace(quarter, cells=cells))
    assert found is not None
    assert found.value == pytest.approx(0.9)
    assert 0.87 < found.low < found.value < found.high < 0.93
    assert retention.stayed(quarter) is None


def test_cohorts_stand_newest_first_and_a_quarter_without_one_is_left_empty() -> None:
    def quarter(month: int, cohorts: dict[str, float]) -> Release:
        dims = {"signup": [{"value": key, "words": key} for key in cohorts]}
        known = {"clients": Metric("clients", {"es_MX": "Clientes"}, "clients", "presence", 1, dims)}
        cells = {
            ("clients", "signup", key): Cell("clients", "signup", key, value, 2, "published", "clients")
            for key, value in cohorts.items()
        }
        return replace(release(month, messages=1), grain=QUARTER, metrics=known, cells=cells)

    first, second = quarter(4, {"2026Q2": 40, "before": 200}), quarter(7, {"2026Q3": 50, "2026Q2": 38, "before": 190})
    shown = written(
        heat.card(History((first, second)), Asked(second, first, grain=QUARTER), Panel("clients", "signup"))
    )
    assert shown.index('"2026Q3"') < shown.index('"2026Q2"') < shown.index('"before"')
    rows = shown.split('"Tr"')
    assert sum('"Td"' in row for row in rows) >= 1
