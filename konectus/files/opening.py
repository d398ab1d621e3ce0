"""Which file store an installation has."""

from pathlib import Path

from konectus.files.directory import DirectoryFiles
from konectus.files.port import Files


def open_files(data_dir: Path) -> Files:
    """The directory `files` under DATA_DIR."""
    return DirectoryFiles(data_dir / "files")
