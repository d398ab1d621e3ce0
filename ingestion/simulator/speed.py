"""Which limits of speed a call falls under (channels.md 1.10, 4.7), and the refusal of one that is too fast."""

from datetime import timedelta

from ingestion.simulator import bot_errors, graph_errors
from ingestion.simulator.calls import Call
from ingestion.simulator.limits import Limit
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Account

_SECOND, _MINUTE = timedelta(seconds=1), timedelta(minutes=1)
_TEXTS = {"messenger": 300, "instagram": 100}
_FILMS = 10
_READS = 2
_SLOW = frozenset({"audio", "video"})
# A chat takes one message a second, short bursts tolerated.
_PER_CHAT, _CHAT_SPAN = 3, timedelta(seconds=3)
_PER_GROUP = 20
_PER_BOT = 30


def refuse_fast_graph(stage: Stage, call: Call) -> None:
    account = call.account
    if not stage.tuning.keep_limits or account is None:
        return
    limits: list[Limit] = []
    if call.method == "messages" and call.verb == "POST":
        kind = str((call.mapping("message").get("attachment") or {}).get("type", ""))
        count = _FILMS if kind in _SLOW else _TEXTS[account.channel]
        limits = [Limit((*account.key, "send", "film" if kind in _SLOW else "text"), count, _SECOND)]
    elif call.method in {"conversations", "messages"}:
        limits = [Limit((*account.key, "conversations"), _READS, _SECOND)]
    if stage.limits.wait(limits, stage.clock.now()):
        raise graph_errors.too_fast()


def refuse_fast_bot(stage: Stage, bot: Account, name: str, call: Call) -> None:
    method, chat = name.lower(), call.text("chat_id")
    if not stage.tuning.keep_limits or not method.startswith("send") or method == "sendchataction":
        return
    limits = [Limit((*bot.key, "all"), _PER_BOT, _SECOND), Limit((*bot.key, chat), _PER_CHAT, _CHAT_SPAN)]
    if chat.startswith("-"):
        limits.append(Limit((*bot.key, chat, "group"), _PER_GROUP, _MINUTE))
    if wait := stage.limits.wait(limits, stage.clock.now()):
        raise bot_errors.too_many(wait)
