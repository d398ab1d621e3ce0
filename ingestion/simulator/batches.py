"""Aggregated webhooks: what is held for an app, in few bodies with many entries, whoever the accounts belong to."""

import json
from itertools import islice

from ingestion.simulator import bodies
from ingestion.simulator.deliver import Delivery, Target
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Json, MetaApp

_TELEGRAM = "telegram"


def release(stage: Stage, app: MetaApp, size: int, *, together: bool) -> list[Delivery]:
    """Send what is held for the app in bodies of up to `size` items; `together` puts those of an account in one entry.

    Pages and Instagram accounts never share a body: its `object` says which they are.
    """
    sent = []
    for name in ("page", "instagram"):
        held = iter(_held(stage, app, name))
        while part := list(islice(held, size)):
            sent.append(_send(stage, app, _merged(name, part, together=together), part))
    return sent


def _held(stage: Stage, app: MetaApp, name: str) -> list[Delivery]:
    found = []
    for delivery in stage.courier.held():
        target = delivery.resolve() if delivery.channel != _TELEGRAM else None
        if target is not None and target.url == app.webhook_url and json.loads(delivery.body)["object"] == name:
            found.append(delivery)
    return found


def _merged(name: str, part: list[Delivery], *, together: bool) -> bytes:
    entries: list[Json] = []
    for delivery in part:
        entry = json.loads(delivery.body)["entry"][0]
        listing = "standby" if "standby" in entry else "messaging"
        same = next((e for e in entries if e["id"] == entry["id"] and listing in e), None) if together else None
        if same is None:
            entries.append(entry)
        else:
            same[listing] += entry[listing]
    return bodies.written({"object": name, "entry": entries})


def _send(stage: Stage, app: MetaApp, body: bytes, part: list[Delivery]) -> Delivery:
    stage.courier.forget_held(part)
    for delivery in part:
        delivery.state = "merged"
    channel, target = part[0].channel, Target(app.webhook_url, bodies.signed(body, app.signing_secret))
    made = Delivery(channel, "*", "", "batch", body, lambda: target, stage.clock.now())
    stage.courier.send(stage.courier.note(made))
    return made
