"""P5: unsigned, wrongly signed, signed with SHA-1 alone or another's secret: 401 at once, and nothing is stored."""

import asyncio
import hashlib
import hmac
import statistics

import httpx
import pytest

from konectus.clock import monotonic
from konectus.domain.channels import Channel
from tests.ingestion.harness import count
from tests.promises.running import DOOR, Running, said
from tests.support.processes import APP, META_SECRET, NEXT_SECRET
from tests.support.traffic_ledger import Place

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]
# The promise is 100 ms of the body; a machine that runs other tests beside gets ten times that.
AT_ONCE = 1.0
TRIES = 8


def signature(body: bytes, secret: str = META_SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def forgeries(body: bytes) -> dict[str, dict[str, str]]:
    right = signature(body)
    sha1 = "sha1=" + hmac.new(META_SECRET.encode(), body, hashlib.sha1).hexdigest()
    return {
        "none": {},
        "empty": {"X-Hub-Signature-256": ""},
        "no algorithm": {"X-Hub-Signature-256": right.removeprefix("sha256=")},
        "SHA-1 alone": {"X-Hub-Signature": sha1},
        "SHA-1 in the place of SHA-256": {"X-Hub-Signature-256": sha1},
        "another's secret": {"X-Hub-Signature-256": signature(body, "somebody else's secret")},
        "another body's": {"X-Hub-Signature-256": signature(body + b" ")},
        "cut": {"X-Hub-Signature-256": right[:-1]},
        "one letter off": {"X-Hub-Signature-256": right[:-1] + ("0" if right[-1] != "0" else "1")},
        "the verify token": {"X-Hub-Signature-256": str(APP["verify_token"])},
    }


def test_every_forgery_is_refused_at_once_and_leaves_nothing(intake: Running) -> None:
    place = intake.client((Channel.MESSENGER,))[0]
    body = said(place, 1, "nunca debe verse").raw
    intake.settle()
    before = kept(intake)
    answers: dict[str, list[int]] = {}
    seconds: list[float] = []
    with httpx.Client(base_url=intake.site.url) as http:
        for name, headers in forgeries(body).items():
            for _ in range(TRIES):
                began = monotonic()
                answers.setdefault(name, []).append(http.post(DOOR, content=body, headers=headers).status_code)
                seconds.append(monotonic() - began)

    assert {name: set(found) for name, found in answers.items()} == {name: {401} for name in answers}
    assert statistics.quantiles(seconds, n=20)[-1] < AT_ONCE, seconds
    assert kept(intake) == before


def kept(intake: Running) -> tuple[int, int]:
    return count(intake.installation, "platform.webhook_event"), count(intake.installation, "platform.dead_letter")


@pytest.mark.parametrize("secret", ["", "wrong", "another bot's"])
def test_an_update_without_its_bots_secret_is_refused(intake: Running, secret: str) -> None:
    bots: list[Place] = [intake.client((Channel.TELEGRAM,))[0] for _ in range(2)]
    given = bots[1].secret if secret == "another bot's" else secret
    headers = {"X-Telegram-Bot-Api-Secret-Token": given} if given else {}
    intake.settle()
    before = kept(intake)
    answer = httpx.post(f"{intake.site.url}{bots[0].door}", content=b'{"update_id":5}', headers=headers)

    assert answer.status_code == 401
    assert kept(intake) == before


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ({"hub.mode": "subscribe", "hub.challenge": "12345", "hub.verify_token": APP["verify_token"]}, (200, "12345")),
        ({"hub.mode": "subscribe", "hub.challenge": "12345", "hub.verify_token": "wrong"}, (403, "")),
        ({"hub.mode": "subscribe", "hub.challenge": "<b>", "hub.verify_token": APP["verify_token"]}, (403, "")),
        ({"hub.challenge": "12345", "hub.verify_token": APP["verify_token"]}, (403, "")),
    ],
)
def test_the_challenge_is_answered_to_who_knows_the_token(
    intake: Running, query: dict[str, str], answer: tuple[int, str]
) -> None:
    found = httpx.get(f"{intake.site.url}{DOOR}", params=query)

    assert (found.status_code, found.text) == answer


@pytest.mark.parametrize("secret", [META_SECRET, NEXT_SECRET])
def test_both_secrets_of_a_rotation_are_taken(intake: Running, secret: str) -> None:
    body = said(intake.client((Channel.MESSENGER,))[0], 1, "con una de dos firmas").raw
    headers = {"X-Hub-Signature-256": signature(body, secret)}

    assert httpx.post(f"{intake.site.url}{DOOR}", content=body, headers=headers).status_code == 200


def test_many_at_once_are_all_refused(intake: Running) -> None:
    """A forger who keeps at it gets nothing through, and those who sign rightly are served beside it."""
    place = intake.client((Channel.MESSENGER,))[0]
    right = said(place, 2, "bien firmado").raw

    async def both() -> tuple[set[int], int]:
        headers = {"X-Hub-Signature-256": signature(right)}
        async with httpx.AsyncClient(base_url=intake.site.url, timeout=20) as http:
            forged = [http.post(DOOR, content=right + b" " * n, headers=headers) for n in range(1, 60)]
            answers = await asyncio.gather(*forged)
            good = await http.post(DOOR, content=right, headers=headers)
            return {answer.status_code for answer in answers}, good.status_code

    assert asyncio.run(both()) == ({401}, 200)
