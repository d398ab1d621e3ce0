"""Which figures stand on which page, in which order. Their words, charts and rungs are those of the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass

from dashboard import cuts
from konectus import figures
from konectus.figures import BY_KEY, CUTS, GRAINS, MONTH, QUARTER, TOTAL, Grain
from konectus.i18n import gettext as _

LINE, BARS, CURVE, HEAT = "line", "bars", "curve", "heat"


@dataclass(frozen=True)
class Panel:
    """A card: a metric by a dimension. `chart` is set where it is another one than the catalogue's."""

    metric: str
    dim: str = TOTAL
    chart: str = ""

    @property
    def key(self) -> str:
        """In ids of the page."""
        return "-".join(part for part in (self.metric, self.dim, self.chart) if part)

    def drawn(self, grain: str) -> str:
        """As what it is drawn in a period of this length."""
        found = next(cut for cut in CUTS if (cut.grain, cut.metric, cut.dim) == (grain, self.metric, self.dim))
        return self.chart or found.chart

    def exists(self, grain: Grain) -> bool:
        return figures.first_rung(grain, self.metric, self.dim) is not None

    def title(self, grain: str) -> str:
        metric = _(BY_KEY[self.metric].words)
        words = metric if self.dim == TOTAL else f"{metric}, {cuts.words(self.dim)}"
        return _("{figure}, through time", figure=words) if self.drawn(grain) == LINE else words


PANELS: Mapping[str, tuple[Panel, ...]] = {
    "volume": (
        Panel("messages"),
        Panel("messages", "direction"),
        Panel("messages", "plan"),
        Panel("contacts"),
        Panel("conversations"),
        Panel("messages", "region"),
        Panel("messages", "industry"),
    ),
    "channels": (
        Panel("messages", "channel"),
        Panel("clients", "channel"),
        Panel("failed_share", "channel"),
        Panel("failed_share"),
    ),
    "quality": (
        Panel("first_response", "quantile"),
        Panel("first_response", "bin"),
        Panel("resolution", "quantile"),
        Panel("resolution", "bin"),
        Panel("reopened_share"),
    ),
    "plans": (
        Panel("clients", "plan", LINE),
        Panel("clients", "plan"),
        Panel("clients", "size"),
        Panel("clients", "channel_plan"),
        Panel("messages", "channel_plan"),
        Panel("clients", "region"),
        Panel("clients", "industry"),
    ),
    "retention": (
        Panel("clients"),
        Panel("clients", "movement"),
        Panel("clients", "size"),
        Panel("clients", "signup"),
    ),
    "hours": (
        Panel("incoming", "hour", CURVE),
        Panel("incoming", "weekday"),
        Panel("incoming", "hour_week"),
    ),
}
# Quarters alone tell who stayed; there is a month's `clients` too, which other pages show.
_ONLY: Mapping[str, tuple[Grain, ...]] = {"retention": (QUARTER,)}


def grains(path: str) -> tuple[Grain, ...]:
    """Lengths of period in which a page can be read; the first is meant where the address says none."""
    if path not in PANELS:
        return GRAINS if path else (MONTH,)  # the overview is of a month
    return _ONLY.get(path) or tuple(grain for grain in GRAINS if any(panel.exists(grain) for panel in PANELS[path]))


def shown(path: str, grain: Grain) -> tuple[Panel, ...]:
    """The cards of a page in a period of this length."""
    return tuple(panel for panel in PANELS[path] if panel.exists(grain))


def first_rung(panel: Panel, grain: Grain) -> int:
    """From how many Clients on it is published."""
    found = figures.first_rung(grain, panel.metric, panel.dim)
    assert found is not None, panel
    return found


def fewest(path: str, grain: Grain) -> int:
    """From how many Clients on a page has anything to show in a period of this length."""
    if path not in PANELS:
        return min(cut.first_rung for cut in CUTS if cut.grain == grain)
    return min(first_rung(panel, grain) for panel in shown(path, grain))


def charts() -> tuple[Panel, ...]:
    """Every panel that Plotly draws, each once: they have a callback of their own."""
    every = {
        panel.key: panel
        for path, panels in PANELS.items()
        for panel in panels
        for grain in grains(path)
        if panel.exists(grain) and panel.drawn(grain) in {LINE, CURVE}
    }
    return tuple(every.values())
