"""api.telegram.org: methods about the bot, its webhook and its files. What a bot says is in telegram_send."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from ingestion.simulator import bot_errors, polling, post, telegram_more, telegram_send, updates
from ingestion.simulator.calls import Call
from ingestion.simulator.media import File
from ingestion.simulator.sending import LOOPBACK
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Account, BotWebhook, Json

_TOKEN = re.compile(r"^\d{5,12}:[A-Za-z0-9_-]{20,64}$")
_SECRET = re.compile(r"^[A-Za-z0-9_-]*$")
_URL = re.compile(r"^https?://(\[[^\]]+\]|[^/:]+)(:\d+)?(/|$)")
_SECRET_LETTERS = 256
_FILE_BYTES = 20 * 1024 * 1024
_CONNECTIONS = 40
_NO_GIFTS = dict.fromkeys(
    ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
)

Method = Callable[[Stage, Account, Call], Awaitable[Any]]


def identify(stage: Stage, token: str) -> Account:
    """The bot whose token this is. Raises 404 for what cannot be a token, 401 for a dead or unknown one."""
    if not _TOKEN.match(token):
        raise bot_errors.not_found()
    bot = next((a for a in stage.world.accounts.values() if a.channel == "telegram" and a.token == token), None)
    if bot is None or bot.token_dead:
        raise bot_errors.unauthorized()
    return bot


async def answer(stage: Stage, bot: Account, name: str, call: Call) -> Json:
    """The body of a 200; method names are case-insensitive. Raises BotError."""
    method = _METHODS.get(name.lower())
    if method is None:
        raise bot_errors.unknown_method()
    result = await method(stage, bot, call)
    told: Json = {"ok": True, "result": result}
    return told | ({"description": _SAID[name.lower()]} if name.lower() in _SAID else {})


async def _get_me(_: Stage, bot: Account, __: Call) -> Json:
    return updates.me(bot)


async def _get_chat(stage: Stage, bot: Account, call: Call) -> Json:
    """The chat of somebody who has written, or of a group; for anybody else there is none."""
    thread = stage.world.thread_of(bot, call.text("chat_id"))
    if thread is None or thread.last_customer_at is None:
        raise bot_errors.bad("chat not found")
    return updates.chat(thread) | {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": _NO_GIFTS}


async def _set_webhook(stage: Stage, bot: Account, call: Call) -> bool:
    url, secret = call.text("url"), call.text("secret_token")
    _refuse_webhook(url, secret)
    allowed = bot.webhook.allowed_updates
    if "allowed_updates" in call.given:
        allowed = tuple(name for name in map(str, call.listing("allowed_updates")) if name in updates.KINDS)
    connections = int(call.text("max_connections") or _CONNECTIONS)
    if call.flag("drop_pending_updates"):
        post.drop_pending(stage, bot)
    bot.webhook = BotWebhook(url, secret, allowed, connections)
    if url:
        post.flush_pending(stage, bot)
    return True


def _refuse_webhook(url: str, secret: str) -> None:
    """Like the Bot API's local server this one takes http and any port, but delivers to this machine alone."""
    if len(secret) > _SECRET_LETTERS:
        raise bot_errors.bad("secret token is too long")
    if not _SECRET.match(secret):
        raise bot_errors.bad("secret token contains unallowed characters")
    if not url:
        return
    found = _URL.match(url)
    if found is None:
        raise bot_errors.bad("invalid webhook URL specified")
    if found.group(1).strip("[]") not in LOOPBACK:
        raise bot_errors.bad("bad webhook: the simulator delivers to loopback addresses only")


async def _delete_webhook(stage: Stage, bot: Account, call: Call) -> bool:
    bot.webhook = BotWebhook(allowed_updates=bot.webhook.allowed_updates)
    if call.flag("drop_pending_updates"):
        post.drop_pending(stage, bot)
    return True


async def _get_webhook_info(stage: Stage, bot: Account, _: Call) -> Json:
    mine = [d for d in stage.courier.log if (d.channel, d.account) == bot.key]
    waiting = sum(d.state in {"pending", "queued", "held"} for d in mine)
    told: Json = {"url": bot.webhook.url, "has_custom_certificate": False, "pending_update_count": waiting}
    failed = [a for d in mine for a in d.attempts if not a.is_good]
    if bot.webhook.url and failed:
        last = max(failed, key=lambda attempt: attempt.at)
        words = f"Wrong response from the webhook: {last.status}" if last.status else "Connection failed"
        told |= {"last_error_date": updates.seconds(last.at), "last_error_message": words}
    if bot.webhook.url:
        told |= {"max_connections": bot.webhook.max_connections, "ip_address": "127.0.0.1"}
    return told | ({"allowed_updates": list(bot.webhook.allowed_updates)} if bot.webhook.allowed_updates else {})


async def _get_file(stage: Stage, _: Account, call: Call) -> Json:
    kept = stage.uploads.get(call.text("file_id"))
    if kept is None or "key" not in kept.facts:
        raise bot_errors.bad("invalid file_id")
    if (kept.size or 0) > _FILE_BYTES:
        raise bot_errors.bad("file is too big")
    ids: Json = {name: kept.facts[name] for name in ("file_id", "file_unique_id") if name in kept.facts}
    return {
        "file_id": call.text("file_id"),
        **ids,
        "file_size": kept.size,
        "file_path": f"{_folder(kept.type)}/{kept.facts['key']}",
    }


def _folder(kind: str) -> str:
    return {"image": "photos", "photo": "photos", "thumb": "photos", "voice": "voice", "sticker": "stickers"}.get(
        kind, "documents"
    )


def file(stage: Stage, path: str) -> File | None:
    """The file behind a file_path of getFile."""
    return stage.library.files.get(path.rpartition("/")[2])


async def _ok(_: Stage, __: Account, ___: Call) -> bool:
    return True


_SAID = {"setwebhook": "Webhook was set", "deletewebhook": "Webhook was deleted"}
_METHODS: dict[str, Method] = {
    "getme": _get_me,
    "getchat": _get_chat,
    "setwebhook": _set_webhook,
    "deletewebhook": _delete_webhook,
    "getwebhookinfo": _get_webhook_info,
    "getupdates": polling.get_updates,
    "getfile": _get_file,
    "answercallbackquery": _ok,
    **telegram_send.METHODS,
    **telegram_more.METHODS,
}
