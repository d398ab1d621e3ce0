"""Which file store an installation has."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from konectus.files.directory import DirectoryFiles
from konectus.files.port import Files, FilesDown

_MEND = "KONECTUS_FILES_URL: give file:///a/folder or s3://bucket/prefix"


def open_files(data_dir: Path, url: str = "") -> Files:
    """The store of KONECTUS_FILES_URL; without one, the directory `files` under DATA_DIR. Raises FilesDown."""
    if not url:
        return DirectoryFiles(data_dir / "files")
    parts = urlsplit(url)
    if parts.scheme == "s3":
        from konectus.files.objects import ObjectFiles  # noqa: PLC0415  # late: a compiled library, for few

        return ObjectFiles.of(url)
    if parts.scheme != "file" or parts.netloc or not parts.path.startswith("/") or parts.query:
        raise FilesDown(_MEND)
    return DirectoryFiles(Path(unquote(parts.path)))
