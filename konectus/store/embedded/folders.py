"""The places of the embedded server under DATA_DIR: who owns them, the lock beside them, where the socket goes."""

import fcntl
import hashlib
import os
import shutil
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from konectus.errors import Conflict, Unavailable
from konectus.store.embedded.accounts import Account

SOCKET = ".s.PGSQL.5432"
LONGEST_SOCKET = 107 if sys.platform == "linux" else 103  # bytes of sun_path, without the closing zero
_OWNER_ONLY = 0o700
_TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108 - the folder made there is ours and closed, or refused


class InUse(Conflict):
    """Another process runs a server on this data folder."""

    code = "embedded_in_use"


class NoSocketPlace(Unavailable):
    """No folder is both short enough for a socket and safe."""

    code = "embedded_socket"


@dataclass(frozen=True)
class Folders:
    root: Path

    @property
    def data(self) -> Path:
        return self.root / "postgresql" / "data"

    @property
    def run(self) -> Path:
        return self.root / "postgresql" / "run"

    @property
    def log(self) -> Path:
        return self.root / "postgresql" / "log"

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def draft(self) -> Path:
        """Where initdb works; it becomes `data` by one rename, so a killed first start leaves nothing half-made."""
        return self.root / "postgresql" / "data.new"

    def make(self, account: Account) -> None:
        """Make what is missing. The account's folders are closed to all others; folders above keep their rights."""
        self.root.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
        self.data.parent.mkdir(exist_ok=True)
        self.data.parent.chmod(0o711)  # the account passes through; what is inside is closed
        self.keys.mkdir(mode=_OWNER_ONLY, exist_ok=True)
        for folder in (self.run, self.log):
            give(folder, account)

    def lock(self) -> int:
        """Hold this data folder until the returned descriptor is closed, at the latest with our process.

        Raises InUse.
        """
        descriptor = os.open(self.data.parent / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode().strip() or "unknown"
            os.close(descriptor)
            raise InUse(
                f"{self.root} is in use by another konectus (process {holder}): "
                "stop that one, or set KONECTUS_DATA_DIR to another folder"
            ) from None
        os.truncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        return descriptor

    def socket_dir(self, account: Account) -> Path:
        """`run`, or where its name is too long for a socket a closed folder with a short one."""
        if _fits(self.run):
            return self.run
        for place in self._short_places():
            if _fits(place) and _reachable(place.parent):
                give(place, account)
                return place
        raise NoSocketPlace(f"{self.run} is too long for a socket: set KONECTUS_DATA_DIR to a shorter path")

    def drop_socket_dir(self) -> None:
        """Remove the short folder, if one was made; `run` stays."""
        if not _fits(self.run):
            for place in self._short_places():
                shutil.rmtree(place, ignore_errors=True)

    def _short_places(self) -> list[Path]:
        name = "konectus-" + hashlib.sha256(bytes(self.run)).hexdigest()[:16]
        return [Path(parent) / name for parent in (tempfile.gettempdir(), *_TEMPORARY)]


def give(folder: Path, account: Account) -> None:
    """Make a folder that belongs to the account alone; refuses one that somebody else prepared."""
    try:
        folder.mkdir(mode=_OWNER_ONLY)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {account.uid, os.geteuid()}:
            raise Unavailable(f"{folder} belongs to somebody else: remove it, or set KONECTUS_DATA_DIR") from None
    if folder.lstat().st_uid != account.uid:
        os.chown(folder, account.uid, account.gid)
    folder.chmod(_OWNER_ONLY)


def write_for(file: Path, text: str, account: Account) -> None:
    """Write a file that the account alone may read; never through a link that was planted there."""
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        if not account.is_ours:
            os.fchown(descriptor, account.uid, account.gid)
        opened.write(text)


def rename(draft: Path, place: Path) -> None:
    """Rename so that it holds after a power cut."""
    draft.rename(place)
    descriptor = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fits(folder: Path) -> bool:
    # PostgreSQL's lock file beside the socket has a longer name, but only the socket's is bound.
    return len(bytes(folder / SOCKET)) <= LONGEST_SOCKET


def _reachable(parent: Path) -> bool:
    """Open to every account by name, as the server must bind there by its full path."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (parent, *parent.parents))
