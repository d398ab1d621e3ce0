"""Reads of the papers that prove who may bind a Client (Terms 5.1). Opening them is services.authority's."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from konectus.store.models.clients import Client
from konectus.store.models.documents import AuthorityDocument
from konectus.store.models.identity import AuthorizedUser


@dataclass(frozen=True, slots=True)
class Row:
    """One paper without its bytes."""

    id: UUID
    client_id: UUID
    name_sealed: bytes
    media_type: str
    size: int
    sha256: bytes
    uploaded_at: datetime
    withdrawn_at: datetime | None
    person: str
    trade_name: str


def newest(session: Session, most: int) -> list[Row]:
    """Of every Client, for a role that sees them."""
    order = (AuthorityDocument.uploaded_at.desc(), AuthorityDocument.id.desc())
    return [_row(one) for one in session.execute(_rows().order_by(*order).limit(most))]


def of_client(session: Session, client_id: UUID) -> list[Row]:
    """The newest first."""
    order = (AuthorityDocument.uploaded_at.desc(), AuthorityDocument.id.desc())
    mine = _rows().where(AuthorityDocument.client_id == client_id)
    return [_row(one) for one in session.execute(mine.order_by(*order))]


def by_id(session: Session, paper_id: UUID, client_id: UUID | None = None) -> Row | None:
    statement = _rows().where(AuthorityDocument.id == paper_id)
    if client_id is not None:
        statement = statement.where(AuthorityDocument.client_id == client_id)
    found = session.execute(statement).one_or_none()
    return _row(found) if found else None


def sealed_content(session: Session, paper_id: UUID) -> bytes:
    """Ciphertext; empty where it was taken back."""
    return session.scalars(select(AuthorityDocument.content_sealed).where(AuthorityDocument.id == paper_id)).one()


def _rows() -> Select[*tuple[Any, ...]]:
    columns = (
        AuthorityDocument.id,
        AuthorityDocument.client_id,
        AuthorityDocument.name_sealed,
        AuthorityDocument.media_type,
        AuthorityDocument.size_bytes,
        AuthorityDocument.sha256,
        AuthorityDocument.uploaded_at,
        AuthorityDocument.withdrawn_at,
        AuthorizedUser.name,
        Client.trade_name,
    )
    mine = (AuthorizedUser.client_id == AuthorityDocument.client_id) & (AuthorizedUser.id == AuthorityDocument.user_id)
    return select(*columns).join(AuthorizedUser, mine).join(Client, Client.id == AuthorityDocument.client_id)


def _row(row: object) -> Row:
    return Row(*row)  # type: ignore[misc]  # a row of exactly these columns
