"""Registers apps, Pages, Instagram accounts and bots. The same id or token again updates and keeps what was there."""

from ingestion.simulator.control_models import AppIn, BotIn, InstagramIn, PageIn
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Account, Channel, MetaApp
from ingestion.simulator.world import World
from konectus.errors import Conflict

_FIRST_UPDATE = 100_000_000


def app(stage: Stage, given: AppIn) -> MetaApp:
    """A Meta app; its webhook is ours by name where none is given."""
    url = given.webhook_url or f"{stage.options.webhooks}/webhooks/meta/{given.name}"
    words = given.model_dump(exclude={"webhook_url"})
    stage.world.apps[given.name] = MetaApp(**words, webhook_url=url)
    return stage.world.apps[given.name]


def page(stage: Stage, given: PageIn) -> Account:
    """A Page and, where it is named, the Instagram account that hangs on it."""
    stage.world.app(given.app)
    page_id = given.id or stage.world.mint.digits(15, "page", given.name)
    told = _account(stage.world, "messenger", page_id)
    told.name, told.username, told.app, told.business = given.name, given.name, given.app, given.business
    _give_token(told, given.token or _token(stage.world, "EAA", page_id))
    if given.instagram is not None:
        linked_id = given.instagram.id or _instagram_id(stage.world, given.instagram.username)
        linked = _account(stage.world, "instagram", linked_id)
        linked.name, linked.username = given.instagram.name or given.name, given.instagram.username
        linked.app, linked.business, linked.page = given.app, given.business, page_id
    return told


def instagram(stage: Stage, given: InstagramIn) -> Account:
    """An Instagram account connected through Instagram Login."""
    stage.world.app(given.app)
    account_id = given.id or _instagram_id(stage.world, given.username)
    told = _account(stage.world, "instagram", account_id)
    if told.page is not None:
        raise Conflict(f"{account_id} hangs on the Page {told.page}")
    told.name, told.username, told.app, told.business = given.name, given.username, given.app, given.business
    _give_token(told, given.token or _token(stage.world, "IGAA", account_id))
    return told


def bot(stage: Stage, given: BotIn) -> Account:
    """A bot; its id is what stands before the colon of its token."""
    mint = stage.world.mint
    token = given.token or f"{mint.digits(10, 'bot', given.username)}:AA{mint.text(33, 'bot', given.username)}"
    told = _account(stage.world, "telegram", token.partition(":")[0])
    told.name, told.username, told.business = given.name, given.username, given.business
    told.last_update = told.last_update or _FIRST_UPDATE + mint.below(_FIRST_UPDATE, "update", told.id)
    _give_token(told, token)
    return told


def _account(world: World, channel: Channel, account_id: str) -> Account:
    if (channel, account_id) not in world.accounts:
        world.accounts[channel, account_id] = Account(channel, account_id, "", "", "")
    return world.accounts[channel, account_id]


def _give_token(told: Account, token: str) -> None:
    """A token other than the one before heals an account whose token had died."""
    if token != told.token:
        told.token, told.token_dead, told.token_expires_at = token, False, None


def _token(world: World, head: str, account_id: str) -> str:
    return head + world.mint.text(160, "token", account_id)


def _instagram_id(world: World, username: str) -> str:
    return "17841" + world.mint.digits(12, "instagram", username)
