"""aiogram against the simulator: calls it makes, files it fetches, and every update parsed by its own receiver."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramMigrateToChat, TelegramRetryAfter
from aiogram.types import (
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    ReplyParameters,
)

from tests.ingestion.clients.telegram_receiver import SECRET, Heard, bot_at, listening
from tests.support.providers import Simulator

pytestmark = pytest.mark.anyio
EVERYTHING = [
    "message", "edited_message", "channel_post", "edited_channel_post", "callback_query", "my_chat_member",
    "message_reaction", "message_reaction_count", "business_connection", "business_message",
    "edited_business_message", "deleted_business_messages", "poll_answer",
]  # fmt: skip
CONTENTS = {
    "image": "photo", "file": "document", "video": "video", "video_note": "video_note", "voice": "voice",
    "audio": "audio", "animation": "animation", "sticker": "sticker", "live_photo": "live_photo",
    "location": "location", "venue": "venue", "contact": "contact", "poll": "poll", "dice": "dice", "story": "story",
    "paid_media": "paid_media", "checklist": "checklist", "rich_message": "rich_message", "game": "game",
    "invoice": "invoice",
}  # fmt: skip


class Talk:
    """One bot of aiogram, its receiver, and the control API of the simulator that plays the people."""

    def __init__(self, simulator: Simulator, account: Any, bot: Bot, heard: Heard) -> None:
        self.simulator, self.account, self.bot, self.heard = simulator, account, bot, heard

    async def act(self, path: str, **words: Any) -> Any:
        """Something a person does, and its update has arrived."""
        done = await asyncio.to_thread(
            self.simulator.post, path, **{"channel": "telegram", "account": self.account["id"], **words}
        )
        await asyncio.to_thread(self.simulator.post, "settle")
        return done

    async def chat(self, path: str, **words: Any) -> Any:
        """The same for a path whose account is a bot by itself."""
        done = await asyncio.to_thread(self.simulator.post, path, **{"account": self.account["id"], **words})
        await asyncio.to_thread(self.simulator.post, "settle")
        return done

    async def received(self, person: str) -> list[Any]:
        found = await asyncio.to_thread(self.simulator.get, f"persons/{person}/received")
        return list(found["messages"])


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def listener(simulator: Simulator) -> AsyncIterator[Talk]:
    """The webhook is set with a secret, for every kind of update."""
    account = simulator.post("bots", username="taller_lumbre_bot", name="Taller Lumbre")
    program = bot_at(simulator.address, account["token"])
    async with listening(program) as heard:
        await program.set_webhook(heard.url, secret_token=SECRET, allowed_updates=EVERYTHING)
        yield Talk(simulator, account, program, heard)


@pytest.fixture
def talk(listener: Talk) -> Talk:
    """Nothing heard yet."""
    listener.heard.updates.clear()
    return listener


async def test_every_content_is_parsed_as_what_it_is(talk: Talk) -> None:
    for act in CONTENTS:
        await talk.act("say", person="new", attachments=[{"type": act}])

    assert [u.message.content_type for u in talk.heard.updates if u.message] == list(CONTENTS.values())


async def test_a_text_names_its_writer_and_its_chat(talk: Talk) -> None:
    said = await talk.act("say", person="new", text="¿Abren mañana? 🙂")

    message = talk.heard.last.message
    assert message is not None
    assert message.from_user is not None
    assert (message.text, str(message.chat.id), message.chat.type) == (
        "¿Abren mañana? 🙂",
        said["person_id"],
        "private",
    )
    assert message.from_user.id == message.chat.id


async def test_a_delivery_with_another_secret_is_refused(simulator: Simulator, bot: Any) -> None:
    program = bot_at(simulator.address, bot["token"])
    async with listening(program, "another-secret") as heard:
        await program.set_webhook(heard.url, secret_token=SECRET)
        where = {"channel": "telegram", "account": bot["id"]}
        await asyncio.to_thread(simulator.post, "say", person="new", text="Hola", **where)
        await asyncio.sleep(0.3)
        found = await asyncio.to_thread(simulator.get, "deliveries", **where)
        info = await program.get_webhook_info()
        await program.delete_webhook(drop_pending_updates=True)

    assert heard.updates == []
    assert found["deliveries"][0]["attempts"][0]["status"] == 401
    assert info.pending_update_count == 1


async def test_an_album_with_caption_an_edit_and_a_reply_are_parsed(talk: Talk) -> None:
    photos = [{"type": "image"}, {"type": "video"}]
    said = await talk.act("say", person="new", text="así quedó", attachments=photos)
    album = [u.message for u in talk.heard.updates]
    await talk.act("edit", person=said["person"], message_id=said["message_id"], text="así quedó al final")
    await talk.act("say", person=said["person"], text="¿les gusta?", reply_to=said["message_id"])
    edited, reply = talk.heard.updates[-2].edited_message, talk.heard.last.message

    assert [m.caption for m in album if m] == ["así quedó", None]
    assert len({m.media_group_id for m in album if m}) == 1
    assert edited is not None
    assert (edited.caption, edited.message_id) == ("así quedó al final", int(said["message_id"]))
    assert reply is not None
    assert reply.reply_to_message is not None
    assert reply.reply_to_message.message_id == int(said["message_id"])


async def test_forwards_quotes_and_service_notes_are_parsed(talk: Talk) -> None:
    origin = {"type": "hidden_user", "date": 1795000000, "sender_user_name": "Doña Lupe"}
    await talk.act("say", person="new", text="mira", native={"forward_origin": origin})
    await talk.act("say", person="new", native={"web_app_data": {"data": "{}", "button_text": "Pedir"}})
    first, second = (u.message for u in talk.heard.updates)

    assert first is not None
    assert first.forward_origin is not None
    assert first.forward_origin.type == "hidden_user"
    assert second is not None
    assert second.content_type == "web_app_data"


async def test_a_tap_a_block_and_its_end_are_parsed(talk: Talk) -> None:
    said = await talk.act("say", person="new", text="/start")
    button = InlineKeyboardButton(text="Sí", callback_data="cita:si")
    sent = await talk.bot.send_message(
        said["person_id"], "¿Confirma?", reply_markup=InlineKeyboardMarkup(inline_keyboard=[[button]])
    )
    await talk.act("tap", person=said["person"], message_id=str(sent.message_id), payload="cita:si")
    tapped = talk.heard.last.callback_query
    assert tapped is not None
    await tapped.answer()
    await talk.act("block", person=said["person"])
    with pytest.raises(TelegramForbiddenError):
        await talk.bot.send_message(said["person_id"], "¿Sigue ahí?")
    await talk.act("block", person=said["person"], blocked=False)
    members = [u.my_chat_member.new_chat_member.status for u in talk.heard.updates if u.my_chat_member]

    assert tapped.data == "cita:si"
    assert members == ["kicked", "member"]


async def test_a_group_names_who_writes_and_its_migration(talk: Talk) -> None:
    group = await asyncio.to_thread(talk.simulator.post, "groups", title="Obra Roma", kind="group")
    people = (await asyncio.to_thread(talk.simulator.post, "persons", count=2))["persons"]
    keys = [person["person"] for person in people]
    await talk.chat("membership", group=group["group"], by=keys[0])
    for key in keys:
        said = await talk.act("say", person=group["group"], by=key, text="ya llegué")
    await talk.act("react", person=group["group"], by=keys[0], message_id=said["message_id"], emoji="👍")
    await talk.bot.send_message(group["chat_id"], "Gracias a todos")
    moved = await talk.chat("migrate", group=group["group"], by=keys[0])
    with pytest.raises(TelegramMigrateToChat) as refused:
        await talk.bot.send_message(group["chat_id"], "¿Siguen?")
    added, first, second, reaction, left, entered = talk.heard.updates

    assert added.my_chat_member is not None
    assert added.my_chat_member.chat.type == "group"
    assert first.message is not None
    assert second.message is not None
    assert first.message.from_user != second.message.from_user
    assert reaction.message_reaction is not None
    assert reaction.message_reaction.new_reaction[0].type == "emoji"
    assert left.message is not None
    assert left.message.migrate_to_chat_id == int(moved["chat_id"])
    assert entered.message is not None
    assert entered.message.migrate_from_chat_id == int(group["chat_id"])
    assert refused.value.migrate_to_chat_id == int(moved["chat_id"])
    assert [m["text"] for m in await talk.received(group["group"])] == ["Gracias a todos"]


async def test_a_channel_posts_edits_and_counts_reactions(talk: Talk) -> None:
    channel = await asyncio.to_thread(talk.simulator.post, "groups", title="Avisos", kind="channel")
    post = await talk.act("say", person=channel["group"], text="Cerrado el lunes")
    await talk.act("edit", person=channel["group"], message_id=post["message_id"], text="Cerrado el martes")
    await talk.act("react", person=channel["group"], message_id=post["message_id"], emoji="🔥")
    posted, edited, counted = talk.heard.updates

    assert posted.channel_post is not None
    assert posted.channel_post.sender_chat is not None
    assert edited.edited_channel_post is not None
    assert edited.edited_channel_post.text == "Cerrado el martes"
    assert counted.message_reaction_count is not None
    assert counted.message_reaction_count.reactions[0].total_count == 1


async def test_an_owners_chat_is_heard_answered_edited_and_deleted(talk: Talk) -> None:
    people = (await asyncio.to_thread(talk.simulator.post, "persons", count=2))["persons"]
    owner, person = (p["person"] for p in people)
    made = await talk.chat("business", owner=owner)
    there = {"person": person, "connection": made["connection"]}
    said = await talk.act("say", text="¿Siguen con horario de verano?", **there)
    await talk.act("edit", message_id=said["message_id"], text="¿Siguen con horario?", **there)
    ours = await talk.bot.send_message(
        said["person_id"], "Sí, hasta el martes", business_connection_id=made["connection"]
    )
    await talk.act("owner-says", text="Le esperamos", **there)
    await talk.act("unsend", message_id=said["message_id"], **there)
    known = await talk.bot.get_business_connection(made["connection"])
    await talk.chat("business", owner=owner, is_enabled=False)
    with pytest.raises(TelegramBadRequest):
        await talk.bot.send_message(said["person_id"], "¿Hola?", business_connection_id=made["connection"])
    began, incoming, edited, echo, by_hand, deleted, ended = talk.heard.updates

    assert (began.business_connection, ended.business_connection) != (None, None)
    assert known.rights is not None
    assert known.rights.can_reply
    assert incoming.business_message is not None
    assert edited.edited_business_message is not None
    assert echo.business_message is not None
    assert echo.business_message.sender_business_bot is not None
    assert echo.business_message.message_id == ours.message_id
    assert by_hand.business_message is not None
    assert by_hand.business_message.from_user is not None
    assert str(by_hand.business_message.from_user.id) == made["owner_id"]
    assert by_hand.business_message.sender_business_bot is None
    assert deleted.deleted_business_messages is not None
    assert deleted.deleted_business_messages.message_ids == [int(said["message_id"])]
    assert ended.business_connection is not None
    assert ended.business_connection.is_enabled is False


async def test_files_photos_and_albums_arrive_with_their_bytes(talk: Talk) -> None:
    said = await talk.act("say", person="new", text="hola")
    picture = BufferedInputFile(b"\x89PNG first", "uno.png")
    sent = await talk.bot.send_photo(said["person_id"], picture, caption="Así quedó")
    album = await talk.bot.send_media_group(
        said["person_id"],
        [InputMediaPhoto(media=BufferedInputFile(b"one", "1.png")), InputMediaPhoto(media=sent.photo[-1].file_id)],  # type: ignore[index] # a photo has sizes
    )
    back = await talk.bot.download(sent.photo[-1].file_id)  # type: ignore[index] # a photo has sizes
    got = await talk.received(said["person"])

    assert back is not None
    assert back.read() == b"\x89PNG first"
    assert len({m.media_group_id for m in album}) == 1
    assert [a["size"] for m in got for a in m["attachments"]] == [10, 3, 10]


async def test_a_file_of_a_person_can_be_fetched_through_the_bot_api(talk: Talk) -> None:
    await talk.act("say", person="new", attachments=[{"type": "file", "content_base64": "aG9sYQ==", "name": "a.txt"}])
    message = talk.heard.last.message
    assert message is not None
    assert message.document is not None
    content = await talk.bot.download(message.document.file_id)

    assert content is not None
    assert content.read() == b"hola"


async def test_a_flood_is_refused_with_the_seconds_to_wait(talk: Talk) -> None:
    said = await talk.act("say", person="new", text="hola")
    await asyncio.to_thread(talk.simulator.post, "settings", keep_limits=True)
    try:
        with pytest.raises(TelegramRetryAfter) as refused:
            for number in range(10):
                await talk.bot.send_message(said["person_id"], f"mensaje {number}")
    finally:
        await asyncio.to_thread(talk.simulator.post, "settings", keep_limits=False)

    assert 1 <= refused.value.retry_after <= 3
    assert len(await talk.received(said["person"])) == 3


async def test_our_words_can_be_changed_taken_back_and_answered_to(talk: Talk) -> None:
    said = await talk.act("say", person="new", text="hola")
    sent = await talk.bot.send_message(
        said["person_id"], "Con gusto", reply_parameters=ReplyParameters(message_id=int(said["message_id"]))
    )
    await sent.edit_text("Con mucho gusto")
    with pytest.raises(TelegramBadRequest, match="not modified"):
        await talk.bot.edit_message_text("Con mucho gusto", chat_id=said["person_id"], message_id=sent.message_id)
    gone = await talk.bot.send_message(said["person_id"], "perdón")
    await talk.bot.delete_messages(said["person_id"], [gone.message_id])
    got = await talk.received(said["person"])

    assert [(m["text"], m["reply_to"], bool(m["deleted_at"])) for m in got] == [
        ("Con mucho gusto", said["message_id"], False),
        ("perdón", None, True),
    ]
