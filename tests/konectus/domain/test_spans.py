"""Spans of whole legal days, ranges of first responses, columns, and sheets that no spreadsheet runs."""

from datetime import date

import pytest

from konectus.domain import answering, spans
from konectus.domain.answering import Range
from konectus.domain.columns import Column, Columns
from konectus.domain.sheets import as_csv
from konectus.domain.spans import BadPeriod
from konectus.store.models.figures import BINS
from reports import counting

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("name", "first", "last", "before"),
    [
        ("7", date(2026, 11, 16), date(2026, 11, 22), (date(2026, 11, 9), date(2026, 11, 15))),
        ("2026-10", date(2026, 10, 1), date(2026, 10, 31), (date(2026, 9, 1), date(2026, 9, 30))),
        # A month that is not over is compared with the same days of the one before.
        ("2026-11", date(2026, 11, 1), date(2026, 11, 22), (date(2026, 10, 1), date(2026, 10, 22))),
    ],
)
def test_a_span_ends_with_the_last_whole_day_and_knows_what_it_is_compared_with(
    name: str, first: date, last: date, before: tuple[date, date]
) -> None:
    span = spans.asked(name, TODAY)
    assert (span.first, span.last, len(span.each())) == (first, last, span.days)
    assert (span.before.first, span.before.last) == before


def test_the_last_days_of_march_are_compared_with_the_whole_of_february() -> None:
    span = spans.asked("2026-03", date(2026, 3, 31))
    assert (span.last.day, span.before.first, span.before.last) == (30, date(2026, 2, 1), date(2026, 2, 28))


@pytest.mark.parametrize(
    "name", ["", "0", "8", "365", "-7", "2026-13", "2026-12", "2020-01", "2026-11-01", "٧", "7; drop", "9" * 500]
)
def test_a_period_that_nobody_offers_is_refused(name: str) -> None:
    with pytest.raises(BadPeriod):
        spans.asked(name, TODAY)


def test_on_the_first_of_a_month_it_is_not_offered_yet() -> None:
    assert spans.months(date(2026, 11, 1))[0] == "2026-10"
    assert spans.months(date(2026, 11, 2))[0] == "2026-11"


def test_quantiles_are_told_as_the_range_they_lie_in() -> None:
    assert answering.FIRST_BIN == counting.FIRST_BIN
    counts = [0] * BINS
    assert answering.quantile(counts, answering.MEDIAN) is None
    counts[0], counts[3], counts[BINS - 1] = 5, 4, 1
    assert answering.quantile(counts, answering.MEDIAN) == Range(0, 15)
    assert answering.quantile(counts, answering.MOST) == Range(60, 120)
    counts[3] = 3
    assert answering.quantile(counts, answering.MOST) == Range(15 << BINS - 2, None)


@pytest.mark.parametrize(
    ("highest", "top"), [(0, 2), (1, 2), (3, 4), (7, 8), (9, 10), (11, 20), (999, 1000), (260, 300), (12_345, 20_000)]
)
def test_the_axis_reaches_a_round_number(highest: int, top: int) -> None:
    assert Columns((Column(TODAY, (("one", highest),)),)).top == top


def test_no_cell_of_a_sheet_is_a_formula() -> None:
    made = as_csv(("a", "=b"), [("=1+1", -5), (" @cmd", None), ("a,b", TODAY)])
    assert made == "\ufeffa,'=b\r\n'=1+1,-5\r\n' @cmd,\r\n\"a,b\",2026-11-23\r\n"
