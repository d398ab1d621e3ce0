"""Archives in tests: asked for, built in this process, opened as whoever fetched them would."""

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from konectus.files.opening import open_files
from konectus.files.port import Files
from konectus.services import archives, exports
from konectus.services.archives import Mark
from konectus.services.installation import Installation
from konectus.services.work import SYSTEM
from konectus.store.queries import exports as rows
from konectus.store.queries.exports import ExportRow
from konectus.store.roles import Role
from reports.export import builder


@dataclass(frozen=True)
class Archive:
    """An archive as it was fetched."""

    zipped: zipfile.ZipFile
    content: bytes

    def lines(self, name: str) -> list[dict[str, object]]:
        """All rows of a part, from as many files as it has."""
        found = sorted(n for n in self.zipped.namelist() if n.startswith(f"data/{name}-") and n.endswith(".ndjson"))
        return [json.loads(line) for n in found for line in self.zipped.read(n).decode().splitlines() if line]

    def text(self, name: str) -> str:
        return self.zipped.read(name).decode()

    def manifest(self) -> dict[str, object]:
        told: dict[str, object] = json.loads(self.text("manifest.json"))
        return told

    def unpack(self, folder: Path) -> Path:
        self.zipped.extractall(folder)
        return folder


def ask(installation: Installation, client_id: UUID) -> UUID:
    with installation.works.tenant(client_id, SYSTEM) as work:
        return exports.request(work, client_id)


def job(installation: Installation, job_id: UUID) -> ExportRow:
    with installation.database.session(Role.WORKER) as session:
        found = rows.by_id(session, job_id)
    assert found is not None
    return found


def files_of(installation: Installation) -> Files:
    return open_files(installation.settings.data_dir, installation.settings.files_url)


def fetch(installation: Installation, job_id: UUID) -> Archive:
    found = job(installation, job_id)
    size, _, step = found.finished
    keys, files = installation.keys.of(found.client_id), files_of(installation)
    segments = archives.read_notes(files, keys, Mark.read(step)).segments
    content = b"".join(archives.read(files, keys, segments, 0, size))
    return Archive(zipfile.ZipFile(io.BytesIO(content)), content)


def archive_of(installation: Installation, client_id: UUID) -> Archive:
    job_id = ask(installation, client_id)
    assert builder.build(installation, job_id) == "ready"
    return fetch(installation, job_id)
