"""Every address a web application answers and every verb of the command, as the product itself has them; no test."""

from collections.abc import Iterable, Iterator
from typing import Any

import typer
from fastapi import FastAPI
from starlette.routing import Mount, Route

from konectus.cli.__main__ import commands


def routes(app: FastAPI) -> set[tuple[str, str]]:
    """(method, path) of every route, those of mounted applications below their prefix; files for browsers left out."""
    return set(_within(app.routes, ""))


def _within(found: Iterable[Any], prefix: str) -> Iterator[tuple[str, str]]:
    for route in found:
        if hasattr(route, "original_router"):  # FastAPI includes a router as a whole
            yield from _within(route.original_router.routes, prefix + route.include_context.prefix)
        elif isinstance(route, Mount):
            yield from _within(route.routes or (), prefix + route.path)
        elif isinstance(route, Route):
            yield from ((method, prefix + route.path) for method in route.methods or () if method != "HEAD")


def verbs() -> set[str]:
    """Every verb of the command, those of groups with their group's name."""
    return set(_verbs(commands(), ""))


def _verbs(app: typer.Typer, prefix: str) -> Iterator[str]:
    for command in app.registered_commands:
        assert command.callback is not None
        yield prefix + (command.name or command.callback.__name__.replace("_", "-"))
    for group in app.registered_groups:
        assert group.typer_instance is not None
        yield from _verbs(group.typer_instance, f"{group.name} ")
