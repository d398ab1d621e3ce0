"""Client Content in files: sealed under the Client's key before it leaves us, bound to Client and file id.

Beside a file may lie its preview, under an id made from the file's. Files have an upper bound (25 MiB, the largest
a channel gives), so one is sealed and opened whole.
"""

from uuid import UUID, uuid5

from konectus.files.port import Files
from konectus.sealing import ClientKeys

PREVIEW_TYPE = "image/webp"


def write(files: Files, keys: ClientKeys, file_id: UUID, content: bytes) -> None:
    """Raises FilesDown."""
    files.write(keys.client_id, file_id, keys.data.seal(content, keys.place("file", "content", file_id)))


def read(files: Files, keys: ClientKeys, file_id: UUID) -> bytes:
    """Raises NoSuchFile, FilesDown, or Unreadable for bytes that are not this file."""
    return keys.data.open(files.read(keys.client_id, file_id), keys.place("file", "content", file_id))


def write_preview(files: Files, keys: ClientKeys, file_id: UUID, content: bytes) -> None:
    """Raises FilesDown."""
    write(files, keys, preview_of(file_id), content)


def read_preview(files: Files, keys: ClientKeys, file_id: UUID) -> bytes:
    """Raises as `read`."""
    return read(files, keys, preview_of(file_id))


def preview_of(file_id: UUID) -> UUID:
    """Where the preview of a file lies."""
    return uuid5(file_id, "preview")


def delete(files: Files, client_id: UUID, file_id: UUID) -> None:
    """The file and its preview; nothing happens where there is none. Raises FilesDown."""
    files.delete(client_id, preview_of(file_id))
    files.delete(client_id, file_id)
