"""The hourly job of archives: bytes whose time is over, and what failed ones left behind, go."""

from contextlib import suppress
from functools import partial
from uuid import UUID

from konectus.files.opening import open_files
from konectus.files.port import Files
from konectus.services import archives, exports
from konectus.services.archives import Mark
from konectus.services.installation import Installation
from konectus.services.sweeps import sweep
from konectus.services.work import Work
from konectus.store.keystore import NoKey
from konectus.store.queries import exports as read


def purge(installation: Installation) -> int:
    """How many archives went."""
    files = open_files(installation.settings.data_dir, installation.settings.files_url)
    return sweep(installation, read.to_purge, partial(_purge, files))


def _purge(files: Files, work: Work, job_id: UUID) -> bool:
    """Bytes before the row: who dies between begins again, and nothing is left without a row that names it."""
    gone = exports.expire(work, job_id)
    if gone is None:
        return False
    mark = Mark.read(gone.step) if gone.step else None
    if gone.worker is not None:
        archives.drop_unfinished(files, gone.client_id, UUID(gone.worker), mark)
    # No key: the Client was erased, and its files with it.
    with suppress(NoKey):
        if mark is not None:
            archives.remove(files, work.client_keys(gone.client_id), mark)
    return True
