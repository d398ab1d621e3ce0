"""What beside the text a Bot API message carries, one shape per type of content. Who wrote it is in updates."""

from collections.abc import Callable
from typing import Any

from ingestion.simulator.state import Attachment, Json

# What goes with a text as its caption; beside anything else a text has no place.
_CAPTIONED = frozenset({
    "image", "photo", "file", "document", "video", "voice", "audio", "animation", "live_photo", "paid_media",
})  # fmt: skip


def takes_caption(attachment: Attachment) -> bool:
    return attachment.type in _CAPTIONED


def shape(attachment: Attachment) -> Json:
    """The keys of a Message that this attachment fills; a type without a shape travels as a document."""
    return _SHAPES.get(attachment.type, _document)(attachment)


def _file(attachment: Attachment, **more: Any) -> Json:
    facts = attachment.facts
    found = {"file_id": facts["file_id"], "file_unique_id": facts["file_unique_id"], "file_size": attachment.size}
    return found | {key: value for key, value in more.items() if value}


def _film(attachment: Attachment) -> Json:
    facts = attachment.facts
    size = {"width": facts["width"], "height": facts["height"], "duration": facts["seconds"]}
    return _file(attachment, mime_type=attachment.media_type) | size


def _sizes(attachment: Attachment) -> list[Json]:
    facts = attachment.facts
    large = _file(attachment) | {"width": facts["width"], "height": facts["height"]}
    return [facts["thumb"], large] if "thumb" in facts else [large]


def _document(attachment: Attachment) -> Json:
    return {"document": _file(attachment, file_name=attachment.name, mime_type=attachment.media_type)}


def _photo(attachment: Attachment) -> Json:
    return {"photo": _sizes(attachment)}


def _live_photo(attachment: Attachment) -> Json:
    photo = _sizes(attachment)
    return {"live_photo": _film(attachment) | {"duration": 3, "photo": photo}, "photo": photo}


def _voice(attachment: Attachment) -> Json:
    return {"voice": _file(attachment, mime_type=attachment.media_type) | {"duration": attachment.facts["seconds"]}}


def _audio(attachment: Attachment) -> Json:
    named = _file(attachment, mime_type=attachment.media_type, file_name=attachment.name)
    return {"audio": named | {"duration": attachment.facts["seconds"]}}


def _video(attachment: Attachment) -> Json:
    return {"video": _film(attachment) | ({"file_name": attachment.name} if attachment.name else {})}


def _video_note(attachment: Attachment) -> Json:
    return {"video_note": _file(attachment) | {"length": 240, "duration": attachment.facts["seconds"]}}


def _animation(attachment: Attachment) -> Json:
    """A GIF: old programs look for a document, so it is one too."""
    return {"animation": _film(attachment), **_document(attachment)}


def _sticker(attachment: Attachment) -> Json:
    look = {"type": "regular", "is_animated": False, "is_video": False, "width": 512, "height": 512, "emoji": "🙏"}
    return {"sticker": look | _file(attachment)}


def _location(attachment: Attachment) -> Json:
    place = attachment.facts["coordinates"]
    return {"location": {"latitude": place["lat"], "longitude": place["long"]}}


def _venue(attachment: Attachment) -> Json:
    """A place with a name: old programs look for a location, so it is one too."""
    place = _location(attachment)
    return {"venue": {**place, "title": attachment.name or "Mercado", "address": "Calle 5 de Mayo 20"}, **place}


def _contact(attachment: Attachment) -> Json:
    return {"contact": {"phone_number": attachment.facts["phone"], "first_name": attachment.name}}


def _poll(attachment: Attachment) -> Json:
    options = [
        {"persistent_id": str(n), "text": text, "voter_count": 0} for n, text in enumerate(("lunes", "martes"), 1)
    ]
    closed = {"total_voter_count": 0, "is_closed": False, "is_anonymous": True, "type": "regular"}
    votes = {"allows_multiple_answers": False, "allows_revoting": True, "members_only": False}
    question = attachment.name or "¿Qué día les queda?"
    return {"poll": {"id": attachment.facts["number"], "question": question, "options": options, **closed, **votes}}


def _dice(attachment: Attachment) -> Json:
    return {"dice": {"emoji": "🎲", "value": 1 + int(attachment.facts["number"]) % 6}}


def _story(attachment: Attachment) -> Json:
    told = {"id": -1000000000000 - int(attachment.facts["number"]) % 10**10, "title": "Canal del Horno"}
    return {"story": {"chat": {**told, "type": "channel"}, "id": 14}}


def _paid_media(attachment: Attachment) -> Json:
    media = [{"type": "photo", "photo": _sizes(attachment)}]
    return {"paid_media": {"star_count": 25, "paid_media": media}}


def _checklist(attachment: Attachment) -> Json:
    tasks = [{"id": number, "text": text} for number, text in enumerate(("Harina", "Levadura"), 1)]
    return {"checklist": {"title": attachment.name or "Para el sábado", "tasks": tasks}}


def _rich_message(attachment: Attachment) -> Json:
    heading = {"type": "heading", "text": attachment.name or "Menú de hoy", "size": 1}
    return {"rich_message": {"blocks": [heading, {"type": "paragraph", "text": "Sopa, guisado y agua fresca"}]}}


def _game(attachment: Attachment) -> Json:
    told = {"title": attachment.name or "Lotería", "description": "Completa la tabla"}
    return {"game": {**told, "photo": _sizes(attachment)}}


def _invoice(attachment: Attachment) -> Json:
    told = {"title": attachment.name or "Pedido", "description": "Dos panes", "start_parameter": "pedido"}
    return {"invoice": {**told, "currency": "MXN", "total_amount": 9900}}


_SHAPES: dict[str, Callable[[Attachment], Json]] = {
    "image": _photo,
    "photo": _photo,
    "live_photo": _live_photo,
    "voice": _voice,
    "audio": _audio,
    "video": _video,
    "video_note": _video_note,
    "animation": _animation,
    "sticker": _sticker,
    "location": _location,
    "venue": _venue,
    "contact": _contact,
    "poll": _poll,
    "dice": _dice,
    "story": _story,
    "paid_media": _paid_media,
    "checklist": _checklist,
    "rich_message": _rich_message,
    "game": _game,
    "invoice": _invoice,
}
