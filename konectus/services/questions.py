"""Outcomes nobody knows, found out: by what the channel has told us meanwhile, or by what its record says.

A part is recognised by channel id, time and words together, and only where exactly one message fits; what a person
sees is then one message, whichever came first. Asking the channel is the sender's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from konectus.domain.channels import Channel
from konectus.domain.conversations import Author, Delivery
from konectus.sealing import Unreadable
from konectus.services import sending
from konectus.services.sending import UNCONFIRMED
from konectus.services.work import Work
from konectus.store import signals
from konectus.store.keystore import NoKey
from konectus.store.queries import outbox
from konectus.store.queries import questions as rows
from konectus.store.queries.questions import Open

# A question and its answers take less.
LEASE = timedelta(minutes=2)
# After each question without a result the next; the last of them leaves it to the agent.
WAITS = (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1))
# What was on the wire may be dated a little before (clocks, whole seconds) and as late as the call could last.
_BEFORE, _AFTER = timedelta(seconds=5), timedelta(minutes=2, seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A part whose outcome is asked for, opened. `since` and `until` bound when the channel can have dated it."""

    part: Open
    secret: str = field(repr=False)
    recipient: str = field(repr=False)
    text: str = field(repr=False)

    @property
    def since(self) -> datetime:
        return self.part.written_at - _BEFORE

    @property
    def until(self) -> datetime:
        return self.part.written_at + _AFTER


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A message that went out in the span, as somebody tells of it."""

    external_id: str
    text: str = field(repr=False)
    has_file: bool


def due(work: Work, most: int) -> list[Question]:
    """Parts whose turn it is; nobody else gets them before the lease ends. Without keys they wait."""
    found = []
    for part in rows.claim(work.session, work.now, work.now + LEASE, most):
        try:
            keys = work.client_keys(part.client_id)
            found.append(
                Question(
                    part=part,
                    secret=keys.read(part.secret_sealed, "connector", "secret_sealed", part.connector_id),
                    recipient=keys.open_text(part.recipient_sealed, "contact", "external_id_sealed", part.contact_id),
                    text=keys.read(part.text_sealed, "message", "text_sealed", part.id),
                )
            )
        except (NoKey, Unreadable):
            continue
    return found


def echoed(work: Work, question: Question) -> list[Candidate]:
    """What has come in as an echo of somebody's: of Telegram only what was sent through us."""
    part, keys = question.part, work.client_keys(question.part.client_id)
    authors = (Author.PROGRAM,) if part.channel is Channel.TELEGRAM else (Author.PROGRAM, Author.OWNER)
    return [
        Candidate(
            external_id=keys.open_text(row.external_id_sealed, "message", "external_id_sealed", row.id),
            text=keys.read(row.text_sealed, "message", "text_sealed", row.id),
            has_file=row.has_file,
        )
        for row in rows.echoes(work.session, part, question.since, question.until)
        if row.author in authors
    ]


def the_one(work: Work, question: Question, candidates: Sequence[Candidate]) -> str | None:
    """The channel's id of the part, where exactly one candidate fits that is no part of ours already."""
    part, keys = question.part, work.client_keys(question.part.client_id)
    fitting = {
        keys.key_of("message", candidate.external_id): candidate.external_id
        for candidate in candidates
        if _is_same(question, candidate)
    }
    free = fitting.keys() - rows.named_parts(work.session, part, fitting.keys())
    return fitting[free.pop()] if len(free) == 1 else None


def found(work: Work, question: Question, external_id: str) -> tuple[UUID, ...]:
    """The channel had it: sent, and one message with its echo. Returns and raises as `sending.accepted`."""
    return sending.accepted(work, question.part, external_id)


def not_found(work: Work, question: Question) -> None:
    """Ask again later; after the last time nobody can tell and the agent decides."""
    part = question.part
    if part.asked <= len(WAITS):
        outbox.ask(work.session, part.client_id, part.id, work.now + WAITS[part.asked - 1])
        return
    outbox.ask(work.session, part.client_id, part.id, None)
    if outbox.move(work.session, part.client_id, part.id, (Delivery.UNKNOWN,), failure=UNCONFIRMED):
        signals.notify_live(work.session, part.client_id, [part.conversation_id])


def _is_same(question: Question, candidate: Candidate) -> bool:
    """The same words; of a file, which has none, that a file went out."""
    if question.part.has_file:
        return candidate.has_file and not candidate.text.strip()
    return candidate.text.strip() == question.text.strip()
