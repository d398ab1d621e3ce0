"""The control API for trouble on demand: faults, dead tokens, raw bytes, repeated and reordered deliveries."""

import base64
import json
from dataclasses import asdict, replace
from datetime import timedelta

from fastapi import APIRouter

from ingestion.simulator import batches, bodies, post, tokens, views
from ingestion.simulator.control_deps import OnStage
from ingestion.simulator.control_models import (
    AccountIn,
    AgeIn,
    ExpireIn,
    FaultIn,
    MergeIn,
    RawIn,
    RedeliverIn,
    ReleaseIn,
)
from ingestion.simulator.deliver import Delivery, Target
from ingestion.simulator.faults import Fault
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Account, Json
from konectus.errors import Conflict, Invalid

router = APIRouter(prefix="/sim")

_WRONG = "0" * 64


@router.post("/faults")
async def add_fault(given: FaultIn, stage: OnStage) -> Json:
    return asdict(stage.faults.add(Fault(id="", **given.model_dump())))


@router.get("/faults")
async def faults(stage: OnStage) -> Json:
    return {"faults": [asdict(fault) for fault in stage.faults.active]}


@router.delete("/faults")
async def clear_faults(stage: OnStage) -> Json:
    stage.faults.clear()
    return {"faults": []}


@router.delete("/faults/{fault_id}")
async def clear_fault(fault_id: str, stage: OnStage) -> Json:
    stage.faults.clear(fault_id)
    return await faults(stage)


@router.post("/tokens/expire")
async def expire(given: ExpireIn, stage: OnStage) -> Json:
    account = stage.world.account(given.channel, given.account)
    owner = _token_owner(stage, account)
    owner.token_dead, owner.dead_subcode = True, given.subcode
    return views.account(stage, account)


@router.post("/tokens/age")
async def age(given: AgeIn, stage: OnStage) -> Json:
    account = stage.world.account(given.channel, given.account)
    tokens.age(stage, _token_owner(stage, account), timedelta(seconds=given.seconds))
    return views.account(stage, account)


@router.post("/raw")
async def raw(given: RawIn, stage: OnStage) -> Json:
    delivery, target = _raw(stage, given)
    made = await stage.courier.attempt(stage.courier.note(delivery), target)
    delivery.state = "delivered" if made.status is not None else "dropped"
    return {"status": made.status, "body": made.error, "delivery": delivery.id}


@router.post("/deliveries/{delivery_id}/redeliver")
async def redeliver(delivery_id: str, given: RedeliverIn, stage: OnStage) -> Json:
    delivery = stage.courier.by_id(delivery_id)
    if not delivery.attempts:
        raise Conflict(f"{delivery_id} was never delivered")
    return {"answers": await stage.courier.redeliver(delivery, given.times, at_once=given.at_once)}


@router.post("/hold")
async def hold(given: AccountIn, stage: OnStage) -> Json:
    stage.courier.hold(*stage.world.account(given.channel, given.account).key)
    return {"held": True}


@router.post("/release")
async def release(given: ReleaseIn, stage: OnStage) -> Json:
    key = stage.world.account(given.channel, given.account).key
    return {"released": stage.courier.release(*key, given.order)}


@router.post("/merge")
async def merge(given: MergeIn, stage: OnStage) -> Json:
    app = stage.world.app(given.app)
    return {"deliveries": [d.id for d in batches.release(stage, app, given.size, together=given.together)]}


def _token_owner(stage: Stage, account: Account) -> Account:
    return stage.world.account("messenger", account.page) if account.page else account


def _raw(stage: Stage, given: RawIn) -> tuple[Delivery, Target]:
    """Bytes as given, signed well, badly or not at all, for an app or a bot."""
    body = json.dumps(given.body).encode() if given.body_base64 is None else base64.b64decode(given.body_base64)
    target = _app_target(stage, given, body) if given.app is not None else _bot_target(stage, given)
    target = replace(target, url=given.url or target.url, headers=target.headers | given.headers)
    channel, account = ("telegram", given.bot) if given.bot else ("messenger", "")
    return Delivery(channel, account or "", "", "raw", body, lambda: None, stage.clock.now()), target


def _app_target(stage: Stage, given: RawIn, body: bytes) -> Target:
    app = stage.world.app(given.app or "")
    headers = bodies.signed(body, app.signing_secret)
    if given.signature != "valid":
        headers = {name: value for name, value in headers.items() if not name.startswith("X-Hub")}
    if given.signature == "wrong":
        headers["X-Hub-Signature-256"] = f"sha256={_WRONG}"
    return Target(app.webhook_url, headers)


def _bot_target(stage: Stage, given: RawIn) -> Target:
    if given.bot is None:
        raise Invalid("name an app or a bot")
    target = post.target_of(stage.world.account("telegram", given.bot))
    if target is None and given.url is None:
        raise Conflict(f"bot {given.bot} has no webhook")
    headers = dict(target.headers) if target else {"Content-Type": "application/json"}
    if given.secret != "valid":  # noqa: S105 reason: how the secret is, not one
        headers.pop("X-Telegram-Bot-Api-Secret-Token", None)
    if given.secret == "wrong":  # noqa: S105 reason: how the secret is, not one
        headers["X-Telegram-Bot-Api-Secret-Token"] = _WRONG
    return Target(target.url if target else "", headers)
