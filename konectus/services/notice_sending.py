"""One e-mail on its way: taken, fixed as bytes, handed over elsewhere, and what became of it. No network here.

`sent_at` is written before the message is handed over and taken back only where a server said no: whoever dies in
between leaves a row that nobody sends again. At most one acceptance a row; the watch sends its successor.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Update, update
from sqlalchemy.dialects.postgresql import insert

from konectus.domain.notices import COURTESIES, STARTS_CLOCK, WITHDRAWN, NoticeEventKind, NoticeKind, wait_after
from konectus.mail import letters
from konectus.mail.letters import BadAddress, House
from konectus.mail.port import Answer, Envelope, Outcome
from konectus.services import notice_proof as proof
from konectus.services import notices
from konectus.services.notices import NewNotice
from konectus.services.work import Work
from konectus.store import locks
from konectus.store.models.clients import Client
from konectus.store.models.notices import Notice, NoticeInvoice
from konectus.store.queries import notices as read


@dataclass(frozen=True, slots=True)
class Taken:
    """A message this process alone may hand over, once."""

    client_id: UUID
    notice_id: UUID
    attempt: int
    envelope: Envelope


def take(work: Work, notice_id: UUID, house: House) -> Taken | None:
    """Look again, fix the message and mark it as under way. None where there is nothing to send (any more)."""
    found = read.by_id(work.session, notice_id)
    if found is None:
        return None
    # The Client first, as every command does: whoever holds it may wait for this row.
    locks.client(work.session, found.client_id)
    row = read.lock_to_send(work.session, notice_id, work.now)
    if row is None or not _is_still_so(work, row):
        return None
    client = work.session.get(Client, row.client_id)
    assert client is not None, "a foreign key says so"
    row.attempts += 1
    try:
        data = row.message or _fix(work, row, client, house)
        recipient = letters.address_of(row.recipient).addr_spec
    except BadAddress:
        _unwritable(work, row)
        return None
    row.sent_at = work.now
    message_id = row.provider_message_id or ""
    sender = letters.sender_of(house)
    return Taken(row.client_id, row.id, row.attempts, Envelope(sender, recipient, message_id, data))


def settle(work: Work, taken: Taken, answer: Answer) -> None:
    """Write down what a server said. Where it said nothing the row stays as it is: it may have been taken."""
    whose = (taken.client_id, taken.notice_id)
    locks.client(work.session, taken.client_id)
    if answer.outcome is Outcome.ACCEPTED:
        _say(work, taken, NoticeEventKind.ACCEPTED, answer)
        if answer.proves_delivery:
            proof.apply(work, whose, _say(work, taken, NoticeEventKind.DELIVERED, answer))
    elif answer.outcome is Outcome.REFUSED:
        proof.apply(work, whose, _say(work, taken, NoticeEventKind.HARD_BOUNCE, answer))
    elif answer.outcome is Outcome.DEFERRED:
        _say(work, taken, NoticeEventKind.DEFERRED, answer)
        work.session.execute(
            _mine(taken).values(
                sent_at=None, not_before=work.now + wait_after(taken.attempt), last_error=answer.text[:500]
            )
        )
    else:
        work.session.execute(_mine(taken).values(last_error=f"unknown: {answer.text}"[:500]))


def _mine(taken: Taken) -> Update:
    """This very attempt, unless something final was heard meanwhile."""
    return update(Notice).where(
        Notice.client_id == taken.client_id,
        Notice.id == taken.notice_id,
        Notice.attempts == taken.attempt,
        Notice.delivered_at.is_(None),
        Notice.bounced_at.is_(None),
        Notice.undeliverable_at.is_(None),
    )


def _is_still_so(work: Work, row: Notice) -> bool:
    """A notice of debt is looked up again right before it leaves: paid is not dunned, other amounts are told anew.

    A courtesy is not sent where mail of ours was called unwanted and nobody has looked at that yet.
    """
    if row.kind in COURTESIES and read.is_unwanted(work.session, row.client_id):
        row.undeliverable_at, row.last_error = work.now, WITHDRAWN
        return False
    if row.kind not in STARTS_CLOCK:
        return True
    fresh = notices.listing(work, row.client_id, row.facts)
    if fresh["invoices"] and row.message is None:
        row.facts = {**row.facts, **fresh}
        return True
    if fresh["invoices"] == row.facts["invoices"] and fresh["invoices"]:
        return True
    row.undeliverable_at, row.last_error = work.now, WITHDRAWN
    if fresh["invoices"]:
        new = NewNotice(NoticeKind(row.kind), row.subject_ref, row.facts, recipient=row.recipient)
        notices.queue_again(work, row.client_id, new)
    return False


def _fix(work: Work, row: Notice, client: Client, house: House) -> bytes:
    """From here on the message is these bytes, however often it is tried. Raises BadAddress."""
    kind = NoticeKind(row.kind)
    letter = letters.compose(house, notices.told_to(client, kind, row.facts), row.recipient, str(row.id), work.now)
    row.message, row.body_sha256, row.subject = letter.data, letter.sha256, letter.subject
    row.template_version, row.language = letters.version(kind), client.language
    row.provider_message_id = letter.message_id
    if row.kind in STARTS_CLOCK:
        listed = [
            {
                "client_id": row.client_id,
                "notice_id": row.id,
                "invoice_id": UUID(one["id"]),
                "balance_cents": one["balance_cents"],
            }
            for one in row.facts["invoices"]
        ]
        work.session.execute(insert(NoticeInvoice).values(listed))
    return letter.data


def _unwritable(work: Work, row: Notice) -> None:
    """An address no message can be written to is a bounce without a journey: a person corrects it."""
    whose = (row.client_id, row.id)
    raw = {"reason": "the address cannot be written into a message"}
    told = proof.MailEvent(f"ours:{row.id}:address", "", NoticeEventKind.HARD_BOUNCE, work.now, raw)
    work.session.flush()  # the update below is a statement of its own
    proof.note(work, whose, told)
    proof.apply(work, whose, told)


def _say(work: Work, taken: Taken, kind: NoticeEventKind, answer: Answer) -> proof.MailEvent:
    """The server's own words, kept like those of a provider."""
    event_id = f"ours:{taken.notice_id}:{taken.attempt}:{kind}"
    told = proof.MailEvent(event_id, taken.envelope.message_id, kind, work.now, {"reply": answer.text})
    proof.note(work, (taken.client_id, taken.notice_id), told)
    return told
