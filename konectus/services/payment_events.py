"""Events of the payment webhook: understood, booked once, or set aside for a person with one clear line.

The outside form is in docs/operate/payments.md; a body that does not follow it is no error of ours.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from konectus.domain.money import PaymentMethod, PaymentOutcome, PaymentStatus
from konectus.domain.tasks import TaskKind
from konectus.errors import KonectusError
from konectus.services import payment_watch, payments, tasks
from konectus.services.payments import NewPayment
from konectus.services.suspensions import NoSuchClient
from konectus.services.work import Work
from konectus.store.models.payments import PaymentEvent, PaymentEventOther
from konectus.store.queries import billing, clients, payment_told
from konectus.store.queries import payments as read

UNNAMED = "provider"
# What is answered for another body under the id of an event that was taken; no event ends so.
DIFFERS = "differs"
_PROVIDER = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
KINDS = {
    "payment.pending": PaymentStatus.PENDING,
    "payment.succeeded": PaymentStatus.SUCCEEDED,
    "payment.failed": PaymentStatus.FAILED,
    "payment.reversed": PaymentStatus.REVERSED,
}
# What a refusal of the books is called here; whatever else is wrong with a known kind waits as unknown_payment.
_OUTCOMES: dict[type[KonectusError], PaymentOutcome] = {
    payments.BadAmount: PaymentOutcome.BAD_AMOUNT,
    payments.ForeignCurrency: PaymentOutcome.FOREIGN_CURRENCY,
    payments.PaymentDiffers: PaymentOutcome.DUPLICATE,
    payments.DuplicatePayment: PaymentOutcome.DUPLICATE,
    NoSuchClient: PaymentOutcome.UNKNOWN_CLIENT,
}
LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an event; `line` says why it waits for a person, where it does."""

    outcome: str
    line: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """An event as far as it can be read; None and empty where it cannot."""

    status: PaymentStatus | None
    client_id: UUID | None
    method: PaymentMethod
    reference: str
    amount_cents: Any
    currency: str
    paid_at: datetime | None
    failure: str


def provider_of(content: Mapping[str, Any]) -> str:
    """The name a provider goes by; what is none, or would pass for a person's hand, is `provider`."""
    name = content.get("provider")
    is_name = isinstance(name, str) and name != payments.BY_HAND and _PROVIDER.fullmatch(name)
    return str(name) if is_name else UNNAMED


def take(work: Work, provider: str, content: Mapping[str, Any], sha256: bytes) -> Taken:
    """Book an event, or set it aside. The same event again, also at the same moment, changes nothing.

    Another body under the id of a known event changes nothing either: it is kept beside the first for a person.
    """
    event_id = _text(content.get("id"))
    if not 0 < len(event_id) <= LONGEST_ID:
        event_id = sha256.hex()  # the body itself tells it apart
    found = _read(work, content)
    kept = _keep(work, (provider, event_id), content, sha256)
    if kept is None:
        return _again(work, (provider, event_id), content, sha256)
    taken = _booked(work, provider, found)
    event = work.session.get_one(PaymentEvent, kept)
    event.outcome, event.client_id = taken.outcome, _known_client(work, found)
    if taken.line:
        tasks.open_task(work, TaskKind.PAYMENT_UNMATCHED, str(kept), client_id=event.client_id)
    return taken


def _keep(work: Work, name: tuple[str, str], content: Mapping[str, Any], sha256: bytes) -> UUID | None:
    """The event's row, written before anything else so that its twin waits for us; None where it is known."""
    values = {"id": work.new_id(), "provider": name[0], "event_id": name[1], "received_at": work.now}
    values |= {"outcome": PaymentOutcome.BOOKED, "body_sha256": sha256, "raw": dict(content)}
    statement = insert(PaymentEvent).values(values).on_conflict_do_nothing().returning(PaymentEvent.id)
    return work.session.execute(statement).scalar_one_or_none()


def _again(work: Work, name: tuple[str, str], content: Mapping[str, Any], sha256: bytes) -> Taken:
    """An event whose id is known: the same one, or another under its name."""
    first = payment_told.event(work.session, *name)
    if first.body_sha256 == sha256 or dict(first.raw) == dict(content):
        return Taken(PaymentOutcome.DUPLICATE)
    values: dict[str, object] = {"id": work.new_id(), "event": first.id}
    values |= {"client_id": _known_client(work, _read(work, content))}
    values |= {"received_at": work.now, "body_sha256": sha256, "raw": dict(content)}
    statement = insert(PaymentEventOther).values(values).on_conflict_do_nothing().returning(PaymentEventOther.id)
    if work.session.execute(statement).scalar_one_or_none() is not None:
        tasks.open_task(work, TaskKind.PAYMENT_UNMATCHED, str(first.id), client_id=first.client_id)
    return Taken(DIFFERS, "an event of this id came before with another body; the first one holds")


def _known_client(work: Work, found: Read) -> UUID | None:
    """Whom it names, if there is such a Client."""
    named = found.client_id
    return named if named is not None and clients.trade_name(work.session, named) is not None else None


def _booked(work: Work, provider: str, found: Read) -> Taken:
    if found.status is None:
        return Taken(PaymentOutcome.UNKNOWN_KIND, "it is of no kind that is known")
    try:
        # A refusal half way leaves nothing booked beside the event that says it was set aside.
        with work.session.begin_nested():
            if found.status is PaymentStatus.REVERSED:
                return _reversed(work, provider, found.reference)
            if found.client_id is None:
                raise NoSuchClient("it names no Client and no invoice that is known")
            _book(work, provider, found, found.client_id)
    except KonectusError as refusal:
        outcome = _OUTCOMES.get(type(refusal), PaymentOutcome.UNKNOWN_PAYMENT)
        is_plain_twin = type(refusal) is payments.DuplicatePayment
        return Taken(outcome, "" if is_plain_twin else str(refusal))
    return Taken(PaymentOutcome.BOOKED)


def _book(work: Work, provider: str, found: Read, client_id: UUID) -> None:
    status = found.status or PaymentStatus.PENDING
    paid_at = None
    if status is PaymentStatus.SUCCEEDED:  # booked even where its instant is missing or lies ahead of our clock
        paid_at = min(found.paid_at or work.now, work.now)
    elif status is PaymentStatus.PENDING and found.paid_at is not None:  # a voucher alone was not paid
        paid_at = min(found.paid_at, work.now)
    new = NewPayment(
        client_id=client_id,
        method=found.method,
        provider=provider,
        provider_ref=found.reference,
        amount_cents=found.amount_cents,
        currency=found.currency,
        paid_at=paid_at,
        status=status,
    )
    if status is PaymentStatus.FAILED:
        payments.declined(work, new, found.failure)
        return
    booked = payments.record(work, new)
    if status is PaymentStatus.SUCCEEDED:
        payment_watch.ask_about_twins(work, booked.payment_id)


def _reversed(work: Work, provider: str, reference: str) -> Taken:
    known = read.by_reference(work.session, provider, reference)
    if known is None:
        return Taken(PaymentOutcome.UNKNOWN_PAYMENT, "it takes back a payment that is not known")
    if known.status is PaymentStatus.REVERSED:
        return Taken(PaymentOutcome.DUPLICATE)
    try:
        payments.reverse(work, known.payment_id, "The payment provider took the payment back")
    except payments.NotReversible as refusal:
        if refusal.facts.get("status") != PaymentStatus.REVERSED:
            raise
        return Taken(PaymentOutcome.DUPLICATE)  # another event of it was faster
    return Taken(PaymentOutcome.BOOKED)


def _read(work: Work, content: Mapping[str, Any]) -> Read:
    given = content.get("payment")
    payment: Mapping[str, Any] = given if isinstance(given, dict) else {}
    method = _text(payment.get("method"))
    return Read(
        status=KINDS.get(_text(content.get("type"))),
        client_id=_client(work, payment),
        method=PaymentMethod(method) if method in set(PaymentMethod) else PaymentMethod.CARD,
        reference=_text(payment.get("reference")),
        amount_cents=payment.get("amount_cents"),
        currency=_text(payment.get("currency")),
        paid_at=_instant(payment.get("paid_at")),
        failure=_text(payment.get("failure")) or "declined",
    )


def _client(work: Work, payment: Mapping[str, Any]) -> UUID | None:
    """By its id, else by the number of an invoice of its."""
    try:
        return UUID(_text(payment.get("client_id")))
    except ValueError:
        number = _text(payment.get("invoice"))
        return billing.client_of_number(work.session, number) if number else None


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _instant(value: object) -> datetime | None:
    """An instant with its zone; None where there is none."""
    try:
        found = datetime.fromisoformat(_text(value))
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None
