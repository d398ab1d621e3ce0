"""Puts one simulator together: stage, control API, providers' doors. The process around it is in __main__."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from ingestion.simulator import (
    control_acts,
    control_chats,
    control_register,
    control_steer,
    control_trouble,
    control_watch,
    post,
    provider,
    snapshot,
)
from ingestion.simulator.deliver import Courier, Sleep
from ingestion.simulator.faults import Faults
from ingestion.simulator.media import Library
from ingestion.simulator.mint import Mint
from ingestion.simulator.players import Players
from ingestion.simulator.stage import ShiftedClock, Stage
from ingestion.simulator.tuning import Options, Tuning
from ingestion.simulator.world import World
from konectus.clock import Clock
from konectus.errors import KonectusError

_SAVE_EVERY = 2.0


def create_app(
    options: Options, clock: Clock, *, transport: httpx.AsyncBaseTransport | None = None, sleep: Sleep = asyncio.sleep
) -> FastAPI:
    """A simulator as an ASGI application. `transport` replaces the network for deliveries, `sleep` real waiting."""
    stage = build(
        options, clock, httpx.AsyncClient(transport=transport, follow_redirects=False, trust_env=False), sleep
    )
    players = Players(stage)

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        saving = asyncio.create_task(_keep_saving(stage))
        yield
        saving.cancel()
        await players.stop()
        await stage.close()
        _save(stage)

    app = FastAPI(title="Channel simulator", lifespan=living, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(KonectusError, provider.refused)
    app.state.stage, app.state.players = stage, players
    for room in (control_register, control_acts, control_chats, control_watch, control_trouble, control_steer):
        app.router.routes.extend(room.router.routes)
    app.router.routes.extend(provider.routes(stage))
    return app


def build(options: Options, clock: Clock, http: httpx.AsyncClient, sleep: Sleep) -> Stage:
    """The stage without its doors."""
    saved = snapshot.load(options.state_file) if options.state_file else None
    world = saved.world if saved else World(Mint(options.seed))
    tuning, shifted = Tuning(fetch_media=options.fetch_media), ShiftedClock(clock)
    courier = Courier(http, shifted, sleep, world.mint, tuning)
    library = saved.library if saved else Library(world.mint)
    stage = Stage(options, world, shifted, courier, Faults(), tuning, library, sleep)
    stage.uploads = saved.uploads if saved else {}
    courier.given_up = post.unsubscribe_failing(stage)
    return stage


async def _keep_saving(stage: Stage) -> None:
    while stage.options.state_file is not None:
        await asyncio.sleep(_SAVE_EVERY)
        _save(stage)


def _save(stage: Stage) -> None:
    if stage.options.state_file is not None:
        snapshot.save(stage, stage.options.state_file)
