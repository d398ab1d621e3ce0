"""Advisory locks of a transaction. A session lock on a pooled connection would be a bug (P29)."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

_MADE_HERE = "clients_made_here"


def client_is_new(session: Session, client_id: UUID) -> None:
    """Nobody else sees it before this transaction commits: thousands in one need no lock each (a server has few)."""
    session.info.setdefault(_MADE_HERE, set()).add(client_id)


def client(session: Session, client_id: UUID, *, shared: bool = False) -> None:
    """Commands on one Client wait for each other until the end of their transactions.

    What depends on the Client's access takes the lock shared: it waits for a Suspension, never for its like.
    """
    if client_id in session.info.get(_MADE_HERE, ()):
        return
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    session.execute(text(f"select {function}(hashtextextended(:key, 1))"), {"key": str(client_id)})


def plan(session: Session, code: str) -> None:
    """Publishers of one Plan wait for each other."""
    session.execute(text("select pg_advisory_xact_lock(hashtextextended(:key, 3))"), {"key": code})


def sign_in(session: Session, subject: bytes) -> None:
    """Tries at one account, or from one address, wait for each other."""
    session.execute(text("select pg_advisory_xact_lock(hashtextextended(:key, 2))"), {"key": subject.hex()})


def search_index(session: Session, client_id: UUID) -> None:
    """Those who write the index of one Client's words wait for each other: what is read under it is what is shown."""
    session.execute(text("select pg_advisory_xact_lock(hashtextextended(:key, 5))"), {"key": str(client_id)})


def try_search_index(session: Session, client_id: UUID) -> bool:
    """The same lock, or False where somebody has it."""
    statement = text("select pg_try_advisory_xact_lock(hashtextextended(:key, 5))")
    return bool(session.execute(statement, {"key": str(client_id)}).scalar())
