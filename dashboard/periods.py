"""How a period is written in an address and a file, by its grain. What is published is in data.py."""

from datetime import date, timedelta

from dashboard import locale
from dashboard.data import Release
from konectus import i18n
from konectus.figures import MONTH
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
    """For a list of choices of one length."""
    match release.grain:
        case "quarter":
            return short(release)
        case "week":
            return i18n.format_date(release.period, form="medium")
        case _:
            return locale.month_short(release.period)


def short(release: Release) -> str:
    """The head of a narrow column."""
    day = release.period
    match release.grain:
        case "quarter":
            return _("Q{n} {year}", n=(day.month + 2) // 3, year=day.year)
        case "week":
            return f"{day:%G-W%V}"
        case _:
            return locale.month_short(day)


def named(period: date, grain: str) -> str:
    """Where it stands alone."""
    match grain:
        case "quarter":
            return _("Quarter {n} of {year}", n=(period.month + 2) // 3, year=period.year)
        case "week":
            return _("Week of {day}", day=i18n.format_date(period, form="medium"))
        case _:
            return locale.month(period)


def inside(period: date, grain: str) -> str:
    """Inside a sentence."""
    if grain == MONTH:
        return locale.month_inside(period)
    said = named(period, grain)
    return said[:1].lower() + said[1:]


def after(period: date, grain: str) -> date:
    """The first day of the period that follows."""
    match grain:
        case "quarter":
            return (period + timedelta(days=93)).replace(day=1)
        case "week":
            return period + timedelta(days=7)
        case _:
            return (period + timedelta(days=31)).replace(day=1)


def a_year_before(release: Release) -> str:
    """How an address writes the same period one year earlier; a week by its number."""
    year, rest = written(release).split("-", 1)
    return f"{int(year) - 1:04}-{rest}"
