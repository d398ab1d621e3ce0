"""Methods by which a bot says something, changes it or takes it back, with the limits of channels.md 4.6."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx

from ingestion.simulator import acts, attachments, bot_errors, chats, updates
from ingestion.simulator.calls import Call
from ingestion.simulator.media import File
from ingestion.simulator.sending import LOOPBACK
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Account, Attachment, Group, Json, Message, Thread

TEXT_CHARACTERS = 4096
CAPTION_CHARACTERS = 1024
PHOTO_BYTES = 10 * 1024 * 1024
FILE_BYTES = 50 * 1024 * 1024
_ACTIONS = frozenset({
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
    "choose_sticker", "find_location", "record_video_note", "upload_video_note",
})  # fmt: skip
_DELETED_AT_ONCE = 100
_ATTACH = "attach://"
_FETCH_WITHIN = 10.0
_BUSINESS_WINDOW = timedelta(hours=24)


async def _message(stage: Stage, bot: Account, call: Call) -> Json:
    thread = chat_of(stage, bot, call)
    text = call.text("text").strip()
    if not text:
        raise bot_errors.bad("message text is empty")
    if length(text) > TEXT_CHARACTERS:
        raise bot_errors.bad("message is too long")
    return said(stage, thread, call, Message("", "out", stage.clock.now(), text))


def _file_method(kind: str) -> Callable[[Stage, Account, Call], Awaitable[Json]]:
    async def send(stage: Stage, bot: Account, call: Call) -> Json:
        thread = chat_of(stage, bot, call)
        caption = call.text("caption")
        if length(caption) > CAPTION_CHARACTERS:
            raise bot_errors.bad("message caption is too long")
        attachment = await attached(stage, bot, kind, call)
        return said(stage, thread, call, Message("", "out", stage.clock.now(), caption, [attachment]))

    return send


def said(stage: Stage, thread: Thread, call: Call, message: Message) -> Json:
    """Keep what the bot says and give the Message that the call answers with."""
    message.reply_to = _reply_to(thread, call)
    message.buttons = _buttons(call)
    message.native |= {"reply_markup": call.mapping("reply_markup")} if message.buttons else {}
    message.id = acts.mint_message_id(stage, thread)
    message.delivered_at = message.at
    thread.add(message)
    stage.tell(thread, message)
    chats.echo_of_bot(stage, thread, message)
    return updates.message(thread, message)


def chat_of(stage: Stage, bot: Account, call: Call) -> Thread:
    """The chat to write to: only persons who wrote first, and only while they have not blocked the bot."""
    if not call.text("chat_id"):
        raise bot_errors.bad("chat_id is empty")
    connection_id = call.text("business_connection_id")
    thread = stage.world.thread_of(bot, call.text("chat_id"), connection_id)
    if connection_id:
        return _business_chat(stage, thread)
    if thread is None:
        raise bot_errors.bad("chat not found")
    if thread.group is not None:
        return _group_chat(thread, thread.group)
    if thread.last_customer_at is None:
        raise bot_errors.never_started()
    if thread.blocked:
        raise bot_errors.blocked()
    return thread


def _group_chat(thread: Thread, group: Group) -> Thread:
    if group.migrated_to is not None:
        raise bot_errors.migrated(group.migrated_to)
    if thread.blocked:
        raise bot_errors.kicked(group.kind)
    return thread


def _business_chat(stage: Stage, thread: Thread | None) -> Thread:
    """Answering is allowed by the owner, and only in chats with something incoming in the last 24 hours."""
    connection = thread.connection if thread else None
    if thread is None or connection is None or not connection.is_enabled:
        raise bot_errors.bad("business connection not found")
    last = thread.last_customer_at
    if not connection.rights.get("can_reply") or last is None or stage.clock.now() - last >= _BUSINESS_WINDOW:
        raise bot_errors.bad("BUSINESS_PEER_USAGE_MISSING")
    return thread


def length(text: str) -> int:
    """Telegram counts UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _reply_to(thread: Thread, call: Call) -> str | None:
    asked = call.mapping("reply_parameters")
    if "message_id" not in asked:
        return None
    if any(m.id == str(asked["message_id"]) for m in thread.messages):
        return str(asked["message_id"])
    if asked.get("allow_sending_without_reply"):
        return None
    raise bot_errors.bad("message to be replied not found")


def _buttons(call: Call) -> list[Json]:
    rows = call.mapping("reply_markup").get("inline_keyboard") or []
    return [{"title": b.get("text"), "payload": b.get("callback_data")} for row in rows for b in row]


async def attached(stage: Stage, bot: Account, kind: str, call: Call, given: str | None = None) -> Attachment:
    """The file in a send: uploaded with the call, by file_id or by address. `given` where it stands in a list."""
    given = call.text(kind) if given is None else given
    upload = call.files.get(given.removeprefix(_ATTACH) if given.startswith(_ATTACH) else kind)
    if upload is not None:
        _refuse_large(kind, len(upload.content))
        return _kept(stage, bot, kind, File(upload.name, upload.media_type, upload.content))
    if given in stage.uploads:
        return stage.uploads[given]
    if given.startswith(("http://", "https://")):
        return await _fetched(stage, bot, kind, given)
    if not given:
        raise bot_errors.bad(f"there is no {kind} in the request")
    raise bot_errors.bad("wrong file identifier/HTTP URL specified")


def _kept(stage: Stage, bot: Account, kind: str, file: File) -> Attachment:
    words = f"{bot.id}/out/{len(stage.uploads)}"
    attachment = stage.attach(kind, *stage.library.keep(file, words))
    attachment.facts |= attachments.telegram_file(stage, words)
    stage.uploads[attachment.facts["file_id"]] = attachment
    return attachment


async def _fetched(stage: Stage, bot: Account, kind: str, url: str) -> Attachment:
    """By address; asked for only when so set, and then on loopback alone."""
    name, media_type, content = url.rpartition("/")[2].split("?")[0], "application/octet-stream", b""
    if stage.tuning.fetch_media:
        try:
            if httpx.URL(url).host not in LOOPBACK:
                raise httpx.UnsupportedProtocol("only loopback is fetched")
            answer = await stage.courier.http.get(url, timeout=_FETCH_WITHIN)
            answer.raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL) as trouble:
            raise bot_errors.bad("failed to get HTTP URL content") from trouble
        content, media_type = answer.content, answer.headers.get("content-type", media_type).split(";")[0]
    attachment = _kept(stage, bot, kind, File(name, media_type, content))
    attachment.url, attachment.sha256 = url, hashlib.sha256(content).hexdigest() if content else ""
    return attachment


def _refuse_large(kind: str, size: int) -> None:
    if size > (PHOTO_BYTES if kind == "photo" else FILE_BYTES):
        raise bot_errors.too_large()


async def _action(stage: Stage, bot: Account, call: Call) -> bool:
    chat_of(stage, bot, call)
    if call.text("action") not in _ACTIONS:
        raise bot_errors.bad("wrong parameter action in request")
    return True


async def _edit_caption(stage: Stage, bot: Account, call: Call) -> Json:
    message = _own(thread := chat_of(stage, bot, call), call, "message to edit not found")
    message.text, message.edited_at = call.text("caption"), stage.clock.now()
    return updates.message(thread, message)


async def _edit_text(stage: Stage, bot: Account, call: Call) -> Json:
    thread = chat_of(stage, bot, call)
    message = _own(thread, call, "message to edit not found")
    if message.text == call.text("text"):
        raise bot_errors.bad(
            "message is not modified: specified new message content and reply markup are exactly the same as a "
            "current content and reply markup of the message"
        )
    message.text, message.edited_at = call.text("text"), stage.clock.now()
    return updates.message(thread, message)


async def _delete(stage: Stage, bot: Account, call: Call) -> bool:
    _own(chat_of(stage, bot, call), call, "message to delete not found").deleted_at = stage.clock.now()
    return True


async def _delete_many(stage: Stage, bot: Account, call: Call) -> bool:
    """1 to 100 of them; what is not there is passed over."""
    thread, ids = chat_of(stage, bot, call), {str(given) for given in call.listing("message_ids")}
    if not 1 <= len(ids) <= _DELETED_AT_ONCE:
        raise bot_errors.bad("there are no messages to delete" if not ids else "too many message identifiers")
    for message in thread.received():
        if message.id in ids:
            message.deleted_at = stage.clock.now()
    return True


async def _set_reaction(stage: Stage, bot: Account, call: Call) -> bool:
    thread = chat_of(stage, bot, call)
    message = next((m for m in thread.messages if m.id == call.text("message_id")), None)
    if message is None:
        raise bot_errors.bad("message to react not found")
    message.native["our_reaction"] = call.listing("reaction")
    return True


def _own(thread: Thread, call: Call, words: str) -> Message:
    found = next((m for m in thread.received() if m.id == call.text("message_id")), None)
    if found is None:
        raise bot_errors.bad(words)
    return found


METHODS: dict[str, Callable[[Stage, Account, Call], Awaitable[Any]]] = {
    "sendmessage": _message,
    **{
        f"send{kind.replace('_', '')}": _file_method(kind)
        for kind in ("photo", "document", "video", "audio", "voice", "sticker", "animation", "video_note")
    },
    "sendchataction": _action,
    "editmessagetext": _edit_text,
    "editmessagecaption": _edit_caption,
    "deletemessage": _delete,
    "deletemessages": _delete_many,
    "setmessagereaction": _set_reaction,
}
