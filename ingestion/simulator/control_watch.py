"""The control API for what happened so far. Changes nothing."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from ingestion.simulator import views
from ingestion.simulator.control_deps import OnStage
from ingestion.simulator.control_models import (
    SettleIn,
)
from ingestion.simulator.deliver import Delivery
from ingestion.simulator.state import Json
from konectus.clock import monotonic

router = APIRouter(prefix="/sim")

_LOOK_EVERY = 0.02
_WAIT_AT_MOST = 60.0


class Wanted(BaseModel):
    """Which answers to wait for, and for how many seconds."""

    channel: str = ""
    account: str = ""
    count: int = 0
    wait: float = 0


@router.get("/healthz")
async def healthz() -> Json:
    return {"ok": True}


@router.get("/persons")
async def persons(stage: OnStage) -> Json:
    return {"persons": [views.person(person) for person in stage.world.persons.values()]}


@router.get("/persons/{key}")
async def person(key: str, stage: OnStage) -> Json:
    return views.person_in_full(stage, stage.world.person(key))


@router.get("/persons/{key}/received")
async def received_by(key: str, wanted: Annotated[Wanted, Query()], stage: OnStage) -> Json:
    stage.world.person(key)
    until = monotonic() + min(wanted.wait, _WAIT_AT_MOST)
    while len(found := views.received(views.threads(stage, wanted.channel, wanted.account, key))) < wanted.count:
        if monotonic() >= until:
            break
        await asyncio.sleep(_LOOK_EVERY)
    return {"messages": found}


@router.get("/received")
async def received(stage: OnStage, channel: str = "", account: str = "") -> Json:
    return {"messages": views.received(views.threads(stage, channel, account))}


@router.get("/threads")
async def threads(stage: OnStage, channel: str = "", account: str = "", person: str = "") -> Json:
    return {"threads": [views.thread(t) for t in views.threads(stage, channel, account, person)]}


@router.get("/accounts")
async def accounts(stage: OnStage, channel: str = "", account: str = "") -> Json:
    found = (a for a in stage.world.accounts.values() if channel in {"", a.channel} and account in {"", a.id})
    return {"accounts": [views.account(stage, a) for a in found]}


@router.get("/deliveries")
async def deliveries(stage: OnStage, channel: str = "", account: str = "", kind: str = "", state: str = "") -> Json:
    wanted = (channel, account, kind, state)
    return {"deliveries": [views.delivery(d) for d in stage.courier.log if _fits(d, wanted)]}


@router.get("/calls")
async def calls(stage: OnStage, channel: str = "", account: str = "", method: str = "") -> Json:
    wanted = {"channel": channel, "account": account, "method": method}
    return {"calls": [c for c in stage.calls if all(not v or c[k] == v for k, v in wanted.items())]}


@router.get("/state")
async def state(stage: OnStage) -> Json:
    return {
        "now": stage.clock.now().isoformat(),
        "seed": stage.world.mint.seed,
        "accounts": [views.account(stage, a) for a in stage.world.accounts.values()],
        "persons": [views.person_in_full(stage, p) for p in stage.world.persons.values()],
        "threads": [views.thread(t) for t in stage.world.threads.values()],
        "deliveries": [views.delivery(d) for d in stage.courier.log],
        "waiting": stage.waiting(),
    }


@router.post("/settle")
async def settle(given: SettleIn, stage: OnStage) -> Json:
    until = monotonic() + given.seconds
    while stage.waiting() and monotonic() < until:  # noqa: ASYNC110 reason: several sources become idle, not one event
        await asyncio.sleep(_LOOK_EVERY)
    return {"settled": not stage.waiting(), "waiting": stage.waiting()}


def _fits(delivery: Delivery, wanted: tuple[str, str, str, str]) -> bool:
    have = (delivery.channel, delivery.account, delivery.kind, delivery.state)
    return all(not want or want == has for want, has in zip(wanted, have, strict=True))
