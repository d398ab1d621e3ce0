"""The control API for registering apps, accounts and persons."""

from fastapi import APIRouter

from ingestion.simulator import callbacks, registration, views
from ingestion.simulator.control_deps import OnStage
from ingestion.simulator.control_models import (
    AppIn,
    BotIn,
    DeauthorizeIn,
    InstagramIn,
    PageIn,
    PersonsIn,
)
from ingestion.simulator.state import Json

router = APIRouter(prefix="/sim")


@router.post("/meta/apps")
async def app(given: AppIn, stage: OnStage) -> Json:
    told = registration.app(stage, given)
    return {"name": told.name, "id": told.id, "webhook_url": told.webhook_url, "flavour": told.flavour}


@router.post("/meta/apps/{name}/verify")
async def verify(name: str, stage: OnStage) -> Json:
    return await callbacks.verify(stage, stage.world.app(name))


@router.post("/meta/apps/{name}/deauthorize")
async def deauthorize(name: str, given: DeauthorizeIn, stage: OnStage) -> Json:
    purpose = "data-deletion" if given.data_deletion else "deauthorize"
    return await callbacks.call_back(stage, stage.world.app(name), given.user_id, purpose)


@router.post("/pages")
async def page(given: PageIn, stage: OnStage) -> Json:
    return views.account(stage, registration.page(stage, given))


@router.post("/instagram-accounts")
async def instagram(given: InstagramIn, stage: OnStage) -> Json:
    return views.account(stage, registration.instagram(stage, given))


@router.post("/bots")
async def bot(given: BotIn, stage: OnStage) -> Json:
    return views.account(stage, registration.bot(stage, given))


@router.post("/persons")
async def persons(given: PersonsIn, stage: OnStage) -> Json:
    world = stage.world
    made = [world.invent_person(given.name, given.handle, given.language) for _ in range(given.count)]
    return {"persons": [views.person(person) for person in made]}
