"""The bytes of a Client's archives in the file store: segments one after another, and sealed notes on what is in them.

A segment is what one step of the building wrote. Its id comes from the claim under which it was written, so whoever
lost its claim can overwrite nothing. Rows and rules are `exports`, what the bytes mean is `reports.export`.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID, uuid5

from konectus.files import chunked, sealed
from konectus.files.port import Files, NoSuchFile
from konectus.sealing import ClientKeys, Unreadable


@dataclass(frozen=True, slots=True)
class Segment:
    """So many bytes of an archive, written under one claim."""

    claim: UUID
    number: int
    size: int = 0

    @property
    def stream_id(self) -> UUID:
        return uuid5(self.claim, f"segment {self.number}")


@dataclass(frozen=True, slots=True)
class Mark:
    """The last finished step as the job's row keeps it: how many segments there are, and where its notes are."""

    number: int
    claim: UUID
    stage: str

    @classmethod
    def read(cls, step: str) -> Self:
        number, claim, stage = step.split(" ", 2)
        return cls(int(number), UUID(claim), stage)

    def __str__(self) -> str:
        return f"{self.number} {self.claim} {self.stage}"

    @property
    def notes_id(self) -> UUID:
        return uuid5(self.claim, f"notes {self.number}")


@dataclass(frozen=True, slots=True)
class Notes:
    """What is known after a step: all segments so far, the members of the last one, where the building goes on.

    `members` and `place` are the builder's own, as JSON.
    """

    segments: tuple[Segment, ...] = ()
    members: dict[str, Any] = field(default_factory=dict)
    place: dict[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return sum(segment.size for segment in self.segments)


def write_notes(files: Files, keys: ClientKeys, mark: Mark, notes: Notes) -> None:
    """Names of files stand in them, so they are sealed like the archive. Raises FilesDown."""
    segments = [(str(one.claim), one.number, one.size) for one in notes.segments]
    told = {"segments": segments, "members": notes.members, "place": notes.place}
    sealed.write(files, keys, mark.notes_id, json.dumps(told).encode())


def read_notes(files: Files, keys: ClientKeys, mark: Mark) -> Notes:
    """Raises NoSuchFile, FilesDown or Unreadable."""
    told = json.loads(sealed.read(files, keys, mark.notes_id))
    segments = tuple(Segment(UUID(claim), number, size) for claim, number, size in told["segments"])
    return Notes(segments, told["members"], told["place"])


def all_notes(files: Files, keys: ClientKeys, segments: Sequence[Segment]) -> Iterator[Notes]:
    """The notes on each of these segments, in order. Raises as `read_notes`."""
    for segment in segments:
        yield read_notes(files, keys, Mark(segment.number, segment.claim, ""))


def read(files: Files, keys: ClientKeys, segments: Sequence[Segment], first: int, length: int) -> Iterator[bytes]:
    """`length` bytes of the archive from `first` on, never much in memory. Raises NoSuchFile, FilesDown, Unreadable."""
    start, end = 0, first + length
    for segment in segments:
        here = max(first, start)
        if start < end and here < start + segment.size:
            until = min(end, start + segment.size)
            yield from chunked.read(files, keys, segment.stream_id, here - start, until - here)
        start += segment.size


def drop_unfinished(files: Files, client_id: UUID, claim: UUID, mark: Mark | None) -> None:
    """What the claim had written behind the last finished step. Raises FilesDown."""
    number = mark.number if mark else 0
    chunked.delete_unfinished(files, client_id, Segment(claim, number + 1).stream_id)
    files.delete(client_id, Mark(number + 1, claim, "").notes_id)


def remove(files: Files, keys: ClientKeys, mark: Mark) -> None:
    """All bytes of an archive; nothing happens where they are gone. Raises FilesDown."""
    try:
        notes = read_notes(files, keys, mark)
    except (NoSuchFile, Unreadable):
        return
    for segment in notes.segments:
        chunked.delete(files, keys.client_id, segment.stream_id, segment.size)
    for segment in notes.segments[:-1]:
        files.delete(keys.client_id, Mark(segment.number, segment.claim, "").notes_id)
    # Last: they say where the rest is, for whoever has to begin again.
    files.delete(keys.client_id, mark.notes_id)
