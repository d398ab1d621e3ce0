"""Sealed values open only where they were sealed."""

import os
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from konectus.sealing import (
    NONCE_BYTES,
    ClientKeys,
    Place,
    SealingKey,
    Unreadable,
    keyed_hash,
    new_key,
    token_hash,
    unwrap,
    wrap,
)

CLIENT, OTHER, ROW = UUID(int=1), UUID(int=2), UUID(int=3)
PLACE = Place(CLIENT, "message", "text_sealed", ROW)
KEY = SealingKey(b"k" * 32)


@given(st.text())
def test_sealed_text_opens_to_the_same_code_points(text: str) -> None:
    encodable = text.encode("utf-8", "replace").decode()
    assert KEY.open_text(KEY.seal_text(encodable, PLACE), PLACE) == encodable


@pytest.mark.parametrize(
    "moved",
    [
        Place(OTHER, "message", "text_sealed", ROW),
        Place(CLIENT, "contact", "text_sealed", ROW),
        Place(CLIENT, "message", "name_sealed", ROW),
        Place(CLIENT, "message", "text_sealed", OTHER),
    ],
    ids=["client", "table", "column", "row"],
)
def test_value_moved_to_another_place_does_not_open(moved: Place) -> None:
    sealed = KEY.seal_text("hola", PLACE)
    with pytest.raises(Unreadable) as refusal:
        KEY.open_text(sealed, moved)
    assert "hola" not in str(refusal.value)


def test_columns_of_one_row_are_sealed_each_for_its_own_place() -> None:
    keys = ClientKeys(CLIENT, KEY, b"i" * 32)
    seal = keys.sealer("message", ROW)
    sealed = seal("text_sealed", "hola")
    assert keys.open_text(sealed, "message", "text_sealed", ROW) == KEY.open_text(sealed, PLACE) == "hola"
    with pytest.raises(Unreadable):
        keys.open_text(seal("name_sealed", "hola"), "message", "text_sealed", ROW)


def test_no_two_seals_have_the_same_nonce_in_threads_or_after_a_fork() -> None:
    with ThreadPoolExecutor(4) as pool:
        nonces = list(pool.map(lambda _: KEY.seal(b"", PLACE)[:NONCE_BYTES], range(2000)))
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        os.write(write, b"".join(KEY.seal(b"", PLACE)[:NONCE_BYTES] for _ in range(100)))
        os._exit(0)
    os.waitpid(child, 0)
    forked = os.read(read, 100 * NONCE_BYTES)
    nonces += [forked[at : at + NONCE_BYTES] for at in range(0, len(forked), NONCE_BYTES)]
    nonces += [KEY.seal(b"", PLACE)[:NONCE_BYTES] for _ in range(300)]
    assert len(set(nonces)) == len(nonces) == 2400


def test_value_of_another_key_version_does_not_open() -> None:
    sealed = KEY.seal_text("hola", PLACE)
    with pytest.raises(Unreadable):
        SealingKey(b"k" * 32, version=2).open_text(sealed, PLACE)


def test_same_text_is_sealed_differently_each_time() -> None:
    assert KEY.seal_text("hola", PLACE) != KEY.seal_text("hola", PLACE)


def test_wrapped_key_opens_under_its_own_name_alone() -> None:
    master, key = new_key(), new_key()
    wrapped = wrap(master, key, "client-a")
    assert unwrap(master, wrapped, "client-a") == key
    with pytest.raises(Unreadable):
        unwrap(master, wrapped, "client-b")


@given(st.lists(st.text(), min_size=2, max_size=2, unique=True))
def test_keyed_hash_keeps_parts_apart(parts: list[str]) -> None:
    assert keyed_hash(b"k", parts[0], parts[1]) != keyed_hash(b"k", parts[0] + parts[1])
    assert len(keyed_hash(b"k", *parts)) == 16


def test_keys_never_show_in_a_representation() -> None:
    keys = ClientKeys(CLIENT, SealingKey(b"secretsecretsecretsecretsecret!!"), b"indexindexindex")
    assert "secret" not in repr(keys)
    assert "index" not in repr(keys).replace("index=", "")


def test_client_reads_back_what_it_sealed_and_null_as_empty() -> None:
    keys = ClientKeys(CLIENT, KEY, b"i" * 32)
    sealed = keys.seal_text("¿y el envío?", "message", "text_sealed", ROW)
    assert keys.read(sealed, "message", "text_sealed", ROW) == "¿y el envío?"
    assert keys.read(None, "message", "text_sealed", ROW) == ""
    assert keys.key_of("message", "m_1") != keys.key_of("contact", "m_1")


@pytest.mark.parametrize("left", [0, 5, 12, 27])
def test_value_that_was_cut_short_does_not_open(left: int) -> None:
    with pytest.raises(Unreadable):
        KEY.open(KEY.seal(b"", PLACE)[:left], PLACE)


def test_token_is_stored_as_its_hash() -> None:
    assert len(token_hash("abc")) == 32
