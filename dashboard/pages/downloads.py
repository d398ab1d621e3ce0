"""Downloads: every release with its files, whole or one cut of it. Pure: history in, page out."""

from collections.abc import Mapping
from urllib.parse import urlencode

from dash import html

from dashboard import cuts, parts, periods
from dashboard.data import PUBLISHED, History, Release
from dashboard.pages import filters
from dashboard.params import Asked
from dashboard.parts import Node, attribute
from konectus import i18n
from konectus.figures import MONTH, QUARTER, WEEK
from konectus.i18n import gettext as _
from konectus.i18n import msg

ALL: Mapping[str, str] = {MONTH: msg("All months"), QUARTER: msg("All quarters"), WEEK: msg("All weeks")}


def content(history: History, asked: Asked) -> Node:
    lead = _("Every file says of each figure its doubt, its status and its release. What was released never changes.")
    pieces = [
        html.Header(html.Div([html.H1(_("Downloads")), html.P(lead)]), className="page-head"),
        one(history, asked),
        every(history, asked),
    ]
    return html.Div(pieces, className="page", **attribute("data-permalink", asked.permalink))


def one(history: History, asked: Asked) -> Node:
    """One release, whole or one figure of it; what is not published cannot be chosen and says why."""
    options = [html.Option(_("All figures"), value="", selected=not asked.cut)]
    for choice in cuts.choices(history, asked.release):
        words = f"{choice.words} \N{EM DASH} {choice.reason}" if choice.reason else choice.words
        options.append(
            html.Option(words, value=choice.key, disabled=bool(choice.reason), selected=choice.key == asked.cut)
        )
    figure = html.Select(
        options,
        className="input",
        id="filter-cut",
        key=f"{asked.permalink}",
        **attribute("data-filter", "cut"),
    )
    shown = [
        *filters.lengths(history, asked, "downloads"),
        filters.period(history, asked),
        html.Label([html.Span(_("Figure")), figure], htmlFor="filter-cut"),
    ]
    form = html.Form(shown, className="filterbar", **attribute("aria-label", _("Filters")))
    count = len(cuts.cells(asked.release, asked.cut) if asked.cut else asked.release.cells)
    said = html.P(_("{n} figures, those hidden included.", n=i18n.format_number(count)), className="small soft")
    return parts.card("one", _("Choose what to download"), [form, said, _files(asked.release, asked.cut, "btn")])


def every(history: History, asked: Asked) -> Node:
    """All releases of that length with their files, newest first."""
    head = [_("Period"), _("Published on"), _("Figures"), _("Hidden"), _("Release"), _("Files")]
    rows = [_row(release) for release in reversed(history.of(asked.grain))]
    return parts.card("every", _(ALL[asked.grain]), [parts.table(head, rows)], parts.Frame(kind="flush"))


def _row(release: Release) -> list[Node]:
    hidden = sum(cell.status != PUBLISHED for cell in release.cells.values())
    return [
        periods.named(release.period, release.grain),
        i18n.format_date(release.released_at, form="medium"),
        i18n.format_number(len(release.cells) - hidden),
        i18n.format_number(hidden),
        html.Span(f"{release.sha256[:4]}…{release.sha256[-4:]}", className="mono", title=release.sha256),
        _files(release, "", "btn quiet sm"),
    ]


def _files(release: Release, cut: str, kind: str) -> Node:
    """Links to the two files; what they are of is said for who hears them without the line around."""
    pairs = {"period": periods.written(release)}
    if cut:
        pairs["cut"] = cut
    if release.grain != MONTH:
        pairs["grain"] = release.grain
    query = urlencode(pairs, safe="/")
    links = [
        html.A(
            [parts.icon("download", "sm"), form],
            href=f"figures.{form.lower()}?{query}",
            className=kind,
            **attribute("aria-label", _("{form} of {period}", form=form, period=periods.words(release))),
        )
        for form in ("CSV", "XLSX")
    ]
    return html.Span(links, className="taken")
