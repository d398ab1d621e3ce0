"""How figures are said in the reader's language: months, values with their doubt, reasons, and Plotly's locale."""

import math
from datetime import date

from dashboard.changes import Interval, Noisy
from konectus import i18n
from konectus.i18n import gettext as _
from konectus.i18n import msg

# Names that Plotly knows; es-MX comes from assets/plotly-2-es-mx.js.
PLOTLY = {"es_MX": "es-MX", "en": "en-US"}
REASONS = {"low_precision": msg("low precision"), "few_clients": msg("few Clients")}


def month(day: date) -> str:
    """October 2026, with a capital where it starts a line: "Octubre de 2026"."""
    words = i18n.format_date(day, form="month")
    return words[:1].upper() + words[1:]


def month_short(day: date) -> str:
    """For a list of choices: "Octubre 2026"."""
    return month(day).replace(" de ", " ")


def month_inside(day: date, *, beside: date | None = None) -> str:
    """The month inside a sentence; the year only where it is not that of the month beside it."""
    words = i18n.format_date(day, form="month")
    same_year = beside is not None and beside.year == day.year
    return words.removesuffix(str(day.year)).removesuffix(" de ").strip() if same_year else words


def digits(margin: float) -> int:
    """How many digits after the point say something, two of the margin; negative = tens, hundreds …"""
    return 1 - math.floor(math.log10(margin)) if margin > 0 else 0


def number(value: float, margin: float, *, finest: int = 0) -> str:
    """The value with the digits that its margin leaves meaningful, never more than `finest` after the point.

    A negative value is noise around nothing: it is shown as zero (privacy.md 2.5).
    """
    places = min(digits(margin), finest)
    return i18n.format_number(round(max(value, 0.0), places), max(places, 0))


def plus_minus(margin: float, *, finest: int = 0) -> str:
    """± and half of the 95 % interval, rounded up, so that it never promises more than was measured."""
    places = min(digits(margin), finest)
    step = 10.0**-places
    return f"±\N{NO-BREAK SPACE}{i18n.format_number(math.ceil(margin / step - 1e-9) * step, max(places, 0))}"


def with_doubt(noisy: Noisy, *, finest: int = 0) -> str:
    return (
        f"{number(noisy.value, noisy.margin, finest=finest)}\N{NO-BREAK SPACE}{plus_minus(noisy.margin, finest=finest)}"
    )


def percent_range(share: Interval) -> str:
    """By how much, between what: "5 %, between 2 and 8 %"; the bounds keep their sign where it differs."""
    sign = -1 if share.value < 0 else 1
    bounds = sorted((sign * share.low, sign * share.high))
    return _(
        "{share}, between {low} and {high}",
        share=i18n.format_percent(abs(share.value)),
        low=i18n.format_number(round(bounds[0] * 100), 0),
        high=i18n.format_percent(bounds[1]),
    )


def reason(status: str) -> str:
    """Why a cell is hidden."""
    return _(REASONS[status])
