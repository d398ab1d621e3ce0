"""Budgets and breakers as rows, shared by all processes that send. The rule is `domain.budgets`, the call elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from konectus.domain import budgets
from konectus.domain.budgets import Bucket, Budget, Tally
from konectus.domain.channels import Channel
from konectus.services.work import Work
from konectus.store.queries import limits as rows

# An unused bucket is kept so long; the slowest is full again after nine seconds.
KEPT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Line:
    """Whose pace it is: a Connector of a Client on a channel."""

    client_id: UUID
    connector_id: UUID
    channel: Channel


@dataclass(frozen=True, slots=True)
class Lease:
    """Sends a process may make without asking again, or how long until it may ask again.

    `counted`: the successes it brought along are in the row.
    """

    tokens: int
    wait: timedelta
    counted: bool


def lease(work: Work, line: Line, well: Sequence[Tally] = ()) -> Lease:
    """A slice of the account's budget, smaller and slower while the channel says its allowance is nearly used.

    `well` are the caller's own successes: counted where somebody else has seen failures, or they mean nothing.
    """
    standing = rows.standing(work.session, line.connector_id, work.now - budgets.USAGE_HOLDS)
    budget = budgets.slowed(budgets.SENDING[line.channel], standing.usage)
    counted = standing.has_failures and bool(well)
    if counted:
        breaker = rows.lock_breaker(work.session, line.client_id, line.connector_id)
        rows.keep_breaker(work.session, line.connector_id, budgets.told(breaker, well, work.now))
    taken, wait = _take(work, line.connector_id, Bucket.ACCOUNT, budget, max(1, int(budget.burst // 8)))
    return Lease(taken, wait, counted)


def take(work: Work, scope_id: UUID, bucket: Bucket, budget: Budget) -> timedelta:
    """Take one from a bucket; zero where it was given, else how long until there is one."""
    return _take(work, scope_id, bucket, budget, 1)[1]


def probe(work: Work, line: Line) -> bool:
    """Whether the caller is the one that may try a channel that did not answer; nobody else is until it is known."""
    breaker, allowed = budgets.allow(rows.lock_breaker(work.session, line.client_id, line.connector_id), work.now)
    rows.keep_breaker(work.session, line.connector_id, breaker)
    return allowed


def went_well(work: Work, line: Line) -> bool:
    """The channel answered; True where that closed the breaker."""
    before = rows.lock_breaker(work.session, line.client_id, line.connector_id)
    after = budgets.succeeded(before, work.now)
    rows.keep_breaker(work.session, line.connector_id, after)
    return before.is_open and not after.is_open


def went_wrong(work: Work, line: Line, well: Sequence[Tally], chance: float) -> bool:
    """The channel did not answer as it should; True where that opened the breaker. `well` as in `lease`."""
    before = rows.lock_breaker(work.session, line.client_id, line.connector_id)
    after = budgets.failed(budgets.told(before, well, work.now), work.now, chance)
    rows.keep_breaker(work.session, line.connector_id, after)
    return after.is_open and not before.is_open


def note_usage(work: Work, line: Line, usage: int) -> None:
    """The channel said how many percent of its allowance are used."""
    rows.keep_usage(work.session, line.client_id, line.connector_id, usage, work.now)


def forget(work: Work) -> None:
    """Drop buckets that nobody has asked for a while."""
    rows.forget_levels(work.session, work.now - KEPT)


def _take(work: Work, scope_id: UUID, bucket: Bucket, budget: Budget, most: int) -> tuple[int, timedelta]:
    level = rows.lock_level(work.session, scope_id, bucket, budget, work.now)
    after, taken, wait = budgets.take(budget, level, work.now, most)
    if taken:
        rows.keep_level(work.session, scope_id, bucket, after)
    return taken, wait
