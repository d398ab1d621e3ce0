"""Overview: what changed, the headline figures, messages by channel, Clients by Plan. Pure: history in, page out."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from dash import dcc, html

from dashboard import figures, locale, parts, readings
from dashboard.changes import Change, Noisy, change
from dashboard.data import PUBLISHED, History, Release
from dashboard.pages import filters, views
from dashboard.params import Asked
from dashboard.parts import Bar, Node, attribute
from dashboard.readings import Headline, Line
from dashboard.stories import Subject, sentences
from konectus import i18n
from konectus.figures import TOTAL
from konectus.i18n import gettext as _
from konectus.i18n import msg

CUTS = (
    ("plans", "plan", msg("Clients by Plan")),
    ("channels-clients", "channel", msg("Clients by channel")),
)


def content(history: History, asked: Asked, now: datetime) -> Node:
    """The page of one month. The chart is left empty: it has a callback of its own."""
    release = asked.release
    said = [_published(release), *([_next(history, now)] if release is history.published[-1] else [])]
    title = [html.H1(locale.month(release.period)), html.P(" ".join(said))]
    pieces = [
        html.Header(html.Div(title), className="page-head"),
        filters.bar(history, asked),
        *([story(asked)] if asked.versus else []),
        html.Ul([kpi(card, asked) for card in readings.headlines(history, release)], className="kpis"),
        *channels(history, asked),
        *cuts(release),
        ledger(history, release),
    ]
    return html.Div(pieces, className="page", **attribute("data-permalink", asked.permalink))


def nothing_yet(history: History) -> Node:
    """What stands here until a month may be published."""
    words = (
        _("There are fewer than 20 Clients. Figures are published from 20 on.")
        if len(history.months) > 1
        else _("The first closed month is only counted, to know how finely the next one may be told.")
    )
    return html.Div([html.H1(_("Overview")), parts.empty("chart-line", _("No figures yet"), words)], className="page")


def story(asked: Asked) -> Node:
    """Sentences on what changed; only a clear change gets one of its own."""
    assert asked.versus is not None
    labels = asked.release.labels("messages", "channel")
    subjects = [Subject("clients", *_pair(asked, "clients"))]
    subjects += [
        Subject("messages", *_pair(asked, "messages", "channel", value), channel=words)
        for value, words in labels.items()
    ]
    if not labels:
        subjects.append(Subject("messages", *_pair(asked, "messages")))
    subjects.append(Subject("contacts", *_pair(asked, "contacts")))
    subjects += [
        Subject(metric, *_pair(asked, metric, "quantile", "p50")) for metric in ("first_response", "resolution")
    ]
    subjects += [Subject(metric, *_pair(asked, metric)) for metric in ("reopened_share", "failed_share")]
    lines = [
        html.Li([html.Span(parts.icon(said.icon), className=said.tone), html.P([html.B(said.title), " ", said.detail])])
        for said in sentences(subjects)
    ]
    since = locale.month_inside(asked.versus.period, beside=asked.release.period)
    return parts.card(
        "story", _("What changed since {month}", month=since), [html.Ul(lines)], parts.Frame(kind="story")
    )


def kpi(card: Headline, asked: Asked) -> Node:
    """One figure with its doubt, how it moved, and its months."""
    noisy, before = card.at(asked.release), card.at(asked.versus)
    number = locale.number(noisy.value, noisy.margin) if noisy else "\N{EN DASH}"
    doubt = locale.plus_minus(noisy.margin) if noisy else _("hidden")
    pieces = [
        html.Span(card.words, className="lab-k"),
        html.Strong(number, className="num"),
        html.Span(doubt, className="pm"),
    ]
    if noisy and before:
        pieces.append(moved(change(noisy, before)))
    return html.Li([*pieces, parts.spark(card.until(asked.release))])


def channels(history: History, asked: Asked) -> Iterator[Node]:
    """The frame of the chart. Nothing where channels are not published."""
    release = asked.release
    base = readings.base(history, release)
    if base is None or not release.labels("messages", "channel"):
        return
    words = _(
        "Index, Messenger in {month} = 100. The band is the 95 % interval; each Client counts up to {cap} messages.",
        month=locale.month_inside(base[0]),
        cap=i18n.format_number(release.metrics["messages"].cap),
    )
    said = html.P(words, className="small soft")
    lines = readings.channel_lines(history, release)
    body = [said, legend(lines), *views.both("channels", _graph(), chart_table(lines), asked)]
    aside = views.taken(release, "channels", "channels-figure")
    yield parts.card("channels", _("Messages by channel"), body, parts.Frame(aside=aside))


def legend(lines: list[Line]) -> Node:
    """Each line with its mark and its last value; what a hatched stretch means."""
    items = [html.Li([html.I(), html.Span(line.words), *_last(line)], className=f"ch-{line.key[0]}") for line in lines]
    reasons = {step.status for line in lines for step in line.steps} - {PUBLISHED}
    items += [html.Li([html.I(), html.Span(_hidden(reason))], className="hid") for reason in sorted(reasons)]
    return html.Ul(items, className="legend")


def chart_table(lines: list[Line]) -> Node:
    """The chart as a table: a row per month, newest first."""
    months = sorted({step.period for line in lines for step in line.steps}, reverse=True)
    by_month = [{step.period: step for step in line.steps} for line in lines]
    rows = [
        [
            locale.month(month),
            *(_cell(steps[month].noisy, steps[month].status) if month in steps else "" for steps in by_month),
        ]
        for month in months
    ]
    return parts.table([_("Month"), *(line.words for line in lines)], rows)


def channels_figure(history: History, release: Release, theme: str) -> object:
    return figures.through_time(readings.channel_lines(history, release), history.annotations, theme)


def cuts(release: Release) -> Iterator[Node]:
    """Clients by Plan and by channel, where they are published."""
    cards = [
        parts.card(
            identity,
            _(words),
            [parts.bars(Bar(said, c.interval, c.status) for said, c in cells)],
            parts.Frame(footer=note),
        )
        for identity, dim, words in CUTS
        if (cells := readings.cut(release, "clients", dim))
        for note in [_note(dim)]
    ]
    if cards:
        yield html.Div(cards, className="cols even")


def ledger(history: History, release: Release) -> Node:
    """How the month was made, in one line: whom it protects, what it spent, which release it is."""
    month = locale.month_inside(release.period, beside=release.period)
    year = readings.spent_in_year(history, release)
    of_year = _("{spent} of {ceiling}", spent=_two(year.rho), ceiling=_two(readings.RHO_YEAR))
    meter = html.Progress(value=str(year.rho), max=str(readings.RHO_YEAR), **attribute("aria-label", of_year))
    facts: list[tuple[str, Node, str]] = [
        (_("Protects"), _("each whole Client"), ""),
        (_("ρ of {month}", month=month), _two(release.rho), "num"),
        (_("ρ in 12 months"), [of_year, meter], "num"),
        (_("ε of {month}, δ = 10⁻⁶", month=month), _two(release.epsilon), "num"),
        (_("ε in 12 months"), _two(year.epsilon), "num"),
        (_("Release"), f"{release.period:%Y-%m} · {release.sha256[:4]}…{release.sha256[-4:]}", "mono"),
    ]
    listed = [html.Div([html.Dt(name), html.Dd(value, className=kind)]) for name, value, kind in facts]
    more = html.A(_("Full explanation"), href="making", className="small")
    return parts.card("ledger", _("How they were made"), [html.Dl(listed)], parts.Frame(aside=more, kind="ledgerline"))


def _published(release: Release) -> str:
    day = i18n.format_date(release.released_at, form="long")
    return _("Published on {day}. It does not change afterwards.", day=day)


def _next(history: History, now: datetime) -> str:
    month, day = readings.upcoming(history)
    words = (
        _("{month} could be published from {day} on and is late.")
        if readings.is_late(day, now)
        else _("{month} follows from {day} on.")
    )
    return words.format(month=locale.month(month), day=i18n.format_date(day))


def _pair(asked: Asked, metric: str, dim: str = TOTAL, value: str = "all") -> tuple[Noisy | None, Noisy | None]:
    """Now and before; nothing before where it was counted up to another cap."""
    versus = asked.versus if asked.versus and asked.versus.cap(metric) == asked.release.cap(metric) else None
    cells = [release.cell(metric, dim, value) if release else None for release in (asked.release, versus)]
    now, before = (cell.noisy if cell else None for cell in cells)
    return now, before


def moved(moved: Change, *, is_better_low: bool = False) -> Node:
    """An arrow with the share, only where the change is clear (privacy.md, "Honest display")."""
    if not moved.is_clear or moved.share is None:
        return html.Span([parts.icon("minus", "sm"), _("No clear change")], className="chg flat")
    arrow = "arrow-up" if moved.is_up else "arrow-down"
    tone = "up" if moved.is_up != is_better_low else "down"
    return html.Span([parts.icon(arrow, "sm"), locale.percent_range(moved.share)], className=f"chg {tone}")


def _graph() -> Node:
    config: Any = {"displayModeBar": False, "responsive": True, "locale": locale.PLOTLY[i18n.current()]}
    return dcc.Graph(id="channels-figure", config=config, className="plotted")


def _last(line: Line) -> list[Node]:
    last = line.steps[-1].noisy if line.steps else None
    return [html.B(parts.valued(last), className="num")] if last else []


def _cell(noisy: Noisy | None, status: str) -> Node:
    return html.Span(parts.valued(noisy)) if noisy else parts.hidden(status)


def _hidden(reason: str) -> str:
    return _("Hidden: {reason}", reason=locale.reason(reason))


def _note(dim: str) -> str:
    if dim == "plan":
        return _("The parts, with the hidden ones, add up to the published total.")
    return _("A Client with several channels counts in each.")


def _two(value: float) -> str:
    return i18n.format_number(value, 2)
