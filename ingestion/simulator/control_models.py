"""The words of the control API, checked strictly: a key that is not known is refused."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ingestion.simulator.faults import Trouble
from ingestion.simulator.sending import LOOPBACK
from ingestion.simulator.state import Channel, Json


def _loopback(url: str) -> str:
    host = url.partition("://")[2].split("/")[0].rsplit(":", 1)[0].strip("[]")
    if not url.startswith(("http://", "https://")) or host not in LOOPBACK:
        raise ValueError("must be an http address of this machine, such as http://127.0.0.1:8000/…")
    return url


Loopback = Annotated[str, AfterValidator(_loopback)]


class Words(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AppIn(Words):
    name: str = Field(pattern=r"^[a-z0-9-]+$")
    id: str
    secret: str
    verify_token: str = "verify"  # noqa: S105 reason: an invented word for tests
    flavour: Literal["page", "instagram"] = "page"
    instagram_secret: str | None = None
    webhook_url: Loopback | None = None


class LinkedInstagramIn(Words):
    username: str
    id: str | None = None
    name: str | None = None


class PageIn(Words):
    name: str
    app: str
    id: str | None = None
    token: str | None = None
    business: str = "tienda"
    instagram: LinkedInstagramIn | None = None


class InstagramIn(Words):
    username: str
    name: str
    app: str
    id: str | None = None
    token: str | None = None
    business: str = "tienda"


class BotIn(Words):
    username: str
    name: str
    token: str | None = None
    business: str = "tienda"


class PersonsIn(Words):
    name: str = ""
    handle: str = ""
    language: str = "es"
    count: int = Field(default=1, ge=1, le=5000)


class AccountIn(Words):
    channel: Channel
    account: str


class ThreadIn(AccountIn):
    """`person` is p1 …, new, or a group g1 …; `by` who writes in a group; `connection` a chat of an owner's."""

    person: str
    by: str | None = None
    connection: str | None = None


class AttachmentIn(Words):
    type: Literal[
        "image", "file", "audio", "voice", "video", "sticker", "location", "contact", "story_mention", "share",
        "ephemeral", "like_heart", "unsupported", "reel", "ig_reel", "post", "ig_post", "ig_story", "media", "link",
        "appointment", "template", "animation", "video_note", "live_photo", "venue", "poll", "dice", "story",
        "paid_media", "checklist", "rich_message", "game", "invoice",
    ]  # fmt: skip
    name: str | None = None
    url: str | None = None
    content_base64: str | None = None
    media_type: str | None = None
    lat: float | None = None
    long: float | None = None


class SayIn(ThreadIn):
    text: str = ""
    attachments: list[AttachmentIn] = []
    reply_to: str | None = None
    story: bool = False
    is_request: bool = False
    referral: Json | None = None
    native: Json = {}
    at: datetime | None = None
    burst: int = Field(default=1, ge=1, le=1000)


class ReactIn(ThreadIn):
    message_id: str
    emoji: str = "❤️"
    remove: bool = False


class EditIn(ThreadIn):
    message_id: str
    text: str


class MessageIn(ThreadIn):
    message_id: str


class TapIn(ThreadIn):
    message_id: str | None = None
    payload: str
    referral: Json | None = None


class BlockIn(ThreadIn):
    blocked: bool = True


class OwnerIn(ThreadIn):
    text: str = ""
    attachments: list[AttachmentIn] = []
    reply_to: str | None = None
    app_id: str | None = None
    at: datetime | None = None


class PolicyIn(Words):
    account: str
    action: Literal["warning", "block", "unblock"] = "block"
    reason: str | None = None


class FaultIn(Words):
    channel: Literal["messenger", "instagram", "telegram", "media"]
    account: str = "*"
    fault: Trouble
    times: int | None = Field(default=1, ge=1)
    method: str | None = None
    retry_after: int = 35
    seconds: float = 2.0
    code: int | None = None
    subcode: int | None = None
    status: int | None = Field(default=None, ge=400, le=599)
    message: str = ""
    is_transient: bool = False
    parameters: Json = {}
    location: str = ""


class RawIn(Words):
    app: str | None = None
    bot: str | None = None
    body: Any = None
    body_base64: str | None = None
    signature: Literal["valid", "wrong", "none"] = "valid"
    secret: Literal["valid", "wrong", "none"] = "valid"  # noqa: S105 reason: how the secret is, not one
    url: Loopback | None = None
    headers: dict[str, str] = {}


class RedeliverIn(Words):
    times: int = Field(default=1, ge=1, le=1000)
    at_once: bool = False


class ReleaseIn(AccountIn):
    order: Literal["fifo", "reverse", "shuffle"] = "fifo"


class MergeIn(Words):
    app: str
    size: int = Field(default=50, ge=1, le=1000)
    together: bool = False


class ExpireIn(AccountIn):
    subcode: int = 463


class AgeIn(AccountIn):
    seconds: float = Field(gt=0)


class ClockIn(Words):
    advance_seconds: float


class SettingsIn(Words):
    echo_after: float | None = None
    delivered_after: float | None = None
    read_after: float | None = None
    fetch_media: bool | None = None
    retry_scale: float | None = None
    telegram_private_reactions: bool | None = None
    keep_limits: bool | None = None
    usage_percent: int | None = Field(default=None, ge=0, le=100)
    regain_minutes: int | None = None


class SettleIn(Words):
    seconds: float = Field(default=10.0, le=120)


class GroupIn(Words):
    title: str
    kind: Literal["group", "supergroup", "channel"] = "group"


class MembershipIn(Words):
    account: str
    group: str
    by: str
    status: Literal["member", "administrator", "left", "kicked"] = "member"


class MigrateIn(Words):
    account: str
    group: str
    by: str


class BusinessIn(Words):
    account: str
    owner: str
    is_enabled: bool = True
    rights: dict[str, bool] | None = None


class UpdateIn(Words):
    account: str
    content: Json


class NoticeIn(ThreadIn):
    kind: Literal["referral", "optin", "account_linking", "customer_information", "order", "feedback"]
    fact: Json


class HandoverIn(ThreadIn):
    action: Literal["pass", "take", "request"]
    app_id: str
    metadata: str | None = None


class RolesIn(AccountIn):
    roles: dict[str, list[str]]


class ItemIn(AccountIn):
    kind: str = "message"
    item: Json


class DeauthorizeIn(Words):
    user_id: str
    data_deletion: bool = False


class TrafficIn(Words):
    accounts: list[AccountIn] | None = None
    per_minute: float = Field(default=12.0, gt=0, le=600)
    persons: int = Field(default=6, ge=1, le=200)
    pace: float = Field(default=1.0, gt=0, le=10)
