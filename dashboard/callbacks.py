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
from dashboard.pages import making, overview
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

    app.callback(Output("page", "children"), Input("url", "pathname"), Input("url", "search"))(page)
    app.callback(Output("channels-figure", "figure"), Input("asked", "data"), Input("theme", "data"))(channels)


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
    return overview.content(history, asked, now) if asked else overview.nothing_yet(history)


def _channels(figures: Figures, asked: str | None, theme: str) -> Any:
    if theme not in THEMES:
        raise params.Unpublished("a figure is light or dark")
    history = figures.history()
    return overview.channels_figure(history, params.published(asked or "", history), theme)
