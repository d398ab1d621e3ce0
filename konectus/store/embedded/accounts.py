"""The system account that runs the embedded server, and processes started as it. PostgreSQL refuses root."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from konectus.errors import Unavailable

UNPRIVILEGED = "nobody"
PR_SET_PDEATHSIG = 1  # linux/prctl.h
ROOT = 0

# What a server needs and nothing of ours: settings and secrets of the parent stay with the parent.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
_OTHER_DATABASE = "set KONECTUS_DATABASE_URL to a PostgreSQL 16 or newer"


class NoAccount(Unavailable):
    """No system account here may run PostgreSQL."""

    code = "embedded_account"


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int

    @property
    def is_ours(self) -> bool:
        return self.uid == os.geteuid()


def serving(data: Path) -> Account:
    """The account that runs the server of this data directory: ourselves, or for root its owner, at first `nobody`.

    Raises NoAccount where the system has none that PostgreSQL accepts.
    """
    if os.geteuid() != ROOT:
        if not data.exists():
            _known(os.geteuid())
        return Account(os.geteuid(), os.getegid())
    owner = data.stat() if data.exists() else None
    account = Account(owner.st_uid, owner.st_gid) if owner and owner.st_uid != ROOT else _unprivileged()
    _prove(account)
    return account


def run(account: Account, arguments: Sequence[str | Path], *, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program as the account to its end, or ours. The account needs no right to reach `cwd` by name."""
    return subprocess.run(  # noqa: S603 - programs of the wheel, arguments of our own
        arguments, **_identity(account), cwd=cwd, env=_ENVIRONMENT, capture_output=True, text=True, check=False
    )


def spawn(
    account: Account, arguments: Sequence[str | Path], *, cwd: Path, stderr: IO[bytes]
) -> subprocess.Popen[bytes]:
    """Start a server as the account, in a session of its own, that gets SIGINT when the calling thread dies.

    On Linux the kernel ties it to the thread, so a long-lived one must call.
    """
    return subprocess.Popen(  # noqa: S603 - programs of the wheel, arguments of our own
        arguments,
        **_identity(account),
        cwd=cwd,
        env=_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=stderr,
        stderr=stderr,
        start_new_session=True,
    )


def _identity(account: Account) -> dict[str, Any]:
    # A change of uid unties, so the tie is made where subprocess calls us: after it.
    tied: dict[str, Any] = {"umask": 0o077, "preexec_fn": _tied_to_parent()}
    return tied if account.is_ours else {**tied, "user": account.uid, "group": account.gid, "extra_groups": []}


def _tied_to_parent() -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def tie() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:
            os._exit(1)

    return tie


def _unprivileged() -> Account:
    try:
        entry = pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        raise NoAccount(
            f"PostgreSQL refuses root and this system has no user '{UNPRIVILEGED}': add one, "
            f"start as an ordinary user, or {_OTHER_DATABASE}"
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)


def _known(uid: int) -> None:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        raise NoAccount(
            f"PostgreSQL refuses uid {uid}, which has no entry in the system's list of users: "
            f"add one to /etc/passwd, or {_OTHER_DATABASE}"
        ) from None


def _prove(account: Account) -> None:
    """Containers may lack the right to change users, or know one uid only."""
    try:
        run(account, ["/bin/sh", "-c", ":"], cwd=Path("/"))
    except (OSError, subprocess.SubprocessError):
        raise NoAccount(
            f"PostgreSQL refuses root and this root may not become uid {account.uid}: "
            f"start as an ordinary user, or {_OTHER_DATABASE}"
        ) from None
