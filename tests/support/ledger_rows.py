"""Rows of a Client in every table of money, notices, endings and documents; `rows.py` writes them down."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from konectus.store.models import billing, documents, endings, identity, notices, payments

REASON = "Fila de una prueba"
NOISE = b"\x00" * 32
Rows = list[tuple[Any, dict[str, Any]]]


def ledger_rows(client_id: UUID, subscription_id: UUID, user_id: UUID, now: datetime) -> Rows:
    """One of each, in the order of their foreign keys."""
    return [
        *_money(client_id, subscription_id, now),
        *_notices(client_id, now),
        *_endings(client_id, now),
        *_documents(client_id, user_id, now),
    ]


def _id(client_id: UUID, name: str) -> UUID:
    return uuid5(client_id, name)


def _id_of(client_id: UUID, name: str) -> dict[str, UUID]:
    return {"id": _id(client_id, name)}


def _money(client_id: UUID, subscription_id: UUID, now: datetime) -> Rows:
    invoice_id, payment_id, later = _id(client_id, "invoice"), _id(client_id, "payment"), now + timedelta(days=30)
    mine = {"client_id": client_id}
    asked = {"requested_at": now, "requested_by": "staff:1", "applies_at": later}
    begins = now + timedelta(hours=1)  # the subscription's own first invoice begins now
    period = {"period_starts_at": begins, "period_ends_at": later, "issued_at": now, "due_at": now}
    bill = {"number": str(invoice_id), "kind": "period", "status": "open", "currency": "MXN", "total_cents": 100}
    money = {"method": "spei", "provider": "by_hand", "provider_ref": str(payment_id), "status": "succeeded"}
    days = {"days_total": 30, "days_unused": 1, "base_paid_cents": 100, "amount_cents": 3, "status": "proposed"}
    waits = {"until": later, "until_day": later.date(), "reason": REASON, "granted_by": "staff:1", "granted_at": now}
    odd = {"body_sha256": NOISE, "raw": {}}
    told = {"provider": "test", "event_id": str(client_id), "received_at": now, "outcome": "booked"}
    return [
        (
            billing.SubscriptionChange,
            mine | {"id": _id(client_id, "change"), "subscription_id": subscription_id} | asked,
        ),
        (
            billing.Invoice,
            mine | {"id": invoice_id, "subscription_id": subscription_id, "billed_to": {}} | bill | period,
        ),
        (billing.InvoiceLine, mine | {"id": _id(client_id, "line"), "invoice_id": invoice_id, "position": 1} | _line()),
        (payments.Payment, mine | {"id": payment_id, "currency": "MXN", "amount_cents": 100} | money | _paid(now)),
        (payments.CreditNote, mine | {"id": _id(client_id, "credit"), "number": str(client_id)} | _credit(now)),
        (
            payments.Allocation,
            mine | {"invoice_id": invoice_id, "payment_id": payment_id} | {"amount_cents": 1, "at": now},
        ),
        (payments.Refund, mine | {"id": _id(client_id, "refund"), "invoice_id": invoice_id, "proposed_at": now} | days),
        (payments.Deferral, mine | {"id": _id(client_id, "deferral")} | waits),
        (payments.PaymentEvent, mine | _id_of(client_id, "event") | {"body_sha256": NOISE, "raw": {}} | told),
        (
            payments.PaymentEventOther,
            mine | _id_of(client_id, "other") | {"event": _id(client_id, "event"), "received_at": now} | odd,
        ),
    ]


def _line() -> dict[str, Any]:
    return {"kind": "plan", "quantity": 1, "amount_cents": 100, "facts": {}}


def _paid(now: datetime) -> dict[str, Any]:
    return {"paid_at": now, "recorded_at": now, "recorded_by": "staff:1"}


def _credit(now: datetime) -> dict[str, Any]:
    return {"reason": "goodwill", "note": REASON, "amount_cents": 1, "issued_at": now}


def _notices(client_id: UUID, now: datetime) -> Rows:
    notice_id = _id(client_id, "notice")
    mine = {"client_id": client_id, "notice_id": notice_id}
    said = {"kind": "payment_pending", "channel": "email", "subject_ref": "invoice", "seq": 1, "template_version": 1}
    text = {"language": "es", "recipient": "a@b.example", "subject": "Aviso", "facts": {}, "body_sha256": NOISE}
    sent = {"queued_at": now, "not_before": now, "attempts": 1, "sent_at": now, "delivered_at": now}
    heard = {
        "kind": "delivered",
        "provider_event_id": str(notice_id),
        "occurred_at": now,
        "received_at": now,
        "raw": {},
    }
    task = {"kind": "refund_due", "subject_ref": str(client_id), "opened_at": now}
    return [
        (notices.Notice, {"client_id": client_id, "id": notice_id} | said | text | sent),
        (notices.NoticeEvent, mine | heard),
        (notices.NoticeInvoice, mine | {"invoice_id": _id(client_id, "invoice"), "balance_cents": 100}),
        (notices.StaffTask, {"client_id": client_id, "id": _id(client_id, "task")} | task),
    ]


def _endings(client_id: UUID, now: datetime) -> Rows:
    window_id, later = _id(client_id, "window"), now + timedelta(days=40)
    mine = {"client_id": client_id}
    ends = {
        "by_whom": "client",
        "ground": "client_cancel",
        "reason": REASON,
        "notified_at": now,
        "notified_by": "agent:1",
    }
    window = {"source": "termination", "source_id": _id(client_id, "termination"), "opened_at": now, "closes_at": later}
    asked = {"requested_by": "agent:1", "requested_at": now}
    job = {"state": "ready", "done": 1, "total": 1, "attempts": 1}
    held = {"kind": "legal", "reason": REASON, "placed_at": now, "placed_by": "staff:1"}
    act = {"action": "test", "subject_kind": "client", "subject_id": str(client_id), "command": {}, "sha256": NOISE}
    wait = {"reason": REASON, "requested_by": "staff:1", "requested_at": now, "expires_at": later, "state": "requested"}
    due = {"eligible_at": later, "export_done": False, "requested_at": now, "requested_by": "system:konectus"}
    return [
        (
            endings.Termination,
            mine | {"id": _id(client_id, "termination"), "effective_at": later, "refund_due": False} | ends,
        ),
        (endings.ExportWindow, mine | {"id": window_id} | window),
        (endings.ExportJob, mine | {"id": _id(client_id, "export")} | asked | job),
        (endings.Hold, mine | {"id": _id(client_id, "hold")} | held),
        (endings.Approval, mine | {"id": _id(client_id, "approval")} | act | wait),
        (endings.Deletion, mine | {"id": _id(client_id, "deletion"), "window_id": window_id} | due),
    ]


def _documents(client_id: UUID, user_id: UUID, now: datetime) -> Rows:
    """A draft of its own: published versions belong to all Clients."""
    version_id = _id(client_id, "document")
    body = {"body_es": "Texto", "sha256_es": NOISE, "is_material": False}
    version = {"id": version_id, "document": "dpa", "version": version_id.int % 2_000_000_000}
    mine = {"client_id": client_id, "user_id": user_id}
    sealed = {"name_sealed": NOISE, "content_sealed": NOISE, "sha256": NOISE}
    proof = sealed | {"media_type": "application/pdf", "size_bytes": 1, "uploaded_at": now}
    wish = {"old_email": "antes@example.mx", "new_email": "luego@example.mx", "token_hash": client_id.bytes}
    ends = {"requested_at": now, "expires_at": now}
    seen = {"language": "es", "shown_at": now, "outcome": "accepted_click", "outcome_at": now, "evidence": {}}
    return [
        (documents.DocumentVersion, version | body),
        (
            documents.DocumentAcceptance,
            {"client_id": client_id, "document_version_id": version_id, "user_id": user_id} | seen,
        ),
        (documents.AuthorityDocument, mine | _id_of(client_id, "proof") | proof),
        (identity.EmailChange, mine | _id_of(client_id, "email") | wish | ends),
    ]
