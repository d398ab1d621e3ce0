"""How values of rows are written: JSON lines for programs, cells of CSV that no spreadsheet takes for a formula."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from enum import Enum
from uuid import UUID

# Excel reads a file without it as the machine's own code page.
BOM = "\ufeff"
# A cell that begins with one of these may be run as a formula; so may one with blanks before it in some programs.
_FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
# Many programs end a line at these too, which JSON leaves as they are.
_BREAKS = {ord(sign): f"\\u{ord(sign):04x}" for sign in "\x85\u2028\u2029"}
_CONTROL = ("\t", "\r", "\n")


def plain(value: object) -> object:
    """A value as JSON has it: instants in UTC, bytes as hex."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, UUID) else value


def line(row: Mapping[str, object]) -> str:
    """One row as a line of NDJSON."""
    told = json.dumps({name: plain(value) for name, value in row.items()}, ensure_ascii=False)
    return told.translate(_BREAKS) + "\n"


def cell(value: object) -> object:
    """One value as a cell. Text that a spreadsheet might run gets an apostrophe in front; numbers stay numbers."""
    found = plain(value)
    if found is None or isinstance(found, int | float):
        return found
    text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
    return f"'{text}" if text.startswith(_CONTROL) or text.lstrip().startswith(_FORMULA) else text


def table(columns: Sequence[str], rows: Iterable[Mapping[str, object]], *, headed: bool) -> str:
    """Rows as CSV, each in the order of the columns."""
    out = io.StringIO()
    writer = csv.writer(out)
    if headed:
        out.write(BOM)
        writer.writerow(columns)
    writer.writerows([cell(row.get(name)) for name in columns] for row in rows)
    return out.getvalue()
