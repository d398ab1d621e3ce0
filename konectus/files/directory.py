"""Files as files: FOLDER/<client id>/<last two digits of the file id>/<file id>, readable for our user alone."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from konectus.files.port import FilesDown, NoSuchFile, known


@dataclass(frozen=True)
class DirectoryFiles:
    """A directory of this machine or of a network mount that renames atomically."""

    folder: Path

    def write(self, client_id: UUID, file_id: UUID, content: bytes) -> None:
        target = self._path(client_id, file_id)
        with _reachable(self.folder):
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = target.with_suffix(f".{os.getpid()}")
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(descriptor)
                draft.replace(target)
            finally:
                draft.unlink(missing_ok=True)
            _sync_folder(target.parent)

    def read(self, client_id: UUID, file_id: UUID) -> bytes:
        with _reachable(self.folder):
            try:
                return self._path(client_id, file_id).read_bytes()
            except FileNotFoundError:
                raise NoSuchFile from None

    def delete(self, client_id: UUID, file_id: UUID) -> None:
        with _reachable(self.folder):
            self._path(client_id, file_id).unlink(missing_ok=True)

    def clients(self) -> set[UUID]:
        with _reachable(self.folder):
            names = [path.name for path in self.folder.iterdir()] if self.folder.exists() else []
        return known(names)

    def count(self, client_id: UUID) -> int:
        with _reachable(self.folder):
            return sum(path.is_file() for path in (self.folder / str(client_id)).rglob("*"))

    def delete_all(self, client_id: UUID) -> int:
        found, root = self.count(client_id), self.folder / str(client_id)
        with _reachable(self.folder):
            if root.exists():
                shutil.rmtree(root)
        return found

    def _path(self, client_id: UUID, file_id: UUID) -> Path:
        # The end of a UUIDv7 is random, its start is the time: the end spreads.
        return self.folder / str(client_id) / file_id.hex[-2:] / str(file_id)


@contextmanager
def _reachable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FilesDown(f"the file store {folder} does not work ({error.strerror})") from None


def _sync_folder(folder: Path) -> None:
    """Without this the name may be lost in a power cut although the bytes are there."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
