"""Sealing of Client Content and keyed hashes (privacy.md 1). Takes keys, never fetches them.

AES-256-GCM with the place of the value as associated data: a value moved to another row or Client fails to open.
"""

import hashlib
import hmac
import os
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from konectus.errors import KonectusError

KEY_BYTES = 32
NONCE_BYTES = 12
HASH_BYTES = 16


class Unreadable(KonectusError):
    """The value does not open under this key at this place."""

    code = "unreadable"


class Place(Struct, frozen=True, gc=False):
    """Where a sealed value lives; `client_id` is None for values of the platform itself."""

    client_id: UUID | None
    table: str
    column: str
    row_id: UUID | int | str

    def encode(self, version: int) -> bytes:
        return f"{self.client_id!s}\0{self.table}\0{self.column}\0{self.row_id!s}\0{version}".encode()


@dataclass(frozen=True, slots=True)
class SealingKey:
    """One 256-bit data key and its version."""

    secret: bytes = field(repr=False)
    version: int = 1
    _cipher: AESGCM = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_cipher", AESGCM(self.secret))

    def seal(self, value: bytes | bytearray, place: Place) -> bytes:
        return self.seal_at(value, place.encode(self.version))

    def seal_at(self, value: bytes | bytearray, encoded_place: bytes) -> bytes:
        nonce = _nonce()
        return nonce + self._cipher.encrypt(nonce, value, encoded_place)

    def open(self, sealed: bytes, place: Place) -> bytes:
        """The plain value. Raises Unreadable, which never carries the value."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode(self.version))
        except (InvalidTag, ValueError):  # ValueError: cut so short that not even a nonce is left
            raise Unreadable(f"{place.table}.{place.column} of row {place.row_id} does not open") from None

    def seal_text(self, text: str, place: Place) -> bytes:
        return self.seal(text.encode(), place)

    def open_text(self, sealed: bytes, place: Place) -> str:
        return self.open(sealed, place).decode()


@dataclass(frozen=True, slots=True)
class ClientKeys:
    """What opens one Client's content: its data key, and the index key of its keyed hashes."""

    client_id: UUID
    data: SealingKey
    index: bytes = field(repr=False)
    _places: dict[tuple[str, str], bytes] = field(default_factory=dict, init=False, repr=False, compare=False)

    def place(self, table: str, column: str, row_id: UUID) -> Place:
        return Place(self.client_id, table, column, row_id)

    def seal_text(self, text: str, table: str, column: str, row_id: UUID) -> bytes:
        return self.sealer(table, row_id)(column, text)

    def sealer(self, table: str, row_id: UUID) -> Callable[[str, str], bytes]:
        """Seals (column, text) of one row; what names the row is made once."""
        seal, prefix = self.data.seal_at, self._prefix
        suffix = b"%b\0%d" % (str(row_id).encode(), self.data.version)
        return lambda column, text: seal(text.encode(), prefix(table, column) + suffix)

    def open_text(self, sealed: bytes, table: str, column: str, row_id: UUID) -> str:
        return self.data.open_text(sealed, self.place(table, column, row_id))

    def read(self, sealed: bytes | None, table: str, column: str, row_id: UUID) -> str:
        """The plain text of a column that may be empty; empty text for NULL."""
        return "" if sealed is None else self.open_text(sealed, table, column, row_id)

    def key_of(self, purpose: str, *parts: str) -> bytes:
        """Sixteen bytes by which a value is looked up without being readable."""
        return keyed_hash(self.index, purpose, *parts)

    def _prefix(self, table: str, column: str) -> bytes:
        """The beginning of what `Place.encode` says: a batch seals thousands of values of few columns."""
        known = self._places.get((table, column))
        if known is None:
            known = self._places[table, column] = f"{self.client_id}\0{table}\0{column}\0".encode()
        return known


# Asking the system for each would be a tenth of a seal. Whoever is forked off must not seal with the same ones.
_nonces: deque[bytes] = deque()
_NONCES_AT_ONCE = 256
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_nonces.clear)


def _nonce() -> bytes:
    """Random bytes that nobody else gets: taking one out of a deque is atomic."""
    try:
        return _nonces.popleft()
    except IndexError:
        fresh = os.urandom(NONCE_BYTES * _NONCES_AT_ONCE)
        _nonces.extend(fresh[at : at + NONCE_BYTES] for at in range(NONCE_BYTES, len(fresh), NONCE_BYTES))
        return fresh[:NONCE_BYTES]


def keyed_hash(key: bytes, *parts: str) -> bytes:
    """HMAC-SHA-256 of length-prefixed parts, cut to 16 bytes."""
    message = b""
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        message += len(encoded).to_bytes(4, "big") + encoded
    return hmac.digest(key, message, "sha256")[:HASH_BYTES]


def token_hash(token: str) -> bytes:
    """What is stored of an opaque 256-bit token; it needs no salt, there is nothing to guess."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def wrap(master: bytes, key: bytes, name: str) -> bytes:
    """A key sealed under the master key, bound to its name in the key store."""
    return SealingKey(master).seal(key, Place(None, "keystore", "key", name))


def unwrap(master: bytes, wrapped: bytes, name: str) -> bytes:
    """The key again. Raises Unreadable where master key or name differ."""
    return SealingKey(master).open(wrapped, Place(None, "keystore", "key", name))
