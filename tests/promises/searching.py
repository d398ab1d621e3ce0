"""A search of everything an installation wrote for values that must not be there, in every form a value may take.

Logs, the whole database folder as bytes, every row of every table as text. The keys' own folders are left out, and the
file that is documented to hold the operator's password.
"""

import base64
import json
import os
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

import psycopg

from konectus.store.cluster import Endpoint
from konectus.store.embedded import logins

# Where secrets are meant to lie, closed to others (docs/operate/settings.md).
_KEPT = ("keys", "keystore", "ops.url")
_LEAST = 16
Found = dict[str, list[str]]


def forms(value: str) -> Iterator[bytes]:
    """The value as it may stand in a log, an address or a body."""
    raw = value.encode()
    assert len(raw) >= _LEAST, "a short value is found by chance"
    yield raw
    yield from (raw.hex().encode(), raw.hex().upper().encode())
    yield from (quote(value, safe="").encode(), quote_plus(value).encode())
    yield json.dumps(value)[1:-1].encode()
    for shift in range(3):
        # As it reads inside something longer, whatever stands before and after it.
        whole = base64.b64encode(b"\0" * shift + raw).rstrip(b"=")
        inner = whole[(0, 2, 3)[shift] : len(whole) - (1 if (shift + len(raw)) % 3 else 0)]
        yield from (inner, inner.replace(b"+", b"-").replace(b"/", b"_"))


class Search:
    """Needles by name."""

    def __init__(self, needles: Mapping[str, str], folder: Path) -> None:
        self._names = {form: name for name, value in needles.items() for form in forms(value)}
        self.forms = set(self._names)
        self._patterns = folder / "patterns"
        self._patterns.write_bytes(b"\n".join(self._names) + b"\n")

    def in_text(self, text: str | bytes) -> set[str]:
        """Names of the needles that stand in it."""
        raw = text.encode() if isinstance(text, str) else text
        return {name for form, name in self._names.items() if form in raw}

    def in_files(self, *places: Path) -> Found:
        """Where each needle was found in files and folders."""
        files = [str(file) for place in places for file in _files(place)]
        assert files, "nothing to search"
        environ = os.environ | {"LC_ALL": "C"}
        command = ["grep", "--only-matching", "--text", "--with-filename", "--fixed-strings", "--null"]
        done = subprocess.run(
            ["xargs", "-0", *command, f"--file={self._patterns}", "--"],
            input="\0".join(files).encode(),
            env=environ,
            capture_output=True,
            check=False,
        )
        assert not done.stderr, done.stderr
        found: Found = defaultdict(list)
        for line in done.stdout.splitlines():
            file, _, form = line.partition(b"\0")
            found[self._names[form]].append(file.decode())
        return {name: sorted(set(theirs)) for name, theirs in found.items()}

    def in_rows(self, data_dir: Path) -> tuple[Found, int]:
        """Where each needle was found in the tables of both databases, and how many rows were read."""
        found: Found = defaultdict(list)
        rows = 0
        for database in ("konectus", "released"):
            with _superuser(data_dir, database) as conn:
                for table in _tables(conn):
                    with conn.cursor() as cursor, cursor.copy(f"copy (select t::text from {table} t) to stdout") as out:
                        for block in out:
                            rows += 1
                            for name in self.in_text(bytes(block)):
                                found[name].append(f"{database} {table}")
        return {name: sorted(set(theirs)) for name, theirs in found.items()}, rows


def plant(data_dir: Path, value: str) -> None:
    """A row that must be found."""
    with _superuser(data_dir, "konectus") as conn:
        conn.execute("create table public.planted (what text)")
        conn.execute("insert into public.planted values (%s)", [f"…{value}…"])


def uproot(data_dir: Path) -> None:
    with _superuser(data_dir, "konectus") as conn:
        conn.execute("drop table public.planted")
        conn.execute("checkpoint")


def _files(place: Path) -> Iterator[Path]:
    """Regular files under a place, but for what is kept closed; sockets and pipes hold nothing."""
    if place.is_file():
        yield place
        return
    for found in sorted(place.iterdir()):
        if found.name not in _KEPT and (found.is_dir() or found.is_file()):
            yield from _files(found)


def _superuser(data_dir: Path, database: str) -> "psycopg.Connection[tuple[str, ...]]":
    endpoint = Endpoint.discover(data_dir)
    assert endpoint is not None
    password = logins.password(data_dir.resolve() / "keys", logins.SUPERUSER)
    url = endpoint.url(database, logins.SUPERUSER, password).replace("+psycopg", "", 1)
    return psycopg.connect(url, autocommit=True)


def _tables(conn: "psycopg.Connection[tuple[str, ...]]") -> list[str]:
    """Every table with rows of its own, whoever owns it."""
    statement = """
        select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_'
        order by 1"""
    return [row[0] for row in conn.execute(statement)]
