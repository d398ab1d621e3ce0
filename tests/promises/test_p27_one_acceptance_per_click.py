"""P27: whatever is killed and however the channel answers, nobody gets a click twice and no state lies about it."""

import asyncio
import random
import time
from dataclasses import dataclass
from functools import partial

import pytest

from konectus.clock import monotonic
from konectus.domain.channels import Channel
from tests.promises.clicks import Agents, Verdict
from tests.promises.figures import tell
from tests.promises.office import Account, Office
from tests.support.processes import until

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]
CHANNELS = (Channel.MESSENGER, Channel.INSTAGRAM, Channel.TELEGRAM)
# In the order in which sends meet them; `slow` keeps a call open long enough to be killed in.
TROUBLES = ("drop_after_applying", "slow", "html", "server_error", "sent_anyway", "garbage", "timeout", "transient")

# Meta's word for a message that it will never take.
REFUSED = 100
# A part whose outcome nobody knows is asked for again after 30 s, 2 min, 10 min and an hour.
QUESTIONS = (1, 3, 11, 61)
ANSWERED_WITHIN = 8.0


def annoy(office: Office, account: Account, rng: random.Random, times: int) -> None:
    """Trouble for the next sends of the account, in an order of the seed; a limit of speed and a refusal among them."""
    kinds = [*rng.sample(TROUBLES, times), "rate_limited", "error"]
    for kind in kinds:
        office.trouble(account, kind, seconds=rng.choice((0.4, 0.8)), retry_after=1, code=REFUSED)


async def kill(office: Office, victims: list[str], rng: random.Random) -> None:
    """kill -9 of each in turn; the next one when everything is back."""
    for victim in victims:
        await asyncio.sleep(rng.uniform(0.2, 0.7))
        await asyncio.to_thread(until, partial(is_up, office, victim), seconds=90, what=office.told)
        try:
            before = office.site.pid(victim)
            office.site.kill(victim)
        except KeyError:  # it found no database and ended by itself: that was its turn
            continue
        await asyncio.to_thread(until, partial(is_up, office, victim, before), seconds=90, what=office.told)


def is_up(office: Office, name: str, before: int = 0) -> bool:
    """A process of that name runs that is another one than before, and everything answers.

    A process that finds no database when it starts ends by itself and comes again; files may be half written.
    """
    try:
        return office.site.pid(name) != before and office.site.is_ready()
    except (KeyError, OSError, ValueError):
        return False


@dataclass(frozen=True)
class Storm:
    """How many people each account answers, how often, what is killed, and how many troubles each account meets."""

    people: int
    times: int
    victims: list[str]
    troubles: int


SHORT = Storm(people=3, times=4, victims=["sender", "web", "postgresql", "sender"], troubles=3)
# Meta tells of the twenty newest messages of a conversation alone: no more are said in one of them.
LONG = Storm(
    people=12, times=8, victims=["sender", "web", "sender", "postgresql", "sender"] * 3, troubles=len(TROUBLES)
)


def break_out(office: Office, seed: int, storm: Storm) -> Agents:
    """Agents of one Client answer on all channels while processes die and the channels misbehave."""
    rng = random.Random(seed)  # noqa: S311 reason: a repeatable storm
    client_id = office.make.client().id
    accounts = office.accounts(client_id, *CHANNELS)
    chats = [chat for account in accounts for chat in office.chats(account, storm.people)]
    agents = Agents(office, client_id, rng)
    for account in accounts:
        annoy(office, account, rng, storm.troubles)

    async def scenario() -> None:
        await asyncio.gather(agents.answer(chats, storm.times), kill(office, storm.victims, rng))

    asyncio.run(scenario())
    office.peace()
    return agents


def calmed(office: Office, agents: Agents) -> Verdict:
    """After recovery: pauses pass, the channels are asked as often as they ever are, the outbox is empty."""
    for minutes in QUESTIONS:
        office.advance(minutes=minutes)
        verdict = settled(agents)
        deadline = monotonic() + ANSWERED_WITHIN
        while doubtful(agents, verdict) and monotonic() < deadline:
            time.sleep(0.3)
            verdict = agents.verdict()
        if not doubtful(agents, verdict):
            break
    return verdict


def settled(agents: Agents) -> Verdict:
    found = [agents.verdict()]

    def at_rest() -> bool:
        found.append(agents.verdict())
        return not found[-1].stuck and str(found[-1]) == str(found[-2])

    until(at_rest, seconds=60, what=lambda: f"{found[-1]}\n{agents.office.told()}")
    return found[-1]


def doubtful(agents: Agents, verdict: Verdict) -> list[str]:
    """Texts that Meta delivered and that we still call unknown: its record tells of them."""
    telling = {c.text for c in agents.clicks if c.chat.account.channel is not Channel.TELEGRAM}
    return [part for part in verdict.unresolved if part in telling]


def check(office: Office, agents: Agents) -> None:
    verdict = calmed(office, agents)
    tell("P27 clicks", f"{len(agents.clicks)} clicks, {agents.repeats} repeated: {verdict}")

    assert agents.refusals == []
    # A browser that gave up is no failure of ours.
    assert "ClientDisconnect" not in office.logged()
    assert verdict.is_kept, f"{verdict}\n{office.told()}"
    assert doubtful(agents, verdict) == [], office.told()
    assert verdict.counts["failed"] > 0
    assert verdict.counts["received"] > len(agents.clicks) // 2


def test_no_click_is_accepted_twice_while_processes_die(office: Office) -> None:
    check(office, break_out(office, 27, SHORT))


@pytest.mark.load
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(10))
def test_ten_storms_of_clicks(office: Office, seed: int) -> None:
    check(office, break_out(office, seed, LONG))
