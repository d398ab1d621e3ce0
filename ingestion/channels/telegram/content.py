"""What a Telegram message holds: attachments, service notes, content nobody knows yet. Whose it is is `updates`."""

from collections.abc import Callable, Mapping

from ingestion.channels.port.reading import (
    facts_of,
    first_text,
    id_of,
    list_of,
    mapping_of,
    number_of,
    text_of,
)
from ingestion.wire import Attachment, Json
from konectus.domain.channels import AttachmentKind, as_stored

Content = Mapping[str, object]

_FILES: Mapping[str, AttachmentKind] = {
    "animation": AttachmentKind.VIDEO,
    "audio": AttachmentKind.AUDIO,
    "document": AttachmentKind.FILE,
    "live_photo": AttachmentKind.VIDEO,
    "sticker": AttachmentKind.STICKER,
    "video": AttachmentKind.VIDEO,
    "video_note": AttachmentKind.VIDEO,
    "voice": AttachmentKind.AUDIO,
}
# One thing under two keys: the first is kept, the second is not looked at.
_TWINS: Mapping[str, str] = {"animation": "document", "venue": "location", "live_photo": "photo"}
SERVICE = frozenset(
    {
        "boost_added", "channel_chat_created", "chat_background_set", "chat_owner_changed", "chat_owner_left",
        "chat_shared", "checklist_tasks_added", "checklist_tasks_done", "connected_website", "delete_chat_photo",
        "direct_message_price_changed", "forum_topic_closed", "forum_topic_created", "forum_topic_edited",
        "forum_topic_reopened", "general_forum_topic_hidden", "general_forum_topic_unhidden", "gift", "giveaway",
        "giveaway_completed", "giveaway_created", "giveaway_winners", "group_chat_created", "left_chat_member",
        "message_auto_delete_timer_changed", "migrate_from_chat_id", "migrate_to_chat_id", "new_chat_member",
        "new_chat_members", "new_chat_photo", "new_chat_title", "paid_message_price_changed", "passport_data",
        "pinned_message", "proximity_alert_triggered", "refunded_payment", "successful_payment",
        "suggested_post_approval_failed", "suggested_post_approved", "suggested_post_declined",
        "suggested_post_paid", "suggested_post_refunded", "supergroup_chat_created", "unique_gift", "users_shared",
        "video_chat_ended", "video_chat_participants_invited", "video_chat_scheduled", "video_chat_started",
        "web_app_data", "write_access_allowed",
    }
)  # fmt: skip
_ENVELOPE = frozenset(
    {
        "author_signature", "business_connection_id", "caption", "caption_entities", "chat", "date", "edit_date",
        "direct_messages_topic", "effect_id", "entities", "external_reply", "forward_date", "forward_from",
        "forward_from_chat", "forward_from_message_id", "forward_origin", "forward_sender_name", "forward_signature",
        "from", "has_media_spoiler", "has_protected_content", "is_automatic_forward", "is_from_offline",
        "is_paid_post", "is_topic_message", "link_preview_options", "media_group_id", "message_id",
        "message_thread_id", "paid_star_count", "quote", "reply_markup", "reply_to_checklist_task_id",
        "reply_to_message", "reply_to_story", "sender_boost_count", "sender_business_bot", "sender_chat",
        "sender_tag", "show_caption_above_media", "suggested_post_info", "text", "via_bot",
    }
)  # fmt: skip


def service_of(message: Content) -> str | None:
    """The name of the service note a message is, None when it is no note."""
    return next((key for key in message if key in SERVICE), None)


def unknown_of(message: Content) -> str | None:
    """The content key nobody knows, of a message that holds nothing else but words."""
    keys = [key for key in message if key not in _ENVELOPE]
    if any(key in _READERS for key in keys):
        return None
    return next((as_stored(key) for key in keys), None)


def attachments(message: Content) -> tuple[Attachment, ...]:
    """Every thing in a message once; unknown content as a placeholder."""
    twins = {twin for key, twin in _TWINS.items() if key in message}
    keys = [key for key in message if key in _READERS and key not in twins]
    found = [_READERS[key](key, message[key]) for key in keys]
    if not found and unknown_of(message):
        found = [Attachment(kind=AttachmentKind.UNKNOWN, type="unsupported", link_only=True)]
    return tuple(found)


def _file(key: str, value: object) -> Attachment:
    told = mapping_of(value)
    return Attachment(
        kind=_FILES[key],
        type=key,
        file_id=id_of(told.get("file_id")),
        name=text_of(told.get("file_name")),
        mime=text_of(told.get("mime_type")),
        size=number_of(told.get("file_size")),
        title=text_of(told.get("title")),
        facts=_facts(
            told, "emoji", "duration", "width", "height", "is_animated", "is_video", "performer", "file_unique_id"
        ),
    )


def _photo(key: str, value: object) -> Attachment:
    """The largest of the sizes."""
    sizes = [mapping_of(size) for size in list_of(value)]
    largest = max(sizes, key=_area, default={})
    return Attachment(
        kind=AttachmentKind.IMAGE,
        type=key,
        file_id=id_of(largest.get("file_id")),
        mime="image/jpeg",
        size=number_of(largest.get("file_size")),
        facts=_facts(largest, "width", "height", "file_unique_id"),
    )


def _area(size: Content) -> int:
    return (number_of(size.get("width")) or 0) * (number_of(size.get("height")) or 0)


def _place(key: str, value: object) -> Attachment:
    told = mapping_of(value)
    point = mapping_of(told.get("location")) or told
    facts = _facts(told, "address", "live_period")
    facts |= {ours: facts_of(point[its]) for ours, its in (("lat", "latitude"), ("long", "longitude")) if its in point}
    return Attachment(
        kind=AttachmentKind.LOCATION, type=key, title=text_of(told.get("title")), link_only=True, facts=facts
    )


def _card(key: str, value: object) -> Attachment:
    facts = _facts(mapping_of(value), "phone_number", "first_name", "last_name", "user_id", "vcard")
    return Attachment(kind=AttachmentKind.CONTACT, type=key, link_only=True, facts=facts)


def _shown(key: str, value: object) -> Attachment:
    """Content we show by its words alone: poll, checklist, game, dice, story, paid media, invoice."""
    told = mapping_of(value)
    facts = {name: facts_of(item) for name, item in told.items() if name not in ("photo", "animation", "paid_media")}
    return Attachment(
        kind=AttachmentKind.STORY if key == "story" else AttachmentKind.UNKNOWN,
        type=key,
        title=first_text(told.get("title"), told.get("question")),
        link_only=True,
        facts=facts,
    )


def _facts(told: Content, *names: str) -> dict[str, Json]:
    return {name: facts_of(told[name]) for name in names if name in told}


_READERS: Mapping[str, Callable[[str, object], Attachment]] = {
    **dict.fromkeys(_FILES, _file),
    "photo": _photo,
    "location": _place,
    "venue": _place,
    "contact": _card,
    **dict.fromkeys(("poll", "checklist", "game", "dice", "story", "paid_media", "invoice", "rich_message"), _shown),
}
