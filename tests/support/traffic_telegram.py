"""Small stories of Telegram: private chats, groups, channels, owners' chats, taps, albums, signals."""

from dataclasses import replace
from datetime import datetime

from tests.support import traffic_shapes as shapes
from tests.support.traffic_day import EMOJIS, PEOPLE, Day
from tests.support.traffic_ledger import Fact, Item, Place, cleaned
from tests.support.traffic_shapes import Json

OWNER, CONNECTION = 9100, "bc-1"
SUPERGROUP, CHANNEL = -1001234567890, -1009876543210
_KINDS = ("private", "album", "group", "channel", "business", "tap", "signal")
_WEIGHTS = (58, 6, 9, 4, 10, 6, 7)


def story(day: Day, place: Place) -> list[Item]:
    kind = day.rng.choices(_KINDS, _WEIGHTS)[0]
    return _TELL[kind](day, place)


def stranger(text: str) -> Json:
    """An update that nobody signed."""
    chat, who = shapes.private(7000, "Ana"), shapes.telegram_user(7000, "Ana")
    said = {"message_id": 999_999_999, "date": 1_790_000_000, "chat": chat, "from": who, "text": text}
    return {"update_id": 1, "message": said}


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _item(day: Day, place: Place, content: Json, *facts: Fact) -> Item:
    """An update; of two edits or reactions in one second the one of the greater number counts."""
    number = day.next_update(place)
    return Item(place, {"update_id": number, **content}, tuple(replace(fact, number=number) for fact in facts))


def _private(day: Day, place: Place) -> list[Item]:
    person = day.rng.choice(PEOPLE)
    who = {"chat": shapes.private(person, "Ana"), "from": shapes.telegram_user(person, "Ana")}
    number, at = day.next_id(place), day.tick(place)
    fact = Fact("said", place, f"{person}:{number}", str(person), at)
    message: Json = {"message_id": number, "date": _seconds(at), **who}
    return _told(day, place, ("message", message), fact)


def _told(day: Day, place: Place, update: tuple[str, Json], fact: Fact) -> list[Item]:
    """A message with words, with a file or both, and perhaps its edits."""
    rng, (kind, message) = day.rng, update
    text: str | None = None
    if rng.random() < 0.45:
        content = rng.choice(list(shapes.TELEGRAM_CONTENTS))
        message = message | shapes.TELEGRAM_CONTENTS[content](message["message_id"])
        if content in shapes.CAPTIONED and rng.random() < 0.5:
            message["caption"] = text = day.text()
    else:
        message["text"] = text = day.text()
    message |= _beside(day) if rng.random() < 0.1 else {}
    items = [_item(day, place, {kind: message}, fact.saying(text))]
    if "text" in message and rng.random() < 0.2:
        items += [_edited(day, place, (f"edited_{kind}", message), fact) for _ in range(rng.randint(1, 3))]
    return items


def _beside(day: Day) -> Json:
    origin = {"type": "hidden_user", "date": 1_790_000_000, "sender_user_name": "Doña Lupe"}
    return day.rng.choice([
        {"forward_origin": origin},
        {"quote": {"text": "eso", "position": 0}},
        {"is_from_offline": True},
        {"via_bot": {"id": 5, "is_bot": True, "first_name": "Gif"}},
        {"link_preview_options": {"is_disabled": True}},
    ])  # fmt: skip


def _edited(day: Day, place: Place, update: tuple[str, Json], fact: Fact) -> Item:
    """The whole message again, often in the second of something else."""
    (kind, message), text = update, day.text()
    at = fact.at if day.rng.random() < 0.3 else day.tick(place)
    changed = message | {"text": text, "edit_date": _seconds(at)}
    return _item(day, place, {kind: changed}, Fact("edited", place, fact.key, fact.person, at, cleaned(text)))


def _album(day: Day, place: Place) -> list[Item]:
    person, group, items = day.rng.choice(PEOPLE), str(day.rng.randrange(10**16)), []
    who = {"chat": shapes.private(person, "Ana"), "from": shapes.telegram_user(person, "Ana")}
    at, caption = day.tick(place), day.text()
    for index in range(day.rng.randint(2, 5)):
        number = day.next_id(place)
        message: Json = {"message_id": number, "date": _seconds(at), **who, "media_group_id": group}
        message |= shapes.TELEGRAM_CONTENTS["photo"](number) | ({} if index else {"caption": caption})
        fact = Fact("said", place, f"{person}:{number}", str(person), at)
        items.append(_item(day, place, {"message": message}, fact.saying(None if index else caption)))
    return items


def _group(day: Day, place: Place) -> list[Item]:
    """Several people in one chat whose messages count by themselves; some react."""
    writer, number, at = day.rng.choice(PEOPLE), day.next_id(place), day.tick(place)
    chat = {"id": SUPERGROUP, "type": "supergroup", "title": "Obra Roma"}
    message: Json = {"message_id": number, "date": _seconds(at), "chat": chat}
    message["from"] = shapes.telegram_user(writer, "Beto")
    fact = Fact("said", place, f"{SUPERGROUP}:{number}", str(SUPERGROUP), at)
    items = _told(day, place, ("message", message), fact)
    if day.rng.random() < 0.3:
        items += [_reacted(day, place, fact, chat) for _ in range(day.rng.randint(1, 3))]
    return items


def _reacted(day: Day, place: Place, fact: Fact, chat: Json) -> Item:
    who, at, emoji = day.rng.choice(PEOPLE), day.tick(place), day.rng.choice((*EMOJIS, None))
    new = [{"type": "emoji", "emoji": emoji}] if emoji else []
    told = {"chat": chat, "message_id": int(fact.key.rpartition(":")[2]), "user": shapes.telegram_user(who, "Beto")}
    told |= {"date": _seconds(at), "old_reaction": [], "new_reaction": new}
    return _item(day, place, {"message_reaction": told}, Fact("reacted", place, fact.key, str(who), at, emoji))


def _channel(day: Day, place: Place) -> list[Item]:
    """A post is the business speaking."""
    number, at = day.next_id(place), day.tick(place)
    chat = {"id": CHANNEL, "type": "channel", "title": "Avisos"}
    message = {"message_id": number, "date": _seconds(at), "chat": chat, "sender_chat": chat}
    fact = Fact("said", place, f"{CHANNEL}:{number}", str(CHANNEL), at, direction="out")
    return _told(day, place, ("channel_post", message), fact)


def _business(day: Day, place: Place) -> list[Item]:
    """A customer writes to the owner, or the owner by hand; some of it is deleted."""
    person, number, at = day.rng.choice(PEOPLE), day.next_id(place), day.tick(place)
    by_owner = day.rng.random() < 0.3
    author = shapes.telegram_user(OWNER, "Lucía") if by_owner else shapes.telegram_user(person, "Ana")
    message: Json = {"message_id": number, "date": _seconds(at), "chat": shapes.private(person, "Ana"), "from": author}
    message["business_connection_id"] = CONNECTION
    key = f"{CONNECTION}:{person}:{number}"
    fact = Fact("said", place, key, str(person), at, direction="out" if by_owner else "in")
    items = _told(day, place, ("business_message", message), fact)
    if day.rng.random() < 0.15:
        gone = {"business_connection_id": CONNECTION, "chat": shapes.private(person, "Ana"), "message_ids": [number]}
        items.append(_item(day, place, {"deleted_business_messages": gone}, Fact("withdrawn", place, key)))
    return items


def _tap(day: Day, place: Place) -> list[Item]:
    person, number, at = day.rng.choice(PEOPLE), day.next_id(place), day.tick(place)
    label, tap = day.text(), str(number * 10**6 + day.rng.randrange(10**6))
    keyboard = {"inline_keyboard": [[{"text": label, "callback_data": "cita:si"}]]}
    ours = {"message_id": 900_000 + number, "date": _seconds(at), "chat": shapes.private(person, "Ana"), "text": "¿Sí?"}
    ours |= {"from": {"id": int(place.account), "is_bot": True, "first_name": "Taller"}, "reply_markup": keyboard}
    told = {"id": tap, "from": shapes.telegram_user(person, "Ana"), "message": ours, "chat_instance": "1"}
    fact = Fact("said", place, tap, str(person))
    return [_item(day, place, {"callback_query": told | {"data": "cita:si"}}, fact.saying(label))]


def _signal(day: Day, place: Place) -> list[Item]:
    signals = shapes.telegram_signals(int(place.account), day.rng.randrange(10**6), _seconds(day.tick(place)))
    return [_item(day, place, day.rng.choice(signals))]


_TELL = {
    "private": _private,
    "album": _album,
    "group": _group,
    "channel": _channel,
    "business": _business,
    "tap": _tap,
    "signal": _signal,
}
