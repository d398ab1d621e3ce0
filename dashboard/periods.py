"""How a period is written in an address and a file, by its grain. What is published is in data.py."""

from typing import Any

from dashboard import locale
from dashboard.data import Release
from konectus import i18n
from konectus.i18n import gettext as _

MONTH, QUARTER, WEEK = "month", "quarter", "week"
GRAINS = (MONTH, QUARTER, WEEK)


def grain(release: Release) -> str:
    """How long its period is; every release of a time before there were others is of a month."""
    found: Any = getattr(release, "grain", MONTH)
    return str(found)


def written(release: Release) -> str:
    """`2026-10`, `2026-Q4` or `2026-W41` (the week by ISO 8601)."""
    day = release.period
    match grain(release):
        case "quarter":
            return f"{day.year:04}-Q{(day.month + 2) // 3}"
        case "week":
            return f"{day:%G-W%V}"
        case _:
            return f"{day:%Y-%m}"


def words(release: Release) -> str:
    """For a list of choices and the head of a line."""
    day = release.period
    match grain(release):
        case "quarter":
            return _("Quarter {n} of {year}", n=(day.month + 2) // 3, year=day.year)
        case "week":
            return _("Week of {day}", day=i18n.format_date(day, form="medium"))
        case _:
            return locale.month_short(day)
