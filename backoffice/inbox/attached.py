"""What is told of an attachment: picture, player, card, file, or why there is none. Sizes in words live here too."""

from collections.abc import Callable

from backoffice.inbox import facts
from backoffice.inbox.bubbles import File, Link
from backoffice.inbox.facts import Facts
from konectus import i18n
from konectus.domain.channels import AttachmentKind, AttachmentState
from konectus.i18n import msg
from konectus.services.attachments import RETRYABLE
from konectus.store.queries.threads import AttachmentRow

PREVIEWED = ("image/jpeg", "image/png", "image/gif", "image/webp")
PLAYED = {
    "audio": ("audio/mpeg", "audio/ogg", "audio/mp4", "audio/aac", "audio/wav", "audio/webm"),
    "video": ("video/mp4", "video/webm"),
}
KINDS = {
    AttachmentKind.IMAGE: ("image", msg("Image")),
    AttachmentKind.AUDIO: ("mic", msg("Audio")),
    AttachmentKind.VIDEO: ("play", msg("Video")),
    AttachmentKind.FILE: ("file-text", msg("File")),
    AttachmentKind.STICKER: ("smile", msg("Sticker")),
    AttachmentKind.LOCATION: ("globe", msg("Place")),
    AttachmentKind.CONTACT: ("circle-user", msg("Contact card")),
    AttachmentKind.SHARE: ("link", msg("Shared post")),
    AttachmentKind.STORY: ("camera", msg("Story")),
    AttachmentKind.UNKNOWN: ("paperclip", msg("Attachment")),
}
# By the channel's own word, where it says more than our kind.
_TYPES = {
    "reel": ("play", msg("Shared reel")),
    "ig_reel": ("play", msg("Shared reel")),
    "fallback": ("link", msg("Shared link")),
    "share": ("link", msg("Shared link")),
    "voice": ("mic", msg("Voice message")),
    "animation": ("image", msg("Animation")),
    "video_note": ("play", msg("Video message")),
    "venue": ("globe", msg("Place")),
    "poll": ("list-filter", msg("Poll")),
    "checklist": ("check-check", msg("Checklist")),
    "dice": ("smile", msg("Dice")),
    "game": ("smile", msg("Game")),
    "invoice": ("receipt", msg("Invoice")),
    "paid_media": ("lock", msg("Paid media")),
    "appointment_booking": ("calendar-clock", msg("Appointment")),
    "template": ("layers", msg("Message with buttons")),
    "product": ("tag", msg("Product")),
}
_STATES = {AttachmentState.PENDING: msg("arriving"), AttachmentState.FAILED: msg("could not be fetched")}
# By the code kept with an attachment (ingestion.attachments).
_WHY = {
    "too_large": msg("too big to keep; see it in the channel"),
    "gone": msg("no longer available in the channel"),
    "unreachable": msg("the channel did not hand it over"),
    "disconnected": msg("the channel is disconnected"),
    "wrong_type": msg("it is not what it said it was; not kept"),
    "empty": msg("it came empty"),
    "encoded": msg("it cannot be read"),
    "private_address": msg("its address is not one we go to"),
    "not_https": msg("its address is not one we go to"),
    "bad_address": msg("its address is not one we go to"),
    "too_many_redirects": msg("its address is not one we go to"),
}
_MAP = "https://www.openstreetmap.org/?mlat={0}&mlon={1}#map=16/{0}/{1}"
_KILO = 1000
_MOST_LINES = 12
_CARDS = (AttachmentKind.LOCATION, AttachmentKind.CONTACT, AttachmentKind.SHARE, AttachmentKind.UNKNOWN)


def of(row: AttachmentRow) -> File:
    """By kind and name; linked only where its bytes are ours, a picture or player only where browsers do it safely."""
    source = facts.read(row.source)
    told = {**source, **facts.an_object(source.get("facts"))}
    glyph, kind = _called(row, told)
    url = f"/files/{row.id}" if row.state is AttachmentState.STORED else None
    title = row.name or facts.first(told.get("title"), _person(told))
    form = _form(row, told)
    return File(
        id=row.id,
        glyph=glyph,
        name=title or kind,
        about=" · ".join([*([kind] if title else []), *([size(row.size)] if row.size else [])]),
        form=form,
        url=url,
        preview=f"{url}?size=preview" if url and row.has_preview else url,
        width=row.width,
        height=row.height,
        lines=_lines(row.kind, told),
        link=_link(row.kind, told),
        state=_state(row),
        can_retry=row.state is AttachmentState.FAILED and _code(row) in RETRYABLE,
    )


def size(count: int) -> str:
    """Bytes in kB or MB, as the look sheet writes them."""
    if count < _KILO * _KILO:
        return f"{i18n.format_number(max(1, round(count / _KILO)))} kB"
    return f"{i18n.format_number(count / _KILO / _KILO, 1)} MB"


def _called(row: AttachmentRow, told: Facts) -> tuple[str, str]:
    glyph, words = _TYPES.get(facts.words(told.get("type")), KINDS[row.kind])
    return glyph, i18n.gettext(words)


def _form(row: AttachmentRow, told: Facts) -> str:
    stored = row.state is AttachmentState.STORED
    if stored and row.media_type in PREVIEWED:
        return "sticker" if row.kind is AttachmentKind.STICKER else "image"
    for form, types in PLAYED.items():
        if stored and row.media_type in types:
            return form
    return "card" if row.kind in _CARDS and told else "file"


def _state(row: AttachmentRow) -> str:
    if row.state is AttachmentState.FAILED and _code(row) in _WHY:
        return i18n.gettext(_WHY[_code(row)])
    words = _STATES.get(row.state)
    return i18n.gettext(words) if words else ""


def _code(row: AttachmentRow) -> str:
    return (row.failure or "").partition(":")[0]


def _link(kind: AttachmentKind, told: Facts) -> Link | None:
    """Where it can be seen, to be opened by a click. Stories have their own words (beside.py)."""
    if kind is AttachmentKind.LOCATION:
        point = _point(told)
        return Link(_MAP.format(*point), i18n.gettext("See on a map")) if point else None
    url = facts.address(told.get("url"))
    if not url or kind not in (AttachmentKind.SHARE, AttachmentKind.UNKNOWN):
        return None
    return Link(url, i18n.gettext("Open in a new tab"))


def _point(told: Facts) -> tuple[float, float] | None:
    latitude = told.get("lat", told.get("latitude"))
    longitude = told.get("long", told.get("longitude"))
    if isinstance(latitude, int | float) and isinstance(longitude, int | float):
        return float(latitude), float(longitude)
    return None


def _person(told: Facts) -> str:
    return " ".join(filter(None, (facts.words(told.get("first_name")), facts.words(told.get("last_name")))))


def _lines(kind: AttachmentKind, told: Facts) -> tuple[str, ...]:
    """What a card says under its name."""
    found = [line for reader in _READERS.get(kind, ()) for line in reader(told)]
    if len(found) > _MOST_LINES:
        rest = len(found) - _MOST_LINES
        found[_MOST_LINES:] = [i18n.ngettext("and {n} more", "and {n} more", rest)]
    return tuple(found)


def _place(told: Facts) -> list[str]:
    point = _point(told)
    coordinates = f"{point[0]}, {point[1]}" if point else ""
    return [line for line in (facts.words(told.get("address")), coordinates) if line]


def _phone(told: Facts) -> list[str]:
    return [phone] if (phone := facts.words(told.get("phone_number"))) else []


def _options(told: Facts) -> list[str]:
    options = (facts.words(facts.an_object(option).get("text")) for option in facts.a_list(told.get("options")))
    return [f"○ {option}" for option in options if option]


def _tasks(told: Facts) -> list[str]:
    tasks = [facts.an_object(task) for task in facts.a_list(told.get("tasks"))]
    return [f"{'☑' if _is_done(task) else '☐'} {facts.words(task.get('text'))}" for task in tasks]


def _is_done(task: Facts) -> bool:
    return bool(task.get("completion_date") or task.get("completed_by_user"))


def _value(told: Facts) -> list[str]:
    return (
        [text] if (text := " ".join(filter(None, (facts.words(told.get(key)) for key in ("emoji", "value"))))) else []
    )


def _described(told: Facts) -> list[str]:
    return [text] if (text := facts.words(told.get("description"))) else []


_READERS: dict[AttachmentKind, tuple[Callable[[Facts], list[str]], ...]] = {
    AttachmentKind.LOCATION: (_place,),
    AttachmentKind.CONTACT: (_phone,),
    AttachmentKind.UNKNOWN: (_options, _tasks, _value, _described),
}
