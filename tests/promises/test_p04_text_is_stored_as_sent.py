"""P4: text is kept code point by code point, and the API gives it back with the sender's time and that of receipt."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from konectus.domain.channels import Channel
from konectus.services import credentials
from konectus.services.work import SYSTEM
from tests.ingestion.stored import Stored
from tests.promises.running import Running, said
from tests.support.processes import until
from tests.support.traffic_day import HOSTILE
from tests.support.traffic_ledger import Ledger, Place, cleaned

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]
TEXTS = [
    *HOSTILE,
    "  spaces before, after and a newline \n\t ",
    "é and e\u0301 are two spellings",
    "\u202ereversed\u202c and \u200bnothing\u200d",
    "👩\u200d👩\u200d👧 🇲🇽 𝕏",
    "half a pair \ud83d alone, and \udc00",
    "a NUL \x00 inside",
    "ñ" * 2000,
]
SENT_AT = datetime(2026, 11, 20, 18, 0, 0, 123000, tzinfo=UTC)


def test_what_was_sent_is_what_the_api_returns(intake: Running) -> None:
    place = intake.client((Channel.MESSENGER,))[0]
    times = [SENT_AT + timedelta(seconds=number) for number in range(len(TEXTS))]
    bodies = [said(place, n, text, at=at) for n, (text, at) in enumerate(zip(TEXTS, times, strict=True))]
    began = intake.now()
    postman = intake.postman(Ledger())
    asyncio.run(postman.carry(bodies))
    intake.settle()
    # Programs see a message once every transaction that began before it was stored has ended, the jobs' among them.
    taken: list[dict[str, str]] = until(
        lambda: found if len(found := taken_along(intake, place)) == len(TEXTS) else [],
        seconds=30,
        what="a program sees all messages",
    )
    told = {message["external_id"]: message for message in taken}

    assert [told[f"m_{number:07d}"]["text"] for number in range(len(TEXTS))] == [cleaned(text) for text in TEXTS]
    assert [instant(told[f"m_{n:07d}"]["occurred_at"]) for n in range(len(TEXTS))] == times
    kept = Stored(intake.installation, place.client_id).messages()
    assert [message["occurred_at"] for message in kept] == times
    assert all(began - timedelta(seconds=1) <= message["received_at"] <= intake.now() for message in kept)


def taken_along(intake: Running, place: Place) -> list[dict[str, str]]:
    """All messages of the Client as a program of its own reads them, page by page."""
    with intake.installation.works.system(SYSTEM) as work:
        token = credentials.add_api_token(work, place.client_id, "Respaldo")
    found: list[dict[str, str]] = []
    after = ""
    while True:
        page = httpx.get(
            f"{intake.site.url}/api/v1/messages",
            params={"limit": 50, **({"after": after} if after else {})},
            headers={"Authorization": f"Bearer {token}"},
        ).json()
        found += page["messages"]
        after = page["next"] or ""
        if not after:
            return found


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
