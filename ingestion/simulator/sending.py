"""A send to Messenger or Instagram: the checks a channel makes, in its order, and what comes back by webhook."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

import httpx

from ingestion.simulator import acts, bodies, graph_errors, owners, post
from ingestion.simulator.calls import Call, Upload
from ingestion.simulator.graph_errors import GraphError
from ingestion.simulator.media import File
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Account, Attachment, Json, Message, Thread

WINDOW = timedelta(hours=24)
HUMAN_WINDOW = timedelta(days=7)
TEXT_CHARACTERS = 2000
INSTAGRAM_BYTES = 1000
METADATA_CHARACTERS = 1000
QUICK_REPLIES = 13
IMAGE_BYTES = 8 * 1024 * 1024
FILE_BYTES = 25 * 1024 * 1024
_FETCH_WITHIN = 10.0
_MESSAGING_TYPES = frozenset({"", "RESPONSE", "UPDATE", "MESSAGE_TAG", "UTILITY"})
_ACTIONS = frozenset({"typing_on", "typing_off", "mark_seen", "react", "unreact"})
_KINDS = frozenset({"image", "audio", "video", "file", "template", "like_heart", "MEDIA_SHARE"})
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Send:
    """A send that names an account and a person of it."""

    call: Call
    account: Account
    thread: Thread

    @property
    def message(self) -> Json:
        return self.call.mapping("message")


async def send(stage: Stage, order: Send) -> Json:
    """Accept one message or action for a person; the answer of POST /{id}/messages. Raises GraphError."""
    _refuse_blocked(order.thread)
    if action := order.call.text("sender_action"):
        return _act(order, action)
    owners.refuse_foreign(stage, order.thread)
    _refuse_late(stage, order)
    _refuse_wrong_text(order)
    message = await _accepted(stage, order)
    order.thread.is_request = False
    stage.tell(order.thread, message)
    if not order.call.is_silent:
        stage.later(_receipts(stage, order.thread, message))
    answer: Json = {"recipient_id": order.thread.person_id, "message_id": message.id}
    reusable = [a.facts["attachment_id"] for a in message.attachments if "attachment_id" in a.facts]
    return answer | ({"attachment_id": reusable[0]} if reusable else {})


def _refuse_blocked(thread: Thread) -> None:
    if thread.blocked:
        raise graph_errors.blocked()


def _act(order: Send, action: str) -> Json:
    if order.message:
        raise graph_errors.parameter("You cannot send a message and an action together", 2018014)
    if action not in _ACTIONS:
        raise graph_errors.parameter(
            "Param sender_action must be one of {TYPING_ON, TYPING_OFF, MARK_SEEN, REACT, UNREACT}"
        )
    if action in {"react", "unreact"}:
        payload = order.call.mapping("payload")
        target = next((m for m in order.thread.messages if m.id == payload.get("message_id")), None)
        if target is None:
            raise graph_errors.parameter("Invalid message id")
        target.native["our_reaction"] = payload.get("reaction") if action == "react" else None
    return {"recipient_id": order.thread.person_id}


def _refuse_late(stage: Stage, order: Send) -> None:
    """The 24 hours, the seven days for a human, and the tags that are no more."""
    kind, tag = order.call.text("messaging_type"), order.call.text("tag")
    if kind not in _MESSAGING_TYPES:
        raise graph_errors.parameter("Param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG, UTILITY}")
    if kind == "MESSAGE_TAG" and tag != "HUMAN_AGENT":
        raise graph_errors.parameter(f"The message tag {tag or '(none)'} is not supported")
    if kind == "UTILITY":
        if (order.message.get("attachment") or {}).get("type") != "template":
            raise graph_errors.parameter("A utility message needs an approved template")
        return
    last = order.thread.last_customer_at
    allowed = HUMAN_WINDOW if kind == "MESSAGE_TAG" else WINDOW
    if last is None or stage.clock.now() - last >= allowed:
        raise graph_errors.outside_window(order.account)


def _refuse_wrong_text(order: Send) -> None:
    text, metadata = str(order.message.get("text") or ""), str(order.message.get("metadata") or "")
    if order.account.channel == "messenger" and len(text) > TEXT_CHARACTERS:
        raise graph_errors.parameter(f"Length of param message[text] must be less than or equal to {TEXT_CHARACTERS}")
    if order.account.channel == "instagram" and len(text.encode("utf-8", "replace")) > INSTAGRAM_BYTES:
        raise graph_errors.parameter(f"Length of param message[text] must be less than or equal to {INSTAGRAM_BYTES}")
    if len(metadata) > METADATA_CHARACTERS:
        raise graph_errors.parameter(f"Length of param message[metadata] must be less than {METADATA_CHARACTERS}")
    if len(order.message.get("quick_replies") or []) > QUICK_REPLIES:
        raise graph_errors.parameter(f"Param message[quick_replies] has too many elements, at most {QUICK_REPLIES}")
    if text and (order.message.get("attachment") or order.call.files):
        raise graph_errors.parameter("Message cannot have both text and attachment")


async def _accepted(stage: Stage, order: Send) -> Message:
    words = order.message
    message_id = acts.mint_message_id(stage, order.thread)
    attachments = await _attachments(stage, order, message_id)
    text = str(words.get("text") or "")
    if not text and not attachments:
        raise graph_errors.parameter("Empty message: one of text, attachment, attachments is required")
    message = Message(message_id, "out", stage.clock.now(), text, attachments)
    message.metadata = None if words.get("metadata") is None else str(words["metadata"])
    message.tag = order.call.text("tag") or None
    message.buttons = list(words.get("quick_replies") or [])
    message.reply_to = _reply_to(order)
    app = stage.world.apps.get(order.account.app)
    message.app_id = app.id if app else None
    return order.thread.add(message)


def _reply_to(order: Send) -> str | None:
    asked = order.call.mapping("reply_to").get("mid") or (order.message.get("reply_to") or {}).get("mid")
    if asked and all(m.id != asked for m in order.thread.messages):
        raise graph_errors.parameter("Invalid reply_to mid")
    return str(asked) if asked else None


async def _attachments(stage: Stage, order: Send, words: str) -> list[Attachment]:
    one, several = order.message.get("attachment"), order.message.get("attachments")
    listed = several if isinstance(several, list) else [several] if several else []
    if one:
        listed = [one]
    return [await _attachment(stage, order, given, f"{words}/{i}") for i, given in enumerate(listed)]


async def _attachment(stage: Stage, order: Send, given: Json, words: str) -> Attachment:
    kind, payload = str(given.get("type", "")), given.get("payload") or {}
    if kind not in _KINDS:
        raise graph_errors.parameter(
            "Param message[attachment][type] must be one of {AUDIO, FILE, IMAGE, TEMPLATE, VIDEO}"
        )
    if "filedata" in order.call.files:
        made = uploaded(stage, kind, order.call.files["filedata"], words)
    elif "attachment_id" in payload:
        return _reused(stage, str(payload["attachment_id"]))
    elif "url" in payload:
        made = await fetched(stage, kind, str(payload["url"]))
    else:
        return Attachment(kind, facts={"payload": payload})
    if payload.get("is_reusable"):
        keep(stage, made, words)
    return made


def keep(stage: Stage, attachment: Attachment, words: str) -> str:
    """Give an attachment an id under which it can be sent again."""
    attachment.facts["attachment_id"] = stage.world.mint.digits(16, "attachment", words)
    stage.uploads[attachment.facts["attachment_id"]] = attachment
    return str(attachment.facts["attachment_id"])


def _reused(stage: Stage, attachment_id: str) -> Attachment:
    if attachment_id not in stage.uploads:
        raise graph_errors.parameter("Invalid attachment id", 2018074)
    kept = stage.uploads[attachment_id]
    return Attachment(kept.type, kept.url, kept.name, kept.media_type, kept.size, kept.sha256)


def uploaded(stage: Stage, kind: str, upload: Upload, words: str) -> Attachment:
    """An attachment whose bytes came with the call."""
    _refuse_large(kind, len(upload.content))
    return stage.attach(kind, *stage.library.keep(File(upload.name, upload.media_type, upload.content), words))


async def fetched(stage: Stage, kind: str, url: str) -> Attachment:
    """An attachment by address; asked for only when so set, and then on loopback alone."""
    attachment = Attachment(kind, url, url.rpartition("/")[2].split("?")[0])
    if not stage.tuning.fetch_media:
        return attachment
    try:
        if httpx.URL(url).host not in LOOPBACK:
            raise httpx.UnsupportedProtocol("only loopback is fetched")
        answer = await stage.courier.http.get(url, timeout=_FETCH_WITHIN)
        answer.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as trouble:
        raise GraphError(100, "(#100) Failed to fetch the file from the url", 2018008) from trouble
    _refuse_large(kind, len(answer.content))
    attachment.media_type = answer.headers.get("content-type", "").split(";")[0]
    attachment.size, attachment.sha256 = len(answer.content), hashlib.sha256(answer.content).hexdigest()
    return attachment


def _refuse_large(kind: str, size: int) -> None:
    if size > (IMAGE_BYTES if kind == "image" else FILE_BYTES):
        raise graph_errors.parameter("Attachment size exceeds allowable limit", 2018109)


async def _receipts(stage: Stage, thread: Thread, message: Message) -> None:
    """Echo, then (Messenger alone) delivery, then the reading of a person who reads by itself."""
    tuning = stage.tuning
    await stage.sleep(tuning.echo_after)
    post.meta_event(stage, thread, "echo", bodies.echoed(thread, message))
    await stage.sleep(max(tuning.delivered_after - tuning.echo_after, 0.0))
    message.delivered_at = max(stage.clock.now(), message.at)
    if thread.account.channel == "messenger":
        post.meta_event(stage, thread, "delivery", bodies.delivered(thread, message, message.delivered_at))
    if tuning.read_after is not None:
        await stage.sleep(max(tuning.read_after - tuning.delivered_after, 0.0))
        acts.read(stage, thread)
