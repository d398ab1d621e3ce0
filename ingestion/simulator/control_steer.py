"""The control API for time, settings and players."""

from dataclasses import asdict
from datetime import timedelta

from fastapi import APIRouter

from ingestion.simulator.control_deps import OnStage, WithPlayers
from ingestion.simulator.control_models import (
    ClockIn,
    SettingsIn,
    TrafficIn,
)
from ingestion.simulator.state import Json
from ingestion.simulator.tuning import Traffic
from konectus.errors import Invalid

router = APIRouter(prefix="/sim")


@router.post("/clock")
async def clock(given: ClockIn, stage: OnStage) -> Json:
    return {"now": stage.clock.advance(timedelta(seconds=given.advance_seconds)).isoformat()}


@router.get("/settings")
async def settings(stage: OnStage) -> Json:
    return asdict(stage.tuning)


@router.post("/settings")
async def change_settings(given: SettingsIn, stage: OnStage) -> Json:
    for name in given.model_fields_set:
        setattr(stage.tuning, name, getattr(given, name))
    return asdict(stage.tuning)


@router.post("/players/start")
async def start(given: TrafficIn, stage: OnStage, players: WithPlayers) -> Json:
    named: list[tuple[str, str]] | None = (
        None if given.accounts is None else [(a.channel, a.account) for a in given.accounts]
    )
    traffic = Traffic(named or list(stage.world.accounts), given.per_minute, given.persons, given.pace)
    for channel, account in traffic.accounts:
        stage.world.account(channel, account)
    if not traffic.accounts:
        raise Invalid("no accounts are registered for the players to write to")
    await players.start(traffic)
    return players.told()


@router.post("/players/stop")
async def stop(players: WithPlayers) -> Json:
    await players.stop()
    return players.told()


@router.get("/players")
async def told(players: WithPlayers) -> Json:
    return players.told()
