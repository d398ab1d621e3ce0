"""What a report says: figures in their unit with their interval, hidden ones with their reason, the quarter it ends."""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pypdf import PdfReader
from sqlalchemy.orm import Session

from konectus import i18n
from konectus.figures import ALL, MONTH, QUARTER, TOTAL, WEEK
from konectus.mail.letters import House
from konectus.store.cluster import Endpoint
from konectus.store.roles import Role
from reports import periods
from reports.mails import letter, paper, reading, workbook
from reports.mails.facts import Key, Report
from reports.mails.letter import Addressee
from tests.support import told
from tests.support.clock import ManualClock
from tests.support.database import Templates, installed
from tests.support.figures import AFTER, months
from tests.support.mailbox import parsed, plain

MESSAGES = ("messages", TOTAL, ALL)
HIDDEN: dict[str, object] = {"value": None, "low": None, "high": None, "status": "few_clients"}
HOUSE = House("Konectus <avisos@konectus.example>", "https://konectus.example", "")


@pytest.fixture(scope="module")
def analyst(templates: Templates, endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """Six months, two quarters and four weeks of 2,600 Clients, for all tests of this module."""
    named = [*months("2026-04", 6), "2026-Q2", "2026-Q3", *[f"2026-W{week}" for week in (36, 37, 38, 39)]]
    with installed(templates, endpoint, ManualClock(AFTER), tmp_path_factory.mktemp("report")) as made:
        told.release(made, *sorted(named, key=lambda one: periods.parse(one).closes_at))
        with made.released.session(Role.ANALYST) as session:
            yield session


def report(released: Session, name: str) -> Report:
    period = periods.parse(name)
    found = reading.told(released, period.grain, period.first)
    assert found
    return reading.report(released, found)


def printed(data: bytes) -> str:
    """The words of a PDF on one line, with plain spaces."""
    pages = PdfReader(io.BytesIO(data)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).replace("\N{NO-BREAK SPACE}", " ").split())


def sheets(data: bytes) -> list[tuple[str, list[list[str | None]]]]:
    """Name and cells of each sheet, by place of column; None where a cell is empty."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        names = re.findall(r'<sheet name="([^"]+)"', packed.read("xl/workbook.xml").decode())
        texts = [packed.read(f"xl/worksheets/sheet{n}.xml").decode() for n in range(1, len(names) + 1)]
    return [(name, [_cells(row) for row in text.split("<row ")[1:]]) for name, text in zip(names, texts, strict=True)]


def _cells(row: str) -> list[str | None]:
    found: dict[str, str] = {}
    for place, inside in re.findall(r'<c r="([A-Z])\d+"[^>]*>(.*?)</c>', row):
        found[place] = re.sub("<[^>]+>", "", inside)
    return [found.get(place) for place in "ABCDEFGHIJKLMN"]


def letter_of(found: Report, language: str = "en") -> str:
    to = Addressee("01", "ana@konectus.example", language, ())
    return (
        plain(parsed(letter.compose(HOUSE, to, found, AFTER).data))
        .replace("\N{NO-BREAK SPACE}", " ")
        .replace("\r\n", "\n")
    )


def changed(found: Report, period: str, key: Key, **values: object) -> Report:
    """The same report with another cell in that period."""
    first = periods.parse(period).first
    history = [
        replace(one, cells={**one.cells, key: replace(one.cells[key], **values)}) if one.period == first else one  # type: ignore[arg-type]  # columns of a cell
        for one in found.history
    ]
    return replace(found, history=tuple(history))


def test_a_letter_tells_each_headline_in_its_unit(analyst: Session) -> None:
    words = letter_of(report(analyst, "2026-08"))
    for line in (
        r"Active Clients: 2,\d{3} ± \d+",
        r"Messages, index: \d+\.\d ± \d\.\d",
        r"First response, half within: \d+ min( \d+ s)? \(\d+ min.* to \d+ min.*\)",
        r"Resolution, nine of ten within: \d d( \d+ h)? \(\d d.* to \d d.*\)",
        r"Failed sends: \d\.\d (± \d\.\d %|% \(\d\.\d to \d\.\d %\))",
    ):
        assert re.search(f"^{line}$", words, re.MULTILINE), line
    assert "Quarter" not in words, "August ends none"


def test_the_month_that_ends_a_quarter_tells_the_quarter(analyst: Session) -> None:
    found = report(analyst, "2026-09")
    assert found.quarter
    assert (found.quarter.now.grain, len(found.quarter.history)) == (QUARTER, 2)
    before, _, after = letter_of(found, "es").partition("\n\nTrimestre 3 de 2026\n\n")
    for words in (before, after):
        assert len(re.findall(r"^Clientes activos: 2,\d{3} ± \d+$", words, re.MULTILINE)) == 1
    assert "Mensajes, índice" not in after, "no quarter tells messages"
    with i18n.use("es_MX"):
        pages = printed(paper.render(found))
    assert "Clientes activos · Trimestre 3 de 2026" in pages
    assert "Clientes activos, por tamaño" in pages
    assert str(found.quarter.now.id) in pages
    assert [name for name, _ in sheets(workbook.render(found))] == ["2026-09", "2026-Q3"]


def test_a_workbook_has_every_cell_as_it_was_released(analyst: Session) -> None:
    found = report(analyst, "2026-08")
    with i18n.use("en"):
        ((_, (header, *rows)),) = sheets(workbook.render(found))
    assert header == list(workbook.HEADER)
    assert len(rows) == len(found.now.cells)
    for row in rows:
        named = dict(zip(workbook.HEADER, row, strict=True))
        cell = found.now.cells[named["metric"] or "", named["dim"] or "", named["dim_value"] or ""]
        assert (named["period"], named["grain"], named["sha256"]) == ("2026-08", MONTH, found.now.sha256)
        assert (named["status"], named["unit"], named["sigma"]) == (cell.status, cell.unit, repr(cell.sigma))
        assert named["definition"] == found.now.metrics[cell.metric].definition["en"]
        if cell.value is None:
            assert named["value"] is named["low"] is named["high"] is None
        else:
            assert float(named["low"] or "nan") <= cell.value <= float(named["high"] or "nan")
            assert named["value"] == repr(cell.value), "a volume is no index here"


def test_bounds_that_are_not_even_come_from_the_release(analyst: Session) -> None:
    cell = report(analyst, "2026-08").now.cell("resolution", "quantile", "p90")
    assert cell
    assert cell.interval
    assert (cell.interval.low, cell.interval.high) == (cell.low, cell.high)
    assert cell.high is not None


def test_a_paper_has_lines_bars_and_hidden_parts_with_their_reason(analyst: Session) -> None:
    found = changed(report(analyst, "2026-08"), "2026-08", ("clients", "channel", "telegram"), **HIDDEN)
    with i18n.use("en"):
        pages = printed(paper.render(found))
    assert re.search(r"Messenger 2,\d{3} ± \d+ Instagram 1,\d{3} ± \d+ Telegram – few Clients", pages)
    assert "Shops and retail" in pages, "in the language asked for"
    assert "Tiendas" not in pages
    assert "04/26 05/26 06/26 07/26 08/26" in pages, "under the line of months"
    assert re.search(r"00 03 06 09 12 15 18 21 The darkest hour: \w+day \d\d:00, \d\.\d ± \d\.\d %", pages)


def test_hours_of_the_week_that_are_all_hidden_say_why(analyst: Session) -> None:
    found = report(analyst, "2026-08")
    hours = [key for key in found.now.cells if key[1] == "hour_week"]
    for key in hours:
        found = changed(found, "2026-08", key, **HIDDEN)
    with i18n.use("en"):
        pages = printed(paper.render(found))
    assert "by hour of the week – few Clients" in pages
    assert "The darkest hour" not in pages


def test_a_week_tells_its_weeks(analyst: Session) -> None:
    found = report(analyst, "2026-W38")
    assert [one.grain for one in found.history] == [WEEK] * 3
    with i18n.use("en"):
        assert "Figures: Week of Sep 14, 2026" in printed(paper.render(found))


def test_the_same_releases_give_the_same_bytes(analyst: Session) -> None:
    found = report(analyst, "2026-09")
    with i18n.use("es_MX"):
        assert paper.render(found) == paper.render(report(analyst, "2026-09"))
        assert workbook.render(found) == workbook.render(report(analyst, "2026-09"))


def test_a_hidden_month_is_named_below_its_line_and_a_hidden_headline_says_why(analyst: Session) -> None:
    found = report(analyst, "2026-08")
    with i18n.use("en"):
        assert "06/26: few Clients" in printed(paper.render(changed(found, "2026-06", MESSAGES, **HIDDEN)))
    words = letter_of(changed(found, "2026-08", MESSAGES, **HIDDEN))
    assert "Messages, index: – Hidden: it could rest on fewer than ten Clients" in words
    assert "Messages, index: up" not in words


def test_a_period_without_a_release_is_a_gap_and_not_a_line_across(analyst: Session) -> None:
    found = report(analyst, "2026-08")
    with i18n.use("en"):
        pages = printed(paper.render(replace(found, history=found.history[:2] + found.history[3:])))
    assert "06/26: Not published in this period" in pages


def test_volumes_counted_up_to_another_cap_are_not_compared(analyst: Session) -> None:
    found = report(analyst, "2026-08")
    before = found.history[-2]
    other = replace(before, metrics={**before.metrics, "messages": replace(before.metrics["messages"], cap=1024)})
    moved = replace(found, history=(*found.history[:-2], other, found.now))
    assert "Counted up to another cap, so that they do not compare: Messages, index." in letter_of(moved)
    with i18n.use("en"):
        assert "07/26: another cap" in printed(paper.render(moved))


def test_an_index_is_100_in_the_first_month_published_with_its_cap(analyst: Session) -> None:
    found = report(analyst, "2026-08")
    first = found.history[0].cell("messages")
    assert first
    assert found.hundreds["messages"].period == found.history[0].period
    assert first.value
    assert first.value * found.factor("messages") == pytest.approx(100)
    assert found.factor("clients") == 1


def test_a_release_that_says_little_is_told_with_what_it_says(analyst: Session) -> None:
    """Of the smallest platform: totals, no cut; of the time before definitions were released: without them."""
    found = report(analyst, "2026-08")
    totals = {key: cell for key, cell in found.now.cells.items() if key[1:] == (TOTAL, ALL)}
    silent = {key: replace(one, definition={"es_MX": "", "en": ""}) for key, one in found.now.metrics.items()}
    few = replace(found, history=(replace(found.now, cells=totals, metrics=silent),))
    with i18n.use("es_MX"):
        pages = printed(paper.render(few))
    assert "por canal" not in pages
    assert "El tope de un Cliente fue de 512." in pages
    assert "Comparado con" not in pages
