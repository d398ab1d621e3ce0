"""The key store: a key is made once, kept a minute, and gone when it is destroyed."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Barrier
from uuid import UUID

import pytest

from konectus.domain.retention import OPEN_KEYS
from konectus.errors import Unavailable
from konectus.sealing import ClientKeys, Place, Unreadable, new_key
from konectus.store.keystore import CACHE_SECONDS, DirectoryKeystore, Keys, NoKey, WrongMasterKey, master_key

MASTER = b"m" * 32
CLIENT = UUID(int=1)
DAY = date(2026, 11, 19)
PLACE = Place(None, "webhook_event", "body_sealed", 1)

as_user = pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")


@dataclass
class Watch:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def store(tmp_path: Path) -> DirectoryKeystore:
    return DirectoryKeystore(tmp_path / "keystore")


@pytest.fixture
def keys(store: DirectoryKeystore, watch: Watch) -> Keys:
    return Keys(store, MASTER, elapsed=watch)


def test_keys_of_a_client_are_made_once_and_opened_by_every_process(keys: Keys, store: DirectoryKeystore) -> None:
    with pytest.raises(NoKey):
        keys.of(CLIENT)
    made = keys.create_for(CLIENT)
    assert keys.create_for(CLIENT) == made
    other = Keys(store, MASTER).of(CLIENT)
    sealed = made.seal_text("¿y el envío?", "message", "text_sealed", UUID(int=3))
    assert other.open_text(sealed, "message", "text_sealed", UUID(int=3)) == "¿y el envío?"
    assert other.key_of("message", "m_1") == made.key_of("message", "m_1")
    assert made.data.secret != made.index


def test_each_purpose_has_a_key_of_its_own_that_lasts(keys: Keys, store: DirectoryKeystore) -> None:
    found = [keys.intake(DAY).secret, keys.dead_letters().secret, keys.staff().secret, keys.hashing()]
    assert len(set(found)) == 4
    keys.forget()
    again = [keys.intake(DAY).secret, keys.dead_letters().secret, keys.staff().secret, keys.hashing()]
    assert again == found
    for path in store.folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert not any(secret in path.read_bytes() for secret in found)
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700


def test_makers_at_once_agree_on_one_key_and_leave_no_draft(store: DirectoryKeystore) -> None:
    """Drafts used to be named by process: two threads wrote the same file and one of them lost its key."""
    for day in range(1, 21):
        start = Barrier(6)

        def make(_: int, day: int = day, start: Barrier = start) -> bytes:
            keys = Keys(store, MASTER)
            start.wait()
            return keys.intake(date(2026, 11, day)).secret

        with ThreadPoolExecutor(6) as threads:
            assert len(set(threads.map(make, range(6)))) == 1
    assert len(list(store.folder.iterdir())) == 20


def test_destroyed_key_of_a_client_opens_nothing_after_a_minute(
    keys: Keys, store: DirectoryKeystore, watch: Watch
) -> None:
    """It used to live twice as long: one cache was filled from the other."""
    keys.create_for(CLIENT)
    watch.seconds = CACHE_SECONDS - 1
    assert isinstance(keys.of(CLIENT), ClientKeys)
    store.destroy(f"client-{CLIENT}-data")
    watch.seconds = CACHE_SECONDS
    with pytest.raises(NoKey):
        keys.of(CLIENT)


def test_client_keys_may_be_used_for_a_minute_without_the_store(
    keys: Keys, store: DirectoryKeystore, watch: Watch
) -> None:
    made = keys.create_for(CLIENT)
    store.destroy(f"client-{CLIENT}-index")
    watch.seconds = CACHE_SECONDS - 0.001
    assert keys.of(CLIENT) == made
    keys.forget()
    with pytest.raises(NoKey):
        keys.of(CLIENT)


def test_bodies_of_a_day_whose_key_is_destroyed_stay_unreadable(keys: Keys) -> None:
    sealed = keys.intake(DAY).seal(b"hola", PLACE)
    keys.destroy_intake(DAY)
    keys.destroy_intake(DAY)
    with pytest.raises(Unreadable):
        keys.intake(DAY).open(sealed, PLACE)


def test_other_master_key_and_damaged_key_are_told_with_the_mend(keys: Keys, store: DirectoryKeystore) -> None:
    keys.create_for(CLIENT)
    with pytest.raises(WrongMasterKey, match="KONECTUS_MASTER_KEY") as refused:
        Keys(store, b"o" * 32).of(CLIENT)
    assert "\n" not in str(refused.value)
    for rest in (b"", b"short", b"x" * 60):
        (store.folder / f"client-{CLIENT}-data").write_bytes(rest)
        with pytest.raises(WrongMasterKey):
            Keys(store, MASTER).of(CLIENT)


def test_store_that_cannot_be_used_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        store = DirectoryKeystore(folder)
        for ask in (partial(store.add, "x", b"x"), partial(store.read, "x")):
            with pytest.raises(Unavailable, match="key store") as refused:
                ask()
            assert "\n" not in str(refused.value)


@as_user
def test_store_of_somebody_else_is_told_in_one_line(store: DirectoryKeystore) -> None:
    store.add("x", b"x")
    store.folder.chmod(0o500)
    with pytest.raises(Unavailable, match="Permission denied"):
        store.add("y", b"y")


def test_master_key_is_taken_from_the_settings_or_made_and_kept(tmp_path: Path) -> None:
    assert master_key("6b" * 32, tmp_path, production=True) == b"k" * 32
    made = master_key(None, tmp_path, production=False)
    assert master_key(None, tmp_path, production=False) == made
    assert stat.S_IMODE((tmp_path / "keys" / "master").stat().st_mode) == 0o600


@pytest.mark.parametrize("given", ["", "k" * 64, "6b" * 31, "6b" * 33])
def test_master_key_that_is_none_is_told_with_the_mend_and_never_repeated(tmp_path: Path, given: str) -> None:
    with pytest.raises(Unavailable, match="openssl rand -hex 32") as refused:
        master_key(given, tmp_path, production=True)
    assert not given or given not in str(refused.value)


def test_production_makes_no_master_key_and_a_damaged_one_is_not_used(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="production"):
        master_key(None, tmp_path, production=True)
    assert not (tmp_path / "keys").exists()
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "master").write_bytes(new_key()[:31])
    with pytest.raises(Unavailable, match="not 32 bytes"):
        master_key(None, tmp_path, production=False)


DESTROYED_AT = datetime(2026, 11, 22, 18, tzinfo=UTC)


def test_a_destroyed_client_stands_on_the_list_and_never_has_keys_again(keys: Keys, store: DirectoryKeystore) -> None:
    keys.create_for(CLIENT)
    done = keys.destroy_client(CLIENT, DESTROYED_AT)
    assert (done.at, len(done.fingerprint)) == (DESTROYED_AT, 64)
    assert store.destroyed() == frozenset({CLIENT})
    assert keys.is_gone(CLIENT)
    with pytest.raises(NoKey):
        keys.of(CLIENT)
    with pytest.raises(NoKey):
        keys.create_for(CLIENT)


def test_destroyed_again_it_keeps_the_instant_and_the_fingerprint_of_the_first_time(keys: Keys) -> None:
    keys.create_for(CLIENT)
    first = keys.destroy_client(CLIENT, DESTROYED_AT)
    assert keys.destroy_client(CLIENT, DESTROYED_AT + timedelta(days=1)) == first


def test_killed_between_the_list_and_the_keys_nothing_opens_and_the_next_run_ends_it(
    keys: Keys, store: DirectoryKeystore, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.create_for(CLIENT)
    true_destroy = DirectoryKeystore.destroy

    def dies(self: DirectoryKeystore, name: str) -> None:
        del self, name
        raise KeyboardInterrupt

    monkeypatch.setattr(DirectoryKeystore, "destroy", dies)
    with pytest.raises(KeyboardInterrupt):
        keys.destroy_client(CLIENT, DESTROYED_AT)
    monkeypatch.setattr(DirectoryKeystore, "destroy", true_destroy)
    assert not keys.is_gone(CLIENT)
    with pytest.raises(NoKey):
        Keys(store, MASTER).of(CLIENT)
    keys.destroy_client(CLIENT, DESTROYED_AT)
    assert keys.is_gone(CLIENT)


def test_another_process_opens_nothing_a_minute_after_the_keys_were_destroyed(
    keys: Keys, store: DirectoryKeystore, watch: Watch
) -> None:
    keys.create_for(CLIENT)
    Keys(store, MASTER).destroy_client(CLIENT, DESTROYED_AT)
    watch.seconds = CACHE_SECONDS - 0.1
    assert keys.of(CLIENT).client_id == CLIENT
    watch.seconds = CACHE_SECONDS
    with pytest.raises(NoKey):
        keys.of(CLIENT)
    assert timedelta(seconds=CACHE_SECONDS) == OPEN_KEYS


def test_a_key_that_a_copy_brought_back_opens_nothing(keys: Keys, store: DirectoryKeystore) -> None:
    keys.create_for(CLIENT)
    names = [f"client-{CLIENT}-{part}" for part in ("data", "index")]
    copies = {name: store.read(name) or b"" for name in names}
    keys.destroy_client(CLIENT, DESTROYED_AT)
    for name, wrapped in copies.items():
        store.add(name, wrapped)
    assert not keys.is_gone(CLIENT)
    with pytest.raises(NoKey):
        keys.of(CLIENT)


def test_a_store_that_was_never_used_has_nobody_on_its_list(store: DirectoryKeystore, keys: Keys) -> None:
    assert store.destroyed() == frozenset()
    assert not keys.is_gone(CLIENT)


def test_a_stray_file_in_the_list_stops_nobody_and_is_named(
    keys: Keys, store: DirectoryKeystore, caplog: pytest.LogCaptureFixture
) -> None:
    keys.create_for(CLIENT)
    keys.destroy_client(CLIENT, DESTROYED_AT)
    stray = [".DS_Store", f"{CLIENT}.bak", CLIENT.hex]
    for name in stray:
        (store.folder / "destroyed" / name).write_text("-")
    assert store.destroyed() == frozenset({CLIENT})
    told = [getattr(record, "file", "") for record in caplog.records if "names no Client" in record.message]
    assert sorted(told) == sorted(str(store.folder / "destroyed" / name) for name in stray)


def test_a_list_that_cannot_be_read_is_told_and_not_taken_for_an_empty_one(store: DirectoryKeystore) -> None:
    store.folder.mkdir()
    (store.folder / "destroyed").write_text("not a folder")
    with pytest.raises(Unavailable):
        store.destroyed()
    (store.folder / "client").mkdir()
    with pytest.raises(Unavailable):
        store.destroy("client")
