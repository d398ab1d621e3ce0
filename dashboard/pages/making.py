"""How these figures are made: the guarantee in plain words, the caps, every release with what it spent. Pure."""

import math
from collections.abc import Iterator

from dash import html

from dashboard import locale, parts, readings
from dashboard.data import History, Release
from dashboard.parts import Node
from konectus import i18n
from konectus.i18n import gettext as _
from konectus.i18n import msg

METHODS = {
    "presence": msg("Counts Clients"),
    "volume": msg("Adds up what each Client did, up to the cap"),
}


def content(history: History) -> Node:
    pieces = [
        html.Header(html.Div([html.H1(_("How these figures are made"))]), className="page-head"),
        guarantee(history),
    ]
    if history.published:
        pieces.append(measures(history.published[-1]))
    if history.releases:
        pieces.append(budget(history))
    return html.Div(pieces, className="page")


def guarantee(history: History) -> Node:
    """What is promised and to whom, without a formula."""
    paragraphs = [
        _(
            "What anybody can learn from these figures about one Client has a limit, whatever else they know. It holds "
            "for the whole Client: all its accounts, its people and everybody who wrote to it."
        ),
        *_odds(history),
        _(
            "For that, each Client counts up to a cap, the month is added up once, and noise drawn from a known "
            "distribution is added before anything leaves the calculation. The exact sums are never stored."
        ),
        _(
            "Every figure says how uncertain it is: in 95 of 100 cases the value without noise lies within the ±. "
            "A figure that would say little, or that rests on few Clients, is hidden and says why."
        ),
        _(
            "Noise has a price: each release spends a part of a yearly budget, ρ. The database refuses a release "
            "that would spend more than {ceiling} in any twelve months. ε is the same promise in its older form.",
            ceiling=i18n.format_number(readings.RHO_YEAR, 1),
        ),
        _(
            "A month closes three days after it ends and is released once. It never changes afterwards, not even "
            "when a Client is erased; what arrives later counts in the next month."
        ),
    ]
    return parts.card(
        "guarantee", _("What is promised"), [html.P(words) for words in paragraphs], parts.Frame(kind="prose")
    )


def _odds(history: History) -> Iterator[str]:
    if history.months:
        last = history.months[-1]
        month, year = readings.Spent(last.rho, last.delta), readings.spent_in_year(history, last)
        yield _(
            "Somebody who knew everything but whether a given Client is in the figures would guess it right in at most "
            "{month} of 100 tries from one month, and in {year} from the last twelve together. A coin is right in 50.",
            month=i18n.format_number(math.ceil(100 * month.right_guesses)),
            year=i18n.format_number(math.ceil(100 * year.right_guesses)),
        )


def measures(release: Release) -> Node:
    """The metrics of the newest release: how each is counted and what noise it carries."""
    head = [_("Figure"), _("How"), _("Cap per Client"), _("Noise (σ) of the total")]
    rows = []
    for key, metric in release.metrics.items():
        terms = release.caps.get(f"{key}/total", {})
        cap = i18n.format_number(metric.cap) if metric.mechanism == "volume" else "1"
        rows.append([str(metric), _(METHODS[metric.mechanism]), cap, i18n.format_number(round(terms.get("sigma", 0)))])
    return parts.card("measures", _("What is counted"), [parts.table(head, rows)], parts.Frame(kind="flush"))


def budget(history: History) -> Node:
    """The ledger, newest first."""
    head = [_("Month"), _("Published on"), "ρ", _("ρ in 12 months"), _("ε in 12 months"), _("Figures"), "SHA-256"]
    rows = [_entry(history, release) for release in reversed(history.releases)]
    return parts.card("budget", _("Budget spent"), [parts.table(head, rows)], parts.Frame(kind="flush"))


def _entry(history: History, release: Release) -> list[Node]:
    year = readings.spent_in_year(history, release)
    shown = [cell for cell in release.cells.values() if cell.value is not None]
    counted = _("{shown} of {all}", shown=len(shown), all=len(release.cells)) if release.cells else _("only counted")
    return [
        locale.month(release.period),
        i18n.format_date(release.released_at, form="medium"),
        i18n.format_number(release.rho, 2),
        i18n.format_number(year.rho, 2),
        i18n.format_number(year.epsilon, 2),
        counted,
        html.Code(f"{release.sha256[:8]}…", title=release.sha256),
    ]
