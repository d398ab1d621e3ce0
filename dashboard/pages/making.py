"""How these figures are made: the guarantee in plain words, the catalogue, every release with what it spent. Pure."""

import math
from collections.abc import Iterator

from dash import html

from dashboard import cuts, parts, periods, readings
from dashboard.data import History, Release
from dashboard.parts import Node
from konectus import i18n
from konectus.figures import (
    BY_KEY,
    CUTS,
    GRAINS,
    METRICS,
    MONTH,
    QUARTER,
    RUNGS,
    TOTAL,
    WEEK,
    Grain,
    first_rung,
)
from konectus.i18n import gettext as _
from konectus.i18n import msg

METHODS = {
    "presence": msg("Counts Clients"),
    "volume": msg("Adds up what each Client did, up to the cap"),
    "histogram": msg("Averages how each Client's are spread"),
    "quantile": msg("Read off the average spread of the Clients'"),
    "ratio": msg("Divides two sums, each up to the cap"),
}
_LARGE = 10  # from which on a digit after the point says nothing
NEWEST = 12  # releases that stand in sight
OF_LENGTH = {MONTH: msg("month"), QUARTER: msg("quarter"), WEEK: msg("week")}


def content(history: History) -> Node:
    pieces = [
        html.Header(html.Div([html.H1(_("How these figures are made"))]), className="page-head"),
        guarantee(history),
    ]
    if history.published:
        pieces.append(measures(history.published[-1]))
    pieces.append(ladder())
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
    """The catalogue: what each figure counts, how, up to which cap, and what noise its total carries."""
    head = [_("Figure"), _("What it counts"), _("How"), _("Cap per Client"), _("Noise (σ) of the total")]
    rows = [
        [
            _(metric.words),
            html.Span(_(metric.definition), className="soft"),
            _(METHODS[metric.mechanism]),
            i18n.format_number(release.cap(metric.key) or metric.cap),
            _noise(release, metric.key),
        ]
        for metric in METRICS
    ]
    return parts.card("measures", _("What is counted"), [parts.table(head, rows)], parts.Frame(kind="flush"))


def _noise(release: Release, metric: str) -> str:
    terms = release.caps.get(f"{metric}/{TOTAL}")
    if not terms or not terms.get("sigma"):
        return "\N{EN DASH}"
    return i18n.format_number(round(terms["sigma"], 0 if terms["sigma"] >= _LARGE else 1))


def ladder() -> Node:
    """From how many Clients on each cut is published, at each length of period."""
    head = [_("Figure"), _("Part of the whole"), *(_("By {length}", length=_(OF_LENGTH[grain])) for grain in GRAINS)]
    asked = dict.fromkeys((cut.metric, cut.dim) for cut in CUTS)
    rows = [
        [_(BY_KEY[metric].words), cuts.words(dim), *(_from(grain, metric, dim) for grain in GRAINS)]
        for metric, dim in asked
    ]
    lead = html.P(
        _(
            "The more Clients there are, the finer the figures can be told without telling of one. Each line is "
            "published from so many Clients on; it stays until there are a fifth fewer."
        ),
        className="small soft",
    )
    return parts.card(
        "ladder", _("What is published from when on"), [lead, parts.unfold(_("All lines"), parts.table(head, rows))]
    )


def _from(grain: Grain, metric: str, dim: str) -> str:
    rung = first_rung(grain, metric, dim)
    if rung is None:
        return "\N{EN DASH}"
    # The number of Clients is always counted, and told from the lowest rung on that tells anything.
    return i18n.format_number(max(rung, RUNGS[1]))


def budget(history: History) -> Node:
    """The ledger, newest first."""
    head = [_("Period"), _("Published on"), "ρ", _("ρ in 12 months"), _("ε in 12 months"), _("Figures"), "SHA-256"]
    rows = [_entry(history, release) for release in reversed(history.releases)]
    shown: list[Node] = [parts.table(head, rows[:NEWEST])]
    if rows[NEWEST:]:
        words = _("All {n} releases", n=i18n.format_number(len(rows)))
        shown.append(parts.unfold(words, parts.table(head, rows[NEWEST:])))
    return parts.card("budget", _("Budget spent"), shown, parts.Frame(kind="flush"))


def _entry(history: History, release: Release) -> list[Node]:
    year = readings.spent_in_year(history, release)
    shown = [cell for cell in release.cells.values() if cell.value is not None]
    counted = _("{shown} of {all}", shown=len(shown), all=len(release.cells)) if release.cells else _("only counted")
    return [
        periods.named(release.period, release.grain),
        i18n.format_date(release.released_at, form="medium"),
        i18n.format_number(release.rho, 3),
        i18n.format_number(year.rho, 2),
        i18n.format_number(year.epsilon, 2),
        counted,
        html.Code(f"{release.sha256[:8]}…", title=release.sha256),
    ]
