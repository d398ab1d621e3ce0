"""Cells of CSV: what a spreadsheet would run, or would take for the end of a cell, is text and says so."""

import csv
import io

import pytest

from reports.export import cells

RUN = ("=1+1", "+52 55", "-1", "@SUM(A1)", "\uff1dHYPERLINK()", "\uff0b1", "\uff0d1", "\uff20x")
HIDDEN = ("\tx", "\rx", "\nx", " =1+1", "\t=1", "\u00a0=1", "\r\n@x")


@pytest.mark.parametrize("text", RUN + HIDDEN)
def test_text_that_may_be_run_gets_an_apostrophe_and_stays_whole(text: str) -> None:
    assert cells.cell(text) == f"'{text}"
    table = cells.table(("a", "b"), [{"a": text, "b": 2}], headed=False)
    assert list(csv.reader(io.StringIO(table, newline=""))) == [[f"'{text}", "2"]]


def test_numbers_and_plain_words_stay_as_they_are() -> None:
    assert [cells.cell(value) for value in (-5, 0.5, None, "Ñandú", "a=b", "")] == [-5, 0.5, None, "Ñandú", "a=b", ""]
