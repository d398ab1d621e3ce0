"""Keys: where wrapped keys are kept (outside the database and its backups) and a short-lived cache of open ones.

Beside the keys stands the list of Clients whose keys were destroyed: it outlives every restore of the database.
"""

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

from konectus.clock import monotonic
from konectus.errors import NotFound, Unavailable
from konectus.sealing import KEY_BYTES, ClientKeys, SealingKey, Unreadable, new_key, unwrap, wrap

# An open key may outlive its destruction by this many seconds at most (privacy.md 1).
CACHE_SECONDS = 60.0
DEAD_LETTERS = "dead-letters"
DESTROYED = "destroyed"
_PARTS = ("data", "index")
_LOG = logging.getLogger(__name__)


class NoKey(NotFound):
    """The key is not in the store: never made, or destroyed."""

    code = "no_key"


class WrongMasterKey(Unavailable):
    """A key in the store was wrapped under another master key, or its file is damaged."""

    code = "wrong_master_key"


class Keystore(Protocol):
    """Wrapped keys by name."""

    def read(self, name: str) -> bytes | None: ...

    def add(self, name: str, wrapped: bytes) -> bytes:
        """Store it unless the name is taken; the stored one is returned, so that two makers agree."""

    def destroy(self, name: str) -> None: ...

    def bury(self, client_id: UUID, record: bytes) -> bytes:
        """Write down for good that a Client's keys are destroyed; the first record stays and is returned."""

    def buried(self, client_id: UUID) -> bytes | None: ...

    def destroyed(self) -> frozenset[UUID]:
        """Every Client on the list."""


@dataclass(frozen=True, slots=True)
class Destroyed:
    """A Client's keys are gone: since when, and the SHA-256 of the wrapped ones, by which a copy is recognised."""

    at: datetime
    fingerprint: str


@dataclass(frozen=True)
class DirectoryKeystore:
    """One file per wrapped key, 0600, in a directory of its own; the destroyed-list is a folder in it."""

    folder: Path

    def read(self, name: str) -> bytes | None:
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(error) from None

    def add(self, name: str, wrapped: bytes) -> bytes:
        try:
            return self._add(name, wrapped)
        except OSError as error:
            raise self._unusable(error) from None

    def _add(self, name: str, wrapped: bytes) -> bytes:
        (self.folder / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(prefix=f".{Path(name).name}.", dir=self.folder)  # 0600, nobody else's
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(wrapped)
                file.flush()
                os.fsync(descriptor)
            os.link(draft, self.folder / name)  # fails where the name exists: the first maker wins, whole files only
        except FileExistsError:
            return self.read(name) or wrapped
        finally:
            Path(draft).unlink()
        self._settle((self.folder / name).parent)
        return wrapped

    def _settle(self, folder: Path) -> None:
        """A key must not be lost in a power cut that what it sealed survives, nor come back after one."""
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _unusable(self, error: OSError) -> Unavailable:
        return Unavailable(f"cannot use the key store {self.folder} ({error.strerror}); give it to this user")

    def destroy(self, name: str) -> None:
        try:
            (self.folder / name).unlink(missing_ok=True)
            if self.folder.exists():
                self._settle(self.folder)
        except OSError as error:
            raise self._unusable(error) from None

    def bury(self, client_id: UUID, record: bytes) -> bytes:
        return self.add(f"{DESTROYED}/{client_id}", record)

    def buried(self, client_id: UUID) -> bytes | None:
        return self.read(f"{DESTROYED}/{client_id}")

    def destroyed(self) -> frozenset[UUID]:
        """A stray file stops nobody from starting, and is told each time: it may be a record under a wrong name."""
        try:
            names = [path.name for path in (self.folder / DESTROYED).iterdir()]
        except FileNotFoundError:
            return frozenset()
        except OSError as error:
            raise self._unusable(error) from None
        found = {name: _client_of(name) for name in names}
        for name in sorted(name for name, client_id in found.items() if client_id is None):
            place = str(self.folder / DESTROYED / name)
            _LOG.warning(
                "the list of destroyed keys holds a file that names no Client; take it away", extra={"file": place}
            )
        return frozenset(client_id for client_id in found.values() if client_id is not None)


def _client_of(name: str) -> UUID | None:
    """As `bury` writes it, and in no other form: `buried` would not find it."""
    try:
        return UUID(name) if str(UUID(name)) == name else None
    except ValueError:
        return None


@dataclass
class Keys:
    """Opens keys with the master key and keeps them at most a minute."""

    store: Keystore
    master: bytes = field(repr=False)
    elapsed: Callable[[], float] = field(default=monotonic, repr=False)
    _open: dict[str, tuple[float, bytes]] = field(default_factory=dict, repr=False, init=False)
    _clients: dict[UUID, tuple[float, ClientKeys]] = field(default_factory=dict, repr=False, init=False)

    def create_for(self, client_id: UUID) -> ClientKeys:
        """Make a Client's data and index key, before its first tenant row (decisions.md, "Keys")."""
        self._require_not_destroyed(client_id)
        for part in _PARTS:
            self._made(f"client-{client_id}-{part}")
        return self.of(client_id)

    def of(self, client_id: UUID) -> ClientKeys:
        """A Client's keys. Raises NoKey where they were never made or are destroyed."""
        held = self._clients.get(client_id)
        if held is not None and self.elapsed() - held[0] < CACHE_SECONDS:
            return held[1]
        # A copy of the store put back too much: what stands on the list opens nothing any more.
        self._require_not_destroyed(client_id)
        # Straight from the store: out of the other cache a key could live for twice the time.
        at, read = self.elapsed(), [self._unwrapped(f"client-{client_id}-{part}") for part in _PARTS]
        keys = ClientKeys(client_id, SealingKey(read[0]), read[1])
        self._clients[client_id] = (at, keys)
        return keys

    def destroy_client(self, client_id: UUID, at: datetime) -> Destroyed:
        """Write a Client on the destroyed-list, then destroy its keys; again, it only makes sure (privacy.md 1).

        The list comes first: killed in between, the keys that are left open nothing and go at the next start.
        Other processes may hold them open for CACHE_SECONDS more.
        """
        names = [f"client-{client_id}-{part}" for part in _PARTS]
        held = b"".join(self.store.read(name) or b"" for name in names)
        record = {"at": at.isoformat(), "fingerprint": hashlib.sha256(held).hexdigest()}
        kept = json.loads(self.store.bury(client_id, json.dumps(record).encode()))
        for name in names:
            self.store.destroy(name)
            self._open.pop(name, None)
        self._clients.pop(client_id, None)
        return Destroyed(datetime.fromisoformat(kept["at"]), kept["fingerprint"])

    def is_gone(self, client_id: UUID) -> bool:
        """Whether nothing is left of a Client's keys and the list says so."""
        left = any(self.store.read(f"client-{client_id}-{part}") is not None for part in _PARTS)
        return not left and self.store.buried(client_id) is not None

    def _require_not_destroyed(self, client_id: UUID) -> None:
        if self.store.buried(client_id) is not None:
            raise NoKey(f"the keys of Client {client_id} were destroyed")

    def intake(self, day: date) -> SealingKey:
        """The key of one UTC day's raw bodies, made at the first append of that day."""
        return SealingKey(self._made(f"intake-{day.isoformat()}"))

    def dead_letters(self) -> SealingKey:
        """The key of dead letters whose Client is not known."""
        return SealingKey(self._made(DEAD_LETTERS))

    def ledger(self) -> SealingKey:
        """The key of papers that belong to the contract and not to Client Content: an erasure leaves them."""
        return SealingKey(self._made("ledger"))

    def staff(self) -> SealingKey:
        """The key of the staff's own secrets (second factors)."""
        return SealingKey(self._made("staff"))

    def destroy_intake(self, day: date) -> None:
        name = f"intake-{day.isoformat()}"
        self.store.destroy(name)
        self._open.pop(name, None)

    def hashing(self) -> bytes:
        """The key of keyed hashes that belong to no Client."""
        return self._made("hashing")

    def forget(self) -> None:
        """Drop every open key from memory."""
        self._open.clear()
        self._clients.clear()

    def _read(self, name: str) -> bytes:
        held = self._open.get(name)
        if held is not None and self.elapsed() - held[0] < CACHE_SECONDS:
            return held[1]
        self._open.pop(name, None)
        at, key = self.elapsed(), self._unwrapped(name)
        self._open[name] = (at, key)
        return key

    def _unwrapped(self, name: str) -> bytes:
        wrapped = self.store.read(name)
        if wrapped is None:
            raise NoKey(f"no key {name}")
        try:
            return unwrap(self.master, wrapped, name)
        except Unreadable:
            mend = "set KONECTUS_MASTER_KEY to the one this installation was made with"
            raise WrongMasterKey(f"the key {name} does not open with this master key; {mend}") from None

    def _made(self, name: str) -> bytes:
        try:
            return self._read(name)
        except NoKey:
            self.store.add(name, wrap(self.master, new_key(), name))
            return self._read(name)


def master_key(given: str | None, data_dir: Path, *, production: bool) -> bytes:
    """The master key: 64 hex digits from the settings, else made 0600 under DATA_DIR/keys (never in production).

    Raises Unavailable with the mend.
    """
    mend = "set KONECTUS_MASTER_KEY to 64 hex digits (openssl rand -hex 32)"
    if given is not None:
        try:
            key = bytes.fromhex(given)
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise Unavailable(f"KONECTUS_MASTER_KEY is not {KEY_BYTES} bytes of hex; {mend}")
        return key
    if production:
        raise Unavailable(f"production needs its own master key; {mend}")
    return _kept(data_dir / "keys")


def _kept(folder: Path) -> bytes:
    store = DirectoryKeystore(folder)
    held = store.read("master")
    key = held if held is not None else store.add("master", new_key())
    if len(key) != KEY_BYTES:
        raise Unavailable(f"{folder / 'master'} is not {KEY_BYTES} bytes; restore it from a copy")
    return key
