"""The two colourings of a figure as Plotly wants them. What is drawn with them is in figures.py and curves.py.

Plotly knows no custom properties, so the colours of look.md stand here; a test compares them with tokens.css.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import plotly.graph_objects as go

RIBBON = 0.16
FONT = "Inter Variable, system-ui, sans-serif"


@dataclass(frozen=True)
class Theme:
    """One of the two colourings of a figure."""

    colorway: tuple[str, ...]
    sequential: tuple[str, ...]
    text: str
    title: str
    grid: str
    axis: str
    surface: str
    hover: str


THEMES: Mapping[str, Theme] = {
    "light": Theme(
        colorway=("#4252cd", "#c9237b", "#008cbd", "#00665a", "#a86400", "#5d6766"),
        sequential=("#e2f6f1", "#bfe6dd", "#8fd0c3", "#52ab9c", "#217d70", "#00564c"),
        text="#434e4d",
        title="#17201f",
        grid="#dce2e1",
        axis="#808c8b",
        surface="#f7faf9",
        hover="#ffffff",
    ),
    "dark": Theme(
        colorway=("#8c9cf8", "#f074af", "#5ec2eb", "#52bfa9", "#efb146", "#959d9d"),
        sequential=("#11302b", "#174840", "#1f6459", "#2d776c", "#52a698", "#8fd6c8"),
        text="#b8bfbf",
        title="#e9eeed",
        grid="#27302f",
        axis="#6c7776",
        surface="#1a2120",
        hover="#1d2524",
    ),
}


def template(theme: Theme) -> go.layout.Template:
    """The house's template: tokens under Plotly's names."""
    axis = {"gridcolor": theme.grid, "linecolor": theme.axis, "zerolinecolor": theme.axis, "zeroline": False}
    hover = {"bgcolor": theme.hover, "bordercolor": theme.grid, "font": {"color": theme.title, "family": FONT}}
    spike = {"spikecolor": theme.axis, "spikethickness": 1, "spikedash": "dot"}
    clear = "rgba(0,0,0,0)"
    return go.layout.Template(
        layout={
            "colorway": theme.colorway,
            "colorscale": {"sequential": [[n / 5, colour] for n, colour in enumerate(theme.sequential)]},
            "font": {"family": FONT, "size": 12, "color": theme.text},
            "title": {"font": {"color": theme.title}},
            "paper_bgcolor": clear,
            "plot_bgcolor": clear,
            "hoverlabel": hover,
            "hovermode": "x unified",
            "separators": ".,",
            "showlegend": False,
            "margin": {"l": 32, "r": 8, "t": 20, "b": 28},
            "xaxis": axis | {"showgrid": False, "showline": False} | spike,
            "yaxis": axis | {"showline": False},
        }
    )


def faint(colour: str) -> str:
    """The colour of a ribbon around a line of this one."""
    red, green, blue = (int(colour[n : n + 2], 16) for n in (1, 3, 5))
    return f"rgba({red},{green},{blue},{RIBBON})"
