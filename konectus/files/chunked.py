"""Large Client Content in files: a stream sealed piece by piece under the Client's key, never whole in memory or clear.

Each piece is a sealed file of its own, under an id made from the stream's id and the piece's number, so pieces cannot
be swapped. How many there are and how long the stream is, its owner remembers. Files of one piece are `sealed`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID, uuid5

from konectus.files import sealed
from konectus.files.port import Files, NoSuchFile
from konectus.sealing import ClientKeys

PIECE = 4 * 1024 * 1024


@dataclass
class Writer:
    """Takes bytes in order; `close` seals the rest. What is not closed is no stream yet."""

    files: Files
    keys: ClientKeys
    stream_id: UUID
    size: int = 0
    _pieces: int = 0
    _rest: bytearray = field(default_factory=bytearray)

    def write(self, content: bytes) -> None:
        """Raises FilesDown."""
        self._rest += content
        self.size += len(content)
        while len(self._rest) >= PIECE:
            self._seal(bytes(self._rest[:PIECE]))
            del self._rest[:PIECE]

    def close(self) -> int:
        """Seal what is left; the length of the stream. Raises FilesDown."""
        if self._rest:
            self._seal(bytes(self._rest))
            self._rest.clear()
        return self.size

    def _seal(self, content: bytes) -> None:
        sealed.write(self.files, self.keys, piece(self.stream_id, self._pieces), content)
        self._pieces += 1


def piece(stream_id: UUID, number: int) -> UUID:
    """Where a piece of a stream lies."""
    return uuid5(stream_id, f"piece {number}")


def read(files: Files, keys: ClientKeys, stream_id: UUID, first: int, length: int) -> Iterator[bytes]:
    """`length` bytes from `first` on, a piece at a time.

    Raises NoSuchFile, FilesDown, or Unreadable for bytes that are not this stream's.
    """
    at, end = first, first + length
    while at < end:
        number, skip = divmod(at, PIECE)
        found = sealed.read(files, keys, piece(stream_id, number))[skip : skip + end - at]
        if not found:
            raise NoSuchFile(f"stream {stream_id} ends before {end}")
        yield found
        at += len(found)


def delete(files: Files, client_id: UUID, stream_id: UUID, size: int) -> None:
    """Every piece of a stream of this length; nothing happens where there is none. Raises FilesDown."""
    for number in range(-(-size // PIECE)):
        files.delete(client_id, piece(stream_id, number))


def delete_unfinished(files: Files, client_id: UUID, stream_id: UUID) -> None:
    """A stream that nobody closed: its pieces from the first to where there is none. Raises FilesDown."""
    number = 0
    while True:
        try:
            files.read(client_id, piece(stream_id, number))
        except NoSuchFile:
            return
        files.delete(client_id, piece(stream_id, number))
        number += 1
