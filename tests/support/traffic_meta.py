"""Small stories of Messenger and Instagram: a message with what may follow it, or something that is no message."""

import random
from datetime import datetime

from tests.support import traffic_shapes as shapes
from tests.support.traffic_day import EMOJIS, PEOPLE, Day
from tests.support.traffic_ledger import Fact, Item, Place, cleaned
from tests.support.traffic_shapes import Json


def milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def story(day: Day, place: Place) -> list[Item]:
    """One message with what may follow it, or something that is no message."""
    rng, person = day.rng, str(day.rng.choice(PEOPLE))
    kind = rng.choices(("said", "echoed", "tapped", "noticed"), (70, 14, 8, 8))[0]
    if kind == "noticed":
        number = rng.randrange(10**6)
        content = rng.choice(shapes.notices(place.account, person, milliseconds(day.tick(place)), number))
        return [Item(place, content)]
    key, at = f"m_{day.next_id(place):07d}", day.tick(place)
    if kind == "tapped":
        return [_tapped(day, place, Fact("said", place, key, person, at))]
    if kind == "echoed":
        return _echoed(day, place, Fact("said", place, key, person, at, direction="out"))
    return _said(day, place, Fact("said", place, key, person, at))


def _tapped(day: Day, place: Place, fact: Fact) -> Item:
    text = day.text()
    event: Json = {"postback": {"mid": fact.key, "title": text, "payload": "MENU"}}
    if day.rng.random() < 0.5:
        event = {"message": {"mid": fact.key, "text": text, "quick_reply": {"payload": "MENU"}}}
    content = shapes.meta_in(place.account, fact.person, milliseconds(fact.at), **event)
    return Item(place, content, (fact.saying(text),))


def _said(day: Day, place: Place, fact: Fact) -> list[Item]:
    rng, number = day.rng, int(fact.key[2:])
    message: Json = {"mid": fact.key}
    files = shapes.MESSENGER_FILES if place.channel == "messenger" else shapes.INSTAGRAM_FILES
    has_file, text = rng.random() < 0.3, None
    if has_file:
        message["attachments"] = files[rng.choice(list(files))](number)
    if not has_file or rng.random() < 0.3:
        message["text"] = text = day.text()
    elif rng.random() < 0.1:
        message = {"mid": fact.key, "is_unsupported": True}
    if rng.random() < 0.1:
        message |= _beside(rng, place, number)
    content = shapes.meta_in(place.account, fact.person, milliseconds(fact.at), message=message)
    listing = "standby" if rng.random() < 0.05 else "messaging"
    items = [Item(place, content, (fact.saying(text),), listing)]
    if text is not None and rng.random() < 0.15:
        items += [_edited(day, place, fact, number) for number in range(1, rng.randint(2, 4))]
    if rng.random() < 0.12:
        items += _reacted(day, place, fact)
    if place.channel == "instagram" and rng.random() < 0.08:
        gone = shapes.meta_in(
            place.account, fact.person, milliseconds(day.tick(place)), message={"mid": fact.key, "is_deleted": True}
        )
        items.append(Item(place, gone, (Fact("withdrawn", place, fact.key),)))
    return items


def _beside(rng: random.Random, place: Place, number: int) -> Json:
    story = {"story": {"id": str(number), "url": f"{shapes.NOWHERE}/story/{number}"}}
    ad = {"ref": "mesa", "ad_id": "127", "source": "ADS", "type": "OPEN_THREAD"}
    choices: list[Json] = [{"referral": ad}, {"reply_to": {"mid": "m_0000001"}}, {"commands": [{"name": "horario"}]}]
    return rng.choice([*choices, {"reply_to": story}] if place.channel == "instagram" else choices)


def _edited(day: Day, place: Place, fact: Fact, number: int) -> Item:
    text, at = day.text(), day.tick(place)
    edit = {"mid": fact.key, "text": text, "num_edit": number if day.rng.random() < 0.8 else str(number)}
    content = shapes.meta_in(place.account, fact.person, milliseconds(at), message_edit=edit)
    return Item(place, content, (Fact("edited", place, fact.key, fact.person, at, cleaned(text), number=number),))


def _reacted(day: Day, place: Place, fact: Fact) -> list[Item]:
    items = []
    for _ in range(day.rng.randint(1, 3)):
        at, emoji = day.tick(place), day.rng.choice((*EMOJIS, None))
        reaction: Json = {"mid": fact.key, "action": "react" if emoji else "unreact"}
        if emoji:
            reaction |= {"reaction": "other", "emoji": emoji}
        content = shapes.meta_in(place.account, fact.person, milliseconds(at), reaction=reaction)
        items.append(Item(place, content, (Fact("reacted", place, fact.key, fact.person, at, emoji),)))
    return items


def _echoed(day: Day, place: Place, fact: Fact) -> list[Item]:
    """Written by hand or by another app; on Messenger then delivered, on both perhaps read."""
    text = day.text()
    echo: Json = {"mid": fact.key, "is_echo": True, "text": text}
    if place.channel == "messenger":
        echo["app_id"] = day.rng.choice((shapes.PAGE_INBOX, shapes.OTHER_APP))
    content = shapes.meta_out(place.account, fact.person, milliseconds(fact.at), message=echo)
    items = [Item(place, content, (fact.saying(text),))]
    if place.channel == "messenger" and day.rng.random() < 0.6:
        told = {"mids": [fact.key], "watermark": milliseconds(fact.at)}
        items.append(_receipt(day, place, ("delivered", fact), delivery=told))
    if day.rng.random() < 0.4:
        told = {"watermark": milliseconds(fact.at)} if place.channel == "messenger" else {"mid": fact.key}
        items.append(_receipt(day, place, ("read", fact), read=told))
    return items


def _receipt(day: Day, place: Place, about: tuple[str, Fact], **event: Json) -> Item:
    kind, fact = about
    content = shapes.meta_in(place.account, fact.person, milliseconds(day.tick(place)), **event)
    return Item(place, content, (Fact(kind, place, fact.key, fact.person, fact.at),))
