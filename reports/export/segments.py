"""One step's worth of an archive: members written one after another into a sealed segment, with notes on them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from konectus.files import chunked
from konectus.files.port import Files
from konectus.sealing import ClientKeys
from konectus.services.archives import Segment
from reports.export import zipping
from reports.export.zipping import Member


@dataclass(frozen=True, slots=True)
class Content:
    """A file for the archive, whole. `squeeze` is for text."""

    name: str
    body: bytes
    squeeze: bool = True


@dataclass
class SegmentWriter:
    """Seals members as they come; in memory are one member and one piece."""

    files: Files
    keys: ClientKeys
    claim: UUID
    number: int
    at: datetime
    members: list[Member] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        stream = Segment(self.claim, self.number).stream_id
        self._stream = chunked.Writer(self.files, self.keys, stream)

    @property
    def size(self) -> int:
        return self._stream.size

    def add(self, content: Content) -> None:
        """Raises FilesDown."""
        packed = zipping.pack(content.name, content.body, self.at, self.size, squeeze=content.squeeze)
        self.members.append(packed.member)
        self.write(packed.head)
        self.write(packed.body)

    def write(self, content: bytes) -> None:
        self._stream.write(content)

    def close(self) -> Segment:
        return Segment(self.claim, self.number, self._stream.close())

    def told(self) -> dict[str, Any]:
        """What the notes keep of it."""
        return {"files": [as_json(one) for one in self.members], "trouble": self.trouble}


def as_json(member: Member) -> list[object]:
    return [member.name, member.method, member.crc, member.packed, member.size, member.sha256, member.offset]


def from_json(told: dict[str, Any]) -> list[Member]:
    return [Member(*one) for one in told["files"]]
