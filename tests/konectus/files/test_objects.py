"""Sealed files in an S3-compatible store, over real HTTP: moto's server on loopback."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx
import obstore
import pytest
from moto.server import ThreadedMotoServer

from konectus.files import sealed
from konectus.files.directory import DirectoryFiles
from konectus.files.objects import ObjectFiles
from konectus.files.opening import open_files
from konectus.files.port import Files, FilesDown, NoSuchFile
from konectus.sealing import ClientKeys, SealingKey

LUMBRE, LILA = UUID(int=1), UUID(int=2)
FOTO, PLANO = UUID(int=0xA1), UUID(int=0xB2)
KEYS = ClientKeys(LUMBRE, SealingKey(b"k" * 32), b"index")


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    httpx.put(f"http://{host}:{port}/archivos").raise_for_status()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def files(address: str, monkeypatch: pytest.MonkeyPatch) -> Files:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret of the tests")
    found = open_files(Path("nowhere"), f"s3://archivos/konectus?endpoint={address}&allow_http=true&region=us-east-1")
    for client_id in (LUMBRE, LILA):
        found.delete_all(client_id)
    return found


def test_file_comes_back_as_it_was_and_nothing_readable_left_us(files: Files) -> None:
    sealed.write(files, KEYS, FOTO, b"el plano de la casa" * 500_000)
    assert sealed.read(files, KEYS, FOTO) == b"el plano de la casa" * 500_000
    assert b"plano" not in files.read(LUMBRE, FOTO)


def test_objects_lie_by_client_so_that_an_erasure_finds_them(files: Files) -> None:
    assert isinstance(files, ObjectFiles)
    files.write(LUMBRE, FOTO, b"uno")
    (found,) = next(iter(obstore.list(files.store)))
    assert found["path"] == f"{LUMBRE}/a1/{FOTO}"


def test_those_of_whom_something_is_here_are_listed_and_nobody_else(files: Files, tmp_path: Path) -> None:
    for store in (files, DirectoryFiles(tmp_path / "files")):
        assert store.clients() == set()
        store.write(LUMBRE, FOTO, b"uno")
        store.write(LUMBRE, PLANO, b"dos")
        store.write(LILA, FOTO, b"tres")
        assert store.clients() == {LUMBRE, LILA}
        store.delete_all(LUMBRE)
        assert store.clients() == {LILA}
    (tmp_path / "files" / "lost+found").mkdir()
    assert DirectoryFiles(tmp_path / "files").clients() == {LILA}
    assert isinstance(files, ObjectFiles)
    obstore.put(files.store, "lost/found", b"-")
    assert files.clients() == {LILA}
    obstore.delete(files.store, "lost/found")


def test_second_write_replaces_the_first(files: Files) -> None:
    files.write(LUMBRE, FOTO, b"uno")
    files.write(LUMBRE, FOTO, b"dos")
    assert files.read(LUMBRE, FOTO) == b"dos"


def test_deleted_file_is_gone_and_deleting_again_is_nothing(files: Files) -> None:
    sealed.write(files, KEYS, FOTO, b"foto")
    sealed.write_preview(files, KEYS, FOTO, b"chica")
    sealed.delete(files, LUMBRE, FOTO)
    sealed.delete(files, LUMBRE, FOTO)
    for gone in (FOTO, sealed.preview_of(FOTO)):
        with pytest.raises(NoSuchFile):
            files.read(LUMBRE, gone)


def test_all_files_of_one_client_go_and_no_others(files: Files) -> None:
    for number in range(7):
        files.write(LUMBRE, UUID(int=number), b"x")
    files.write(LILA, FOTO, b"tres")
    assert files.delete_all(LUMBRE) == 7
    assert files.delete_all(LUMBRE) == 0
    assert files.read(LILA, FOTO) == b"tres"


def test_a_bucket_that_is_not_there_is_trouble_of_the_store_and_not_of_the_file(files: Files, address: str) -> None:
    assert isinstance(files, ObjectFiles)
    missing = ObjectFiles.of(f"s3://nadie?endpoint={address}&allow_http=true")
    for call in (lambda: missing.read(LUMBRE, FOTO), lambda: missing.write(LUMBRE, FOTO, b"x")):
        with pytest.raises(FilesDown, match="s3://nadie"):
            call()


def test_a_store_that_does_not_answer_says_so_without_its_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very secret")
    with pytest.raises(FilesDown) as trouble:
        ObjectFiles.of("s3://archivos?endpoint=http://127.0.0.1:9&allow_http=true").read(LUMBRE, FOTO)
    assert "very secret" not in str(trouble.value)
    assert trouble.value.__cause__ is None


@pytest.mark.parametrize(
    "url",
    [
        "s3:///no-bucket",
        "s3://key:secret@bucket/prefix",
        "s3://bucket?region=us-east-1&secret=x",
        "gs://bucket",
        "file://host/folder",
        "file:relative",
        "/a/path",
    ],
)
def test_another_form_of_address_is_refused_with_the_accepted_one(url: str) -> None:
    with pytest.raises(FilesDown, match="KONECTUS_FILES_URL: give") as refusal:
        open_files(Path("nowhere"), url)
    assert "secret@" not in str(refusal.value)


def test_without_an_address_files_lie_in_the_data_folder(tmp_path: Path) -> None:
    assert open_files(tmp_path) == DirectoryFiles(tmp_path / "files")
    assert open_files(tmp_path, "file:///srv/konectus%20files") == DirectoryFiles(Path("/srv/konectus files"))
