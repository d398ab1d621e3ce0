"""Released cells as tables: the file to download, and what mailed workbooks are filled from. Pure."""

import csv
import io
from collections.abc import Iterator

from dashboard.data import Release

HEADER = ("period", "metric", "dim", "dim_value", "value", "sigma", "status", "unit", "release_id", "sha256")


def rows(release: Release) -> Iterator[list[str]]:
    """Every cell with its sigma, its status, and the release it comes from; a hidden one has no value."""
    for cell in release.cells.values():
        yield [
            f"{release.period:%Y-%m}",
            cell.metric,
            cell.dim,
            cell.dim_value,
            "" if cell.value is None else repr(cell.value),
            repr(cell.sigma),
            cell.status,
            cell.unit,
            str(release.id),
            release.sha256,
        ]


def as_csv(release: Release) -> str:
    """No cell can be a formula: all are numbers and words of our own enums and codes."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(HEADER)
    writer.writerows(rows(release))
    return written.getvalue()
