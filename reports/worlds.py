"""Invented periods of many Clients in memory, as a release reads them: for expected errors before anything is spent.

Nothing of these touches a database; what the demo shows comes from the seed.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from konectus import figures
from konectus.figures import EDGES, Cut, Grain
from reports.anonymize import Vectors
from reports.labels import Label, labels
from reports.periods import KINDS
from reports.sources import Usage

PLANS = (("inicia", "Inicia"), ("crece", "Crece"), ("escala", "Escala"))
STRENGTH = (1.0, 0.7, 0.35)  # of each channel beside the others
PRESENT = (0.9, 0.6, 0.25)
LENGTH = {figures.MONTH: 1.0, figures.QUARTER: 3.0, figures.WEEK: 0.23}  # in months
DAY = date(2026, 8, 3)
# How people write over a day, and over a week from Monday on.
HOURS = np.exp(-(((np.arange(24) - 14) / 4.5) ** 2)) + 0.05
WEEKDAYS = np.array([1.1, 1.05, 1.0, 1.0, 1.1, 0.8, 0.45])
SIGNUPS = (0.05, 0.06, 0.07, 0.08, 0.08, 0.09, 0.09, 0.09, 0.39)
MOVED = (0.09, 0.86, 0.05)


def usage(seed: int, clients: int, grain: Grain = figures.MONTH, rung: int = 2000) -> Usage:
    """A period with every cut of the rung: sizes are log-normal about 600 messages a month, one to three channels."""
    known = labels(PLANS, KINDS[grain].of(DAY))
    world = _World.drawn(np.random.default_rng([seed, clients]), clients, LENGTH[grain])
    asked = [cut for cut in figures.cuts(grain, rung) if not cut.of]
    return Usage(known, {(cut.metric, cut.dim): world.rows(cut, known[cut.dim]) for cut in asked})


def planted(of: Usage) -> Usage:
    """The same period with one Client more, that moves every sum as far as one Client can."""
    rows: dict[tuple[str, str], Vectors] = {}
    for (metric, dim), found in of.rows.items():
        own = np.zeros((1, found.shape[1]), dtype=np.int64)
        own[0, : found.shape[1] if dim == "channel" and metric == "clients" else 1] = 1 << 30
        rows[metric, dim] = np.vstack([found, own])
    return Usage(of.labels, rows)


@dataclass(frozen=True)
class _World:
    """Messages in and out by Client and channel, and what else each Client is."""

    draw: np.random.Generator
    months: float
    received: Vectors
    sent: Vectors
    plan: Vectors

    @classmethod
    def drawn(cls, draw: np.random.Generator, clients: int, months: float) -> "_World":
        size = draw.lognormal(np.log(600 * months), 1.1, clients)
        present = draw.random((clients, len(STRENGTH))) < PRESENT
        present[~present.any(axis=1), 0] = True
        share = present * np.array(STRENGTH) * draw.lognormal(0, 0.3, present.shape)
        messages = np.maximum(draw.poisson(size[:, None] * share / share.sum(axis=1, keepdims=True)), present)
        sent = draw.binomial(messages, 0.45)
        return cls(draw, months, messages - sent, sent, draw.choice(len(PLANS), clients, p=(0.55, 0.33, 0.12)))

    def rows(self, cut: Cut, values: tuple[Label, ...]) -> Vectors:
        match cut.metric:
            case "incoming":
                return self._profile(cut.dim)
            case "first_response" | "resolution":
                return self._durations(cut.metric)
            case "failed_share":
                return self._part(cut.dim, 0.02, self.sent, values)
            case "reopened_share":
                return self._part(cut.dim, 0.15, self._portion(0.12), values)
            case _:
                return self._counted(cut, values)

    def _counted(self, cut: Cut, values: tuple[Label, ...]) -> Vectors:
        match cut.metric:
            case "clients":
                return self._present(cut.dim, values)
            case "messages":
                return self._messages(cut.dim, values)
            case _:
                return self._spread(cut.dim, self._portion(0.18 if cut.metric == "contacts" else 0.12), values)

    def _messages(self, dim: str, values: tuple[Label, ...]) -> Vectors:
        if dim == "direction":
            return np.stack([self.received.sum(axis=1), self.sent.sum(axis=1)], axis=1)
        return self._spread(dim, self.received + self.sent, values)

    def _portion(self, part: float) -> Vectors:
        return np.minimum(self.received, self.draw.poisson((self.received + self.sent) * part))

    def _part(self, dim: str, part: float, whole: Vectors, values: tuple[Label, ...]) -> Vectors:
        first = self.draw.binomial(whole, part)
        return np.hstack([self._spread(dim, one, values) for one in (first, whole - first)])

    def _spread(self, dim: str, cells: Vectors, values: tuple[Label, ...]) -> Vectors:
        match dim:
            case "channel":
                return cells
            case "channel_plan":
                whole = cells[:, :, None] * np.eye(len(PLANS), dtype=np.int64)[self.plan][:, None, :]
                return np.asarray(whole.reshape(len(cells), -1))
            case _:
                return np.asarray(cells.sum(axis=1, keepdims=True) * self._kinds(dim, len(values)))

    def _present(self, dim: str, values: tuple[Label, ...]) -> Vectors:
        return self._messages(dim, values) if dim in {"channel", "channel_plan"} else self._kinds(dim, len(values))

    def _kinds(self, dim: str, size: int) -> Vectors:
        """One 1 in each row, at the kind of that Client."""
        clients = len(self.plan)
        match dim:
            case "plan":
                places = self.plan
            case "size":
                each = (self.received + self.sent).sum(axis=1) / self.months
                places = np.searchsorted(list(figures.SIZES.values()), each, side="right") - 1
            case "signup" | "movement":
                places = self.draw.choice(size, clients, p=SIGNUPS if dim == "signup" else MOVED)
            case _:
                weights = 0.7 ** np.arange(size)
                places = self.draw.choice(size, clients, p=weights / weights.sum())
        return np.eye(size, dtype=np.int64)[places]

    def _profile(self, dim: str) -> Vectors:
        week = WEEKDAYS[:, None] * HOURS
        parts = {"hour": week.sum(axis=0), "weekday": week.sum(axis=1)}.get(dim, week.ravel())
        return np.asarray(self.draw.multinomial(self.received.sum(axis=1), parts / parts.sum()))

    def _durations(self, metric: str) -> Vectors:
        """Each Client has a pace of its own about half an hour to a first answer, ten hours to a closing."""
        seconds = 1_800 if metric == "first_response" else 36_000
        paces = self.draw.normal(np.log2(seconds / EDGES[0]), 1.5, len(self.plan))
        places = np.arange(len(EDGES) + 1)
        weights = np.exp(-(((places[None, :] - 0.5 - paces[:, None]) / 2) ** 2))
        conversations = np.maximum(self._portion(0.12).sum(axis=1), 1)
        return np.asarray(self.draw.multinomial(conversations, weights / weights.sum(axis=1, keepdims=True)))
