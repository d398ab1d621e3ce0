"""Conversation routing of the Graph API: which app has a thread, and the calls that change it (channels.md 2.9)."""

from datetime import timedelta

from ingestion.simulator import graph_errors, notices
from ingestion.simulator.calls import Call
from ingestion.simulator.notices import Control
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Account, Json, Thread

_FREE_AFTER = timedelta(hours=24)


def refuse_foreign(stage: Stage, thread: Thread) -> None:
    """A send into a thread that another app has. A thread idle for a day is free."""
    last = thread.messages[-1].at if thread.messages else None
    if last is not None and stage.clock.now() - last >= _FREE_AFTER:
        thread.owner_app = None
    if thread.owner_app not in {None, _own(stage, thread.account)}:
        raise graph_errors.not_owner()


async def pass_thread(stage: Stage, call: Call, account: Account) -> Json:
    target = call.text("target_app_id")
    if not target:
        raise graph_errors.parameter("The parameter target_app_id is required")
    thread = _thread(stage, call, account)
    refuse_foreign(stage, thread)
    return _changed(stage, thread, Control("pass", target, call.text("metadata") or None))


async def take_thread(stage: Stage, call: Call, account: Account) -> Json:
    control = Control("take", _own(stage, account), call.text("metadata") or None)
    return _changed(stage, _thread(stage, call, account), control)


async def request_thread(stage: Stage, call: Call, account: Account) -> Json:
    control = Control("request", _own(stage, account), call.text("metadata") or None)
    return _changed(stage, _thread(stage, call, account), control)


async def release_thread(stage: Stage, call: Call, account: Account) -> Json:
    thread = _thread(stage, call, account)
    refuse_foreign(stage, thread)
    thread.owner_app = None
    return {"success": True}


async def extend_thread(stage: Stage, call: Call, account: Account) -> Json:
    refuse_foreign(stage, _thread(stage, call, account))
    return {"success": True}


async def thread_owner(stage: Stage, call: Call, account: Account) -> Json:
    """Who has the thread; nothing where it is free."""
    thread = _thread(stage, call, account)
    return {"data": [{"thread_owner": {"app_id": thread.owner_app}}] if thread.owner_app else []}


def _own(stage: Stage, account: Account) -> str:
    return stage.world.app(account.app).id


def _thread(stage: Stage, call: Call, account: Account) -> Thread:
    named = call.given.get("recipient")
    person_id = str(named.get("id", "")) if isinstance(named, dict) else call.text("recipient")
    thread = stage.world.thread_of(account, person_id)
    if thread is None:
        raise graph_errors.unknown_recipient(account)
    return thread


def _changed(stage: Stage, thread: Thread, control: Control) -> Json:
    notices.change_owner(stage, thread, control)
    return {"success": True}
