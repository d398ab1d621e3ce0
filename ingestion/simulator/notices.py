"""Events of Messenger and Instagram that are no messages: links, opt-ins, forms, carts, and who has the thread."""

from dataclasses import dataclass

from ingestion.simulator import bodies, post
from ingestion.simulator.deliver import Delivery
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Account, Json, Thread
from konectus.errors import Invalid

# Kind of notice → key of the item. What stands under the key is the caller's.
KEYS = {
    "referral": "referral",
    "optin": "optin",
    "account_linking": "account_linking",
    "customer_information": "messaging_customer_information",
    "order": "order",
    "feedback": "response_feedback",
}
_CONTROL = {"pass": "pass_thread_control", "take": "take_thread_control", "request": "request_thread_control"}


def refuse_telegram(account: Account) -> None:
    if account.channel == "telegram":
        raise Invalid("Telegram has no such event")


def tell(stage: Stage, thread: Thread, kind: str, fact: Json) -> list[Delivery]:
    """One notice about a person. A link into a thread that exists opens the window, as a message does."""
    refuse_telegram(thread.account)
    now = stage.clock.now()
    if kind == "referral" and thread.messages:
        thread.last_customer_at = now
    return post.meta_event(stage, thread, kind, bodies.from_person(thread, now, **{KEYS[kind]: fact}))


@dataclass(frozen=True)
class Control:
    """A thread that changes hands. `app_id` is who gets it or asks for it."""

    action: str
    app_id: str
    metadata: str | None = None


def change_owner(stage: Stage, thread: Thread, control: Control) -> list[Delivery]:
    """Pass or take a thread, or only ask for it; what our app hears from then on goes to standby unless it owns it."""
    refuse_telegram(thread.account)
    now, before = stage.clock.now(), thread.owner_app
    fact: Json = {"metadata": control.metadata}
    if control.action == "request":
        fact["requested_owner_app_id"] = control.app_id
    else:
        thread.owner_app = control.app_id
        fact |= {"previous_owner_app_id": before, "new_owner_app_id": control.app_id}
    return post.meta_event(
        stage, thread, "handover", bodies.from_person(thread, now, **{_CONTROL[control.action]: fact})
    )


def give_roles(stage: Stage, account: Account, roles: dict[str, list[str]]) -> list[Delivery]:
    """What each app may do for a Page; nobody is the sender."""
    refuse_telegram(account)
    item = {"recipient": {"id": account.id}, "timestamp": bodies.milliseconds(stage.clock.now()), "app_roles": roles}
    return post.about_account(stage, account, "handover", item)


def pass_on(stage: Stage, account: Account, field: str, item: Json) -> list[Delivery]:
    """An item as the caller wrote it, to whoever is subscribed to that kind of event."""
    refuse_telegram(account)
    return post.about_account(stage, account, field, item)
