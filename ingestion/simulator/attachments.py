"""What a person attaches: makes the file, its address and what the channel tells about it."""

from dataclasses import dataclass

from ingestion.simulator.media import File
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Attachment, Json, Thread
from konectus.errors import Invalid

# Types that are no file: nothing is made or served for them.
_WITHOUT_FILE = frozenset({
    "location", "venue", "contact", "poll", "dice", "story", "checklist", "rich_message", "invoice", "ephemeral",
    "like_heart", "appointment", "template", "product",
})  # fmt: skip
UNSUPPORTED = "unsupported"  # what the channel shows its users and hides from us
_EVERYWHERE = frozenset({"image", "photo", "file", "audio", "voice", "video", "sticker"})
_META = _EVERYWHERE | {"share", "reel", "ig_reel", "ig_post", "product", "template", UNSUPPORTED}
_OFFERED = {
    "messenger": _META | {"location", "post", "appointment", "link"},
    "instagram": _META | {"story_mention", "ig_story", "media", "ephemeral", "like_heart"},
    "telegram": _EVERYWHERE
    | {
        "animation", "video_note", "live_photo", "location", "venue", "contact", "poll", "dice", "story", "paid_media",
        "checklist", "rich_message", "game", "invoice",
    },
}  # fmt: skip
_MAKE = {
    **dict.fromkeys(
        ("story_mention", "share", "photo", "post", "ig_post", "media", "link", "paid_media", "game"), "image"
    ),
    **dict.fromkeys(("reel", "ig_reel", "ig_story", "video_note", "animation", "live_photo"), "video"),
}
_PICTURED = frozenset({"image", "photo", "live_photo", "paid_media", "game"})
_CENTRE = (19.4326, -99.1332)  # Mexico City, Zócalo


@dataclass(frozen=True)
class Wanted:
    """An attachment as it was asked for; what is None is made up."""

    type: str
    name: str | None = None
    url: str | None = None
    content_base64: str | None = None
    media_type: str | None = None
    lat: float | None = None
    long: float | None = None


def is_offered(thread: Thread, kind: str) -> bool:
    """Whether people on this channel can send that."""
    return kind in _OFFERED[thread.account.channel]


def refuse_foreign(thread: Thread, wanted: Wanted) -> None:
    """Raises Invalid for a type that the channel does not have."""
    if not is_offered(thread, wanted.type):
        raise Invalid(f"nobody can attach {wanted.type} on {thread.account.channel}")


def make(stage: Stage, thread: Thread, wanted: Wanted, words: str) -> Attachment:
    """The attachment, with its file in the library unless the caller names an address elsewhere."""
    if wanted.type in _WITHOUT_FILE:
        return _fileless(stage, wanted, words)
    if wanted.url is not None:
        attachment = Attachment(wanted.type, wanted.url, wanted.name or "", wanted.media_type or "")
        attachment.facts = {"width": 0, "height": 0, "seconds": 0}
    else:
        attachment = stage.attach(wanted.type, *_file(stage, wanted, words))
    attachment.facts |= _native(stage, thread, wanted, words)
    if "file_id" in attachment.facts:
        stage.uploads[attachment.facts["file_id"]] = attachment
    return attachment


def _file(stage: Stage, wanted: Wanted, words: str) -> tuple[str, File]:
    if wanted.content_base64 is not None:
        media_type = wanted.media_type or "application/octet-stream"
        return stage.library.given(wanted.name or "archivo.bin", media_type, wanted.content_base64, words)
    key, file = stage.library.make(_MAKE.get(wanted.type, wanted.type), words)
    if wanted.name:
        file = File(wanted.name, file.media_type, file.content, file.width, file.height, file.seconds)
        stage.library.files[key] = file
    return key, file


def _fileless(stage: Stage, wanted: Wanted, words: str) -> Attachment:
    mint = stage.world.mint
    if wanted.type in {"location", "venue"}:
        given = (wanted.lat, wanted.long)
        lat, long = (
            round(c + mint.between(-0.08, 0.08, words, c), 6) if g is None else g
            for c, g in zip(_CENTRE, given, strict=True)
        )
        place = {"coordinates": {"lat": lat, "long": long}}
        return Attachment(wanted.type, name=wanted.name or "", facts=place)
    if wanted.type == "contact":
        return Attachment("contact", name=wanted.name or "Don Chuy", facts={"phone": "+5255" + mint.digits(8, words)})
    return Attachment(wanted.type, name=wanted.name or "", facts={"number": mint.digits(16, "number", words)})


def _native(stage: Stage, thread: Thread, wanted: Wanted, words: str) -> Json:
    mint = stage.world.mint
    if thread.account.channel == "telegram":
        return telegram_file(stage, words) | (_thumbnail(stage, words) if wanted.type in _PICTURED else {})
    return {"number": mint.digits(16, wanted.type, words)}


def telegram_file(stage: Stage, words: str) -> Json:
    mint = stage.world.mint
    return {"file_id": "AgAC" + mint.text(56, "file", words), "file_unique_id": "AQAD" + mint.text(12, "unique", words)}


def _thumbnail(stage: Stage, words: str) -> Json:
    key, file = stage.library.make("thumb", words)
    ids = telegram_file(stage, f"{words}/thumb")
    stage.uploads[ids["file_id"]] = stage.attach("thumb", key, file)
    return {"thumb": ids | {"file_size": len(file.content), "width": file.width, "height": file.height}}
