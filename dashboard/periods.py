"""How a period is written in an address and a file, by its grain. What is published is in data.py."""

from dashboard import locale
from dashboard.data import Release
from konectus import i18n
from konectus.i18n import gettext as _


def written(release: Release) -> str:
    """`2026-10`, `2026-Q4` or `2026-W41` (the week by ISO 8601)."""
    day = release.period
    match release.grain:
        case "quarter":
            return f"{day.year:04}-Q{(day.month + 2) // 3}"
        case "week":
            return f"{day:%G-W%V}"
        case _:
            return f"{day:%Y-%m}"


def words(release: Release) -> str:
    """For a list of choices and the head of a line."""
    day = release.period
    match release.grain:
        case "quarter":
            return _("Quarter {n} of {year}", n=(day.month + 2) // 3, year=day.year)
        case "week":
            return _("Week of {day}", day=i18n.format_date(day, form="medium"))
        case _:
            return locale.month_short(day)
