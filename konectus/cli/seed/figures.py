"""Daily figures of each invented Client: growth, weekdays, seasons, channels, answering times. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from konectus.cli.seed.businesses import Business
from konectus.domain.channels import Channel

BINS = 17
HOURS = 24
# Conversations of a usual day by Plan, and how strong each channel is beside the others.
_PER_DAY = {"inicia": 5.0, "crece": 14.0, "escala": 42.0, "agencia": 75.0, "medida": 120.0}
_STRENGTH = {Channel.MESSENGER: 1.0, Channel.INSTAGRAM: 0.72, Channel.TELEGRAM: 0.34}
# Monday to Sunday.
_WEEK = {
    "food": (0.8, 0.8, 0.85, 0.95, 1.2, 1.35, 1.15),
    "retail": (0.95, 0.95, 1.0, 1.0, 1.15, 1.2, 0.75),
    "health": (1.25, 1.15, 1.1, 1.1, 1.05, 0.75, 0.35),
    "beauty": (0.75, 0.9, 1.0, 1.15, 1.35, 1.3, 0.4),
    "education": (1.3, 1.2, 1.15, 1.1, 1.0, 0.55, 0.3),
}
_OTHER_WEEK = (1.15, 1.1, 1.1, 1.05, 1.05, 0.9, 0.55)
_QUIET = {(12, 24): 0.5, (12, 25): 0.25, (12, 31): 0.5, (1, 1): 0.25, (9, 16): 0.6, (5, 1): 0.6}
_BUSY = {(2, 13): 1.5, (2, 14): 1.7, (5, 9): 1.6, (5, 10): 1.8, (12, 12): 1.1, (4, 30): 1.25}
_BUEN_FIN = 1.35

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Usage:
    """One Client's days on one channel, column by column."""

    channel: Channel
    days: Sequence[date]
    messages_in: Counts
    messages_out: Counts
    contacts: Counts
    opened: Counts
    closed: Counts
    failed: Counts
    histogram: Counts
    reopened: Counts
    resolution: Counts
    hours_in: Counts

    def numbers(self) -> list[int]:
        """Day after day, in the order in which store.queries.usage takes them."""
        new = self.opened - self.reopened
        counts = (self.messages_in, self.messages_out, self.contacts, self.opened, self.closed, self.failed)
        columns = np.stack([*counts, self.reopened, new], axis=1)
        found: list[int] = np.hstack([columns, self.histogram, self.resolution, self.hours_in]).ravel().tolist()
        return found


def history(business: Business, seed: int, first: date, last: date) -> Iterator[Usage]:
    """The days from `first` to `last`, both included, since it signed up; one entry a channel."""
    begin = max(first, business.signed_up.date())
    yield from used(business, seed, [begin + timedelta(days=n) for n in range((last - begin).days + 1)])


def used(business: Business, seed: int, days: Sequence[date]) -> Iterator[Usage]:
    """These days, the first one being the first of its history; one entry a channel, none without days."""
    if not days:
        return
    draw = np.random.default_rng([seed, business.number])
    rate = _rate(draw, business, days)
    for channel in business.channels:
        share = _STRENGTH[channel] * draw.lognormal(0, 0.35)
        found = _usage(draw, channel, days, rate * share)
        # A source of its own: what was drawn above stays what it was.
        yield _described(np.random.default_rng([seed, business.number, len(channel)]), found)


def week_of(business: Business) -> NDArray[np.float64]:
    """How busy its days are, Monday to Sunday."""
    return np.array(_WEEK.get(business.industry, _OTHER_WEEK))


def _rate(draw: Generator, business: Business, days: Sequence[date]) -> NDArray[np.float64]:
    """Expected conversations a day: a size of its own, a slow start, a year's growth, weekdays and feasts."""
    size = _PER_DAY[business.plan] * draw.lognormal(-0.1, 0.45)
    growth = draw.normal(0.32, 0.25)
    age = np.array([(day - business.signed_up.date()).days for day in days], dtype=float)
    since = age - age[0]
    ramp = np.minimum(1.0, 0.35 + age / 75)
    trend = np.maximum(0.25, 1 + growth * since / 365)
    week = week_of(business)
    calendar = np.array([week[day.weekday()] * _season(day) for day in days])
    left = draw.integers(60, 330) if draw.random() < 0.05 else np.inf  # a few lose interest  # noqa: PLR2004 - 5 %
    active = since < left
    rate: NDArray[np.float64] = size * ramp * trend * calendar * active
    return rate


def _season(day: date) -> float:
    key = (day.month, day.day)
    factor = _QUIET.get(key, 1.0) * _BUSY.get(key, 1.0)
    if day.month == 11 and 13 <= day.day <= 17:  # noqa: PLR2004 - Buen Fin, the third weekend of November
        factor *= _BUEN_FIN
    return factor * (1.08 if day.month == 12 and day.day < 23 else 1.0)  # noqa: PLR2004 - before Christmas


def _usage(draw: Generator, channel: Channel, days: Sequence[date], rate: NDArray[np.float64]) -> Usage:
    opened = draw.poisson(rate)
    answered = draw.binomial(opened, 0.93)
    messages_out = answered + draw.poisson(answered * 1.4)
    return Usage(
        channel=channel,
        days=days,
        messages_in=opened + draw.poisson(opened * 2.1),
        messages_out=messages_out,
        contacts=opened - draw.binomial(opened, 0.08),
        opened=opened,
        closed=draw.binomial(opened, 0.9),
        failed=draw.binomial(messages_out, 0.007),
        histogram=draw.multinomial(answered, _answering(draw)),
        reopened=np.zeros_like(opened),
        resolution=np.zeros((len(days), BINS), dtype=np.int64),
        hours_in=np.zeros((len(days), HOURS), dtype=np.int64),
    )


def _described(draw: Generator, found: Usage) -> Usage:
    """With how much of it was opened again, how long it took to close and at which hours people wrote."""
    bins = np.arange(BINS)
    lasting = np.exp(-0.5 * ((bins - draw.normal(10.5, 0.8)) / 2.2) ** 2)
    hours = np.arange(HOURS)
    busy = np.exp(-0.5 * ((hours - 12.5) / 2.4) ** 2) + 0.8 * np.exp(-0.5 * ((hours - 19) / 2.0) ** 2) + 0.01
    return replace(
        found,
        reopened=draw.binomial(found.opened, 0.07),
        resolution=draw.multinomial(found.closed, lasting / lasting.sum()),
        hours_in=draw.multinomial(found.messages_in, busy / busy.sum()),
    )


def _answering(draw: Generator) -> NDArray[np.float64]:
    """Shares of the first answers over the bins; each team has its own pace, and a tail until the next morning."""
    bins = np.arange(BINS)
    pace = draw.normal(5.2, 1.1)
    prompt = np.exp(-0.5 * ((bins - pace) / 1.6) ** 2)
    overnight = np.exp(-0.5 * ((bins - 11.5) / 0.9) ** 2) * 0.18
    shares: NDArray[np.float64] = (prompt + overnight) / (prompt + overnight).sum()
    return shares
