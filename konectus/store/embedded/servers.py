"""Making a data directory and starting a server on it, with the settings that must hold. No roles, no tables."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from konectus.clock import monotonic
from konectus.errors import Unavailable
from konectus.store.embedded import accounts, folders, postmasters
from konectus.store.embedded.accounts import Account
from konectus.store.embedded.binaries import MAJOR
from konectus.store.embedded.folders import Folders
from konectus.store.embedded.logins import SUPERUSER

# A killed server's sessions need a moment to notice and let go of its memory.
_RELEASE_PATIENCE = 15.0
_RECOVERY_PATIENCE = 120.0
_NOT_RELEASED = ("is still in use", 'lock file "postmaster.pid" already exists')

# Written once by initdb into postgresql.conf, where an operator may change them.
_TUNING = {
    "max_connections": "200",
    "shared_buffers": "192MB",
    "max_wal_size": "2GB",
    "wal_compression": "pglz",
    "random_page_cost": "1.1",
    "jit": "off",
}
# Given at every start: nothing an operator's file may weaken. Errors of sessions quote values of rows; the session
# gets them and the server's log does not (level "log" leaves out errors, and keeps the server's own events).
_FIXED = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",
    "log_directory": "../log",
    "log_filename": "postgresql-%a.log",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
    "log_file_mode": "0600",
    "log_min_messages": "log",
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


class OtherVersion(Unavailable):
    """The data directory was made by another major version."""

    code = "embedded_version"


class NotStarted(Unavailable):
    """PostgreSQL gave up; the message carries its last words."""

    code = "embedded_start"


@dataclass(frozen=True)
class Server:
    """What is needed to start: programs, account, places, and settings on top of ours."""

    programs: Path
    account: Account
    places: Folders
    settings: Mapping[str, str] = field(default_factory=dict)

    def create(self, secret: str) -> None:
        """Make the data directory with initdb. The password goes through a file: it refuses pipes."""
        shutil.rmtree(self.places.draft, ignore_errors=True)
        folders.give(self.places.draft, self.account)
        file = self.places.run / "initdb.password"
        wish = ["--auth=scram-sha-256", f"--username={SUPERUSER}", f"--pwfile=../run/{file.name}"]
        wish += ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        wish += ["--data-checksums", "--no-instructions", *(f"--set={k}={v}" for k, v in _TUNING.items())]
        try:
            folders.write_for(file, secret, self.account)
            done = accounts.run(
                self.account,
                [self.programs / "initdb", *wish, "-D", self._name(self.places.draft)],
                cwd=self.places.draft,
            )
        finally:
            file.unlink(missing_ok=True)
        if done.returncode != 0:
            raise NotStarted(f"PostgreSQL could not make {self.places.data}: {_last_words(done.stderr)}")
        folders.rename(self.places.draft, self.places.data)

    def start(self, socket_dir: Path) -> subprocess.Popen[bytes]:
        """Start and wait until it takes sessions. Raises OtherVersion and NotStarted."""
        self._check_version()
        deadline = monotonic() + _RELEASE_PATIENCE
        while True:
            with tempfile.TemporaryFile() as words:
                process = self._spawn(socket_dir, words)
                if self._is_ready(process):
                    return process
                words.seek(0)
                said = words.read().decode(errors="replace")
            if monotonic() > deadline or not any(sign in said for sign in _NOT_RELEASED):
                raise NotStarted(f"PostgreSQL did not start: {_last_words(said)} (see {self.places.log})")
            time.sleep(0.1)

    def _spawn(self, socket_dir: Path, words: IO[bytes]) -> subprocess.Popen[bytes]:
        # By its relative name the account finds the socket folder also where it may not pass the folders above.
        sockets = "../run" if socket_dir == self.places.run else str(socket_dir)
        settings = {**_FIXED, "unix_socket_directories": sockets, **self.settings}
        switches = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command: list[str | Path] = [self.programs / "postgres", "-D", self._name(self.places.data), *switches]
        return accounts.spawn(self.account, command, cwd=self.places.data, stderr=words)

    def _is_ready(self, process: subprocess.Popen[bytes]) -> bool:
        """Wait for it to take sessions; False when it ended instead."""
        deadline = monotonic() + _RECOVERY_PATIENCE
        try:
            while process.poll() is None and monotonic() < deadline:
                found = postmasters.read(self.places.data)
                if found and found.is_ready and found.pid == process.pid:
                    return True
                time.sleep(postmasters.POLL)
        except BaseException:
            process.kill()
            process.wait()
            raise
        if process.poll() is None:
            postmasters.end(process.pid, self.places.data)
            process.wait()
        return False

    def _check_version(self) -> None:
        made_by = (self.places.data / "PG_VERSION").read_text().strip()
        if made_by != MAJOR:
            raise OtherVersion(
                f"{self.places.data} was made by PostgreSQL {made_by} and this release brings {MAJOR}: dump it with "
                "the release that made it, move the folder away, start, and load the dump; or set KONECTUS_DATABASE_URL"
            )

    def _name(self, folder: Path) -> str:
        """The working directory by a name that needs no right on the folders above it."""
        return str(folder) if self.account.is_ours else "/proc/self/cwd"


def _last_words(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL:" in line or "error:" in line]
    return (telling or lines or ["no message"])[-1]
