"""Asks the channels for parts whose outcome nobody knows: two questions a second per page or account, a few times."""

import logging
import threading
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from ingestion import registry
from ingestion.channels.port.adapter import Span
from ingestion.channels.port.failures import ChannelError
from ingestion.sender.calls import NoSuchApp
from ingestion.sender.delivery import Delivery
from konectus.domain import budgets
from konectus.domain.budgets import Bucket
from konectus.services import limits, questions
from konectus.services.questions import Candidate, Question
from konectus.services.work import Works

log = logging.getLogger(__name__)

_MOST = 20


class Stopping(Exception):
    """The process ends; what was being asked for is asked again by another."""


@dataclass(frozen=True)
class Asking:
    """One loop's questions."""

    works: Works
    delivery: Delivery
    stopping: threading.Event = field(default_factory=threading.Event)

    def step(self) -> bool:
        """Find out about a batch; True when there may be more."""
        with self.works.system() as work:
            due = questions.due(work, _MOST)
        for question in due:
            try:
                self._settle(question, self._external_id(question))
            except Stopping:
                return False
        return len(due) == _MOST

    def _external_id(self, question: Question) -> str | None:
        """What is told already counts as much as what the channel's record says, and costs no question."""
        with self.works.system() as work:
            told = questions.echoed(work, question)
            known = questions.the_one(work, question, told)
        # Without a token nobody answers: the Connector is disconnected, or its Client suspended.
        if known is not None or not question.secret or not question.part.channel.has_history:
            return known
        try:
            recorded = self._recorded(question)
        except (ChannelError, NoSuchApp) as refusal:
            log.info("outcome not told", extra={"channel": question.part.channel, "reason": refusal.code})
            return None
        with self.works.system() as work:
            return questions.the_one(work, question, [*told, *recorded])

    def _recorded(self, question: Question) -> list[Candidate]:
        part, calls = question.part, self.delivery.calls
        access = calls.access(part.channel, part.account_id, part.app, question.secret)
        pause = partial(self._pause, part.connector_id)
        span = Span(person=question.recipient, since=question.since, until=question.until, pause=pause)
        said = registry.adapter(part.channel).said(calls.http, access, span)
        return [Candidate(external_id=one.external_id, text=one.text, has_file=one.has_file) for one in said]

    def _pause(self, connector_id: UUID) -> None:
        """Wait until one more question may be asked. Raises Stopping."""
        while True:
            with self.works.system() as work:
                wait = limits.take(work, connector_id, Bucket.QUESTIONS, budgets.QUESTIONS)
            if not wait:
                return
            if self.stopping.wait(wait.total_seconds()):
                raise Stopping

    def _settle(self, question: Question, external_id: str | None) -> None:
        gone: tuple[UUID, ...] = ()
        try:
            with self.works.system() as work:
                if external_id is None:
                    questions.not_found(work, question)
                else:
                    gone = questions.found(work, question, external_id)
        except IntegrityError:
            # Its echo is being written at this moment: the lease brings the question back.
            log.info("outcome waits for its echo", extra={"channel": question.part.channel})
            return
        self.delivery.forget(question.part.client_id, gone)
