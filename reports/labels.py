"""The key space of a period: every value of each dimension with its word in both languages, whoever uses it or not."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from konectus import figures, i18n
from konectus.domain.channels import Channel
from konectus.figures import ALL, COHORTS, EDGES, TOTAL
from reports.periods import Period, Quarter

MINUTE, HOUR, DAY = 60, 3_600, 86_400


@dataclass(frozen=True)
class Label:
    """A value of a dimension with its word in Spanish, and in English where it is not a name."""

    value: str
    words: str
    words_en: str = ""


def labels(plans: Iterable[tuple[str, str]], period: Period) -> dict[str, tuple[Label, ...]]:
    """Labels by dimension, in the order of display; `plans` are code and name of each Plan."""
    channels = tuple(Label(channel.value, channel.value.capitalize()) for channel in Channel)
    named = tuple(Label(code, name) for code, name in plans)
    return {
        TOTAL: (Label(ALL, ""),),
        "channel": channels,
        "plan": named,
        "channel_plan": tuple(
            Label(f"{one.value}-{other.value}", f"{one.words}, {other.words}") for one in channels for other in named
        ),
        **{dim: tuple(_worded(words)) for dim, words in figures.WORDS.items()},
        "hour": tuple(Label(f"{hour:02}", f"{hour:02}:00") for hour in range(24)),
        "hour_week": tuple(_hours_of_the_week()),
        "bin": tuple(_bins()),
        "signup": tuple(_signups(Quarter.of(period.first))),
    }


def _worded(words: Mapping[str, str]) -> Iterator[Label]:
    for value, msgid in words.items():
        yield Label(value, *both(msgid))


def both(msgid: str) -> tuple[str, str]:
    """Spanish and English of a msgid."""
    return _in("es_MX", msgid), _in("en", msgid)


def _in(locale: str, msgid: str) -> str:
    with i18n.use(locale):
        return i18n.gettext(msgid)


def _hours_of_the_week() -> Iterator[Label]:
    for day, msgid in figures.WORDS["weekday"].items():
        spanish, english = both(msgid)
        for hour in range(24):
            yield Label(f"{day}-{hour:02}", f"{spanish} {hour:02}:00", f"{english} {hour:02}:00")


def _bins() -> Iterator[Label]:
    yield Label("00", f"hasta {_lasting(EDGES[0])}", f"up to {_lasting(EDGES[0])}")
    for place, (low, high) in enumerate(pairwise(EDGES), start=1):
        yield Label(f"{place:02}", f"{_lasting(low)} a {_lasting(high)}", f"{_lasting(low)} to {_lasting(high)}")
    yield Label(f"{len(EDGES):02}", f"más de {_lasting(EDGES[-1])}", f"over {_lasting(EDGES[-1])}")


def _lasting(seconds: int) -> str:
    """In the largest unit of which it is at least two."""
    for unit, size in (("d", DAY), ("h", HOUR), ("min", MINUTE)):
        if seconds >= 2 * size:
            return f"{seconds / size:.2g} {unit}"
    return f"{seconds} s"


def _signups(newest: Quarter) -> Iterator[Label]:
    quarter = newest
    for _place in range(COHORTS):
        year, number = quarter.first.year, (quarter.first.month + 2) // 3
        yield Label(f"{year:04}Q{number}", f"T{number} {year}", f"Q{number} {year}")
        quarter = quarter.before()
    yield Label("before", "antes", "before")
