"""docs/terms-map.md says of every line of the Terms what keeps it, and what it names exists."""

import re
from dataclasses import dataclass, fields
from datetime import time

import pytest

from konectus.domain.readings import CLAUSES, Readings
from tests.architecture.sources import PROJECT

MAP = PROJECT / "docs/terms-map.md"
TERMS = PROJECT / "docs/terms/terms.txt"
STATES = ("kept", "in part", "not yet", "no rule for software", "ours")
OWN_READING = re.compile(r"^\| `(\w+)` \| (\S+) \| (.+?) \| (.+) \|$", re.MULTILINE)
HEADING = re.compile(r"^(\d+(?:\.\d)?)\.? [A-Z]")


@dataclass(frozen=True)
class Row:
    """One row of the map: lines of the Terms from `first` to `last`, counted from 1."""

    clause: str
    first: int
    last: int
    begins: str
    state: str
    where: str
    shown_by: str
    note: str


def rows_of(text: str) -> list[Row]:
    found = []
    for line in text.partition("\n## ")[0].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.fullmatch(r"\d+(-\d+)?", cells[1] if len(cells) > 1 else ""):
            first, _, last = cells[1].partition("-")
            found.append(Row(cells[0], int(first), int(last or first), *cells[2:]))
    return found


def mistakes(rows: list[Row], terms: list[str]) -> list[str]:
    """What a row says that is not so, and lines that no row has."""
    found, expected, clause = [], 1, ""
    for row in rows:
        if row.first != expected or row.last > len(terms):
            found.append(f"line {expected} has no row of its own")
        expected = row.last + 1
        line = terms[row.first - 1].lstrip("- ").replace("|", "")
        if not row.begins or not line.startswith(row.begins):
            found.append(f"line {row.first} does not begin so: {row.begins}")
        for said in terms[row.first - 1 : row.last]:
            clause = match[1] if (match := HEADING.match(said)) else clause
        if row.clause.partition("(")[0] != clause:
            found.append(f"lines to {row.last} are of {clause}, not of {row.clause}")
        found += faults(row)
    return found if expected == len(terms) + 1 else [*found, f"line {expected} has no row of its own"]


def faults(row: Row) -> list[str]:
    found = [
        f"{path} does not exist"
        for path in re.findall(r"`([^`]+)`", row.where + row.shown_by + row.note)
        if not (PROJECT / path).exists()
    ]
    if row.state not in STATES:
        found.append(f"{row.clause}: {row.state} is no state")
    if row.state == "kept" and not ("`" in row.where and "`tests/" in row.shown_by):
        found.append(f"{row.clause}: kept, by what and shown by what?")
    if row.state in {"in part", "not yet"} and not row.note:
        found.append(f"{row.clause}: what is missing?")
    if row.state == "in part" and "`" not in row.where:
        found.append(f"{row.clause}: which part is there?")
    return found


def test_every_line_of_the_terms_has_its_row_and_what_it_names_exists() -> None:
    terms = TERMS.read_text(encoding="utf-8").splitlines()
    assert mistakes(rows_of(MAP.read_text(encoding="utf-8")), terms) == []


TERMS_OF_TWO = ["1. Start", "- The Client pays."]


@pytest.mark.parametrize(
    ("row", "mistake"),
    [
        ("| 1 | 1 | 1. Start | no rule for software | | | |", "line 2 has no row"),
        ("| 1 | 1-2 | 1. Sturt | no rule for software | | | |", "does not begin so"),
        ("| 2 | 1-2 | 1. Start | no rule for software | | | |", "are of 1, not of 2"),
        ("| 1 | 1-2 | 1. Start | done | | | |", "is no state"),
        ("| 1 | 1-2 | 1. Start | kept | `konectus/services/billing.py` | | |", "shown by what"),
        ("| 1 | 1-2 | 1. Start | kept | `konectus/gone.py` | `tests/conftest.py` | |", "does not exist"),
        ("| 1 | 1-2 | 1. Start | not yet | | | |", "what is missing"),
        ("| 1 | 1-2 | 1. Start | in part | | | something |", "which part"),
    ],
)
def test_row_that_is_not_so_is_found(row: str, mistake: str) -> None:
    assert any(mistake in found for found in mistakes(rows_of(row), TERMS_OF_TWO))


def test_every_reading_of_ours_is_listed_with_its_clause_and_default() -> None:
    _, _, ours = MAP.read_text(encoding="utf-8").partition("\n## ")
    listed = {name: (clause, default) for name, clause, default, _ in OWN_READING.findall(ours)}
    assert listed == {one.name: (CLAUSES[one.name], as_told(one.default)) for one in fields(Readings)}


def as_told(value: object) -> str:
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value).lower()
