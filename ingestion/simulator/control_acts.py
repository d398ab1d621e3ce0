"""The control API for what persons and owners do."""

from fastapi import APIRouter

from ingestion.simulator import acts, bodies, post
from ingestion.simulator.attachments import Wanted
from ingestion.simulator.control_deps import OnStage
from ingestion.simulator.control_models import (
    BlockIn,
    EditIn,
    MessageIn,
    OwnerIn,
    PolicyIn,
    ReactIn,
    SayIn,
    TapIn,
    ThreadIn,
)
from ingestion.simulator.deliver import Delivery
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Json, Message, Thread

router = APIRouter(prefix="/sim")


@router.post("/say")
async def say(given: SayIn, stage: OnStage) -> Json:
    thread = _thread(stage, given)
    attachments = [Wanted(**a.model_dump()) for a in given.attachments]
    texts = [given.text] if given.burst == 1 else [f"{given.text} {n + 1}" for n in range(given.burst)]
    for text in texts:
        words = acts.Words(text, attachments, given.reply_to, given.story, given.at)
        message, sent = acts.say(stage, thread, words)
    return _done(thread, message, sent)


@router.post("/react")
async def react(given: ReactIn, stage: OnStage) -> Json:
    thread = _thread(stage, given)
    return _done(thread, *acts.react(stage, thread, given.message_id, None if given.remove else given.emoji))


@router.post("/edit")
async def edit(given: EditIn, stage: OnStage) -> Json:
    thread = _thread(stage, given)
    return _done(thread, *acts.edit(stage, thread, given.message_id, given.text))


@router.post("/unsend")
async def unsend(given: MessageIn, stage: OnStage) -> Json:
    thread = _thread(stage, given)
    return _done(thread, *acts.unsend(stage, thread, given.message_id))


@router.post("/read")
async def read(given: ThreadIn, stage: OnStage) -> Json:
    thread = _thread(stage, given)
    return _done(thread, *acts.read(stage, thread))


@router.post("/tap")
async def tap(given: TapIn, stage: OnStage) -> Json:
    thread = _thread(stage, given)
    return _done(thread, *acts.tap(stage, thread, given.message_id, given.payload))


@router.post("/block")
async def block(given: BlockIn, stage: OnStage) -> Json:
    thread = _thread(stage, given)
    return _done(thread, None, acts.block(stage, thread, blocked=given.blocked))


@router.post("/owner-says")
async def owner_says(given: OwnerIn, stage: OnStage) -> Json:
    thread = _thread(stage, given)
    return _done(thread, *acts.owner_says(stage, thread, given.text))


@router.post("/policy")
async def policy(given: PolicyIn, stage: OnStage) -> Json:
    page = stage.world.account("messenger", given.account)
    sent = post.policy(stage, page, bodies.policy(page, stage.clock.now(), given.action, given.reason))
    return {"deliveries": [d.id for d in sent]}


def _thread(stage: Stage, given: ThreadIn) -> Thread:
    return stage.world.thread(stage.world.account(given.channel, given.account), stage.world.person(given.person))


def _done(thread: Thread, message: Message | None, sent: list[Delivery]) -> Json:
    return {
        "message_id": message.id if message else None,
        "person": thread.person.key,
        "person_id": thread.person_id,
        "channel": thread.account.channel,
        "account": thread.account.id,
        "deliveries": [delivery.id for delivery in sent],
    }
