"""Cuts of a release: a metric by a dimension, written `messages/channel`. Which exist, what they are called, which are
published, and why another is not."""

from dataclasses import dataclass

from dashboard import locale
from dashboard.data import PUBLISHED, Cell, History, Release
from konectus.figures import CUTS, TOTAL
from konectus.i18n import gettext as _
from konectus.i18n import msg

DIMS = {
    TOTAL: msg("total"),
    "channel": msg("by channel"),
    "plan": msg("by Plan"),
    "region": msg("by region"),
    "industry": msg("by industry"),
    "direction": msg("received and sent"),
    "hour": msg("by hour"),
    "weekday": msg("by weekday"),
    "hour_week": msg("by hour of the week"),
    "channel_plan": msg("by channel and Plan"),
    "size": msg("by size"),
    "movement": msg("new, staying and leaving"),
    "signup": msg("by quarter of signing up"),
    "quantile": msg("in quantiles"),
    "bin": msg("by time taken"),
}

# A Client stands in one value only, so that the parts make up the total.
WHOLE = frozenset(cut.dim for cut in CUTS if cut.metric == "clients" and cut.adds and cut.dim != TOTAL)


@dataclass(frozen=True)
class Choice:
    """A cut as a filter offers it; with a reason it cannot be chosen."""

    key: str
    words: str
    reason: str = ""


def cells(release: Release, cut: str) -> list[Cell]:
    """The cells of a cut, hidden ones included; none where this release has no such cut."""
    metric, _slash, dim = cut.partition("/")
    return [cell for cell in release.cells.values() if (cell.metric, cell.dim) == (metric, dim)]


def words(dim: str) -> str:
    """The dimension, as it follows the name of a metric."""
    return _(DIMS[dim]) if dim in DIMS else dim


def is_published(release: Release, cut: str) -> bool:
    """Whether at least one of its cells may be shown."""
    return any(cell.status == PUBLISHED for cell in cells(release, cut))


def choices(history: History, release: Release) -> list[Choice]:
    """Every cut that any release of that length has had; those without a figure in this one say why."""
    known = _known(history, release.grain)
    return [Choice(cut, _words(found, cut), _reason(release, cut)) for cut, found in known.items()]


def _known(history: History, grain: str) -> dict[str, Release]:
    """By cut the newest release that has it, in the order of the catalogue of each."""
    known: dict[str, Release] = {}
    for release in history.of(grain):
        known |= {f"{metric}/{dim}": release for metric, found in release.metrics.items() for dim in found.dims}
    return dict(sorted(known.items(), key=lambda pair: list(pair[1].metrics).index(pair[0].partition("/")[0])))


def _words(release: Release, cut: str) -> str:
    metric, _slash, dim = cut.partition("/")
    return f"{release.metrics[metric]}, {words(dim)}"


def _reason(release: Release, cut: str) -> str:
    found = cells(release, cut)
    if not found:
        return _("not published in this period")
    if any(cell.status == PUBLISHED for cell in found):
        return ""
    return locale.reason(found[0].status)
