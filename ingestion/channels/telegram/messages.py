"""A Telegram Message as an event: its chat, its direction, its words. What hangs on it is `content`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from msgspec.structs import replace

from ingestion.channels.port.reading import facts_of, first_text, id_of, instant_of, mapping_of, text_of
from ingestion.channels.telegram import content
from ingestion.wire import Edit, Item, Json, Message, Person, Signal
from konectus.domain.conversations import Direction

_START = "/start "
_FORWARDED = ("forward_origin", "forward_date", "forward_from", "forward_from_chat", "forward_sender_name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """Where it was written. Only a private chat has a person of its own."""

    id: str
    type: str
    title: str | None = None
    handle: str | None = None

    @classmethod
    def of(cls, told: Mapping[str, object]) -> Self | None:
        chat = mapping_of(told.get("chat"))
        number = id_of(chat.get("id"))
        if number is None:
            return None
        kind, title = text_of(chat.get("type")) or "private", text_of(chat.get("title"))
        return cls(id=number, type=kind, title=title, handle=text_of(chat.get("username")))

    @property
    def person(self) -> str | None:
        return self.id if self.type == "private" else None

    def facts(self, sender: str | None) -> dict[str, Json]:
        """The kind of chat; of a group or channel also which one, its name and who spoke."""
        if self.type == "private":
            return {"chat_type": self.type}
        told = {"chat": self.id, "chat_title": self.title, "chat_handle": self.handle, "sender": sender}
        return {"chat_type": self.type, **{key: value for key, value in told.items() if value}}


def person_of(value: object) -> Person | None:
    """A User as the channel names him."""
    told = mapping_of(value)
    number = id_of(told.get("id"))
    names = [name for name in (text_of(told.get("first_name")), text_of(told.get("last_name"))) if name]
    if number is None:
        return None
    return Person(
        id=number,
        name=" ".join(names) or None,
        handle=text_of(told.get("username")),
        language=text_of(told.get("language_code")),
    )


def speaker_of(told: Mapping[str, object]) -> Person | None:
    """Who wrote; a group's anonymous admin and a channel speak in the name of a chat."""
    speaker, chat = person_of(told.get("from")), mapping_of(told.get("sender_chat"))
    number, title = id_of(chat.get("id")), text_of(chat.get("title"))
    if speaker is None:
        return Person(id=number, name=title, handle=text_of(chat.get("username"))) if number else None
    return replace(speaker, name=title, handle=None) if number and title else speaker


def read(told: Mapping[str, object], account: str | None) -> Item | None:
    """The message, or the signal of a service note; None without chat or number."""
    chat, number = Chat.of(told), id_of(told.get("message_id"))
    if chat is None or number is None:
        return None
    sender = speaker_of(told)
    facts = {**chat.facts(sender.id if sender else None), **_facts(told)}
    direction = _direction(told, chat, sender, account)
    if service := content.service_of(told):
        return Signal(
            account=account,
            contact=chat.person,
            occurred_at=instant_of(told.get("date")),
            facts={**facts, **_service_facts(service, told)},
            kind="service",
            direction=direction,
            external_id=_external_id(told, chat, number),
        )
    unknown = content.unknown_of(told)
    return Message(
        account=account,
        contact=chat.person,
        occurred_at=instant_of(told.get("date")),
        facts={**facts, "raw_key": unknown} if unknown else facts,
        kind="message",
        direction=direction,
        external_id=_external_id(told, chat, number),
        text=first_text(told.get("text"), told.get("caption")),
        attachments=content.attachments(told),
        reply_to=_parent(told, chat),
        unsupported=unknown is not None,
        person=sender if direction is Direction.IN or chat.person is None else _other_party(told),
    )


def read_edit(told: Mapping[str, object], account: str | None) -> Item | None:
    """The message as it reads now, at the time of the edit."""
    chat, number = Chat.of(told), id_of(told.get("message_id"))
    if chat is None or number is None:
        return None
    sender = speaker_of(told)
    return Edit(
        account=account,
        contact=chat.person,
        occurred_at=instant_of(told.get("edit_date")) or instant_of(told.get("date")),
        facts={**chat.facts(sender.id if sender else None), **_facts(told)},
        external_id=_external_id(told, chat, number),
        direction=_direction(told, chat, sender, account),
        text=first_text(told.get("text"), told.get("caption")),
        attachments=content.attachments(told),
    )


def _external_id(told: Mapping[str, object], chat: Chat, number: str) -> str:
    connection = id_of(told.get("business_connection_id"))
    return f"{connection}:{chat.id}:{number}" if connection else f"{chat.id}:{number}"


def _direction(told: Mapping[str, object], chat: Chat, sender: Person | None, account: str | None) -> Direction:
    """A business chat is named after the customer: whoever else writes in it is the owner or our bot."""
    speaker = sender.id if sender else None
    if "business_connection_id" in told:
        return Direction.IN if speaker == chat.id else Direction.OUT
    if chat.type == "channel":
        return Direction.OUT  # only its owners write in a channel
    return Direction.OUT if speaker is not None and speaker == account else Direction.IN


def _other_party(told: Mapping[str, object]) -> Person | None:
    """Of a message out the person is the chat."""
    return person_of(told.get("chat"))


def _parent(told: Mapping[str, object], chat: Chat) -> str | None:
    """The message replied to, when it stands in the same chat."""
    number = id_of(mapping_of(told.get("reply_to_message")).get("message_id"))
    return _external_id(told, chat, number) if number else None


def _facts(told: Mapping[str, object]) -> dict[str, Json]:
    text = text_of(told.get("text")) or ""
    parameter = text.removeprefix(_START) if text.startswith(_START) else None
    facts: dict[str, Json | None] = {
        "album": id_of(told.get("media_group_id")),
        "forwarded": True if any(key in told for key in _FORWARDED) else None,
        "forwarded_from": _origin(told),
        "story": _story(told),
        "via_bot": text_of(mapping_of(told.get("via_bot")).get("username")),
        "quote": text_of(mapping_of(told.get("quote")).get("text")),
        "business_connection": id_of(told.get("business_connection_id")),
        "sent_through_us": True if "sender_business_bot" in told else None,
        "referral": {"ref": parameter} if parameter else None,
    }
    return {key: value for key, value in facts.items() if value is not None}


def _origin(told: Mapping[str, object]) -> str | None:
    """The name of whoever a forwarded message is from."""
    origin = mapping_of(told.get("forward_origin"))
    chat = mapping_of(origin.get("chat") or origin.get("sender_chat") or told.get("forward_from_chat"))
    person = person_of(origin.get("sender_user") or told.get("forward_from"))
    hidden = first_text(origin.get("sender_user_name"), told.get("forward_sender_name"))
    return first_text(chat.get("title")) or (person.name if person else None) or hidden


def _story(told: Mapping[str, object]) -> Json:
    """The story replied to: the Bot API tells whose it is, never what it shows."""
    story = mapping_of(told.get("reply_to_story"))
    number = id_of(story.get("id"))
    return {"id": number, "chat": id_of(mapping_of(story.get("chat")).get("id"))} if number else None


def _service_facts(service: str, told: Mapping[str, object]) -> dict[str, Json]:
    facts: dict[str, Json] = {"service": service}
    if service in ("migrate_to_chat_id", "migrate_from_chat_id"):
        facts[service.removesuffix("_chat_id")] = id_of(told[service])
    elif service == "web_app_data":
        facts["payload"] = facts_of(mapping_of(told[service]).get("data"))
    elif service == "pinned_message":
        # Not the whole message over again: a withdrawal would not reach the copy.
        facts["pinned"] = id_of(mapping_of(told[service]).get("message_id"))
    else:
        facts["detail"] = facts_of(told[service])
    return facts
