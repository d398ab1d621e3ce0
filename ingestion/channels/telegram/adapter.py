"""The Telegram adapter: Bot API calls. Reading updates is `updates`."""

import json

import httpx

from ingestion.channels.port.adapter import (
    Access,
    Hook,
    Outgoing,
    OutgoingFile,
    Profile,
    Said,
    Sent,
    Span,
    Standing,
    must_carry,
    must_fit,
)
from ingestion.channels.port.calls import perform
from ingestion.channels.port.failures import Action, Permanent, Transient
from ingestion.channels.port.lines import PATIENT, TOTAL
from ingestion.channels.port.reading import id_of, instant_of, mapping_of, number_of, text_of
from ingestion.channels.telegram import updates
from ingestion.channels.telegram.errors import error_of
from ingestion.channels.telegram.messages import person_of
from ingestion.wire import Item, Person
from konectus.domain.channels import Channel, is_telegram_photo

Fields = dict[str, object]
ALLOWED_UPDATES = (
    "message", "edited_message", "callback_query", "my_chat_member", "business_connection", "business_message",
    "edited_business_message", "deleted_business_messages", "message_reaction", "channel_post", "edited_channel_post",
)  # fmt: skip
_PHOTO, _DOCUMENT = ("sendPhoto", "photo"), ("sendDocument", "document")
# What Telegram plays by itself (channels.md 4.6); everything else is a document.
_METHODS = {
    "image/gif": ("sendAnimation", "animation"),
    "audio/mpeg": ("sendAudio", "audio"),
    "audio/mp4": ("sendAudio", "audio"),
    "audio/m4a": ("sendAudio", "audio"),
    "audio/x-m4a": ("sendAudio", "audio"),
    "audio/ogg": ("sendVoice", "voice"),
    "video/mp4": ("sendVideo", "video"),
}


class Telegram:
    """The adapter of the channel."""

    channel = Channel.TELEGRAM

    def accounts(self, body: object) -> frozenset[str]:  # noqa: ARG002 - the address tells the bot
        return frozenset()

    def parse(self, body: object, account: str | None = None) -> tuple[Item, ...]:
        return updates.parse(body, account)

    def split(self, body: object, account: str | None = None) -> tuple[object, ...]:
        return (body,) * len(updates.parse(body, account))

    def send_text(self, http: httpx.Client, access: Access, out: Outgoing, text: str) -> Sent:
        must_fit(self.channel, text)
        return _sent(_call(http, access, "sendMessage", {**_envelope(out), "text": text}), out)

    def send_file(self, http: httpx.Client, access: Access, out: Outgoing, file: OutgoingFile) -> Sent:
        """An image that is no photo for Telegram, and what it does not play, goes as a document."""
        must_carry(self.channel, file)
        method, key = _method(file)
        if file.content is None:
            return _sent(_call(http, access, method, {**_envelope(out), key: file.url}), out)
        upload = {key: (file.name, file.content, file.mime)}
        return _sent(_call(http, access, method, _envelope(out), upload), out)

    def wants_address(self, access: Access) -> bool:  # noqa: ARG002 - the port's signature
        return False

    def take_thread(self, http: httpx.Client, access: Access, recipient: str) -> None:  # noqa: ARG002 - likewise
        raise Permanent("no threads of apps", action=Action.REFUSED)

    def said(self, http: httpx.Client, access: Access, span: Span) -> tuple[Said, ...]:  # noqa: ARG002 - no record
        return ()

    def profile(self, http: httpx.Client, access: Access) -> Profile:
        """getMe. A token whose number is not the bot's id would route its events to nobody."""
        told = mapping_of(_call(http, access, "getMe", {}))
        bot = id_of(told.get("id"))
        if bot is None or told.get("is_bot") is not True:
            raise Permanent("not a bot", action=Action.NEEDS_REAUTH)
        handle = text_of(told.get("username"))
        return Profile(account=bot, name=text_of(told.get("first_name")) or handle or bot, handle=handle)

    def person(self, http: httpx.Client, access: Access, contact: str) -> Person:
        return person_of(_call(http, access, "getChat", {"chat_id": contact})) or Person(id=contact)

    def media_url(self, http: httpx.Client, access: Access, file_id: str) -> str:
        """getFile gives files up to 20 MB; a bigger one is refused."""
        path = text_of(mapping_of(_call(http, access, "getFile", {"file_id": file_id})).get("file_path"))
        if path is None:
            raise Permanent("no file_path", action=Action.REFUSED)
        return f"{access.base_url.rstrip('/')}/file/bot{access.token}/{path}"

    def subscribe(self, http: httpx.Client, access: Access, hook: Hook) -> None:
        _call(
            http,
            access,
            "setWebhook",
            {
                "url": hook.url,
                "secret_token": hook.secret,
                "allowed_updates": list(ALLOWED_UPDATES),
                "max_connections": 40,
            },
        )

    def unsubscribe(self, http: httpx.Client, access: Access) -> None:
        _call(http, access, "deleteWebhook", {"drop_pending_updates": False})

    def check(self, http: httpx.Client, access: Access) -> Standing:
        """getWebhookInfo: whether any webhook is set; `url` tells the caller whose it is."""
        told = mapping_of(_call(http, access, "getWebhookInfo", {}))
        url = text_of(told.get("url"))
        return Standing(
            subscribed=url is not None,
            url=url,
            pending=number_of(told.get("pending_update_count")),
            last_error=text_of(told.get("last_error_message")),
        )


def _method(file: OutgoingFile) -> tuple[str, str]:
    if file.mime in ("image/png", "image/jpeg"):
        is_photo = is_telegram_photo(len(file.content or b""), file.width, file.height)
        return _PHOTO if is_photo or file.content is None else _DOCUMENT
    return _METHODS.get(file.mime, _DOCUMENT)


def _envelope(out: Outgoing) -> Fields:
    fields: Fields = {"chat_id": out.recipient}
    if out.business_connection:
        fields["business_connection_id"] = out.business_connection
    if out.reply_to and (number := out.reply_to.rsplit(":", 1)[-1]).isdigit():
        fields["reply_parameters"] = {"message_id": int(number), "allow_sending_without_reply": True}
    return fields


def _call(
    http: httpx.Client,
    access: Access,
    method: str,
    fields: Fields,
    files: dict[str, tuple[str, bytes, str]] | None = None,
) -> object:
    """The result of a method. The token stands in the address: no error may carry the request."""
    url = f"{access.base_url.rstrip('/')}/bot{access.token}/{method}"
    try:
        if files:
            flat = {key: value if isinstance(value, str) else json.dumps(value) for key, value in fields.items()}
            patience = httpx.Timeout(10.0, connect=3.0, read=80.0, pool=3.0)
            request = http.build_request(
                "POST", url, data=flat, files=files, timeout=patience, extensions={TOTAL: PATIENT}
            )
        else:
            request = http.build_request("POST", url, json=fields)
    except (ValueError, httpx.InvalidURL):
        raise Permanent("bad token", action=Action.NEEDS_REAUTH) from None
    answer = perform(http, request)
    if error := error_of(answer):
        raise error
    return answer.body.get("result")


def _sent(result: object, out: Outgoing) -> Sent:
    told = mapping_of(result)
    chat, number = id_of(mapping_of(told.get("chat")).get("id")), id_of(told.get("message_id"))
    if chat is None or number is None:
        raise Transient("no message_id", maybe_accepted=True)
    external_id = f"{out.business_connection}:{chat}:{number}" if out.business_connection else f"{chat}:{number}"
    return Sent(external_id=external_id, at=instant_of(told.get("date")))
