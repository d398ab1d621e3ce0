"""What may be taken along: files of a release and of one cut, permalinks, the page that lists them."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree as ET

import pytest

from dashboard import cuts, params, periods, table
from dashboard.app import create_app
from dashboard.data import Figures, History
from dashboard.pages import downloads
from konectus import i18n, workbook
from konectus.workbook import Sheet
from tests.support.browsing import Visitor
from tests.support.clock import ManualClock
from tests.support.figures import AFTER, World

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture
def visitor(published: World) -> Iterator[Visitor]:
    made = create_app(published.installation.settings, ManualClock(AFTER))
    yield Visitor(made)
    made.close()


@pytest.fixture
def history(published: World) -> Iterator[History]:
    figures = Figures.of(published.installation.settings)
    yield figures.history()
    figures.close()


def sheets(content: bytes) -> dict[str, list[list[str | None]]]:
    """By name the cells of each sheet as a reader of the format finds them: by their own place, absent ones None."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert packed.testzip() is None
        named = ET.fromstring(packed.read("xl/workbook.xml"))  # noqa: S314 -- our own file
        found = {}
        for n, sheet in enumerate(named.iter(f"{MAIN}sheet"), 1):
            tree = ET.fromstring(packed.read(f"xl/worksheets/sheet{n}.xml"))  # noqa: S314 -- our own file
            assert not list(tree.iter(f"{MAIN}f"))
            found[sheet.attrib["name"]] = [_line(row) for row in tree.iter(f"{MAIN}row")]
        return found


def _line(row: ET.Element) -> list[str | None]:
    cells = {cell.attrib["r"].rstrip("0123456789"): "".join(cell.itertext()) for cell in row}
    return [cells.get(chr(ord("A") + n)) for n in range(13)]


def test_both_files_hold_every_cell_with_its_doubt_its_meaning_and_its_release(
    visitor: Visitor, published: World
) -> None:
    answer = visitor.get("/dashboard/figures.csv?period=2026-10")
    assert answer.headers["content-disposition"] == 'attachment; filename="konectus-2026-10.csv"'
    header, *rows = list(csv.reader(io.StringIO(answer.text)))
    assert tuple(header) == table.HEADER
    [(cells, sha256)] = published.releaser.released(
        "select cells, sha256 from released.release where period = '2026-10-01'"
    )
    assert len(rows) == cells
    assert {(row[0], row[-1]) for row in rows} == {("2026-10", sha256)}
    named = [dict(zip(header, row, strict=True)) for row in rows]
    for row in named:
        assert (row["value"] == "") == (row["low"] == "") == (row["high"] == "") == (row["status"] != "published")
        assert float(row["sigma"]) > 0
        assert row["definition"] in {"Clientes activos", "Mensajes", "Personas atendidas"}
        if row["value"]:
            assert float(row["low"]) < float(row["value"]) < float(row["high"])
    answer = visitor.get("/dashboard/figures.xlsx?period=2026-10")
    assert answer.headers["content-disposition"] == 'attachment; filename="konectus-2026-10.xlsx"'
    figures, about = sheets(answer.content).values()
    assert [[value or "" for value in row] for row in figures] == [header, *rows]
    assert ["SHA-256", sha256] in [row[:2] for row in about]


def test_a_file_of_one_cut_holds_that_cut_alone(visitor: Visitor) -> None:
    answer = visitor.get("/dashboard/figures.csv?period=2026-10&cut=messages/channel")
    assert answer.headers["content-disposition"] == 'attachment; filename="konectus-2026-10-messages-channel.csv"'
    rows = list(csv.reader(io.StringIO(answer.text)))[1:]
    assert {tuple(row[1:3]) for row in rows} == {("messages", "channel")}


def test_no_text_becomes_a_formula_nor_breaks_the_workbook() -> None:
    texts = ["=1+1", "+1", "@a", "<b>&\"'", "  "]
    content = workbook.written([Sheet("A & B", [["head"], texts, [1.5, None, -2.0]], [9])])
    [(name, rows)] = sheets(content).items()
    assert name == "A & B"
    assert rows[1][:5] == texts
    assert rows[2][:3] == ["1.5", None, "-2.0"]
    assert content == workbook.written([Sheet("A & B", [["head"], texts, [1.5, None, -2.0]], [9])])
    assert [workbook._column(n) for n in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_a_permalink_holds_the_state_and_is_read_back_as_it_was(history: History) -> None:
    asked = params.read("?period=2026-10&versus=2026-05&cut=messages/channel", history)
    assert asked is not None
    assert asked.permalink == "?period=2026-10&versus=2026-05&cut=messages/channel"
    assert params.read(asked.permalink, history) == asked


@pytest.mark.parametrize(
    ("status", "reason"), [("", "not published in this period"), ("low_precision", "low precision")]
)
def test_what_a_release_does_not_publish_is_offered_with_its_reason_alone(
    history: History, status: str, reason: str
) -> None:
    last = history.published[-1]
    poorer = {
        key: replace(cell, value=None, status=status) if key[:2] == ("messages", "channel") else cell
        for key, cell in last.cells.items()
        if status or key[:2] != ("messages", "channel")
    }
    release = replace(last, cells=poorer)
    shown = History((*history.published[:-1], release))
    with i18n.use("en"):
        offered = {choice.key: choice for choice in cuts.choices(shown, release)}
        before = {choice.key: choice for choice in cuts.choices(shown, history.published[0])}
        page = str(downloads.one(shown, asked(shown)))
    assert offered["messages/channel"].words == "Messages, by channel"
    assert (offered["messages/channel"].reason, before["messages/channel"].reason) == (reason, "")
    assert offered.keys() == before.keys()
    assert f"Messages, by channel \N{EM DASH} {reason}', disabled=True" in page
    with pytest.raises(params.Unpublished):
        params.read("?cut=messages/channel", shown)
    assert params.read("?cut=messages/channel&period=2026-09", shown)


def test_periods_of_another_length_have_addresses_of_their_own(history: History) -> None:
    plain = history.published[-1]
    quarter = replace(plain, grain="quarter", period=date(2026, 7, 1))
    week = replace(plain, grain="week", period=date(2026, 10, 5))
    mixed = History((*history.published, quarter, week))
    assert [periods.written(release) for release in (plain, quarter, week)] == ["2026-10", "2026-Q3", "2026-W41"]
    with i18n.use("en"):
        assert [periods.words(release) for release in (quarter, week)] == ["Q3 2026", "Oct 5, 2026"]
    assert params.read("", mixed) == params.read("", history)
    found = params.read("?grain=quarter&period=2026-Q3", mixed)
    assert found is not None
    assert (found.release, found.versus, found.permalink) == (quarter, None, "?period=2026-Q3&grain=quarter")
    for query in ("?period=2026-Q3", "?grain=week&period=2026-10", "?grain=quarter&versus=2026-09"):
        with pytest.raises(params.Unpublished):
            params.read(query, mixed)


def asked(history: History) -> params.Asked:
    found = params.read("", history)
    assert found is not None
    return found


def test_the_page_lists_each_release_with_its_files(visitor: Visitor, history: History) -> None:
    answer = visitor.call("page.children", {"url.pathname": "/dashboard/downloads", "url.search": ""})
    said = json.dumps(answer.json(), ensure_ascii=False)
    for release in history.published:
        for ending in ("csv", "xlsx"):
            assert f'"figures.{ending}?period={release.period:%Y-%m}"' in said
    assert "Descargas" in said
