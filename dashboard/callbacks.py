"""The callbacks: async, with the blocking part in a thread, since a sync one would stall the loop of the whole host."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from anyio import to_thread
from dash import ClientsideFunction, Input, Output
from dash.exceptions import PreventUpdate

from dashboard import panels, params, shell
from dashboard.data import Figures
from dashboard.pages import downloads, figured, making, overview
from dashboard.panels import Panel
from dashboard.parts import Node
from dashboard.themes import THEMES
from konectus.clock import Clock


def register(app: Any, figures: Figures, clock: Clock) -> None:
    """One callback for the page, one per figure; the theme is read in the browser (assets/konectus.js)."""
    app.clientside_callback(ClientsideFunction("konectus", "theme"), Output("theme", "data"), Input("url", "pathname"))

    async def page(pathname: str | None, search: str | None) -> Node:
        return await _in_thread(partial(_page, figures, clock.now()), pathname, search)

    app.callback(Output("page", "children"), Input("url", "pathname"), Input("url", "search"))(page)
    _register_chart(app, "channels", partial(_channels, figures))
    for panel in panels.charts():
        _register_chart(app, panel.key, partial(_chart, figures, panel))


def _register_chart(app: Any, key: str, draw: Callable[[str, str], Any]) -> None:
    async def chart(asked: str | None, theme: str | None) -> Any:
        if theme is None:
            raise PreventUpdate
        if theme not in THEMES:
            raise params.Unpublished("a figure is light or dark")
        return await _in_thread(draw, asked or "", theme)

    app.callback(Output(f"{key}-figure", "figure"), Input(f"{key}-asked", "data"), Input("theme", "data"))(chart)


async def _in_thread(work: Callable[..., Any], *values: str | None) -> Any:
    return await to_thread.run_sync(work, *values)


def _page(figures: Figures, now: datetime, pathname: str | None, search: str | None) -> Node:
    found = shell.BY_PATH.get(pathname or "")
    if found is None:
        raise params.Unpublished("no page of ours has that address")
    history = figures.history()
    if found is shell.MAKING:
        params.read(search, history)
        return making.content(history)
    asked = params.read(search, history, panels.grains(found.path))
    if found.path in panels.PANELS:
        return figured.content(history, asked, found.path) if asked else figured.nothing_yet(found.words, found.path)
    if asked is None:
        return overview.nothing_yet(history)
    return downloads.content(history, asked) if found is shell.DOWNLOADS else overview.content(history, asked, now)


def _channels(figures: Figures, asked: str, theme: str) -> Any:
    history = figures.history()
    return overview.channels_figure(history, params.chosen(asked, history).release, theme)


def _chart(figures: Figures, panel: Panel, asked: str, theme: str) -> Any:
    history = figures.history()
    return figured.figure(history, params.chosen(asked, history), panel, theme)
