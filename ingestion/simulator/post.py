"""From an event to deliveries: who is subscribed to it, and with which address, headers and patience it travels."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from ingestion.simulator import bodies, updates
from ingestion.simulator.deliver import Delivery, Target
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Account, Json, MetaApp, Thread

# Meta switches a webhook off after an hour of failures, Telegram keeps an update for a day (channels.md 1.4, 4.3).
META_KEEPS = timedelta(hours=1)
TELEGRAM_KEEPS = timedelta(hours=24)
_UPDATE_KINDS = {
    "message": "message",
    "edit": "edited_message",
    "callback": "callback_query",
    "member": "my_chat_member",
    "reaction": "message_reaction",
}


def meta_event(stage: Stage, thread: Thread, kind: str, item: Json) -> list[Delivery]:
    """Send one item to every app that is subscribed to its kind."""
    return _to_apps(stage, thread.account, thread.person.key, (kind, item))


def policy(stage: Stage, page: Account, item: Json) -> list[Delivery]:
    """An item about the Page itself."""
    return _to_apps(stage, page, "", ("policy", item))


def _to_apps(stage: Stage, account: Account, person: str, event: tuple[str, Json]) -> list[Delivery]:
    (kind, item), now = event, stage.clock.now()
    body = bodies.written(bodies.envelope(account, now, item))
    sent = []
    for app_id in stage.world.subscriptions(account):
        app = stage.world.app_by_id(app_id)
        if app is None or not _listens(stage, account, app, kind):
            continue
        resolve = _to_app(stage, account, app, (kind, body))
        delivery = Delivery(account.channel, account.id, person, kind, body, resolve, now, keep_for=META_KEEPS)
        stage.courier.send(stage.courier.note(delivery))
        sent.append(delivery)
    return sent


def _to_app(stage: Stage, account: Account, app: MetaApp, event: tuple[str, bytes]) -> Callable[[], Target | None]:
    kind, body = event

    def resolve() -> Target | None:
        if not _listens(stage, account, app, kind):
            return None
        return Target(app.webhook_url, bodies.signed(body, app.signing_secret))

    return resolve


def _listens(stage: Stage, account: Account, app: MetaApp, kind: str) -> bool:
    fields = stage.world.subscriptions(account).get(app.id)
    if fields is None:
        return False
    if account.channel == "messenger":
        return bodies.PAGE_FIELDS.get(kind) in fields
    offered = bodies.ALL_INSTAGRAM_FIELDS if account.page else bodies.LOGIN_FLAVOUR_FIELDS
    return bodies.INSTAGRAM_FIELDS.get(kind) in offered


def unsubscribe_failing(stage: Stage) -> Callable[[Delivery], None]:
    """What Meta does after an hour without a 2xx: the app is no longer subscribed for that account."""

    def given_up(delivery: Delivery) -> None:
        if delivery.channel == "telegram":
            return
        account = stage.world.account(delivery.channel, delivery.account)
        for app in stage.world.apps.values():
            if app.webhook_url == delivery.url:
                stage.world.subscriptions(account).pop(app.id, None)

    return given_up


def bot_update(stage: Stage, thread: Thread, kind: str, content: Json, at: datetime) -> list[Delivery]:
    """Send one update, or keep it for a day where no webhook is set. Kinds that were not asked for are never made."""
    bot, name = thread.account, _UPDATE_KINDS[kind]
    if not _asked_for(bot, name):
        return []
    body = updates.written(updates.update(bot, name, content))
    delivery = Delivery(
        "telegram", bot.id, thread.person.key, kind, body, partial(target_of, bot), at, blocks_queue=True
    )
    delivery.keep_for = TELEGRAM_KEEPS
    stage.courier.note(delivery)
    if bot.webhook.url:
        stage.courier.send(delivery)
    else:
        delivery.state = "pending"
    return [delivery]


def flush_pending(stage: Stage, bot: Account) -> None:
    """A webhook was set: what waited for less than a day goes out, the rest is lost."""
    for delivery in pending(stage, bot):
        if stage.clock.now() - delivery.created_at >= TELEGRAM_KEEPS:
            delivery.state = "dropped"
        else:
            stage.courier.send(delivery)


def drop_pending(stage: Stage, bot: Account) -> None:
    for delivery in pending(stage, bot):
        delivery.state = "dropped"


def pending(stage: Stage, bot: Account) -> list[Delivery]:
    return [d for d in stage.courier.log if (d.channel, d.account) == bot.key and d.state == "pending"]


def _asked_for(bot: Account, name: str) -> bool:
    allowed = bot.webhook.allowed_updates
    return name in allowed if allowed else name not in updates.BY_NAME_ONLY


def target_of(bot: Account) -> Target | None:
    """Where a bot's updates go at present, with the secret that proves them; None without a webhook."""
    if not bot.webhook.url:
        return None
    secret = bot.webhook.secret_token
    named = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
    return Target(bot.webhook.url, {"Content-Type": "application/json", **named})
