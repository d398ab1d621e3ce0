"""The bytes of a ZIP, member by member: what stands before a member, the directory at the end. Nothing is kept here.

Python's zipfile cannot go on where a process died. Sizes are known before a member is written, so every program reads
it; ZIP64 is used throughout where offsets or numbers need it.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from konectus.i18n import LEGAL_ZONE

STORED, DEFLATED = 0, 8
_UTF8 = 1 << 11
_VERSION = 45
_UNIX = 3 << 8
# A plain file that its owner may read and write.
_MODE = 0o100600 << 16
_MOST_32, _MOST_16 = 0xFFFFFFFF, 0xFFFF
_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the archive as its directory tells it. `offset` counts from the start of its segment."""

    name: str
    method: int
    crc: int
    packed: int
    size: int
    sha256: str
    offset: int


@dataclass(frozen=True, slots=True)
class Packed:
    """A member ready to be written: what stands before its bytes, and the bytes."""

    member: Member
    head: bytes
    body: bytes


def pack(name: str, content: bytes, at: datetime, offset: int, *, squeeze: bool = True) -> Packed:
    """One member, whole. `squeeze` is for text: pictures and films are as small as they get."""
    body = _deflated(content) if squeeze else content
    method = DEFLATED if squeeze else STORED
    digest = sha256(content).hexdigest()
    member = Member(name, method, zlib.crc32(content), len(body), len(content), digest, offset)
    return Packed(member, head(member, at), body)


def measure(name: str, content: Iterable[bytes], offset: int) -> Member:
    """What the directory says of a member too long to hold: it is produced once for this and once to be written."""
    crc, size, packed, digest = 0, 0, 0, sha256()
    squeezed = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    for part in content:
        crc = zlib.crc32(part, crc)
        size += len(part)
        digest.update(part)
        packed += len(squeezed.compress(part))
    packed += len(squeezed.flush())  # the end of a compressed stream
    return Member(name, DEFLATED, crc, packed, size, digest.hexdigest(), offset)


def squeezed(content: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes as `measure` has counted."""
    squeezer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    for part in content:
        if found := squeezer.compress(part):
            yield found
    yield squeezer.flush()  # the end of a compressed stream


def head(member: Member, at: datetime) -> bytes:
    """What stands before a member's bytes. No member is longer than 4 GiB; only places are (`entry`)."""
    name = member.name.encode()
    day, clock = _stamp(at)
    fixed = struct.pack(
        "<4s5HIIIHH",
        *(b"PK\x03\x04", _VERSION, _UTF8, member.method, clock, day),
        *(member.crc, member.packed, member.size, len(name), 0),
    )
    return fixed + name


def entry(member: Member, at: datetime, start: int) -> bytes:
    """The member's line in the directory; `start` is where its segment begins in the archive."""
    name, where = member.name.encode(), start + member.offset
    extra = struct.pack("<HHQ", 1, 8, where) if where >= _MOST_32 else b""
    day, clock = _stamp(at)
    fixed = struct.pack(
        "<4s6HIIIHHHHHII",
        *(b"PK\x01\x02", _VERSION | _UNIX, _VERSION, _UTF8, member.method, clock, day),
        *(member.crc, member.packed, member.size, len(name), len(extra), 0, 0, 0, _MODE),
        min(where, _MOST_32),
    )
    return fixed + name + extra


def ending(members: int, start: int, length: int) -> bytes:
    """The end of the archive: how many members, where the directory starts and how long it is."""
    end = b""
    if members >= _MOST_16 or start >= _MOST_32 or length >= _MOST_32:
        end = struct.pack(
            "<4sQHHIIQQQQ", b"PK\x06\x06", 44, _VERSION | _UNIX, _VERSION, 0, 0, members, members, length, start
        ) + struct.pack("<4sIQI", b"PK\x06\x07", 0, start + length, 1)
    count = min(members, _MOST_16)
    return end + struct.pack(
        "<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, min(length, _MOST_32), min(start, _MOST_32), 0
    )


def _deflated(content: bytes) -> bytes:
    squeezer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return squeezer.compress(content) + squeezer.flush()  # the end of a compressed stream


def _stamp(at: datetime) -> tuple[int, int]:
    """Day and time as DOS counts them; a ZIP knows no zone, so those of Mexico City."""
    local = at.astimezone(LEGAL_ZONE)
    day = (local.year - 1980) << 9 | local.month << 5 | local.day
    return day, local.hour << 11 | local.minute << 5 | local.second // 2
