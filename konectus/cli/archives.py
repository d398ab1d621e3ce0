"""`konectus client export`: asks for a Client's archive from a terminal, or writes a finished one to a file."""

import os
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from konectus.cli.clients import COMMAND, ClientOption, clients
from konectus.cli.console import say
from konectus.cli.database import opened
from konectus.errors import Conflict
from konectus.files.opening import open_files
from konectus.services import archives, exports, suspensions
from konectus.services.archives import Mark
from konectus.services.installation import Installation
from konectus.store.queries import exports as rows
from konectus.store.queries.exports import ExportRow

# Its verb joins those of `konectus client`.
__all__ = ["clients", "export"]


class NoneReady(Conflict):
    """There is no finished archive to write."""

    code = "no_archive_ready"


@clients.command("export")
def export(
    client_id: ClientOption,
    into: Annotated[Path | None, typer.Option("--into", help="write the newest finished archive to this file")] = None,
) -> None:
    """Ask for an archive of everything a Client has here; with --into, write the newest finished one to a file."""
    with opened() as installation:
        if into is None:
            with installation.works.system(COMMAND) as work:
                suspensions.client_of(work, client_id)
                job_id = exports.request(work, client_id)
            say(str(job_id))
            return
        found = _fetch(installation, client_id, into)
    say(f"{(found.sha256 or b'').hex()}  {into}")


def _fetch(installation: Installation, client_id: UUID, into: Path) -> ExportRow:
    """Written beside and renamed, so that half an archive never has its name. Raises NoneReady."""
    with installation.works.system(COMMAND) as work:
        suspensions.client_of(work, client_id)
        ready = [row for row in rows.recent(work.session, client_id) if row.state == "ready"]
        if not ready:
            raise NoneReady("no finished archive; ask for one without --into and wait for the sender to build it")
        found = exports.download(work, client_id, ready[0].id)
        keys = work.client_keys(client_id)
    size, _, step = found.finished
    files = open_files(installation.settings.data_dir, installation.settings.files_url)
    segments = archives.read_notes(files, keys, Mark.read(step)).segments
    draft = into.with_name(f"{into.name}.part")
    # It holds everything people wrote: for nobody else's eyes.
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for part in archives.read(files, keys, segments, 0, size):
            file.write(part)
    draft.replace(into)
    return found
