"""The callbacks: async, with the blocking part in a thread, since a sync one would stall the loop of the whole host."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from anyio import to_thread
from dash import ClientsideFunction, Input, Output
from dash.exceptions import PreventUpdate

from dashboard import params, shell
from dashboard.data import Figures
from dashboard.figures import THEMES
from dashboard.pages import downloads, making, overview, trends
from dashboard.parts import Node
from konectus.clock import Clock


def register(app: Any, figures: Figures, clock: Clock) -> None:
    """One callback for the page, one per figure; the theme is read in the browser (assets/konectus.js)."""
    app.clientside_callback(ClientsideFunction("konectus", "theme"), Output("theme", "data"), Input("url", "pathname"))

    async def page(pathname: str | None, search: str | None) -> Node:
        return await _in_thread(partial(_page, figures, clock.now()), pathname, search)

    async def channels(asked: str | None, theme: str | None) -> Any:
        if theme is None:
            raise PreventUpdate
        return await _in_thread(partial(_channels, figures), asked, theme)

    async def trend(asked: str | None, theme: str | None) -> Any:
        if theme is None:
            raise PreventUpdate
        return await _in_thread(partial(_trend, figures), asked, theme)

    app.callback(Output("page", "children"), Input("url", "pathname"), Input("url", "search"))(page)
    app.callback(Output("channels-figure", "figure"), Input("asked", "data"), Input("theme", "data"))(channels)
    app.callback(Output("trend-figure", "figure"), Input("trend", "data"), Input("theme", "data"))(trend)


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
    asked = params.read(search, history)
    if asked and found is shell.DOWNLOADS:
        return downloads.content(history, asked)
    if asked and found.path in trends.TRENDS:
        return trends.content(history, asked, found.path)
    return overview.content(history, asked, now) if asked else overview.nothing_yet(history)


def _channels(figures: Figures, asked: str | None, theme: str) -> Any:
    if theme not in THEMES:
        raise params.Unpublished("a figure is light or dark")
    history = figures.history()
    return overview.channels_figure(history, params.published(asked or "", history), theme)


def _trend(figures: Figures, asked: str | None, theme: str) -> Any:
    path, _slash, month = (asked or "").partition("/")
    if theme not in THEMES or path not in trends.TRENDS:
        raise params.Unpublished("a figure of a page, light or dark")
    history = figures.history()
    return trends.figure(history, params.published(month, history), path, theme)
