"""The catalogue: what is published, from how many Clients on, with which cap and share of the budget.

Words are msgids of locale/es_MX/figures.po; they travel with each release in `released.metric`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from konectus.i18n import msg

Mechanism = Literal["presence", "volume"]

TOTAL = "total"  # the dimension that is no cut
ALL = "all"  # and its only value
DELTA = 1e-6

# Below the second rung nothing is published (privacy.md 2.6).
RUNGS = (0, 20, 120, 600, 2000)
RHO: Mapping[int, Decimal] = MappingProxyType(
    {0: Decimal("0.25"), 20: Decimal("0.25"), 120: Decimal("0.25"), 600: Decimal("0.10"), 2000: Decimal("0.05")}
)


@dataclass(frozen=True)
class Metric:
    """A figure. `presence` counts Clients; `volume` counts what they did, each up to `cap` in whole units."""

    key: str
    words: str
    unit: str
    mechanism: Mechanism
    cap: int
    first_rung: int


@dataclass(frozen=True)
class Cut:
    """A metric along one dimension: one query. `share` is its part of the period's rho beside the others of the rung.

    `exclusive` = a Client stands in one value only, so that the parts add to the total also when Clients are counted.
    """

    metric: str
    dim: str
    first_rung: int
    share: int
    exclusive: bool = True


# Caps are powers of the square root of two, fixed beforehand, never from the Clients' data (privacy.md 2.3). At these
# about half of a believable volume counts, and 20 Clients' messages have a median error of 13 %; at 4096 it was 35 %.
METRICS = (
    Metric("clients", msg("Active Clients"), "clients", "presence", cap=1, first_rung=20),
    Metric("messages", msg("Messages"), "messages", "volume", cap=724, first_rung=20),
    Metric("contacts", msg("People attended"), "contact_days", "volume", cap=181, first_rung=20),
)
CUTS = (
    Cut("clients", TOTAL, first_rung=0, share=2),
    Cut("contacts", TOTAL, first_rung=20, share=3),
    Cut("messages", TOTAL, first_rung=20, share=2),
    Cut("clients", "channel", first_rung=120, share=4, exclusive=False),
    Cut("clients", "plan", first_rung=120, share=3),
    Cut("messages", "channel", first_rung=120, share=6),
    Cut("messages", "plan", first_rung=120, share=5),
)
BY_KEY: Mapping[str, Metric] = MappingProxyType({metric.key: metric for metric in METRICS})


def cuts(rung: int) -> tuple[Cut, ...]:
    """The queries of a rung; on the lowest one the number of Clients alone, which only the ladder sees."""
    return tuple(cut for cut in CUTS if cut.first_rung <= rung)


def shares(rung: int, rho: float) -> dict[Cut, float]:
    """The period's rho divided among the queries of the rung; the parts sum to it."""
    live = cuts(rung)
    whole = sum(cut.share for cut in live)
    return {cut: rho * cut.share / whole for cut in live}
