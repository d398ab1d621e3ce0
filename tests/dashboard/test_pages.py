"""Every page and chart of a platform of 2,600 Clients, by month, quarter and week, from outside."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from dashboard import panels
from dashboard.app import create_app
from dashboard.panels import PANELS, Panel
from konectus.figures import GRAINS, MONTH, QUARTER, WEEK
from konectus.services.installation import Installation
from tests.support.browsing import HTML, Visitor
from tests.support.clock import ManualClock
from tests.support.figures import AFTER

PERIOD: Mapping[str, str] = {MONTH: "2026-10", QUARTER: "2026-Q3", WEEK: "2026-W43"}
BEFORE: Mapping[str, str] = {MONTH: "2026-09", QUARTER: "2026-Q2", WEEK: "2026-W42"}
READ = [(path, grain) for path in PANELS for grain in panels.grains(path)]
CHARTS = [
    (panel, grain)
    for panel in panels.charts()
    for grain in GRAINS
    if panel.exists(grain) and panel.drawn(grain) in {panels.LINE, panels.CURVE}
]
MADE_UP = [
    "2026-13",
    "2025-10",
    "2026-Q9",
    "2026-W60",
    "2026-10/",
    "2026-10/2026-11",
    "2026-10/2026-10",
    "2026-10/2026-W41",
    "2026-09/2026-10",
    "2026-10/2026-09/2026-08",
    "'; drop table",
]


@pytest.fixture(scope="module")
def visitor(grown: Installation) -> Iterator[Visitor]:
    made = create_app(grown.settings, ManualClock(AFTER))
    yield Visitor(made)
    made.close()


def page(visitor: Visitor, path: str, search: str = "") -> str:
    answer = visitor.call("page.children", {"url.pathname": f"/dashboard/{path}", "url.search": search})
    assert answer.status_code == 200, answer.text
    return json.dumps(answer.json(), ensure_ascii=False)


def chart(visitor: Visitor, panel: Panel, asked: str, theme: str = "light") -> Any:
    name = f"{panel.key}-figure"
    return visitor.call(f"{name}.figure", {f"{panel.key}-asked.data": asked, "theme.data": theme})


@pytest.mark.parametrize(("path", "grain"), READ)
def test_a_page_shows_each_of_its_panels_with_doubt(visitor: Visitor, path: str, grain: str) -> None:
    shown = page(visitor, path, f"?grain={grain}")
    for panel in panels.shown(path, grain):  # type: ignore[arg-type]  # pytest knows no literals
        assert f'"id": "{panel.key}"' in shown, panel
    assert "\N{PLUS-MINUS SIGN}" in shown or re.search(r'"de \d', shown)
    assert "a partir de" not in shown.replace("a partir de 6 ", "")
    assert f"period={PERIOD[grain]}" in shown  # the permalink


@pytest.mark.parametrize(("panel", "grain"), CHARTS, ids=lambda one: getattr(one, "key", one))
def test_a_chart_is_drawn_from_published_cells(visitor: Visitor, panel: Panel, grain: str) -> None:
    answer = chart(visitor, panel, f"{PERIOD[grain]}/{BEFORE[grain]}")
    assert answer.status_code == 200
    drawn = answer.json()["response"][f"{panel.key}-figure"]["figure"]
    named = [trace for trace in drawn["data"] if trace.get("name")]
    assert any(value is not None for trace in named for value in _values(trace))


@pytest.mark.parametrize("made_up", MADE_UP)
def test_a_chart_of_made_up_periods_is_refused(visitor: Visitor, made_up: str) -> None:
    for panel in panels.charts():
        answer = chart(visitor, panel, made_up)
        assert (answer.status_code, answer.json()) == (400, {"code": "unpublished"})


def test_a_chart_that_a_period_does_not_have_is_refused(visitor: Visitor) -> None:
    assert chart(visitor, Panel("reopened_share"), PERIOD[WEEK]).status_code == 400
    assert chart(visitor, Panel("failed_share"), PERIOD[QUARTER]).status_code == 200
    assert chart(visitor, Panel("messages"), PERIOD[MONTH], theme="sepia").status_code == 400


@pytest.mark.parametrize(
    "address", ["hours?grain=week", "retention?grain=month", "volume?grain=quarter", "?grain=week", "volume?grain=day"]
)
def test_a_page_is_not_told_in_a_length_that_it_does_not_have(visitor: Visitor, address: str) -> None:
    assert visitor.get(f"/dashboard/{address}", **HTML).status_code == 400


def test_retention_is_of_quarters_without_being_told(visitor: Visitor) -> None:
    shown = page(visitor, "retention")
    assert "Trimestre 3 de 2026" in shown
    assert "Clientes que se quedaron" in shown
    assert 'href="/dashboard/figures.csv?grain=quarter"' in visitor.get("/dashboard/retention", **HTML).text


def test_a_year_before_is_named_where_it_is_published(visitor: Visitor) -> None:
    assert "un año antes" not in page(visitor, "volume")


def test_a_duration_is_told_in_words_and_a_share_in_percent(visitor: Visitor) -> None:
    shown = page(visitor, "quality").replace("\\u00a0", " ").replace("\N{NO-BREAK SPACE}", " ")
    assert " min" in shown
    assert " h" in shown
    answer = chart(visitor, Panel("first_response", "quantile"), PERIOD[MONTH])
    assert answer.json()["response"]["first_response-quantile-figure"]["figure"]["layout"]["yaxis"]["type"] == "log"


def test_the_heat_map_has_every_hour_of_the_week_as_a_table(visitor: Visitor) -> None:
    answer = visitor.call("page.children", {"url.pathname": "/dashboard/hours", "url.search": ""}).json()
    [table] = _found(answer, lambda node: node.get("type") == "Table" and "heat" in node["props"].get("className", ""))
    assert len(list(_found(table, lambda node: node.get("type") == "Td"))) == 7 * 24
    assert len(list(_found(table, lambda node: node.get("type") == "Th"))) == 1 + 7 + 24


def test_how_they_are_made_tells_every_metric_and_every_release(visitor: Visitor, grown: Installation) -> None:
    shown = page(visitor, "making")
    assert "Conversaciones reabiertas" in shown
    for words in ("Octubre de 2026", "Trimestre 3 de 2026", "Semana del"):
        assert words in shown


def _values(trace: dict[str, Any]) -> list[Any]:
    """Plotly writes plain lists, and numbers of NumPy as base64."""
    found = trace["y"]
    return found if isinstance(found, list) else [found["bdata"]]


def _found(node: Any, wanted: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        if wanted(node):
            yield node
        for child in node.values():
            yield from _found(child, wanted)
    elif isinstance(node, list):
        for child in node:
            yield from _found(child, wanted)
