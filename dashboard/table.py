"""Released cells as tables: the files to download. Pure."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from dashboard import cuts, periods
from dashboard.data import Cell, Release
from konectus import i18n, workbook
from konectus.i18n import gettext as _
from konectus.workbook import Sheet, Value

HEADER = (
    "period",
    "metric",
    "dim",
    "dim_value",
    "value",
    "sigma",
    "status",
    "unit",
    "low",
    "high",
    "definition",
    "release_id",
    "sha256",
)
Row = tuple[Value, ...]


def rows(release: Release, cut: str = "") -> Iterator[Row]:
    """Every cell, or those of one cut, with sigma, 95 % interval, status, what it means and its release.

    A hidden one has no value and no interval.
    """
    for cell in cuts.cells(release, cut) if cut else release.cells.values():
        known = release.metrics.get(cell.metric)
        yield (
            periods.written(release),
            cell.metric,
            cell.dim,
            cell.dim_value,
            cell.value,
            cell.sigma,
            cell.status,
            cell.unit,
            *_interval(cell),
            str(known) if known else cell.metric,
            str(release.id),
            release.sha256,
        )


def as_csv(release: Release, cut: str = "") -> str:
    """No cell can be a formula: all are numbers and words of our own enums, codes and catalogue."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(HEADER)
    writer.writerows([_plain(value) for value in row] for row in rows(release, cut))
    return written.getvalue()


def as_xlsx(release: Release, cut: str = "") -> bytes:
    """The same figures and, on a second sheet, which release they are of and how to read them."""
    figures = Sheet(_("Figures"), (HEADER, *rows(release, cut)), (9, 16, 14, 14, 16, 16, 14, 14, 16, 16, 28, 38, 66))
    return workbook.written((figures, Sheet(_("Release"), tuple(_facts(release)), (30, 100))))


def _interval(cell: Cell) -> tuple[float | None, float | None]:
    """The released bounds where a figure has its own, else the value and 1.96 sigma on either side."""
    noisy = cell.noisy
    if noisy is None:
        return None, None
    low: Any = getattr(cell, "low", None)
    high: Any = getattr(cell, "high", None)
    return (
        noisy.value - noisy.margin if low is None else float(low),
        noisy.value + noisy.margin if high is None else float(high),
    )


def _facts(release: Release) -> Iterator[Row]:
    yield _("Period"), periods.words(release)
    yield _("Published"), i18n.format_date(release.released_at, form="medium")
    yield _("Release"), str(release.id)
    yield "SHA-256", release.sha256
    yield "ρ", release.rho
    yield _("ε at δ = {delta}", delta=f"{release.delta:g}"), release.epsilon
    yield _("How to read them"), _("Each value is true up to noise: 95 of 100 times the true one lies in low to high.")
    yield _("Hidden"), _("A cell without value says why in its status; it is not zero.")
    for metric in release.metrics.values():
        yield (
            f"{metric.key} ({metric.unit})",
            _("{metric}; each Client counts up to {cap}", metric=metric, cap=metric.cap),
        )


def _plain(value: Value) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else repr(value)
