"""P6: what is signed and cannot be read gets 200 and becomes a dead letter; a poisoned item loses only itself."""

import asyncio
import json

import pytest
from sqlalchemy import text

from konectus.domain.channels import Channel
from konectus.store.roles import Role
from tests.ingestion.stored import Stored
from tests.promises.running import DOOR, Running, bodied, written
from tests.support.processes import until
from tests.support.traffic_ledger import Body, Ledger, Place
from tests.support.traffic_shapes import EMPTY, JUNK, POISON

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]


def letters(intake: Running) -> dict[str, int]:
    """Dead letters by reason."""
    with intake.installation.database.session(Role.WORKER) as session:
        rows = session.execute(text("select reason, count(*) as times from platform.dead_letter group by 1"))
        return {row.reason: int(row.times) for row in rows}


def deliver(intake: Running, ledger: Ledger, *bodies: Body) -> dict[str, int]:
    postman = intake.postman(ledger)
    asyncio.run(postman.carry(bodies))
    intake.settle()
    assert postman.answers.wrong == []
    return dict(postman.answers.statuses)


def test_every_kind_of_junk_is_taken_and_set_aside_with_its_reason(intake: Running) -> None:
    intake.client((Channel.MESSENGER,))
    before = sum(letters(intake).values())

    assert deliver(intake, Ledger(), *(Body(DOOR, raw) for raw in JUNK)) == {"200": len(JUNK)}
    until(lambda: sum(letters(intake).values()) >= before + len(JUNK), seconds=15, what="each junk has its letter")
    assert all(letters(intake))


@pytest.mark.parametrize("raw", EMPTY)
def test_a_body_that_says_nothing_is_taken(intake: Running, raw: bytes) -> None:
    assert deliver(intake, Ledger(), Body(DOOR, raw)) == {"200": 1}


def test_junk_for_a_bot_is_taken_and_set_aside(intake: Running) -> None:
    bot = intake.client((Channel.TELEGRAM,))[0]
    raws = [b"{", b'"text"', b"[1,2]", b'{"update_id":"none"}', b'{"update_id":7,"message":["no","object"]}']
    before = sum(letters(intake).values())

    assert deliver(intake, Ledger(), *(Body(bot.door, raw, secret=bot.secret) for raw in raws)) == {"200": len(raws)}
    until(lambda: sum(letters(intake).values()) > before, seconds=15, what="junk of a bot has letters")


@pytest.mark.parametrize("poison", POISON, ids=[type(p).__name__ + str(n) for n, p in enumerate(POISON)])
def test_a_poisoned_item_loses_only_itself(intake: Running, poison: object) -> None:
    place = intake.client((Channel.MESSENGER,))[0]
    ledger = Ledger()
    items = [written(place, number, f"buena {number}", at=intake.now()) for number in range(6)]
    deliver(intake, ledger, poisoned(place, bodied(items), poison))
    verdict = intake.judged(ledger, [place])

    assert verdict.is_clean, str(verdict)
    assert len(Stored(intake.installation, place.client_id).messages()) == len(items)


def poisoned(place: Place, body: Body, poison: object) -> Body:
    """The same body with the poison in the midst of it: in an entry of its own and among good items."""
    told = json.loads(body.raw)
    told["entry"][2]["messaging"].insert(0, poison)
    told["entry"].insert(3, {"id": place.account, "time": 1, "messaging": [poison]})
    told["entry"].insert(1, poison)
    return Body(body.door, json.dumps(told).encode(), body.items)
