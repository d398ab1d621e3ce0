"""What goes into an archive, stage after stage: rows as data, letters, files. Each stage is asked for batch after batch
and says where it goes on, so that nothing is held and nothing is lost. Pages for people are `leafing`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from konectus.files import sealed
from konectus.files.port import Files, NoSuchFile
from konectus.sealing import ClientKeys, Unreadable
from konectus.services.work import Work
from konectus.store.queries import archive, archive_pages
from reports.export import cells, paper_names
from reports.export.media_names import media_name
from reports.export.segments import Content

PAGE = 500
# A part of a table ends at whichever comes first: Excel takes a million rows, a machine's memory does not.
PART_ROWS = 20_000
PART_BYTES = 8 * 1024 * 1024
FILES_AT_ONCE = 50
BYTES_AT_ONCE = 8 * 1024 * 1024
LETTERS_AT_ONCE = 50
Place = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """Where the Client's data is read: a unit of work that sees this Client alone, its keys, its files.

    `alive` is called every few hundred rows, so that a slow batch does not look like a dead process.
    """

    work: Work
    keys: ClientKeys
    files: Files
    alive: Callable[[], None]
    # Where invoices are paid, for their paper.
    pay_to: str = ""

    @property
    def session(self) -> Session:
        return self.work.session


@dataclass
class Batch:
    """Files for the archive, where the stage goes on (None: it is over), how many rows it has dealt with."""

    place: Place | None
    files: list[Content] = field(default_factory=list)
    rows: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    trouble: list[str] = field(default_factory=list)


Stage = Callable[[Source, Place], Batch]


@dataclass(frozen=True)
class Data:
    """One table of the registry, as NDJSON and CSV, in parts."""

    name: str

    def __call__(self, source: Source, place: Place) -> Batch:
        part, after = place.get("part", 1), place.get("after")
        columns = (*archive.columns(self.name), *EXTRA.get(self.name, ()))
        lines: list[str] = []
        tables = [cells.table(columns, (), headed=True)]
        batch, is_over, size = Batch(None), False, 0
        while not is_over and batch.rows < PART_ROWS and size < PART_BYTES:
            source.alive()
            found = archive.page(source.session, source.keys, self.name, after, PAGE)
            is_over = len(found) < PAGE
            rows = [_with_file(source, self.name, row.values) for row in found]
            lines += (cells.line(row) for row in rows)
            tables.append(cells.table(columns, rows, headed=False))
            size += len(tables[-1]) * 2
            batch.rows += len(rows)
            batch.trouble += (f"unreadable: {what}" for row in found for what in row.unread)
            after = [cells.plain(value) for value in found[-1].place] if found else after
        batch.files = [
            Content(f"data/{self.name}-{part:04}.ndjson", "".join(lines).encode()),
            Content(f"data/{self.name}-{part:04}.csv", "".join(tables).encode()),
        ]
        batch.counts = {self.name: batch.rows, f"{self.name} parts": 1}
        batch.place = None if is_over else {"part": part + 1, "after": after}
        return batch


def letters(source: Source, place: Place) -> Batch:
    """Notices as they went out, with what was said in them."""
    found = archive_pages.letters(source.session, source.keys.client_id, place.get("after"), LETTERS_AT_ONCE)
    batch = Batch(None, rows=len(found), counts={"letters": len(found)})
    batch.files = [Content(f"notices/{letter.id}.eml", letter.message) for letter in found]
    if len(found) == LETTERS_AT_ONCE:
        batch.place = {"after": str(found[-1].id)}
    return batch


def media(source: Source, place: Place) -> Batch:
    """The files of the conversations, as they came. One that the store has lost is told and stops nothing."""
    found = archive_pages.files(source.session, source.keys, place.get("after"), FILES_AT_ONCE)
    batch, size, last = Batch(None), 0, len(found) < FILES_AT_ONCE
    for number, line in enumerate(found, 1):
        source.alive()
        try:
            body = sealed.read(source.files, source.keys, line.id)
        except (NoSuchFile, Unreadable) as error:
            batch.trouble.append(f"{error.code}: attachment {line.id}")
            batch.rows += 1
            continue
        batch.files.append(Content(media_name(line.id, line.name, line.media_type), body, squeeze=False))
        batch.rows, size = batch.rows + 1, size + len(body)
        if size >= BYTES_AT_ONCE and number < len(found):
            batch.place = {"after": str(line.id)}
            break
    else:
        batch.place = None if last else {"after": str(found[-1].id)}
    batch.counts = {"media": len(batch.files)}
    return batch


# Where a row's file lies in the archive.
EXTRA: Mapping[str, Sequence[str]] = dict.fromkeys(("attachments", "notices", *paper_names.NAMED), ("file",))


def _with_file(source: Source, name: str, row: dict[str, object]) -> dict[str, object]:
    if name == "attachments":
        kept = row["state"] == "stored"
        title, kind = str(row["name"] or ""), row["media_type"]
        attachment_id = row["id"]
        assert isinstance(attachment_id, UUID)
        row["file"] = media_name(attachment_id, title, str(kind) if kind else None) if kept else None
    if name == "notices":
        row["file"] = f"notices/{row['id']}.eml" if row["channel"] == "email" and row["sent_at"] else None
    if name in paper_names.NAMED:
        paper_names.name_files(source.work, source.keys.client_id, name, row)
    return row
