"""Sealed files in a directory: whole, private, bound to their Client and id."""

import stat
from pathlib import Path
from uuid import UUID

import pytest

from konectus.files import sealed
from konectus.files.directory import DirectoryFiles
from konectus.files.opening import open_files
from konectus.files.port import FilesDown, NoSuchFile
from konectus.sealing import ClientKeys, SealingKey, Unreadable

LUMBRE, LILA = UUID(int=1), UUID(int=2)
FOTO, PLANO = UUID(int=0xA1), UUID(int=0xB2)


def keys_of(client_id: UUID) -> ClientKeys:
    return ClientKeys(client_id, SealingKey(bytes([client_id.int]) * 32), b"index")


@pytest.fixture
def files(tmp_path: Path) -> DirectoryFiles:
    return DirectoryFiles(tmp_path / "files")


def test_file_comes_back_as_it_was(files: DirectoryFiles) -> None:
    sealed.write(files, keys_of(LUMBRE), FOTO, b"\xff\xd8 una foto")
    assert sealed.read(files, keys_of(LUMBRE), FOTO) == b"\xff\xd8 una foto"


def test_nothing_readable_lies_on_the_disk(files: DirectoryFiles) -> None:
    sealed.write(files, keys_of(LUMBRE), FOTO, b"el plano de la casa")
    (stored,) = (path for path in files.folder.rglob("*") if path.is_file())
    assert b"plano" not in stored.read_bytes()
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600


def test_file_swapped_with_another_does_not_open(files: DirectoryFiles) -> None:
    sealed.write(files, keys_of(LUMBRE), FOTO, b"foto")
    files.write(LUMBRE, PLANO, files.read(LUMBRE, FOTO))
    with pytest.raises(Unreadable):
        sealed.read(files, keys_of(LUMBRE), PLANO)


def test_file_of_another_client_is_not_there(files: DirectoryFiles) -> None:
    sealed.write(files, keys_of(LUMBRE), FOTO, b"foto")
    with pytest.raises(NoSuchFile):
        sealed.read(files, keys_of(LILA), FOTO)


def test_second_write_replaces_the_first_and_leaves_no_draft(files: DirectoryFiles) -> None:
    files.write(LUMBRE, FOTO, b"uno")
    files.write(LUMBRE, FOTO, b"dos")
    assert files.read(LUMBRE, FOTO) == b"dos"
    assert sum(path.is_file() for path in files.folder.rglob("*")) == 1


def test_deleted_file_is_gone_and_deleting_again_is_nothing(files: DirectoryFiles) -> None:
    files.write(LUMBRE, FOTO, b"uno")
    files.delete(LUMBRE, FOTO)
    files.delete(LUMBRE, FOTO)
    with pytest.raises(NoSuchFile):
        files.read(LUMBRE, FOTO)


def test_all_files_of_one_client_go_and_no_others(files: DirectoryFiles) -> None:
    files.write(LUMBRE, FOTO, b"uno")
    files.write(LUMBRE, PLANO, b"dos")
    files.write(LILA, FOTO, b"tres")
    assert files.delete_all(LUMBRE) == 2
    assert files.delete_all(LUMBRE) == 0
    assert files.read(LILA, FOTO) == b"tres"


def test_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("not a folder")
    with pytest.raises(FilesDown, match="file store"):
        open_files(tmp_path).write(LUMBRE, FOTO, b"uno")
