"""A report as PDF: figures with their doubt, what changed, the quarter it closes, how it was made. Pure; what is drawn
of one metric is in pictures.py."""

from konectus import i18n
from konectus.i18n import format_date, gettext
from konectus.papers.layout import Paper, size_for
from reports.mails import pictures, telling
from reports.mails.facts import Release, Report

_HEADED = 30.0  # millimetres: a heading with a little below it


def render(report: Report) -> bytes:
    """The newest release of the report, in the present locale; the same releases give the same bytes."""
    now = report.now
    title = gettext("Figures: {period}", period=telling.named(now))
    paper = Paper(
        title,
        lang=i18n.tag(),
        size=size_for("MX"),
        made_at=now.released_at,
        foot=f"Konectus · {title} · {now.sha256[:16]}",
    )
    paper.subtitle(gettext("Anonymous figures, published on {day}", day=format_date(now.released_at, form="medium")))
    paper.heading(gettext("The figures"))
    _told(paper, report)
    if report.quarter:
        paper.keep(_HEADED)
        paper.heading(telling.named(report.quarter.now))
        _told(paper, report.quarter)
    for metric in now.metrics.values():
        pictures.draw(paper, report, metric)
    if report.quarter:
        for metric in report.quarter.now.metrics.values():
            pictures.draw(paper, report.quarter, metric)
    _made(paper, report)
    return paper.pdf()


def _told(paper: Paper, report: Report) -> None:
    """The headlines of a period, and what changed."""
    shown = list(telling.headlines(report.now))
    paper.facts([(telling.words(report, key), telling.value(report, cell)) for key, cell in shown], names=0.44)
    changes = list(telling.changes(report))
    if report.before and changes:
        paper.keep(_HEADED)
        paper.heading(gettext("Compared with {period}", period=telling.named(report.before)))
        for sentence in changes:
            paper.paragraph(sentence)


def _made(paper: Paper, report: Report) -> None:
    paper.keep(2 * _HEADED)
    paper.heading(gettext("How these figures are made"))
    paper.paragraph(
        gettext(
            "Noise was added before publication, so that no figure tells whether a Client is among them."
            " In 95 of 100 cases the figure without noise lies within the ± or between the bounds given."
            " A hidden figure is not zero."
        )
    )
    paper.paragraph(
        gettext(
            "Hidden are figures that could rest on fewer than ten Clients (few Clients), and those beside which the"
            " noise is too large (low precision)."
        )
    )
    _named(paper, report.now)
    if report.quarter:
        _named(paper, report.quarter.now)


def _named(paper: Paper, release: Release) -> None:
    paper.keep(_HEADED)
    paper.facts(
        [
            (gettext("Period"), telling.named(release)),
            (gettext("Release"), str(release.id)),
            ("SHA-256", release.sha256),
            ("rho", f"{release.rho:g}"),
            ("epsilon, delta", f"{release.epsilon:.3g}, {release.delta:g}"),
        ],
        names=0.2,
    )
