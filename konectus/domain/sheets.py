"""A small table as CSV that no spreadsheet takes for a formula. Archives of a Client have cells of their own."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date

# Excel reads a file without it as the machine's own code page.
BOM = "\ufeff"
_RUNS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
Value = str | int | date | None


def as_csv(headings: Sequence[str], rows: Iterable[Sequence[Value]]) -> str:
    """Numbers stay numbers, days are ISO; text that might be run gets an apostrophe in front."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(cell(words) for words in headings)
    writer.writerows([cell(value) for value in row] for row in rows)
    return BOM + out.getvalue()


def cell(value: Value) -> str | int:
    if value is None or isinstance(value, int):
        return "" if value is None else value
    text = value if isinstance(value, str) else value.isoformat()
    return f"'{text}" if text.lstrip(" ").startswith(_RUNS) else text
