"""A report as XLSX: every cell of its release with its doubt. Pure; how a workbook is written: konectus/workbook.py."""

from konectus import workbook
from konectus.workbook import Sheet, Value
from reports.mails import telling
from reports.mails.reading import Cell, Release

HEADER = (
    "period",
    "metric",
    "dim",
    "dim_value",
    "value",
    "sigma",
    "low",
    "high",
    "status",
    "unit",
    "release_id",
    "sha256",
)
WIDTHS = (10, 16, 14, 14, 14, 14, 14, 14, 14, 12, 38, 68)


def render(release: Release) -> bytes:
    """Every cell of the release; the same release gives the same bytes."""
    rows = (HEADER, *(_row(release, cell) for cell in release.cells.values()))
    return workbook.written([Sheet("Konectus", rows, WIDTHS)])


def _row(release: Release, cell: Cell) -> tuple[Value, ...]:
    low, high = (None, None) if cell.value is None else (cell.value - cell.margin, cell.value + cell.margin)
    named = (telling.written(release.grain, release.period), cell.metric, cell.dim, cell.dim_value)
    return (*named, cell.value, cell.sigma, low, high, cell.status, cell.unit, str(release.id), release.sha256)
