"""Clients that have figures alone, so that there are enough for every rung of the ladder. Nobody signs in there.

Each is a row, a contract and daily figures, written in bulk; those with people and a past are accounts'.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from konectus.cli.console import Advance
from konectus.cli.seed import businesses as catalogue
from konectus.cli.seed import figures
from konectus.cli.seed.businesses import ZONE, Business
from konectus.cli.seed.house import SEEDER
from konectus.domain import invoicing
from konectus.domain.plans import Interval
from konectus.ids import uuid7s
from konectus.services.work import Work
from konectus.store.queries import invented, usage
from konectus.store.queries.invented import Invented
from konectus.store.queries.usage import UsageDays

# The same Plans by the year, as they were offered first: thousands that renew each month would be most of what the
# jobs of a demo do.
PLANS = tuple(
    replace(plan, interval=Interval.YEAR, price_cents=10 * plan.price_cents)
    for plan in catalogue.PLANS
    if plan.interval is Interval.MONTH
)
# On how many days of the week such a Client attends people, and how many are like that. It keeps a year of thousands
# about as small as one of hundreds who attend every day.
DAYS_A_WEEK = {1: 0.3, 2: 0.4, 3: 0.3}
# Part of them that has ended its contract, and how long each stays at least.
LEAVING = 0.04
_STAYS = timedelta(days=45)
_NOON = time(12)


@dataclass(frozen=True)
class Crowd:
    """All of them, drawn from the seed; `history` is the first day of the figures and today."""

    businesses: Sequence[Business]
    seed: int
    history: tuple[date, date]

    def join(self, work: Work, versions: Mapping[str, Any], advance: Advance) -> None:
        """Write them down with their contracts and figures; `versions` are the Plans' by code, all by the year."""
        rows = list(self._rows(versions, work.now))
        invented.add_clients(work.session, rows, SEEDER.id)
        for business, row in zip(self.businesses, rows, strict=True):
            for used in figures.used(business, self.seed, self.days_of(business, row.ended_at)):
                days = UsageDays(row.id, used.channel, business.plan, used.days, used.numbers())
                usage.add_usage(work.session, days)
            advance(1)

    def days_of(self, business: Business, ended_at: datetime | None) -> list[date]:
        """On which of the days up to, and without, today it attended people."""
        first = max(self.history[0], business.signed_up.date())
        after = min(self.history[1], ended_at.date()) if ended_at else self.history[1]
        draw = self._drawn(business, "days")
        week = figures.week_of(business)
        size = int(draw.choice(list(DAYS_A_WEEK), p=list(DAYS_A_WEEK.values())))
        chosen = set(draw.choice(len(week), size=size, replace=False, p=week / week.sum()).tolist())
        every = (first + timedelta(days=n) for n in range((after - first).days))
        return [day for day in every if day.weekday() in chosen]

    def ended_at(self, business: Business) -> datetime | None:
        """When its contract ended, at noon; None where it runs."""
        draw = self._drawn(business, "end")
        stays = max(datetime.combine(self.history[0], _NOON, ZONE), business.signed_up) + _STAYS
        possible = (self.history[1] - stays.date()).days
        if possible < 1 or draw.random() >= LEAVING:
            return None
        return datetime.combine(stays.date() + timedelta(days=int(draw.integers(possible))), _NOON, ZONE)

    def _drawn(self, business: Business, what: str) -> np.random.Generator:
        """A source of its own for each question: what another one drew stays what it was."""
        return np.random.default_rng([self.seed, business.number, *what.encode()])

    def _rows(self, versions: Mapping[str, Any], now: datetime) -> Iterator[Invented]:
        instants = [business.signed_up for business in self.businesses]
        ids = zip(uuid7s(instants), uuid7s(instants), strict=True)
        for business, pair in zip(self.businesses, ids, strict=True):
            ended_at = self.ended_at(business)
            opening = invoicing.first(business.signed_up, Interval.YEAR)
            yield _row(business, pair, versions[business.plan], invoicing.running(opening, ended_at or now), ended_at)


def _row(
    business: Business, ids: tuple[UUID, UUID], version: Any, opening: invoicing.Opening, ended_at: datetime | None
) -> Invented:
    return Invented(
        id=ids[0],
        subscription_id=ids[1],
        legal_name=business.legal_name,
        trade_name=business.trade_name,
        tax_id=business.tax_id,
        registered_email=business.email,
        industry=business.industry,
        region=business.region,
        is_agency=business.is_agency,
        created_at=business.signed_up,
        plan=business.plan,
        plan_version_id=version.id,
        seats=version.seats,
        opening=opening,
        ended_at=ended_at,
    )
