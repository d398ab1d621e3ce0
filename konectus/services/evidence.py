"""What Konectus can show when a Client disputes a Suspension: which files there are, and each one's bytes.

Ledger alone: invoices, notices as they went out with what was heard of them, causes, the trail, the Terms accepted. No
Client Content is within reach of the staff, so none is here. How the files are packed is the page's.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from konectus.i18n import DEFAULT
from konectus.services import invoice_papers, notice_proof, suspensions
from konectus.services.work import Change, Work
from konectus.store.queries import admin_audit, admin_checks, admin_money, admin_notices, proofs

# More than any dispute is about; of more, the newest ones.
MOST_INVOICES, MOST_NOTICES, MOST_ENTRIES, MOST_ROWS = 200, 500, 5_000, 50
_PAGE = 500
Make = Callable[[Work], bytes]


@dataclass(frozen=True, slots=True)
class File:
    """One file of the bundle; `make` reads it in a unit of work of its own."""

    name: str
    make: Make


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything there is to show about one Client, in the order it is packed."""

    name: str
    files: tuple[File, ...]


def collect(work: Work, client_id: UUID, reason: str) -> Bundle:
    """What belongs into the bundle, with the audit entry that it was taken. Raises NoSuchClient or ReasonTooShort."""
    client = suspensions.client_of(work, client_id)
    bills = admin_money.bills(work.session, admin_money.Asked(client_id=client_id), work.now, MOST_INVOICES)
    told = admin_notices.notices(work.session, client_id=client_id, most=MOST_NOTICES)
    versions = admin_checks.accepted(work.session, client_id=client_id, most=MOST_ROWS)
    issued = [one for one in bills if one.number]
    files = (
        File("client.json", partial(_client, client_id=client_id)),
        File("suspensions.json", partial(_suspensions, client_id=client_id)),
        *(File(f"invoices/{one.number}.pdf", partial(_invoice, client_id=client_id, key=one.id)) for one in issued),
        *(File(f"notices/{_stem(one)}.eml", partial(_mail, notice_id=one.id)) for one in told if one.sent_at),
        *(File(f"notices/{_stem(one)}.json", partial(_events, notice_id=one.id)) for one in told),
        File("terms/accepted.json", partial(_accepted, client_id=client_id)),
        *(File(f"terms/{_text_name(one)}", partial(_text, version_id=one.document_version_id)) for one in versions),
        File("timeline.json", partial(_timeline, client_id=client_id)),
    )
    after = {"files": len(files), "invoices": len(issued), "notices": len(told)}
    work.record("client.evidence_taken", ("client", client_id), Change(client_id, reason, after=after))
    return Bundle(client.legal_name, files)


def _stem(told: admin_notices.Told) -> str:
    return f"{told.queued_at:%Y-%m-%d}_{told.kind}_{told.id}"


def _text_name(version: admin_checks.Accepted) -> str:
    return f"{version.document}_{version.version}_es.txt"


def _client(work: Work, *, client_id: UUID) -> bytes:
    row = suspensions.client_of(work, client_id)
    names = ("id", "legal_name", "trade_name", "tax_id", "registered_email", "language", "country", "created_at")
    return _json({name: getattr(row, name) for name in names} | {"read_at": work.now})


def _suspensions(work: Work, *, client_id: UUID) -> bytes:
    return _json([asdict(one) for one in proofs.suspensions(work.session, client_id, MOST_ROWS)])


def _invoice(work: Work, *, client_id: UUID, key: UUID) -> bytes:
    return invoice_papers.pdf(work, client_id, key, DEFAULT)


def _mail(work: Work, *, notice_id: UUID) -> bytes:
    """As it went out, byte by byte."""
    return notice_proof.evidence(work.session, notice_id).eml or b""


def _events(work: Work, *, notice_id: UUID) -> bytes:
    found = notice_proof.evidence(work.session, notice_id)
    row = admin_notices.notice(work.session, notice_id)
    assert row is not None, "it was listed"
    listed = [
        {"invoice": number, "owed_cents": cents} for _, number, cents in admin_notices.listed(work.session, row.id)
    ]
    told = {
        "kind": row.kind,
        "subject": row.subject,
        "recipient": row.recipient,
        "number": row.seq,
        "state": row.state,
        "queued_at": row.queued_at,
        "sent_at": row.sent_at,
        "delivered_at": row.delivered_at,
        "bounced_at": row.bounced_at,
        "given_up_at": row.undeliverable_at,
        "sha256": row.body_sha256,
        "is_whole": found.is_whole,
    }
    return _json(told | {"invoices": listed, "events": [asdict(one) for one in found.events]})


def _accepted(work: Work, *, client_id: UUID) -> bytes:
    return _json([asdict(one) for one in proofs.acceptances(work.session, client_id, MOST_ROWS)])


def _text(work: Work, *, version_id: UUID) -> bytes:
    return (admin_checks.text_of(work.session, version_id) or "").encode()


def _timeline(work: Work, *, client_id: UUID) -> bytes:
    """Newest first; where from somebody of the staff worked is nobody's business outside."""
    return _json([_entry(one) for one in _entries(work, client_id)])


def _entries(work: Work, client_id: UUID) -> Iterator[admin_audit.Entry]:
    before = None
    for _ in range(MOST_ENTRIES // _PAGE):
        rows = admin_audit.entries(work.session, admin_audit.Asked(client_id=client_id, before=before), _PAGE)
        yield from rows
        if len(rows) < _PAGE:
            return
        before = rows[-1].id


def _entry(row: admin_audit.Entry) -> Mapping[str, Any]:
    left_out = ("ip", "request_id", "client_id", "client_name", "actor_id")
    return {name: value for name, value in asdict(row).items() if name not in left_out}


def _json(told: object) -> bytes:
    return json.dumps(told, ensure_ascii=False, indent=1, default=_plain).encode()


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if isinstance(value, datetime) else str(value)
