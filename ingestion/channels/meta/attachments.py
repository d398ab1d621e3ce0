"""Attachments of Messenger and Instagram: the channel's word, our kind, and which twins are one thing."""

from collections.abc import Mapping

from ingestion.channels.port.reading import facts_of, first_text, id_of, list_of, mapping_of
from ingestion.wire import Attachment, Json
from konectus.domain.channels import AttachmentKind

_KINDS: Mapping[str, AttachmentKind] = {
    "image": AttachmentKind.IMAGE,
    "audio": AttachmentKind.AUDIO,
    "video": AttachmentKind.VIDEO,
    "file": AttachmentKind.FILE,
    "sticker": AttachmentKind.STICKER,
    "like_heart": AttachmentKind.STICKER,
    "media": AttachmentKind.VIDEO,
    "location": AttachmentKind.LOCATION,
    "fallback": AttachmentKind.SHARE,
    "share": AttachmentKind.SHARE,
    "post": AttachmentKind.SHARE,
    "ig_post": AttachmentKind.SHARE,
    "reel": AttachmentKind.SHARE,
    "ig_reel": AttachmentKind.SHARE,
    "story": AttachmentKind.STORY,
    "ig_story": AttachmentKind.STORY,
    "story_mention": AttachmentKind.STORY,
}
# What was sent as a file is fetched. Of shares only the address is given, story media must never be stored.
_FETCHED = frozenset(
    {AttachmentKind.IMAGE, AttachmentKind.AUDIO, AttachmentKind.VIDEO, AttachmentKind.FILE, AttachmentKind.STICKER}
)


def read(value: object) -> tuple[Attachment, ...]:
    """Every attachment of a message, one for each thing that was sent."""
    found = [_one(mapping_of(item)) for item in list_of(value)]
    if not found:
        return ()
    stickers = {a.facts["sticker_id"] for a in found if a.type == "sticker" and "sticker_id" in a.facts}
    has_post = any(a.type == "ig_post" for a in found)
    return tuple(a for a in found if not _is_twin(a, stickers=stickers, has_post=has_post))


def _is_twin(attachment: Attachment, *, stickers: set[Json], has_post: bool) -> bool:
    """The image beside a sticker (until 2026-08-30) and the share beside an ig_post are the same thing again."""
    if attachment.type == "image":
        return attachment.facts.get("sticker_id") in stickers
    return attachment.type == "share" and has_post


def _one(item: Mapping[str, object]) -> Attachment:
    word = first_text(item.get("type")) or "unknown"
    payload = mapping_of(item.get("payload"))
    url = first_text(payload.get("url"), item.get("url"), payload.get("story_media_url"))
    facts = _facts(payload)
    kind = (
        AttachmentKind.STICKER
        if word == "image" and "sticker_id" in facts
        else _KINDS.get(word, AttachmentKind.UNKNOWN)
    )
    return Attachment(
        kind=kind,
        type=word,
        url=url,
        title=first_text(item.get("title"), payload.get("title")),
        link_only=kind not in _FETCHED or not is_absolute(url),
        facts=facts,
    )


def is_absolute(url: str | None) -> bool:
    """Whether an address can be asked for at all; relative ones are kept as text."""
    return url is not None and url.startswith(("https://", "http://"))


def _facts(payload: Mapping[str, object]) -> dict[str, Json]:
    """The rest of a payload; ids become text, coordinates and product ids come to the top."""
    facts = {key: _value(key, value) for key, value in payload.items() if key not in ("url", "title", "coordinates")}
    place = mapping_of(payload.get("coordinates"))
    facts |= {key: facts_of(place[key]) for key in ("lat", "long") if key in place}
    elements = list_of(mapping_of(payload.get("product")).get("elements"))
    if elements:
        facts["products"] = [id_of(mapping_of(element).get("id")) for element in elements]
    return facts


def _value(key: str, value: object) -> Json:
    return id_of(value) if key == "id" or key.endswith("_id") else facts_of(value)
