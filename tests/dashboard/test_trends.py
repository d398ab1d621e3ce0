"""Volume, Channels, Plans: the fan, the parts with their doubt, and what is not published yet."""

import json
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from dashboard import forecast
from dashboard.changes import Noisy
from dashboard.data import Cell, History, Metric, Release
from dashboard.pages import trends
from dashboard.params import Asked
from dashboard.readings import Step
from konectus import figures
from konectus.i18n import use

SEEN = datetime(2026, 11, 4, tzinfo=UTC)
WORDS = {"value": "inicia", "words": "Inicia"}, {"value": "crece", "words": "Crece"}


def steps(*values: float | None) -> list[Step]:
    return [
        Step(date(2026, n, 1), Noisy(v, 2) if v is not None else None, "published" if v is not None else "few_clients")
        for n, v in enumerate(values, 1)
    ]


def release(month: int, *, messages: float, plans: tuple[float | None, ...] = ()) -> Release:
    cells = [Cell("messages", "total", "all", messages, 10.0, "published", "messages")]
    for label, value in zip(WORDS, plans, strict=False):
        status = "published" if value is not None else "few_clients"
        cells.append(Cell("clients", "plan", label["value"], value, 3.0, status, "clients"))
    dims: dict[str, list[dict[str, str]]] = {"plan": list(WORDS)} if plans else {}
    known = {
        "clients": Metric("clients", {"es_MX": "Clientes", "en": "Clients"}, "clients", "presence", 1, dims),
        "messages": Metric("messages", {"es_MX": "Mensajes", "en": "Messages"}, "messages", "volume", 724, {}),
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
    with use("es_MX"):
        made = trends.content(History(releases), Asked(releases[-1], versus), path)
        return json.dumps(made.to_plotly_json(), default=lambda one: one.to_plotly_json(), ensure_ascii=False)


def test_a_forecast_needs_six_published_months_in_a_row() -> None:
    assert forecast.fan(steps(1, 2, 3, 4, 5)) == []
    assert forecast.fan(steps(1, 2, None, 4, 5, 6, 7, 8)) == []
    assert forecast.fan(steps(1, 2, 3, 4, 5, 6, 7, None)) == []
    assert [one.month for one in forecast.fan(steps(1, 2, 3, 4, 5, 6))] == [date(2026, n, 1) for n in (7, 8, 9)]


def test_the_fan_opens_and_holds_the_noise_even_where_the_months_lie_on_a_line() -> None:
    ahead = forecast.fan(steps(100, 110, 120, 130, 140, 150))
    assert [one.wide.value for one in ahead] == pytest.approx([160, 170, 180])
    widths = [one.wide.high - one.wide.low for one in ahead]
    assert widths == sorted(widths)
    assert widths[0] > 2 * 1.96 * 2
    assert all(one.wide.low < one.half.low < one.half.high < one.wide.high for one in ahead)


def test_a_forecast_is_never_below_zero() -> None:
    assert min(one.wide.low for one in forecast.fan(steps(50, 40, 30, 20, 10, 0))) == 0


def test_the_forecast_is_drawn_once_there_are_six_months() -> None:
    history = History(tuple(release(n, messages=500 + 20 * n) for n in range(1, 7)))
    with use("es_MX"):
        few, many = (
            trends.figure(History(history.releases[:n]), history.releases[n - 1], "volume", "light") for n in (5, 6)
        )
    assert [len(drawn.data) for drawn in (few, many)] == [2, 5]  # type: ignore[attr-defined]  # Plotly has no types
    assert many.layout.xaxis.tickvals[-1] == date(2026, 9, 1)  # type: ignore[attr-defined]  # the same


def test_parts_not_published_say_from_how_many_clients_on() -> None:
    shown = page("plans", release(9, messages=500), release(10, messages=520))
    assert "aparecen a partir de 120 Clientes" in shown
    assert "trend-figure" not in shown
    assert figures.first_rung(figures.MONTH, "messages", "channel") == trends.CUTS_FROM


def test_a_hidden_part_has_its_reason_and_an_arrow_only_a_clear_change() -> None:
    before = release(9, messages=500, plans=(100, 60))
    shown = page("plans", before, release(10, messages=500, plans=(150, None)))
    assert "arrow-up" in shown
    assert "pocos Clientes" in shown
    unsure = page("plans", before, release(10, messages=500, plans=(103, 60)))
    assert "arrow-up" not in unsure
    assert "Sin cambio claro" in unsure
