"""P10: a conversation reads by the sender's time, whatever came late or twice; an edit never makes a second message."""

import asyncio
import random

import httpx
import pytest

from konectus.domain.channels import Channel
from konectus.services import credentials
from konectus.services.work import SYSTEM
from tests.ingestion.stored import Stored
from tests.promises.running import Running, bodied, said
from tests.support import traffic_shapes as shapes
from tests.support.traffic_ledger import Body, Fact, Item, Ledger, Place

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]
MESSAGES = 60


def deliver(intake: Running, ledger: Ledger, bodies: list[Body]) -> None:
    postman = intake.postman(ledger)
    asyncio.run(postman.carry(bodies, at_once=4))
    intake.settle()
    assert postman.answers.wrong == []


def edit(place: Place, number: int, text: str, version: int) -> Body:
    at = said(place, number, "").items[0].content["timestamp"] + 60_000 * version
    event = {"mid": f"m_{number:07d}", "text": text, "num_edit": version}
    item = Item(place, shapes.meta_in(place.account, "7000", at, message_edit=event), (Fact("edit", place),))
    return bodied([item])


def shown(intake: Running, place: Place) -> list[dict[str, str]]:
    """The thread as the Client's program reads it, from the oldest to the newest."""
    with intake.installation.works.system(SYSTEM) as work:
        token = credentials.add_api_token(work, place.client_id, "Respaldo")
    thread = Stored(intake.installation, place.client_id).conversations()[0].id
    found: list[dict[str, str]] = []
    before: str | None = ""
    while before is not None:
        answer = httpx.get(
            f"{intake.site.url}/api/v1/conversations/{thread}/messages",
            params={"before": before} if before else {},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 200, answer.text
        found = answer.json()["messages"] + found
        before = answer.json()["next"]
    return found


def test_shuffled_late_and_repeated_deliveries_read_by_the_senders_time(intake: Running) -> None:
    place, ledger = intake.client((Channel.MESSENGER,))[0], Ledger()
    bodies = [said(place, number, f"línea {number}") for number in range(MESSAGES)]
    late = [bodies.pop(number) for number in (40, 20, 3)]
    rng = random.Random(10)  # noqa: S311 reason: a repeatable order
    deliver(intake, ledger, rng.sample(bodies, len(bodies)))
    deliver(intake, ledger, [*late, *rng.sample(bodies, 20)])
    first = [message["text"] for message in shown(intake, place)]

    assert first == [f"línea {number}" for number in range(MESSAGES)]
    assert [message["text"] for message in shown(intake, place)] == first
    assert [m["text"] for m in Stored(intake.installation, place.client_id).messages()] == first


def test_edits_before_after_and_twice_leave_one_message_with_the_last_words(intake: Running) -> None:
    place, ledger = intake.client((Channel.MESSENGER,))[0], Ledger()
    deliver(intake, ledger, [edit(place, 1, "tercera", 2), edit(place, 1, "segunda", 1)])
    deliver(intake, ledger, [said(place, 1, "primera"), said(place, 2, "otra")])
    deliver(intake, ledger, [edit(place, 1, "segunda", 1), edit(place, 2, "otra vez", 1), edit(place, 1, "tercera", 2)])
    stored = Stored(intake.installation, place.client_id)

    assert [m["text"] for m in stored.shown()] == ["tercera", "otra vez"]
    assert stored.texts() == ["primera", "otra"]
