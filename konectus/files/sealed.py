"""Client Content in files: sealed under the Client's key before it leaves us, bound to Client and file id."""

from uuid import UUID

from konectus.files.port import Files
from konectus.sealing import ClientKeys


def write(files: Files, keys: ClientKeys, file_id: UUID, content: bytes) -> None:
    """Raises FilesDown."""
    files.write(keys.client_id, file_id, keys.data.seal(content, keys.place("file", "content", file_id)))


def read(files: Files, keys: ClientKeys, file_id: UUID) -> bytes:
    """Raises NoSuchFile, FilesDown, or Unreadable for bytes that are not this file."""
    return keys.data.open(files.read(keys.client_id, file_id), keys.place("file", "content", file_id))
