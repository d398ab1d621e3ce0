"""A report as PDF: figures with their doubt, what changed, charts, cuts, how it was made. Pure."""

from collections.abc import Sequence

from konectus import i18n
from konectus.i18n import format_date, format_number, gettext
from konectus.papers.chart import Dot, Tick, levels
from konectus.papers.layout import Column, Paper, size_for
from reports.mails import telling
from reports.mails.reading import TOTAL, Metric, Release


def render(history: Sequence[Release]) -> bytes:
    """The newest of the releases, in the present locale; the same releases give the same bytes."""
    now = history[-1]
    title = gettext("Figures: {period}", period=telling.period(now.grain, now.period))
    paper = Paper(
        title,
        lang=i18n.tag(),
        size=size_for("MX"),
        made_at=now.released_at,
        foot=f"Konectus · {title} · {now.sha256[:16]}",
    )
    paper.subtitle(gettext("Anonymous figures, published on {day}", day=format_date(now.released_at, form="medium")))
    _headlines(paper, now)
    _changes(paper, history)
    for metric in now.metrics.values():
        _chart(paper, history, metric)
    for metric in now.metrics.values():
        _cuts(paper, now, metric)
    _made(paper, now)
    return paper.pdf()


def _headlines(paper: Paper, now: Release) -> None:
    paper.heading(gettext("The figures"))
    found = ((metric, now.total(key)) for key, metric in now.metrics.items())
    paper.facts([(telling.name(metric), telling.value(cell)) for metric, cell in found if cell is not None])


def _changes(paper: Paper, history: Sequence[Release]) -> None:
    before = telling.previous(history)
    if before is None:
        return
    paper.heading(gettext("Compared with {period}", period=telling.period(before.grain, before.period)))
    for sentence in telling.changes(history[-1], before):
        paper.paragraph(sentence)


def _chart(paper: Paper, history: Sequence[Release], metric: Metric) -> None:
    shown = [release for release in history if release.cells]
    dots, hidden = [], []
    for release in shown:
        cell, under = release.total(metric.key), telling.short(release.grain, release.period)
        if cell is None or cell.value is None:
            dots.append(Dot(under, None))
            why = telling.reason(cell) if cell else gettext("Not published in this period")
            hidden.append(f"{telling.period(release.grain, release.period)}: {why}")
        else:
            dots.append(Dot(under, cell.value, cell.value - cell.margin, cell.value + cell.margin))
    paper.heading(telling.name(metric))
    paper.chart(dots, [Tick(at, format_number(round(at, 4))) for at in levels(dots)])
    for line in hidden:
        paper.paragraph(line, is_soft=True)


def _cuts(paper: Paper, now: Release, metric: Metric) -> None:
    for dim, labels in metric.dims.items():
        cells = [(one["words"], now.cells.get((metric.key, dim, one["value"]))) for one in labels]
        found = [(words, telling.value(cell)) for words, cell in cells if cell is not None]
        if dim != TOTAL and found:
            paper.heading(gettext("{figure} by {cut}", figure=telling.name(metric), cut=_cut(dim)))
            paper.table((Column(_cut(dim), 0.4), Column(gettext("Value ± 95 %"), 0.6, is_number=True)), found)


def _cut(dim: str) -> str:
    return {"channel": gettext("channel"), "plan": gettext("Plan")}.get(dim, dim)


def _made(paper: Paper, now: Release) -> None:
    paper.heading(gettext("How these figures are made"))
    paper.paragraph(
        gettext(
            "Noise was added before publication, so that no figure tells whether a Client is among them. 95 of 100"
            " times the figure without noise lies within the ± given. A hidden figure is not zero."
        )
    )
    caps = [
        gettext("{figure}: each Client counts up to {cap}.", figure=telling.name(one), cap=format_number(one.cap))
        for one in now.metrics.values()
    ]
    paper.paragraph(" ".join(caps))
    paper.facts(
        [
            ("rho", f"{now.rho:g}"),
            ("epsilon, delta", f"{now.epsilon:.3g}, {now.delta:g}"),
            (gettext("Release"), str(now.id)),
            ("SHA-256", now.sha256),
        ]
    )
