"""A report as XLSX: every cell with its doubt. Pure; how a workbook is written: konectus/workbook.py."""

from konectus import workbook
from konectus.i18n import current
from konectus.workbook import Sheet, Value
from reports.mails import telling
from reports.mails.facts import Cell, Release, Report

HEADER = (
    "period",
    "grain",
    "metric",
    "dim",
    "dim_value",
    "value",
    "sigma",
    "low",
    "high",
    "status",
    "unit",
    "definition",
    "release_id",
    "sha256",
)
WIDTHS = (10, 8, 16, 14, 18, 14, 14, 14, 14, 14, 14, 40, 38, 68)


def render(report: Report) -> bytes:
    """A sheet for the newest release and one for the quarter it closes; the same releases give the same bytes."""
    releases = [report.now, *([report.quarter.now] if report.quarter else [])]
    return workbook.written([_sheet(release) for release in releases])


def _sheet(release: Release) -> Sheet:
    rows = (HEADER, *(_row(release, cell) for cell in release.cells.values()))
    return Sheet(telling.written(release.grain, release.period), rows, WIDTHS)


def _row(release: Release, cell: Cell) -> tuple[Value, ...]:
    """As it was released: volumes are sums up to the cap here, not an index."""
    interval, metric = cell.interval, release.metrics.get(cell.metric)
    low, high = (interval.low, interval.high) if interval else (None, None)
    meaning = metric.definition[current()] if metric else ""
    named = (telling.written(release.grain, release.period), release.grain, cell.metric, cell.dim, cell.dim_value)
    told = (cell.value, cell.sigma, low, high, cell.status, cell.unit, meaning)
    return (*named, *told, str(release.id), release.sha256)
