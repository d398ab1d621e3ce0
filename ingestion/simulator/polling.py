"""getUpdates: a bot without a webhook fetches its updates itself, one caller at a time (channels.md 4.4)."""

import json
from typing import Any

from ingestion.simulator import bot_errors, post
from ingestion.simulator.calls import Call
from ingestion.simulator.deliver import Delivery
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Account
from konectus.clock import monotonic

_AT_MOST = 100
_LONGEST = 50.0
_LOOK_EVERY = 0.05


async def get_updates(stage: Stage, bot: Account, call: Call) -> list[Any]:
    """What waits, from `offset` on; everything before it is confirmed and gone. Waits up to `timeout` seconds."""
    if bot.webhook.url:
        raise bot_errors.conflict()
    if "allowed_updates" in call.given:
        bot.webhook.allowed_updates = tuple(str(name) for name in call.listing("allowed_updates"))
    stage.polls[bot.id] = mine = stage.polls.get(bot.id, 0) + 1
    offset, limit = int(call.text("offset") or 0), min(int(call.text("limit") or _AT_MOST), _AT_MOST)
    _confirm(stage, bot, offset)
    until = monotonic() + min(float(call.text("timeout") or 0), _LONGEST)
    while not (waiting := post.pending(stage, bot)) and monotonic() < until:
        await stage.sleep(_LOOK_EVERY)
        if stage.polls[bot.id] != mine:
            raise bot_errors.other_poller()
        if bot.webhook.url:
            raise bot_errors.webhook_set_meanwhile()
    chosen = waiting[offset:] if offset < 0 else waiting
    return [json.loads(delivery.body) for delivery in chosen[:limit]]


def _confirm(stage: Stage, bot: Account, offset: int) -> None:
    for delivery in post.pending(stage, bot):
        if delivery.update_id < offset:
            _fetched(delivery)


def _fetched(delivery: Delivery) -> None:
    delivery.state = "delivered"
