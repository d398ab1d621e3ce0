"""Items of Messenger and Instagram and updates of Telegram as generated traffic needs them. Plain JSON, no decisions.

Written from the fact sheet of the channels; shares nothing with the product's readers nor with the simulator.
"""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

NOWHERE = "https://cdn.example.test"
PAGE_INBOX = 263902037430900
OTHER_APP = 4242


def meta_in(account: str, person: str, at: int, **event: Any) -> Json:
    return {"sender": {"id": person}, "recipient": {"id": account}, "timestamp": at, **event}


def meta_out(account: str, person: str, at: int, **event: Any) -> Json:
    return {"sender": {"id": account}, "recipient": {"id": person}, "timestamp": at, **event}


def _file(kind: str, number: int) -> Json:
    return {"type": kind, "payload": {"url": f"{NOWHERE}/{kind}/{number}?oh=1&oe=7FFFFFFF"}}


# What people attach: name → the attachments of a message. A twin or an old shape makes two of one thing.
MESSENGER_FILES: Mapping[str, Any] = {
    "image": lambda n: [_file("image", n)],
    "audio": lambda n: [_file("audio", n)],
    "video": lambda n: [_file("video", n)],
    "file": lambda n: [_file("file", n)],
    "images": lambda n: [_file("image", n), _file("image", n + 1)],
    "sticker": lambda n: [{"type": "sticker", "payload": {"url": f"{NOWHERE}/s/{n}", "sticker_id": n}}],
    "location": lambda n: [{"type": "location", "payload": {"coordinates": {"lat": 19.4 + n / 1e4, "long": -99.1}}}],
    "reel": lambda n: [
        {"type": "reel", "payload": {"url": f"/reel/{n}/", "reel_video_id": n, "title": "Cómo se hace"}}
    ],
    "post": lambda n: [{"type": "post", "payload": {"url": f"{NOWHERE}/p/{n}", "id": str(n), "title": "Dos por uno"}}],
    "link": lambda n: [{"type": "fallback", "payload": {"url": f"{NOWHERE}/l/{n}", "title": "Mesa redonda"}}],
    "fallback": lambda _: [{"type": "fallback"}],
    "appointment": lambda n: [
        {"type": "appointment_booking", "payload": {"booking_id": str(n), "status": "requested"}}
    ],
    "template": lambda n: [
        {"type": "template", "payload": {"product": {"elements": [{"id": str(n), "title": "Cojín"}]}}}
    ],
    "future": lambda n: [{"type": "hologram", "payload": {"url": f"{NOWHERE}/h/{n}", "depth": 3}}],
}
INSTAGRAM_FILES: Mapping[str, Any] = {
    "image": lambda n: [_file("image", n)],
    "audio": lambda n: [_file("audio", n)],
    "video": lambda n: [_file("video", n)],
    "share": lambda n: [_file("share", n)],
    "ig_post": lambda n: [
        _file("share", n),
        {"type": "ig_post", "payload": {"ig_post_media_id": str(n), "url": f"{NOWHERE}/share/{n}?oh=1&oe=7FFFFFFF"}},
    ],
    "ig_reel": lambda n: [{"type": "ig_reel", "payload": {"reel_video_id": str(n), "url": f"{NOWHERE}/r/{n}"}}],
    "story_mention": lambda n: [_file("story_mention", n)],
    "ig_story": lambda n: [
        {"type": "ig_story", "payload": {"story_media_id": str(n), "story_media_url": f"{NOWHERE}/y"}}
    ],
    "media": lambda n: [_file("media", n)],
    "ephemeral": lambda _: [{"type": "ephemeral"}],
    "like_heart": lambda _: [{"type": "like_heart"}],
    "future": lambda n: [{"type": "ig_hologram", "payload": {"url": f"{NOWHERE}/h/{n}"}}],
}


def notices(page: str, person: str, at: int, number: int) -> list[Json]:
    """What is told about a person or a Page without being a message, a receipt, an edit or a reaction."""
    referral = {"ref": f"cartel-{number}", "source": "SHORTLINK", "type": "OPEN_THREAD"}
    optin = {"type": "notification_messages", "payload": str(number), "notification_messages_token": f"t{number}"}
    form = {"screens": [{"screen_id": "datos", "responses": [{"key": "correo", "value": "zoe@correo.example.test"}]}]}
    passed = {"new_owner_app_id": str(OTHER_APP), "previous_owner_app_id": None, "metadata": "turno"}
    return [
        meta_in(page, person, at, referral=referral),
        meta_in(page, person, at, optin=optin),
        meta_in(page, person, at, optin={"ref": "boletin"}),
        meta_in(page, person, at, account_linking={"status": "linked", "authorization_code": "c0de"}),
        meta_in(page, person, at, messaging_customer_information=form),
        meta_in(
            page, person, at, order={"products": [{"id": "1", "name": "Silla", "quantity": 2}], "note": "Sin caja"}
        ),
        meta_in(page, person, at, response_feedback={"feedback": "Good response", "mid": f"m_{number}"}),
        meta_in(page, person, at, request_thread_control={"requested_owner_app_id": OTHER_APP, "metadata": "turno"}),
        meta_in(page, person, at, pass_thread_control=passed),
        meta_in(page, person, at, take_thread_control=passed | {"new_owner_app_id": "1001"}),
        {"recipient": {"id": page}, "timestamp": at, "app_roles": {"1001": ["primary_receiver"]}},
        {"recipient": {"id": page}, "timestamp": at, "policy_enforcement": {"action": "warning"}},
        meta_in(page, person, at, from_the_future={"kind": number}),
    ]


# Items that nobody can read. Their neighbours must live.
POISON: list[Any] = [
    "an item that is a text",
    17,
    None,
    ["a", "list"],
    {"message": {"mid": "m_poison", "text": "no parties, no time"}},
    {"sender": {"id": "1"}, "recipient": {"id": "2"}, "timestamp": {"a": 1}, "message": ["no", "object"]},
    {"sender": "1", "recipient": "2", "timestamp": "yesterday", "message": {"mid": {"a": 1}}},
]
# Bodies that are well signed and can be read by nobody.
JUNK = [b"", b"{", b"\xff\xfe\x00", b'{"object":"page","entry":[', b"[" * 5000, b'{"a":' * 5000]
# Bodies that are well signed and say nothing.
EMPTY = [b"null", b'"text"', b"17", b"[]", b"{}", b'{"object":"page"}', b'{"object":"page","entry":[]}']


def telegram_user(number: int, name: str) -> Json:
    return {"id": number, "is_bot": False, "first_name": name, "language_code": "es"}


def private(number: int, name: str) -> Json:
    return {"id": number, "type": "private", "first_name": name}


def telegram_file(number: int, **more: Any) -> Json:
    return {"file_id": f"AgAC{number:020d}", "file_unique_id": f"AQAD{number:010d}", "file_size": 1000 + number, **more}


def _sizes(number: int) -> list[Json]:
    return [telegram_file(number, width=90, height=67), telegram_file(number + 1, width=1280, height=960)]


_FILM = {"width": 640, "height": 480, "duration": 3, "mime_type": "video/mp4"}
_VOTES = {"total_voter_count": 0, "is_closed": False, "is_anonymous": True, "type": "regular"}
# Name → the keys of a message that carry it.
TELEGRAM_CONTENTS: Mapping[str, Any] = {
    "photo": lambda n: {"photo": _sizes(n)},
    "document": lambda n: {"document": telegram_file(n, file_name=f"factura-{n}.pdf", mime_type="application/pdf")},
    "video": lambda n: {"video": telegram_file(n, **_FILM)},
    "video_note": lambda n: {"video_note": telegram_file(n, length=240, duration=5)},
    "voice": lambda n: {"voice": telegram_file(n, duration=7, mime_type="audio/ogg")},
    "audio": lambda n: {"audio": telegram_file(n, duration=90, title="Son", mime_type="audio/mpeg")},
    "animation": lambda n: {
        "animation": telegram_file(n, **_FILM),
        "document": telegram_file(n, file_name="a.mp4", mime_type="video/mp4"),
    },
    "sticker": lambda n: {"sticker": telegram_file(n, type="regular", width=512, height=512, emoji="🙏")},
    "live_photo": lambda n: {"live_photo": telegram_file(n, photo=_sizes(n), **_FILM), "photo": _sizes(n)},
    "location": lambda n: {"location": {"latitude": 19.4 + n / 1e5, "longitude": -99.1}},
    "venue": lambda n: {
        "venue": {"location": {"latitude": 19.4, "longitude": -99.1}, "title": f"Mercado {n}", "address": "5 de Mayo"},
        "location": {"latitude": 19.4, "longitude": -99.1},
    },
    "contact": lambda n: {"contact": {"phone_number": f"+5255{n:08d}", "first_name": "Don Chuy"}},
    "poll": lambda n: {"poll": {"id": str(n), "question": "¿Qué día?", "options": [], **_VOTES}},
    "dice": lambda n: {"dice": {"emoji": "🎲", "value": 1 + n % 6}},
    "story": lambda n: {"story": {"chat": {"id": -1009241340291, "title": "Horno", "type": "channel"}, "id": n}},
    "paid_media": lambda n: {
        "paid_media": {"star_count": 25, "paid_media": [{"type": "photo", "photo": _sizes(n)}]},
    },
    "checklist": lambda n: {"checklist": {"title": "Sábado", "tasks": [{"id": 1, "text": f"Harina {n}"}]}},
    "game": lambda n: {"game": {"title": "Lotería", "description": "Completa la tabla", "photo": _sizes(n)}},
    "invoice": lambda n: {"invoice": {"title": "Pan", "description": "Dos", "currency": "MXN", "total_amount": n}},
    "future": lambda n: {"smell": {"strength": n}},
}
CAPTIONED = frozenset({"photo", "document", "video", "voice", "audio", "animation", "live_photo"})


def telegram_signals(bot: int, number: int, at: int) -> list[Json]:
    """Updates that are no message: by kind."""
    person, me = telegram_user(7000 + number % 9, "Ana"), {"id": bot, "is_bot": True, "first_name": "Taller"}
    there, gone = {"user": me, "status": "member"}, {"user": me, "status": "kicked", "until_date": 0}
    member = {"chat": private(person["id"], "Ana"), "from": person, "date": at}
    rights = {"can_reply": True, "can_read_messages": True}
    connection = {"id": "bc-1", "user": telegram_user(9100, "Lucía"), "user_chat_id": 9100, "date": at}
    return [
        {"my_chat_member": {**member, "old_chat_member": there, "new_chat_member": gone}},
        {"my_chat_member": {**member, "old_chat_member": gone, "new_chat_member": there}},
        {"business_connection": {**connection, "is_enabled": True, "rights": rights}},
        {"poll_answer": {"poll_id": str(number), "user": person, "option_ids": [0]}},
        {"inline_query": {"id": str(number), "from": person, "query": "pan", "offset": ""}},
        {"an_update_of_tomorrow": {"number": number}},
    ]
