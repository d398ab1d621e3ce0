"""Documents a Client accepts: publishing versions, recording acceptances, asking for proof of authority.

The texts come from files; only the Terms are there as yet, and only in English: the Spanish body, which prevails
(Terms 18), says so in Spanish and carries that text. A later version brings the translation; rows stay as accepted.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from konectus.domain.deadlines import after_full_days
from konectus.domain.notices import NoticeKind
from konectus.domain.papers import DAYS_TO_SEND
from konectus.domain.roles import UserRole
from konectus.domain.tasks import TaskKind
from konectus.domain.terms import Acceptance, Document
from konectus.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from konectus.services import notices, tasks
from konectus.services.notices import NewNotice
from konectus.services.work import Change, Work
from konectus.store import locks
from konectus.store.models.clients import Client
from konectus.store.models.documents import DocumentAcceptance, DocumentVersion
from konectus.store.queries import documents as read
from konectus.store.queries import people, readings
from konectus.store.queries.documents import AUTHORITY_REQUESTED, Version

# Beside the packages in a copy of the source; inside them where Konectus was installed.
_PLACES = (Path(__file__).parents[2] / "docs/terms/terms.txt", Path(__file__).parents[1] / "_terms/terms.txt")
NOT_TRANSLATED = (
    "Konectus todavía no ha cargado la versión en español de estos Términos, que es la que prevalece (cláusula 18)."
    " Mientras tanto rige el texto que sigue, en inglés, tal como se publicó.\n\n"
)
_LONGEST_REQUEST = 1000


class NoTerms(Unavailable):
    """Nothing is published that a Client could accept."""

    code = "no_terms"


class AcceptanceNeeded(Forbidden):
    """Terms 1: nobody works here before their Client has accepted the Terms."""

    code = "acceptance_needed"


class NotTheVersionShown(Conflict):
    """Another version came into force while the page was open."""

    code = "version_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVersion:
    """A text to publish; a material change waits for its notice (Terms 16)."""

    document: Document
    body_es: str
    body_en: str | None = None
    is_material: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Who accepted, of which version, reading which language, from where."""

    version: Version
    user_id: UUID | None
    language: str
    ip: str | None
    outcome: Acceptance = Acceptance.BY_CLICK
    evidence: dict[str, Any] = field(default_factory=dict)


def publish_terms(work: Work) -> bool:
    """Publish the first version of the Terms from the copy in docs/terms; False where there is one already.

    Raises NoTerms where the file is missing.
    """
    if read.last_number(work.session, Document.TERMS):
        return False
    file = next((place for place in _PLACES if place.is_file()), None)
    if file is None:
        raise NoTerms("the text of the Terms is missing: terms.txt comes with Konectus")
    english = file.read_text(encoding="utf-8")
    new = NewVersion(document=Document.TERMS, body_es=NOT_TRANSLATED + english, body_en=english)
    publish(work, new, reason="First published version of the Terms")
    return True


def publish(work: Work, new: NewVersion, *, reason: str | None = None) -> UUID:
    """Publish the next version: a material one takes effect after its days of notice. Raises Invalid."""
    if not new.body_es.strip():
        raise Invalid("a document is published in Spanish, which prevails", field="body_es")
    locks.plan(work.session, f"document:{new.document}")  # two publishers would give out one number
    number = read.last_number(work.session, new.document) + 1
    days = readings.current(work.session).terms_notice_days
    row = DocumentVersion(
        id=work.new_id(),
        document=new.document,
        version=number,
        body_es=new.body_es,
        body_en=new.body_en,
        sha256_es=hashlib.sha256(new.body_es.encode()).digest(),
        is_material=new.is_material,
        published_at=work.now,
        effective_at=after_full_days(work.now, days) if new.is_material else work.now,
    )
    work.session.add(row)
    after = {"document": str(new.document), "version": number, "sha256_es": row.sha256_es.hex()}
    work.record("document.published", ("document_version", row.id), Change(reason=reason, after=after))
    return row.id


def terms_in_force(work: Work) -> Version:
    """What somebody accepts now. Raises NoTerms."""
    found = read.current(work.session, Document.TERMS, work.now)
    if found is None:
        raise NoTerms("publish the Terms first")
    return found


def accept(work: Work, client_id: UUID, answer: Answer) -> None:
    """Record what a Client answered to a version; accepted once, it stays as it was. The English reader is bound
    to the Spanish text as well (Terms 18): the hash is that one's.
    """
    locks.client(work.session, client_id)  # two owners may confirm at once
    if read.outcome(work.session, client_id, answer.version.id) is not None:
        return
    values = {
        "client_id": client_id,
        "document_version_id": answer.version.id,
        "user_id": answer.user_id,
        "language": answer.language,
        "shown_at": work.now,
        "binds_from": max(work.now, answer.version.effective_at),
        "outcome": answer.outcome,
        "outcome_at": work.now,
        "ip": answer.ip,
        "evidence": {"sha256_es": answer.version.sha256_es.hex(), **answer.evidence},
    }
    work.session.execute(insert(DocumentAcceptance).values(**values))
    after = {"document": str(answer.version.document), "version": answer.version.version, "outcome": answer.outcome}
    subject = ("document_acceptance", answer.version.id)
    work.record("document.accepted", subject, Change(client_id=client_id, after=after))


def accept_on_paper(work: Work, client_id: UUID, user_id: UUID | None = None) -> None:
    """Note the first published version for a Client that accepted outside the product, as seeded ones did."""
    first = read.by_number(work.session, Document.TERMS, 1)
    if first is not None:
        evidence = {"on_paper": True}
        answer = Answer(version=first, user_id=user_id, language="es", ip=None, evidence=evidence)
        accept(work, client_id, answer)


def accept_shown(work: Work, client_id: UUID, answer: Answer) -> None:
    """An owner accepts the version they were shown. Raises NotTheVersionShown or AcceptanceNeeded for who may not."""
    if not answer.user_id or people.role_of(work.session, client_id, answer.user_id) is not UserRole.OWNER:
        raise AcceptanceNeeded("an owner accepts for the Client")
    if terms_in_force(work).id != answer.version.id:
        raise NotTheVersionShown("another version is in force by now")
    accept(work, client_id, answer)


def accept_by_use(work: Work, client_id: UUID, user_id: UUID | None, language: str) -> bool:
    """Terms 16: whoever accepted before and goes on using the product accepts what is in force. True where noted.

    `user_id` is None where a program of the Client uses it; the actor says which.
    """
    terms = read.current(work.session, Document.TERMS, work.now)
    if terms is None or read.outcome(work.session, client_id, terms.id) is not None:
        return False
    if not read.accepted_before(work.session, client_id, Document.TERMS):
        return False
    by_use = Answer(
        version=terms,
        user_id=user_id,
        language=language,
        ip=work.actor.ip,
        outcome=Acceptance.BY_USE,
        evidence={} if user_id else {"api_token": work.actor.id},
    )
    accept(work, client_id, by_use)
    return True


def request_authority(work: Work, client_id: UUID, asked: str, *, reason: str) -> None:
    """Ask a Client for proof that it may bind its entity (Terms 5.1): a task and words on its page, no sanction.

    Raises Invalid for empty words, NotFound.
    """
    what = asked.strip()
    if not what or len(what) > _LONGEST_REQUEST:
        raise Invalid("say which documents are needed, in a thousand characters at most", field="asked")
    client = _locked(work, client_id)
    before = {"authority": client.authority}
    client.authority = "requested"
    due_at = await_papers(work, client_id, work.now)
    change = Change(client_id, reason, before, {"authority": "requested", "asked": what})
    work.record(AUTHORITY_REQUESTED, ("client", client_id), change)
    work.session.flush()  # the notice reads the Client's row
    last_day = (due_at - timedelta(minutes=1)).astimezone(UTC).isoformat()
    notices.queue(work, client_id, NewNotice(NoticeKind.DOCUMENTS_REQUESTED, str(work.new_id()), {"due_at": last_day}))


def await_papers(work: Work, client_id: UUID, asked_at: datetime) -> datetime:
    """The task that falls due where nothing came in time; the instant."""
    subject, due_at = f"client:{client_id}", after_full_days(asked_at, DAYS_TO_SEND)
    tasks.close_task(work, TaskKind.AUTHORITY_DOCUMENTS, subject)  # a further request has days of its own
    tasks.open_task(work, TaskKind.AUTHORITY_DOCUMENTS, subject, client_id=client_id, due_at=due_at)
    return due_at


def settle_authority(work: Work, client_id: UUID, *, verified: bool, reason: str) -> None:
    """The documents convinced, or they did not; what follows from a rejection a person decides. Raises NotFound."""
    client = _locked(work, client_id)
    before = {"authority": client.authority}
    client.authority = "verified" if verified else "rejected"
    for kind in (TaskKind.AUTHORITY_DOCUMENTS, TaskKind.AUTHORITY_CAME):
        tasks.close_task(work, kind, f"client:{client_id}")
    change = Change(client_id, reason, before, {"authority": client.authority})
    work.record("client.authority_settled", ("client", client_id), change)


def _locked(work: Work, client_id: UUID) -> Client:
    locks.client(work.session, client_id)
    found = work.session.get(Client, client_id)
    if found is None:
        raise NotFound("no such Client")
    return found
