"""Methods by which a bot says something, changes it or takes it back, with the limits of channels.md 4.6."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from ingestion.simulator import acts, attachments, bot_errors, updates
from ingestion.simulator.calls import Call
from ingestion.simulator.media import File
from ingestion.simulator.sending import LOOPBACK
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Account, Attachment, Json, Message, Thread

TEXT_CHARACTERS = 4096
CAPTION_CHARACTERS = 1024
PHOTO_BYTES = 10 * 1024 * 1024
FILE_BYTES = 50 * 1024 * 1024
_ACTIONS = frozenset({
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
    "choose_sticker", "find_location", "record_video_note", "upload_video_note",
})  # fmt: skip
_ATTACH = "attach://"
_FETCH_WITHIN = 10.0


async def _message(stage: Stage, bot: Account, call: Call) -> Json:
    thread = _thread(stage, bot, call)
    text = call.text("text").strip()
    if not text:
        raise bot_errors.bad("message text is empty")
    if _length(text) > TEXT_CHARACTERS:
        raise bot_errors.bad("message is too long")
    return _said(stage, thread, call, Message("", "out", stage.clock.now(), text))


def _file_method(kind: str) -> Callable[[Stage, Account, Call], Awaitable[Json]]:
    async def send(stage: Stage, bot: Account, call: Call) -> Json:
        thread = _thread(stage, bot, call)
        caption = call.text("caption")
        if _length(caption) > CAPTION_CHARACTERS:
            raise bot_errors.bad("message caption is too long")
        attachment = await _attached(stage, bot, kind, call)
        return _said(stage, thread, call, Message("", "out", stage.clock.now(), caption, [attachment]))

    return send


def _said(stage: Stage, thread: Thread, call: Call, message: Message) -> Json:
    message.reply_to = _reply_to(thread, call)
    message.buttons = _buttons(call)
    message.native = {"reply_markup": call.mapping("reply_markup")} if message.buttons else {}
    message.id = acts.mint_message_id(stage, thread)
    message.delivered_at = message.at
    thread.add(message)
    stage.tell(thread, message)
    return updates.message(thread, message)


def _thread(stage: Stage, bot: Account, call: Call) -> Thread:
    """The chat to write to: only persons who wrote first, and only while they have not blocked the bot."""
    if not call.text("chat_id"):
        raise bot_errors.bad("chat_id is empty")
    thread = stage.world.thread_of(bot, call.text("chat_id"))
    if thread is None:
        raise bot_errors.bad("chat not found")
    if thread.last_customer_at is None:
        raise bot_errors.never_started()
    if thread.blocked:
        raise bot_errors.blocked()
    return thread


def _length(text: str) -> int:
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


async def _attached(stage: Stage, bot: Account, kind: str, call: Call) -> Attachment:
    """The file in a send: uploaded with the call, by file_id or by address."""
    given = call.text(kind)
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
    _thread(stage, bot, call)
    if call.text("action") not in _ACTIONS:
        raise bot_errors.bad("wrong parameter action in request")
    return True


async def _edit_text(stage: Stage, bot: Account, call: Call) -> Json:
    thread = _thread(stage, bot, call)
    message = _own(thread, call, "message to edit not found")
    if message.text == call.text("text"):
        raise bot_errors.bad(
            "message is not modified: specified new message content and reply markup are exactly the same as a "
            "current content and reply markup of the message"
        )
    message.text, message.edited_at = call.text("text"), stage.clock.now()
    return updates.message(thread, message)


async def _delete(stage: Stage, bot: Account, call: Call) -> bool:
    _own(_thread(stage, bot, call), call, "message to delete not found").deleted_at = stage.clock.now()
    return True


async def _set_reaction(stage: Stage, bot: Account, call: Call) -> bool:
    thread = _thread(stage, bot, call)
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
        f"send{kind}": _file_method(kind)
        for kind in ("photo", "document", "video", "audio", "voice", "sticker", "animation")
    },
    "sendchataction": _action,
    "editmessagetext": _edit_text,
    "deletemessage": _delete,
    "setmessagereaction": _set_reaction,
}
