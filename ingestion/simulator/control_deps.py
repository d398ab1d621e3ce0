"""How an endpoint of the control API gets at the running simulator."""

from typing import Annotated

from fastapi import Depends, Request

from ingestion.simulator.players import Players
from ingestion.simulator.stage import Stage


def _stage(request: Request) -> Stage:
    found = request.app.state.stage
    assert isinstance(found, Stage)
    return found


def _players(request: Request) -> Players:
    found = request.app.state.players
    assert isinstance(found, Players)
    return found


OnStage = Annotated[Stage, Depends(_stage)]
WithPlayers = Annotated[Players, Depends(_players)]
