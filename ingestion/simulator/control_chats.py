"""The control API for what only one kind of channel has: groups and owners' chats on Telegram, notices of Meta."""

from fastapi import APIRouter

from ingestion.simulator import chats, notices
from ingestion.simulator.control_acts import done, thread_of
from ingestion.simulator.control_deps import OnStage
from ingestion.simulator.control_models import (
    BusinessIn,
    GroupIn,
    HandoverIn,
    ItemIn,
    MembershipIn,
    MigrateIn,
    NoticeIn,
    RolesIn,
    UpdateIn,
)
from ingestion.simulator.deliver import Delivery
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Json, Thread

router = APIRouter(prefix="/sim")


@router.post("/groups")
async def group(given: GroupIn, stage: OnStage) -> Json:
    made = chats.make_group(stage, given.title, given.kind)
    return {"group": made.key, "chat_id": made.chat_id, "title": made.name, "kind": made.kind}


@router.post("/membership")
async def membership(given: MembershipIn, stage: OnStage) -> Json:
    thread = _group_thread(stage, given)
    by = stage.world.writer(thread.account, given.by)
    return done(thread, None, chats.set_membership(stage, thread, given.status, by))


@router.post("/migrate")
async def migrate(given: MigrateIn, stage: OnStage) -> Json:
    thread = _group_thread(stage, given)
    new, sent = chats.migrate(stage, thread, stage.world.writer(thread.account, given.by))
    return {"group": new.key, "chat_id": new.chat_id, "deliveries": _ids(sent)}


@router.post("/business")
async def business(given: BusinessIn, stage: OnStage) -> Json:
    bot = stage.world.account("telegram", given.account)
    owner = stage.world.writer(bot, given.owner)
    made, sent = chats.connect_business(stage, bot, owner, chats.Wish(given.is_enabled, given.rights))
    told = {"connection": made.id, "owner": owner.person.key, "owner_id": owner.person_id}
    return told | {"is_enabled": made.is_enabled, "rights": made.rights, "deliveries": _ids(sent)}


@router.post("/update")
async def update(given: UpdateIn, stage: OnStage) -> Json:
    bot = stage.world.account("telegram", given.account)
    return {"deliveries": _ids(chats.tell_bot(stage, bot, given.content))}


@router.post("/notice")
async def notice(given: NoticeIn, stage: OnStage) -> Json:
    thread = thread_of(stage, given)
    return done(thread, None, notices.tell(stage, thread, given.kind, given.fact))


@router.post("/handover")
async def handover(given: HandoverIn, stage: OnStage) -> Json:
    thread = thread_of(stage, given)
    control = notices.Control(given.action, given.app_id, given.metadata)
    return done(thread, None, notices.change_owner(stage, thread, control))


@router.post("/app-roles")
async def app_roles(given: RolesIn, stage: OnStage) -> Json:
    account = stage.world.account(given.channel, given.account)
    return {"deliveries": _ids(notices.give_roles(stage, account, given.roles))}


@router.post("/item")
async def item(given: ItemIn, stage: OnStage) -> Json:
    account = stage.world.account(given.channel, given.account)
    return {"deliveries": _ids(notices.pass_on(stage, account, given.kind, given.item))}


def _group_thread(stage: Stage, given: MembershipIn | MigrateIn) -> Thread:
    return stage.world.thread(stage.world.account("telegram", given.account), stage.world.person(given.group))


def _ids(sent: list[Delivery]) -> list[str]:
    return [delivery.id for delivery in sent]
