"""Commands on the log: having events or dead letters read again, and discarding letters."""

from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from backoffice.admin.commands import Command, Effect, Known, Refused, fingerprint
from backoffice.admin.given import Typed
from backoffice.admin.pieces import Act, Cell, Fact
from backoffice.admin.roles import DISCARD, EVENT, LETTER, REPLAY
from backoffice.admin.shell import list_of, page_of
from konectus.errors import NotFound
from konectus.i18n import format_number, gettext, ngettext
from konectus.services import replays
from konectus.services.replays import NoSuchLetter, NothingToReplay, Put, Taken
from konectus.services.work import Work
from konectus.store.queries import watch
from konectus.store.queries.dead import Span, Wanted

# Stands in the rolled-back transaction only.
REHEARSED = "Rehearsal: nothing is kept"


@dataclass(frozen=True)
class ReplayEvents(Command):
    """One body, or all of a time, of one Connector where it is named."""

    event_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    connector: str = ""
    identity: ClassVar[str] = EVENT
    action: ClassVar[str] = REPLAY
    is_dangerous: ClassVar[bool] = False

    @property
    def step(self) -> str:
        return gettext("Read again")

    @property
    def go(self) -> str:
        return gettext("Read again now")

    def known(self, work: Work) -> Known:
        put = self._rehearsed(work)
        number = format_number(put.events)
        title = ngettext("Read {n} event again", "Read {n} events again", put.events)
        if self.event_id is not None:
            title = gettext("Read event {number} again", number=self.event_id)
        return Known(
            title=title,
            lead=gettext("Reading twice changes nothing: what is stored stays, what was missed comes in."),
            name=gettext("Event {number}", number=self.event_id) if self.event_id is not None else "",
            href=self._back(),
            facts=(
                Fact(gettext("Events"), Cell(number)),
                Fact(gettext("From"), Cell(at=put.places[0][0])),
                Fact(gettext("To"), Cell(at=put.places[-1][0])),
                Fact(gettext("Account"), Cell(self.connector)),
                Fact(gettext("Dead letters of theirs"), Cell(format_number(put.letters))),
            ),
            read_at=work.now,
            seen=fingerprint(put.places[0], put.places[-1], put.events),
            number=str(put.events),
        )

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        del given
        return _of_events(self._put(work, REHEARSED))

    def carry_out(self, work: Work, given: Typed) -> str:
        self._put(work, given.why)
        return self._back() if self.event_id is not None else f"{list_of(EVENT)}?show=waiting"

    def _back(self) -> str:
        return page_of(EVENT, self.event_id) if self.event_id is not None else list_of(EVENT)

    def _rehearsed(self, work: Work) -> Put:
        """What the act would take, without taking it."""
        savepoint = work.session.begin_nested()
        try:
            return self._put(work, REHEARSED)
        finally:
            savepoint.rollback()

    def _put(self, work: Work, reason: str) -> Put:
        try:
            span = replays.span_of(work, self.event_id) if self.event_id is not None else self._span(work)
            return replays.put_back(work, span, reason)
        except NothingToReplay:
            raise _nothing(EVENT, self._back()) from None

    def _span(self, work: Work) -> Span:
        if self.since is None or self.until is None or self.since >= self.until:
            raise _nothing(EVENT, list_of(EVENT))
        if not self.connector:
            return Span(self.since, self.until)
        found = watch.holders(work.session, watch.accounts_of(work.session, self.connector))
        if len(found) != 1:
            raise NotFound
        ((channel, account), holder) = next(iter(found.items()))
        return Span(self.since, self.until, (holder.connector_id, channel, account))


@dataclass(frozen=True)
class OnLetters(Command):
    """What both commands on letters share: which ones, and their facts."""

    wanted: Wanted
    identity: ClassVar[str] = LETTER

    def known(self, work: Work) -> Known:
        taken = self._rehearsed(work)
        letters = taken.letters
        names = sorted({letter.client_name or gettext("Nobody's") for letter in letters})
        return Known(
            title=self._title(len(letters)),
            lead=self._lead(),
            name="",
            href=self._back(),
            facts=(
                Fact(gettext("Dead letters"), Cell(format_number(len(letters)))),
                Fact(gettext("Clients"), Cell(", ".join(names[:3]), small=_more(len(names) - 3))),
                Fact(gettext("Why"), Cell(", ".join(sorted({letter.reason for letter in letters})[:3]))),
                Fact(gettext("The oldest"), Cell(at=letters[0].created_at)),
                Fact(gettext("The newest"), Cell(at=letters[-1].created_at)),
            ),
            read_at=work.now,
            seen=fingerprint([str(letter.id) for letter in letters]),
            number=str(len(letters)),
        )

    @abstractmethod
    def take(self, work: Work, reason: str) -> Taken:
        """The act. Raises NothingToReplay or NoSuchLetter."""

    @abstractmethod
    def _title(self, n: int) -> str: ...

    @abstractmethod
    def _lead(self) -> str: ...

    def _back(self) -> str:
        return page_of(LETTER, self.wanted.letter_id) if self.wanted.letter_id else list_of(LETTER)

    def _done(self, work: Work, reason: str) -> Taken:
        try:
            return self.take(work, reason)
        except NoSuchLetter:
            raise NotFound from None
        except NothingToReplay:
            raise _nothing(LETTER, self._back()) from None

    def _rehearsed(self, work: Work) -> Taken:
        savepoint = work.session.begin_nested()
        try:
            return self._done(work, REHEARSED)
        finally:
            savepoint.rollback()


@dataclass(frozen=True)
class ReplayLetters(OnLetters):
    action: ClassVar[str] = REPLAY
    is_dangerous: ClassVar[bool] = False

    @property
    def step(self) -> str:
        return gettext("Read again")

    @property
    def go(self) -> str:
        return gettext("Read again now")

    def take(self, work: Work, reason: str) -> Taken:
        return replays.ask(work, self.wanted, reason)

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        del given
        taken = self._done(work, REHEARSED)
        n = len(taken.letters)
        back = ngettext("{n} letter goes back into the log", "{n} letters go back into the log", n)
        return (
            Effect("rotate-cw", "ok", back, gettext("Within seconds; a worker reads them as if they came now."), back),
            Effect(
                "mail-warning",
                "",
                gettext("What still cannot be read is set aside again"),
                gettext("As a new letter, with its reason of today."),
            ),
            *_rest(is_all=taken.is_all),
        )

    def carry_out(self, work: Work, given: Typed) -> str:
        self._done(work, given.why)
        return self._back() if self.wanted.letter_id else f"{list_of(LETTER)}?show=asked"

    def _title(self, n: int) -> str:
        return ngettext("Read {n} dead letter again", "Read {n} dead letters again", n)

    def _lead(self) -> str:
        return gettext("Reading twice changes nothing: what is stored stays, what was missed comes in.")


@dataclass(frozen=True)
class DiscardLetters(OnLetters):
    action: ClassVar[str] = DISCARD
    is_dangerous: ClassVar[bool] = True

    @property
    def step(self) -> str:
        return gettext("Discard")

    @property
    def go(self) -> str:
        return gettext("Discard for good")

    def take(self, work: Work, reason: str) -> Taken:
        return replays.discard(work, self.wanted, reason)

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        del given
        taken = self._done(work, REHEARSED)
        n = len(taken.letters)
        gone = ngettext("{n} letter is erased", "{n} letters are erased", n)
        return (
            Effect("trash-2", "danger", gone, gettext("What was in them never reaches the Client's inbox."), gone),
            *_rest(is_all=taken.is_all),
        )

    def carry_out(self, work: Work, given: Typed) -> str:
        self._done(work, given.why)
        return self._back() if self.wanted.letter_id else f"{list_of(LETTER)}?show=decided"

    def _title(self, n: int) -> str:
        return ngettext("Discard {n} dead letter", "Discard {n} dead letters", n)

    def _lead(self) -> str:
        return gettext("It takes effect when you confirm and cannot be undone.")


def _of_events(put: Put) -> tuple[Effect, ...]:
    again = ngettext("{n} event is read again", "{n} events are read again", put.events)
    told = [Effect("rotate-cw", "ok", again, gettext("Nothing is doubled; the same messages stay as they are."), again)]
    if put.letters:
        closed = ngettext("{n} dead letter of theirs is closed", "{n} dead letters of theirs are closed", put.letters)
        told.append(Effect("mail-check", "", closed, gettext("What still cannot be read makes a new one."), closed))
    return (*told, *_rest(is_all=put.is_all))


def _rest(*, is_all: bool) -> tuple[Effect, ...]:
    if is_all:
        return ()
    heading = gettext("Only the oldest, more fit")
    return (
        Effect("layers", "warn", heading, gettext("Repeat it afterwards, or use konectus events replay."), heading),
    )


def _more(n: int) -> str:
    return ngettext("and {n} more", "and {n} more", n) if n > 0 else ""


def _nothing(identity: str, back: str) -> Refused:
    return Refused(
        gettext("There is nothing to read again here"),
        gettext("It waits anyway, it was decided already, or its body is gone: bodies are kept for 7 days."),
        (),
        (Act(gettext("Back"), back, "arrow-left", "primary"),),
        identity=identity,
    )
