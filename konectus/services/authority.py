"""Proof of authority (Terms 5.1): owners hand papers in, the staff's legal role opens them.

Papers belong to the contract: they are sealed under a key of the ledger, and an erasure of Client Content leaves them.
Asking for them and deciding is documents'.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, update

from konectus.domain.papers import MOST_PAPERS, PaperRefused, name_of, require_kind
from konectus.domain.roles import UserRole
from konectus.domain.suspension import ClientSuspended, require_reason
from konectus.domain.tasks import TaskKind
from konectus.errors import Conflict, NotFound
from konectus.sealing import Place
from konectus.services import documents as documents_service
from konectus.services import tasks
from konectus.services.invitations import OwnerNeeded
from konectus.services.work import Change, Work
from konectus.store import locks
from konectus.store.keystore import Keys
from konectus.store.models.documents import AuthorityDocument
from konectus.store.queries import authority as read
from konectus.store.queries import clients, documents, people
from konectus.store.queries.authority import Row

_TABLE = AuthorityDocument.__tablename__


class NotAsked(Conflict):
    """Nobody asked for papers, or it is decided by now."""

    code = "papers_not_asked"


class TooManyPapers(Conflict):
    code = "too_many_papers"


@dataclass(frozen=True, slots=True)
class Paper:
    """What was handed in, in clear; `withdrawn_at` where an owner took it back, and then its bytes are gone."""

    id: UUID
    name: str
    media_type: str
    size: int
    sha256: bytes
    uploaded_at: datetime
    withdrawn_at: datetime | None
    person: str


def hand_in(work: Work, client_id: UUID, user_id: UUID, told_name: str, content: bytes) -> UUID:
    """Keep one paper, sealed, and let the staff know. Open while suspended. Runs as the system, which closes tasks.

    Raises OwnerNeeded, NotAsked, TooManyPapers, PaperRefused, or ClientSuspended once a deletion has started.
    """
    media_type = require_kind(content)
    _enter(work, client_id, user_id)
    asked = documents.asked_authority(work.session, client_id)
    if asked is None or documents.authority(work.session, client_id) != "requested":
        raise NotAsked("Konectus waits for no paper")
    held = [row for row in read.of_client(work.session, client_id) if row.withdrawn_at is None]
    sha256 = hashlib.sha256(content).digest()
    if any(row.sha256 == sha256 for row in held):
        raise PaperRefused("it is here already", why="known")
    if sum(row.uploaded_at >= asked.at for row in held) >= MOST_PAPERS:
        raise TooManyPapers(f"at most {MOST_PAPERS} for one request")
    key, paper_id = work.keys.ledger(), work.new_id()
    values = {
        "id": paper_id,
        "client_id": client_id,
        "user_id": user_id,
        "name_sealed": key.seal_text(name_of(told_name, media_type), _place(client_id, "name_sealed", paper_id)),
        "content_sealed": key.seal(content, _place(client_id, "content_sealed", paper_id)),
        "media_type": media_type,
        "size_bytes": len(content),
        "sha256": sha256,
        "uploaded_at": work.now,
    }
    work.session.execute(insert(AuthorityDocument).values(**values))
    subject = f"client:{client_id}"
    tasks.close_task(work, TaskKind.AUTHORITY_DOCUMENTS, subject)
    tasks.open_task(work, TaskKind.AUTHORITY_CAME, subject, client_id=client_id)
    after = {"media_type": media_type, "size": len(content), "sha256": sha256.hex()}
    work.record("authority_document.handed_in", (_TABLE, paper_id), Change(client_id, after=after))
    return paper_id


def take_back(work: Work, client_id: UUID, user_id: UUID, paper_id: UUID) -> None:
    """The wrong file: its bytes go, that it was here stays. Runs as the system, for the sake of the bytes.

    Raises OwnerNeeded, NotFound (also another Client's), or NotAsked once it was decided.
    """
    _enter(work, client_id, user_id)
    row = read.by_id(work.session, paper_id, client_id)
    if row is None or row.withdrawn_at is not None:
        raise NotFound("no such paper")
    asked = documents.asked_authority(work.session, client_id)
    is_open = documents.authority(work.session, client_id) == "requested"
    if not is_open or asked is None or row.uploaded_at < asked.at:
        raise NotAsked("it was decided on these papers")
    gone = {"withdrawn_at": work.now, "content_sealed": b""}
    work.session.execute(update(AuthorityDocument).where(AuthorityDocument.id == paper_id).values(**gone))
    if not any(one.withdrawn_at is None for one in read.of_client(work.session, client_id)):
        tasks.close_task(work, TaskKind.AUTHORITY_CAME, f"client:{client_id}")
        documents_service.await_papers(work, client_id, asked.at)
    change = Change(client_id, before={"sha256": row.sha256.hex()}, after={"withdrawn": True})
    work.record("authority_document.taken_back", (_TABLE, paper_id), change)


def name_of_row(keys: Keys, row: Row) -> str:
    """The name under which an owner sent it. Raises Unreadable."""
    return keys.ledger().open_text(row.name_sealed, _place(row.client_id, "name_sealed", row.id))


def papers(work: Work, client_id: UUID) -> list[Paper]:
    """All that a Client ever handed in, the newest first, with their names; for its owners and the legal role."""
    return [_opened(work.keys, row) for row in read.of_client(work.session, client_id)]


def open_for_staff(work: Work, paper_id: UUID, reason: str) -> tuple[Paper, bytes]:
    """A paper with its bytes, for a person of the staff who says why; kept in the audit trail.

    Raises ReasonTooShort, or NotFound where there is none or it was taken back.
    """
    require_reason(reason)
    row = read.by_id(work.session, paper_id)
    if row is None or row.withdrawn_at is not None:
        raise NotFound("no such paper")
    content = content_of(work.keys, row.client_id, row.id, read.sealed_content(work.session, paper_id))
    after = {"sha256": row.sha256.hex()}
    work.record("authority_document.opened", (_TABLE, paper_id), Change(row.client_id, reason, after=after))
    return _opened(work.keys, row), content


def content_of(keys: Keys, client_id: UUID, paper_id: UUID, sealed: bytes) -> bytes:
    """The bytes of a paper. Raises Unreadable."""
    return keys.ledger().open(sealed, _place(client_id, "content_sealed", paper_id))


def _enter(work: Work, client_id: UUID, user_id: UUID) -> None:
    locks.client(work.session, client_id)
    if people.role_of(work.session, client_id, user_id) is not UserRole.OWNER:
        raise OwnerNeeded("an owner hands papers in")
    if clients.access(work.session, client_id).deleting:
        raise ClientSuspended("a deletion has started")


def _opened(keys: Keys, row: Row) -> Paper:
    facts = (row.media_type, row.size, row.sha256, row.uploaded_at, row.withdrawn_at)
    return Paper(row.id, name_of_row(keys, row), *facts, row.person)


def _place(client_id: UUID, column: str, paper_id: UUID) -> Place:
    return Place(client_id, _TABLE, column, paper_id)
