"""The end of an archive: the manifest with the hash of every file, the ZIP's directory, and a look at the whole.

Both are as long as there are files, so both are made from the notes of one step at a time.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from konectus.files.port import Files
from konectus.sealing import ClientKeys
from konectus.services import archives
from konectus.services.archives import Segment
from reports.export import zipping
from reports.export.segments import SegmentWriter, from_json
from reports.export.zipping import Member

VERSION = 1
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Closing:
    """What the end is made of: the segments so far, and facts for the head of the manifest."""

    files: Files
    keys: ClientKeys
    segments: Sequence[Segment]
    head: dict[str, Any]
    alive: Callable[[], None]

    def write(self, writer: SegmentWriter) -> None:
        """Manifest and directory behind everything else. Raises FilesDown."""
        start = sum(segment.size for segment in self.segments)
        manifest = zipping.measure(MANIFEST, self._manifest(), writer.size)
        writer.write(zipping.head(manifest, writer.at))
        for part in zipping.squeezed(self._manifest()):
            writer.write(part)
        members, begins = 1, start + writer.size
        for member, place in self._members():
            writer.write(zipping.entry(member, writer.at, place))
            members += 1
        writer.write(zipping.entry(manifest, writer.at, start))
        writer.write(zipping.ending(members, begins, start + writer.size - begins))

    def _members(self) -> Iterator[tuple[Member, int]]:
        """Every member with the place where its segment begins."""
        start = 0
        for segment, notes in zip(self.segments, self._notes(), strict=True):
            yield from ((member, start) for member in from_json(notes.members))
            start += segment.size

    def _notes(self) -> Iterator[archives.Notes]:
        for notes in archives.all_notes(self.files, self.keys, self.segments):
            self.alive()
            yield notes

    def _manifest(self) -> Iterator[bytes]:
        """JSON with a line for each file. The same bytes each time it is asked for."""
        opening = json.dumps(self.head, ensure_ascii=False, indent=1)
        yield f'{opening[:-2]},\n "files": [\n'.encode()
        before = ""
        for member, _ in self._members():
            told = {"name": member.name, "bytes": member.size, "sha256": member.sha256}
            yield f"{before}  {json.dumps(told, ensure_ascii=False)}".encode()
            before = ",\n"
        yield b'\n ],\n "not_read": [\n'
        before = ""
        for notes in self._notes():
            for line in notes.members["trouble"]:
                yield f"{before}  {json.dumps(line, ensure_ascii=False)}".encode()
                before = ",\n"
        yield b"\n ]\n}\n"


def digest(files: Files, keys: ClientKeys, segments: Sequence[Segment], alive: Callable[[], None]) -> bytes:
    """SHA-256 of the whole archive, read back as it will be fetched: what does not open is found here and not later."""
    found = sha256()
    size = sum(segment.size for segment in segments)
    for part in archives.read(files, keys, segments, 0, size):
        found.update(part)
        alive()
    return found.digest()


def manifest_head(
    house: str, client_id: object, times: tuple[datetime, datetime], counts: dict[str, int]
) -> dict[str, Any]:
    """What stands before the list of files."""
    asked, made = (instant.isoformat() for instant in times)
    shown = {name: n for name, n in counts.items() if not name.endswith(" parts")}
    return {
        "format": "konectus archive", "version": VERSION, "client": house, "client_id": str(client_id),
        "requested_at": asked, "built_at": made, "counts": shown,
    }  # fmt: skip
