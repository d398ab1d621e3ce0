"""The catalogue: which figures analysts are shown, in words, and from how many Clients on. Declarations alone.

Releases are computed from it (reports/), the dashboard names and orders its pages by it, docs/figures.md is written
from it. What noise costs and how it is drawn is in reports/.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from konectus.i18n import msg

Mechanism = Literal["presence", "volume", "histogram", "quantile", "ratio"]
Grain = Literal["month", "quarter", "week"]

MONTH: Grain = "month"
QUARTER: Grain = "quarter"
WEEK: Grain = "week"
GRAINS: tuple[Grain, ...] = (MONTH, QUARTER, WEEK)

TOTAL = "total"  # the dimension that is no cut
ALL = "all"  # and its only value

# Below the second rung nothing is published (privacy.md 2.6).
RUNGS = (0, 20, 120, 600, 2000)

# Upper edges of the bins of a duration, in seconds: 15 s, then doubling; the 17th bin is open.
EDGES = tuple(15 * 2**n for n in range(16))
QUANTILES: Mapping[str, float] = MappingProxyType({"p50": 0.5, "p75": 0.75, "p90": 0.9})
# Messages a month from which a size begins, and its name in the key space.
SIZES: Mapping[str, int] = MappingProxyType(
    {"under_100": 0, "from_100": 100, "from_300": 300, "from_1000": 1_000, "from_3000": 3_000, "from_10000": 10_000}
)
MOVEMENTS = ("new", "stayed", "left")
COHORTS = 8  # quarters of signing up that are told apart; earlier ones are "before"
REGIONS = ("centre", "west", "north", "northwest", "gulf", "southeast")


@dataclass(frozen=True)
class Metric:
    """A figure. `cap` = what one Client can count for, in whole units of a month; 1 where Clients are counted."""

    key: str
    words: str
    definition: str
    unit: str
    mechanism: Mechanism
    cap: int = 1


@dataclass(frozen=True)
class Cut:
    """A metric along one dimension at one length of period: one question to the data.

    `share` is its part of the period's rho beside the others of the rung; 0 where it is read off the answer to another
    one (`of`). `exclusive`: a Client stands in one value only. `adds`: the parts make up the metric's total.
    """

    grain: Grain
    metric: str
    dim: str
    first_rung: int
    share: int
    chart: Literal["line", "bars", "heat", "curve"] = "bars"
    of: str = ""
    exclusive: bool = True
    adds: bool = True

    @property
    def key(self) -> str:
        return f"{self.metric}/{self.dim}"


# Caps are powers of the square root of two, fixed beforehand, never from the Clients' data (privacy.md 2.3). At these
# about half of a believable volume counts, and 20 Clients' messages have a median error of 13 %; at 4096 it was 35 %.
METRICS = (
    Metric(
        "clients",
        msg("Active Clients"),
        msg("Clients with at least one message in the period, in or out. All accounts of one legal entity are one."),
        "clients",
        "presence",
    ),
    Metric(
        "messages",
        msg("Messages"),
        msg("Messages received and sent. Each Client counts up to the cap, its channels in proportion."),
        "messages",
        "volume",
        cap=512,
    ),
    Metric(
        "contacts",
        msg("People attended"),
        msg("People who wrote or were written to, once a day and channel. Each Client counts up to the cap."),
        "contact_days",
        "volume",
        cap=128,
    ),
    Metric(
        "conversations",
        msg("Conversations"),
        msg("Conversations opened, those opened again included. Each Client counts up to the cap."),
        "conversations",
        "volume",
        cap=91,
    ),
    Metric(
        "incoming",
        msg("When people write"),
        msg("How received messages are spread over the hours and days of Mexico City. Each Client weighs the same."),
        "share",
        "histogram",
    ),
    Metric(
        "first_response",
        msg("First response"),
        msg(
            "From a person's message to the first answer, over the conversations answered in the period. "
            "Each Client weighs the same."
        ),
        "seconds",
        "quantile",
    ),
    Metric(
        "resolution",
        msg("Resolution"),
        msg("From the opening of a conversation to its closing. Each Client weighs the same."),
        "seconds",
        "quantile",
    ),
    Metric(
        "failed_share",
        msg("Failed sends"),
        msg("Messages that a channel refused or lost, of all sent or failed. Each Client counts up to the cap."),
        "ratio",
        "ratio",
        cap=91,
    ),
    Metric(
        "reopened_share",
        msg("Reopened conversations"),
        msg(
            "Conversations opened again by the same person, of all that were opened. Each Client counts up to the cap."
        ),
        "ratio",
        "ratio",
        cap=45,
    ),
)
BY_KEY: Mapping[str, Metric] = MappingProxyType({metric.key: metric for metric in METRICS})

CUTS = (
    Cut(MONTH, "clients", TOTAL, 0, share=15, chart="line"),
    Cut(MONTH, "contacts", TOTAL, 20, share=7, chart="line"),
    Cut(MONTH, "messages", TOTAL, 20, share=7, chart="line"),
    Cut(MONTH, "clients", "channel", 120, share=8, exclusive=False, adds=False),
    Cut(MONTH, "clients", "plan", 120, share=6),
    Cut(MONTH, "messages", "channel", 120, share=12, chart="line"),
    Cut(MONTH, "messages", "plan", 120, share=10),
    Cut(MONTH, "messages", "direction", 120, share=4),
    Cut(MONTH, "clients", "region", 600, share=4),
    Cut(MONTH, "clients", "industry", 600, share=4),
    Cut(MONTH, "messages", "region", 600, share=10),
    Cut(MONTH, "messages", "industry", 600, share=10),
    Cut(MONTH, "conversations", TOTAL, 600, share=4, chart="line"),
    Cut(MONTH, "incoming", "hour", 600, share=24, chart="line"),
    Cut(MONTH, "incoming", "weekday", 600, share=4),
    Cut(MONTH, "first_response", "bin", 600, share=10, chart="curve"),
    Cut(MONTH, "first_response", "quantile", 600, share=0, chart="line", of="bin"),
    Cut(MONTH, "resolution", "bin", 600, share=10, chart="curve"),
    Cut(MONTH, "resolution", "quantile", 600, share=0, chart="line", of="bin"),
    Cut(MONTH, "failed_share", "channel", 600, share=6),
    Cut(MONTH, "failed_share", TOTAL, 600, share=0, chart="line", of="channel"),
    Cut(MONTH, "reopened_share", TOTAL, 600, share=6, chart="line"),
    Cut(MONTH, "clients", "channel_plan", 2000, share=6, chart="heat", exclusive=False, adds=False),
    Cut(MONTH, "messages", "channel_plan", 2000, share=10, chart="heat"),
    Cut(MONTH, "incoming", "hour_week", 2000, share=100, chart="heat"),
    Cut(QUARTER, "clients", TOTAL, 120, share=2, chart="line"),
    Cut(QUARTER, "clients", "size", 120, share=4),
    Cut(QUARTER, "clients", "movement", 120, share=3, adds=False),
    Cut(QUARTER, "first_response", "quantile", 120, share=8, chart="line"),
    Cut(QUARTER, "resolution", "quantile", 120, share=8, chart="line"),
    Cut(QUARTER, "failed_share", TOTAL, 120, share=6, chart="line"),
    Cut(QUARTER, "clients", "signup", 600, share=6, chart="heat"),
    Cut(WEEK, "clients", TOTAL, 600, share=2, chart="line"),
    Cut(WEEK, "messages", TOTAL, 600, share=2, chart="line"),
    Cut(WEEK, "contacts", TOTAL, 600, share=2, chart="line"),
    Cut(WEEK, "clients", "channel", 2000, share=3, chart="line", exclusive=False, adds=False),
    Cut(WEEK, "messages", "channel", 2000, share=4, chart="line"),
)

# Values of the dimensions that are neither a name (channels, Plans) nor a number (hours, quarters).
WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "direction": {"in": msg("Received messages"), "out": msg("Sent messages")},
        "region": {
            "centre": msg("Centre"),
            "west": msg("West"),
            "north": msg("North"),
            "northwest": msg("Northwest"),
            "gulf": msg("Gulf"),
            "southeast": msg("Southeast"),
        },
        "industry": {
            "retail": msg("Shops and retail"),
            "food": msg("Food and drinks"),
            "health": msg("Health"),
            "beauty": msg("Beauty"),
            "automotive": msg("Cars and workshops"),
            "education": msg("Education"),
            "services": msg("Services"),
            "other": msg("Another one"),
        },
        "weekday": {
            "1": msg("Monday"),
            "2": msg("Tuesday"),
            "3": msg("Wednesday"),
            "4": msg("Thursday"),
            "5": msg("Friday"),
            "6": msg("Saturday"),
            "7": msg("Sunday"),
        },
        "size": {
            "under_100": msg("under 100 messages a month"),
            "from_100": msg("100 to 299"),
            "from_300": msg("300 to 999"),
            "from_1000": msg("1,000 to 2,999"),
            "from_3000": msg("3,000 to 9,999"),
            "from_10000": msg("10,000 and more"),
        },
        "movement": {"new": msg("New"), "stayed": msg("Stayed"), "left": msg("Left")},
        "quantile": {"p50": msg("half within"), "p75": msg("three of four within"), "p90": msg("nine of ten within")},
    }
)


def cuts(grain: Grain, rung: int) -> Iterator[Cut]:
    """What a period of this length tells on this rung; on the lowest only the number of Clients, for the ladder."""
    return (cut for cut in CUTS if cut.grain == grain and cut.first_rung <= rung)


def unit(metric: str, dim: str) -> str:
    """In what the cells of a cut are told: bins of a duration hold shares, all else is in the metric's unit."""
    return "share" if dim == "bin" else BY_KEY[metric].unit


def first_rung(grain: Grain, metric: str, dim: str) -> int | None:
    """From how many Clients on the cut is published; None where there is no such cut."""
    return next((cut.first_rung for cut in CUTS if (cut.grain, cut.metric, cut.dim) == (grain, metric, dim)), None)
