"""The pieces a page is made of, in the classes of look.css. No figure is computed here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from dash import html

from dashboard import locale, scales
from dashboard.changes import Interval, Noisy
from konectus.i18n import gettext as _

Node = Any  # a Dash component or text


@dataclass(frozen=True)
class Bar:
    """A value of a cut, or the reason why it is hidden."""

    words: str
    interval: Interval | None
    status: str
    unit: str = scales.INDEX
    moved: Node = None


def attribute(name: str, value: str) -> dict[str, Any]:
    """An aria- or data- attribute, whose name is no Python name."""
    return {name: value}


def icon(name: str, size: str = "") -> Node:
    """A symbol of icons.css; words stand beside it, so readers of the screen skip it."""
    kind = f"i i-{size} m-{name}" if size else f"i m-{name}"
    return html.Span(className=kind, **attribute("aria-hidden", "true"))


@dataclass(frozen=True)
class Frame:
    """What a card has besides its body: a control in its head, a line at its foot, a class of its own."""

    aside: Node = None
    footer: Node = None
    kind: str = ""


PLAIN = Frame()


def card(identity: str, title: str, body: Sequence[Node], frame: Frame = PLAIN) -> Node:
    head = [html.H2(title, id=f"{identity}-title"), *([frame.aside] if frame.aside is not None else [])]
    foot = [html.Footer(frame.footer)] if frame.footer is not None else []
    pieces = [html.Header(head), html.Div(body, className="body"), *foot]
    label = attribute("aria-labelledby", f"{identity}-title")
    return html.Section(pieces, id=identity, className=f"card {frame.kind}".strip(), **label)


def bars(rows: Iterable[Bar]) -> Node:
    """Bars with their 95 % interval and, at the end of each line, the value: chart and table in one."""
    listed = list(rows)
    widest = max((bar.interval.high for bar in listed if bar.interval), default=0.0) or 1.0
    kind = "bars" if all(bar.unit not in scales.SHARES for bar in listed) else "bars wide"
    return html.Ul([html.Li(_bar(bar, widest)) for bar in listed], className=kind)


def _bar(bar: Bar, widest: float) -> list[Node]:
    if bar.interval is None:
        drawn: Node = html.Span(className="barr hid", **attribute("aria-hidden", "true"))
        said: Node = html.Span(locale.reason(bar.status), className="r mute")
    else:
        value, low = max(bar.interval.value, 0.0), max(bar.interval.low, 0.0)
        reach = bar.interval.high - low
        fill = html.Span(className="fill", style={"inlineSize": _part(value, widest)})
        whisker = html.Span(
            className="whisk", style={"insetInlineStart": _part(low, widest), "inlineSize": _part(reach, widest)}
        )
        drawn = html.Span([fill, whisker], className="barr", **attribute("aria-hidden", "true"))
        said = html.Span(told(bar.unit, bar.interval), className="r num")
    return [html.Span(bar.words), drawn, said, *([bar.moved] if bar.moved is not None else [])]


def valued(noisy: Noisy) -> list[Node]:
    """The value and, smaller, its margin."""
    return [locale.number(noisy.value, noisy.margin), " ", html.Small(locale.plus_minus(noisy.margin))]


def told(unit: str, interval: Interval) -> list[Node]:
    """The same for a figure of any unit."""
    return [scales.value(unit, interval), " ", html.Small(scales.doubt(unit, interval))]


def unfold(words: str, inside: Node) -> Node:
    """What is there on demand."""
    return html.Details([html.Summary(words), inside], className="unfold")


def spark(values: Sequence[Noisy | None]) -> Node:
    """A small line with its ribbon. Masks take the colour of the theme, and no inline SVG is needed."""
    known = [noisy for noisy in values if noisy]
    if len(known) < 2:  # noqa: PLR2004 -- one point is no line
        return html.Span(className="spark", **attribute("aria-hidden", "true"))
    top = max(noisy.value + noisy.margin for noisy in known)
    low = min(max(noisy.value - noisy.margin, 0.0) for noisy in known)
    scale = 28 / (top - low or 1)
    step = 120 / (len(values) - 1)

    def at(place: int, value: float) -> str:
        return f"{place * step:.1f} {29 - (max(value, 0.0) - low) * scale:.1f}"

    lines, ribbons = [], []
    for run in _runs(values):
        lines.append("M" + " ".join(at(n, noisy.value) for n, noisy in run))
        highs = [at(n, noisy.value + noisy.margin) for n, noisy in run]
        lows = [at(n, noisy.value - noisy.margin) for n, noisy in reversed(run)]
        ribbons.append(f"M{' '.join(highs)} L{' '.join(lows)}Z")
    stroke = 'fill="none" stroke="#000" stroke-width="2" stroke-linejoin="round" vector-effect="non-scaling-stroke"'
    layers = [("rib", f'<path d="{" ".join(ribbons)}"/>'), ("lin", f'<path {stroke} d="{" ".join(lines)}"/>')]
    drawn = [html.Span(className=kind, style={"maskImage": _image(paths)}) for kind, paths in layers]
    return html.Span(drawn, className="spark", **attribute("aria-hidden", "true"))


def _runs(values: Sequence[Noisy | None]) -> list[list[tuple[int, Noisy]]]:
    """Stretches without a hidden month: no line is drawn through one."""
    runs: list[list[tuple[int, Noisy]]] = [[]]
    for place, noisy in enumerate(values):
        if noisy is None:
            runs.append([])
        else:
            runs[-1].append((place, noisy))
    return [run for run in runs if run]


def _image(paths: str) -> str:
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 30" preserveAspectRatio="none">{paths}</svg>'
    return f'url("data:image/svg+xml,{quote(svg)}")'


@dataclass(frozen=True)
class Option:
    """A choice of a filter; one with a reason cannot be chosen and says why."""

    value: str
    words: str
    reason: str = ""


def select(name: str, words: str, options: Sequence[Option], chosen: str) -> Node:
    """A native select of the filter bar; assets/konectus.js turns a choice into an address."""
    listed = [
        html.Option(
            f"{one.words} \N{EM DASH} {one.reason}" if one.reason else one.words,
            value=one.value,
            selected=one.value == chosen,
            disabled=bool(one.reason),
        )
        for one in options
    ]
    field = html.Select(listed, className="input", id=f"filter-{name}", key=chosen, **attribute("data-filter", name))
    return html.Label([html.Span(words), field], htmlFor=f"filter-{name}")


def table(head: Sequence[str], rows: Sequence[Sequence[Node]]) -> Node:
    """A table whose first column names its rows; on a narrow box its lines carry their labels."""
    top = html.Thead(html.Tr([html.Th(words, scope="col") for words in head]))
    body = [html.Tr([html.Th(row[0], scope="row"), *_values(head[1:], row[1:])]) for row in rows]
    return html.Table([top, html.Tbody(body)], className="table num")


def _values(head: Sequence[str], row: Sequence[Node]) -> Iterable[Node]:
    for words, cell in zip(head, row, strict=True):
        yield html.Td(cell, **attribute("data-l", words))


def empty(glyph: str, title: str, words: str) -> Node:
    """Nothing to show, and why."""
    return html.Div(
        [html.Span(icon(glyph, "lg"), className="glyph"), html.H2(title), html.P(words)], className="card empty"
    )


def hidden(status: str) -> Node:
    """What stands in a table where no number may stand."""
    return html.Span(["\N{EN DASH} ", html.Small(locale.reason(status))], className="mute", title=_("Hidden"))


def _part(value: float, whole: float) -> str:
    return f"{100 * value / whole:.2f}%"
