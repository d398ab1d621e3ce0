"""The control API for what persons and owners do."""

from dataclasses import replace

from fastapi import APIRouter

from ingestion.simulator import acts, bodies, post
from ingestion.simulator.attachments import Wanted
from ingestion.simulator.control_deps import OnStage
from ingestion.simulator.control_models import (
    AttachmentIn,
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
from ingestion.simulator.state import Json, Message, Thread, Writer

router = APIRouter(prefix="/sim")


@router.post("/say")
async def say(given: SayIn, stage: OnStage) -> Json:
    thread = thread_of(stage, given)
    thread.is_request = thread.is_request or given.is_request
    referral = {"referral": given.referral} if given.referral else {}
    words = acts.Words(
        given.text,
        wanted(given.attachments),
        given.reply_to,
        given.story,
        given.at,
        writer_of(stage, given),
        given.native | referral,
    )
    for number in range(given.burst):
        told = replace(words, text=f"{given.text} {number + 1}") if given.burst > 1 else words
        message, sent = acts.say(stage, thread, told)
    return done(thread, message, sent)


@router.post("/react")
async def react(given: ReactIn, stage: OnStage) -> Json:
    thread = thread_of(stage, given)
    emoji = None if given.remove else given.emoji
    return done(thread, *acts.react(stage, thread, given.message_id, emoji, writer_of(stage, given)))


@router.post("/edit")
async def edit(given: EditIn, stage: OnStage) -> Json:
    thread = thread_of(stage, given)
    return done(thread, *acts.edit(stage, thread, given.message_id, given.text))


@router.post("/unsend")
async def unsend(given: MessageIn, stage: OnStage) -> Json:
    thread = thread_of(stage, given)
    return done(thread, *acts.unsend(stage, thread, given.message_id))


@router.post("/read")
async def read(given: ThreadIn, stage: OnStage) -> Json:
    thread = thread_of(stage, given)
    return done(thread, *acts.read(stage, thread))


@router.post("/tap")
async def tap(given: TapIn, stage: OnStage) -> Json:
    thread = thread_of(stage, given)
    pressed = acts.Tap(given.payload, given.message_id, writer_of(stage, given), given.referral)
    return done(thread, *acts.tap(stage, thread, pressed))


@router.post("/block")
async def block(given: BlockIn, stage: OnStage) -> Json:
    thread = thread_of(stage, given)
    return done(thread, None, acts.block(stage, thread, blocked=given.blocked))


@router.post("/owner-says")
async def owner_says(given: OwnerIn, stage: OnStage) -> Json:
    thread = thread_of(stage, given)
    words = acts.Words(given.text, wanted(given.attachments), given.reply_to, at=given.at)
    return done(thread, *acts.owner_says(stage, thread, words, given.app_id))


@router.post("/policy")
async def policy(given: PolicyIn, stage: OnStage) -> Json:
    page = stage.world.account("messenger", given.account)
    sent = post.about_account(stage, page, "policy", bodies.policy(page, stage.clock.now(), given.action, given.reason))
    return {"deliveries": [d.id for d in sent]}


def thread_of(stage: Stage, given: ThreadIn) -> Thread:
    world = stage.world
    connection = world.connection(given.connection) if given.connection else None
    return world.thread(world.account(given.channel, given.account), world.person(given.person), connection)


def writer_of(stage: Stage, given: ThreadIn) -> Writer | None:
    """Who speaks in a group; None where the thread has one person alone."""
    if given.by is None:
        return None
    return stage.world.writer(stage.world.account(given.channel, given.account), given.by)


def wanted(attachments: list[AttachmentIn]) -> list[Wanted]:
    return [Wanted(**given.model_dump()) for given in attachments]


def done(thread: Thread, message: Message | None, sent: list[Delivery]) -> Json:
    return {
        "message_id": message.id if message else None,
        "person": thread.person.key,
        "person_id": thread.person_id,
        "channel": thread.account.channel,
        "account": thread.account.id,
        "deliveries": [delivery.id for delivery in sent],
    }
