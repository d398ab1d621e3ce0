"""The port: opaque bytes by Client and file id. What they mean and how they are sealed is `sealed`."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from konectus.errors import NotFound, Unavailable

# What takes longer has failed.
PATIENCE = timedelta(seconds=40)


def known(names: Iterable[str]) -> set[UUID]:
    """Those of the names that are a Client's; what else lies there is none of ours."""
    found = set[UUID]()
    for name in names:
        with suppress(ValueError):
            found.add(UUID(name))
    return found


class NoSuchFile(NotFound):
    code = "no_such_file"


class FilesDown(Unavailable):
    """The store cannot be reached, or is full."""

    code = "files_down"


class Files(Protocol):
    """Bytes by Client and id. A file is there whole or not at all. Every call may raise FilesDown."""

    def write(self, client_id: UUID, file_id: UUID, content: bytes) -> None:
        """Store it durably; the same id again replaces it."""
        ...

    def read(self, client_id: UUID, file_id: UUID) -> bytes:
        """Raises NoSuchFile."""
        ...

    def delete(self, client_id: UUID, file_id: UUID) -> None:
        """Nothing happens where there is none."""
        ...

    def clients(self) -> set[UUID]:
        """Every Client of whom something is here."""
        ...

    def count(self, client_id: UUID) -> int:
        """How many files of a Client are here."""
        ...

    def delete_all(self, client_id: UUID) -> int:
        """Every file of a Client; returns how many there were."""
        ...
