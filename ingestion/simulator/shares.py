"""What people attach on Messenger and Instagram, in the shapes of Meta's webhooks. Bodies around it are in bodies."""

from ingestion.simulator.state import Account, Attachment, Json

# Seen by people, told without anything to fetch.
_BARE = frozenset({"ephemeral", "like_heart"})
_BOOKED_FOR = 1800


def attachment(account: Account, told: Attachment) -> list[Json]:
    """The items of `attachments` for one attachment: a post on Instagram is told in the old shape and in the new."""
    if told.type == "ig_post":
        return [_one("share", {"url": told.url}), _one("ig_post", _post(told))]
    if told.type in _BARE:
        return [{"type": told.type}]
    kind, payload = _named(account, told)
    return [_one(kind, payload)]


def _one(kind: str, payload: Json) -> Json:
    return {"type": kind, "payload": payload}


def _named(account: Account, told: Attachment) -> tuple[str, Json]:
    if told.type in _SHAPES:
        return _SHAPES[told.type](told)
    kind = {"voice": "audio", "photo": "image"}.get(told.type, told.type)
    payload: Json = {"url": told.url} if told.url else {}
    if kind == "sticker" and account.channel == "messenger":
        return kind, payload | {"sticker_id": int(told.facts["number"][:15])}
    if kind == "sticker":
        return "image", payload
    if kind == "share" and account.channel == "messenger":
        return "fallback", payload | {"title": told.name or "Publicación compartida"}
    if kind == "share":
        return kind, payload | {"title": told.name or "Publicación compartida"}
    return kind, payload | told.facts.get("payload", {})


def _post(told: Attachment) -> Json:
    named = {"title": told.name or "Taller de pan el sábado", "url": told.url}
    return {"ig_post_media_id": told.facts["number"], **named}


def _facebook_post(told: Attachment) -> tuple[str, Json]:
    return "post", {"id": told.facts["number"], "title": told.name or "Dos por uno en panes", "url": told.url}


def _reel(told: Attachment) -> tuple[str, Json]:
    video = {"reel_video_id": int(told.facts["number"]), "title": told.name or "Cómo se hace", "url": told.url}
    return told.type, video


def _location(told: Attachment) -> tuple[str, Json]:
    return "location", {"coordinates": told.facts["coordinates"]} | ({"title": told.name} if told.name else {})


def _link(told: Attachment) -> tuple[str, Json]:
    """The preview that Messenger makes of an address in the text."""
    return "fallback", {"url": told.url, "title": told.name or "Mesa redonda"}


def _story(told: Attachment) -> tuple[str, Json]:
    return "ig_story", {"story_media_id": told.facts["number"], "story_media_url": told.url}


def _appointment(told: Attachment) -> tuple[str, Json]:
    start = 1_790_000_000 + int(told.facts["number"]) % 10_000_000
    times = {"start_time": start, "end_time": start + _BOOKED_FOR, "timezone": "America/Mexico_City"}
    return "appointment_booking", {"booking_id": told.facts["number"], "status": told.name or "requested", **times}


def _template(told: Attachment) -> tuple[str, Json]:
    number = told.facts["number"]
    element = {"id": number, "retailer_id": number[:6], "title": told.name or "Cojín verde", "subtitle": "$ 250"}
    return "template", {"product": {"elements": [element]}}


_SHAPES = {
    "post": _facebook_post,
    "reel": _reel,
    "ig_reel": _reel,
    "location": _location,
    "link": _link,
    "ig_story": _story,
    "appointment": _appointment,
    "template": _template,
}
