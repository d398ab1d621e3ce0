"""What was used in a span of days, beside the span before: of one Client for its own people, or of all for the staff.

Counted by reports.collect from metadata; whole legal days. Nothing is recorded here: looking as staff is `exact`'s.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from konectus.domain import answering
from konectus.domain.answering import Range
from konectus.domain.channels import Channel
from konectus.domain.columns import Column, Columns
from konectus.domain.sheets import Value
from konectus.domain.spans import Span
from konectus.services import failure_words
from konectus.store.queries import daily
from konectus.store.queries.daily import Counts, DayLine


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    parts: dict[Channel, Counts]

    @property
    def all(self) -> Counts:
        return sum(self.parts.values(), Counts())


@dataclass(frozen=True, slots=True)
class Answers:
    """First responses by bin."""

    bins: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        return sum(self.bins)

    @property
    def median(self) -> Range | None:
        return answering.quantile(self.bins, answering.MEDIAN)

    @property
    def most(self) -> Range | None:
        """Nine of ten were no slower."""
        return answering.quantile(self.bins, answering.MOST)

    @property
    def ranges(self) -> tuple[tuple[Range, int], ...]:
        """Each bin from the first to the last one that holds an answer."""
        held = [n for n, count in enumerate(self.bins) if count]
        found = tuple(zip(answering.ends(len(self.bins)), self.bins, strict=True))
        return found[held[0] : held[-1] + 1] if held else ()


@dataclass(frozen=True, slots=True)
class Use:
    """A span and the one before it; `since` is the first day anything was ever counted of."""

    span: Span
    since: date | None
    lines: tuple[DayLine, ...]
    lines_before: tuple[DayLine, ...]
    answers: Answers = field(default_factory=Answers)
    answers_before: Answers = field(default_factory=Answers)
    resolved: Answers = field(default_factory=Answers)
    hours: tuple[int, ...] = ()
    failures: Mapping[str, int] = field(default_factory=dict)

    @property
    def now(self) -> Counts:
        return daily.total(self.lines)

    @property
    def before(self) -> Counts | None:
        """None where counting began later: that is no comparison."""
        return daily.total(self.lines_before) if self.is_comparable else None

    @property
    def is_comparable(self) -> bool:
        return self.since is not None and self.since <= self.span.before.first

    @property
    def days(self) -> tuple[Day, ...]:
        """Every day of the span, those without anything too."""
        found: dict[date, dict[Channel, Counts]] = {day: {} for day in self.span.each()}
        for one in self.lines:
            found[one.day][one.channel] = one.counts
        return tuple(Day(day, parts) for day, parts in found.items())

    @property
    def messages(self) -> Columns:
        """In and out, day by day, channel upon channel."""
        return Columns(
            tuple(
                Column(one.day, tuple((name.value, one.parts[name].messages) for name in Channel if name in one.parts))
                for one in self.days
            )
        )

    @property
    def busy(self) -> Columns:
        """Messages that came in, by hour of the legal day."""
        return Columns(tuple(Column(hour, (("one", count),)) for hour, count in enumerate(self.hours)))

    @property
    def reasons(self) -> tuple[tuple[str, int], ...]:
        """Why sends failed, in the reader's language; classes that read alike are one."""
        found: dict[str, int] = {}
        for name, count in self.failures.items():
            words = failure_words.of_class(name)
            found[words] = found.get(words, 0) + count
        return tuple(sorted(found.items(), key=lambda one: -one[1]))

    @property
    def channels(self) -> tuple[tuple[Channel, Counts, Counts | None], ...]:
        """Channels that have something in either span."""
        used = {one.channel for one in (*self.lines, *self.lines_before)}
        return tuple(
            (
                channel,
                daily.total(one for one in self.lines if one.channel is channel),
                daily.total(one for one in self.lines_before if one.channel is channel) if self.is_comparable else None,
            )
            for channel in Channel
            if channel in used
        )


def read(session: Session, span: Span, client_id: UUID | None = None) -> Use:
    """Of one Client with its first responses; None: of all together, without."""
    before = span.before
    both = daily.lines(session, before.first, span.last, client_id)
    answers, resolved, hours = (Answers(), Answers()), Answers(), tuple[int, ...]()
    if client_id is not None:
        answers = (
            Answers(daily.first_responses(session, span.first, span.last, client_id)),
            Answers(daily.first_responses(session, before.first, before.last, client_id)),
        )
        resolved = Answers(daily.resolutions(session, span.first, span.last, client_id))
        hours = daily.hours(session, span.first, span.last, client_id)
    return Use(
        span=span,
        since=daily.since(session, client_id),
        lines=tuple(one for one in both if one.day >= span.first),
        lines_before=tuple(one for one in both if one.day <= before.last),
        answers=answers[0],
        answers_before=answers[1],
        resolved=resolved,
        hours=hours,
        failures=daily.failures(session, span.first, span.last, client_id),
    )


def sheet(use: Use) -> tuple[tuple[str, ...], list[tuple[Value, ...]]]:
    """A row a day and channel, under names for programs."""
    names = tuple(one.name for one in fields(Counts))
    rows: list[tuple[Value, ...]] = [
        (one.day, one.channel.value, *(getattr(one.counts, name) for name in names)) for one in use.lines
    ]
    return ("day", "channel", *names), rows
