"""The two logins the embedded server is born with, and where their passwords lie: DATA_DIR/keys, 0600."""

import os
from pathlib import Path

import psycopg
from psycopg import sql

from konectus.errors import Unavailable
from konectus.ids import token
from konectus.store.embedded import folders

SUPERUSER = "postgres"
OWNER = "konectus_owner"
DATABASE = "konectus"


class PasswordLost(Unavailable):
    """The key files do not fit the data directory."""

    code = "embedded_password"


def password(keys: Path, user: str) -> str:
    """The stored password of `postgres` or `konectus_owner`. Raises PasswordLost."""
    try:
        return _file(keys, user).read_text()
    except FileNotFoundError:
        raise _lost(keys, user) from None


def invent(keys: Path, user: str) -> str:
    """The stored password, or a new one where there is none yet."""
    path = _file(keys, user)
    if not path.exists():
        draft = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(token())
            file.flush()
            os.fsync(descriptor)
        folders.rename(draft, path)
    return path.read_text()


def settle_owner(conninfo: str, keys: Path) -> None:
    """As superuser: make `konectus_owner` (no superuser) and its database, or bring its password back in line."""
    try:
        with psycopg.connect(conninfo, autocommit=True) as conn:
            _settle_role(conn, invent(keys, OWNER))
            # The analysts' login must reach the released database and no other (decisions.md, "Released figures").
            conn.execute("REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC")
            if conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
                create = sql.SQL("CREATE DATABASE {} OWNER {}")
                conn.execute(create.format(sql.Identifier(DATABASE), sql.Identifier(OWNER)))
    except psycopg.OperationalError as error:
        if "authentication" in str(error):
            raise _lost(keys, SUPERUSER) from None
        raise


def _settle_role(conn: psycopg.Connection[tuple[object, ...]], secret: str) -> None:
    known = conn.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone()
    # The verifier is computed here: the server and its log never see the password.
    verifier = conn.pgconn.encrypt_password(secret.encode(), OWNER.encode(), b"scram-sha-256").decode()
    conn.execute(
        sql.SQL("{} ROLE {} LOGIN CREATEROLE CREATEDB NOSUPERUSER PASSWORD {}").format(
            sql.SQL("ALTER" if known else "CREATE"), sql.Identifier(OWNER), sql.Literal(verifier)
        )
    )


def _file(keys: Path, user: str) -> Path:
    return keys / f"postgresql-{user}.password"


def _lost(keys: Path, user: str) -> PasswordLost:
    return PasswordLost(
        f"{_file(keys, user)} is missing or does not fit the data directory: "
        "bring DATA_DIR/keys back from the backup it was saved in"
    )
