"""P28: a channel that is down stops one connector alone, is tried with one call at a time, and everything waits for it.

What waited longer than a day goes back to its author. Pauses pass by `konectus clock advance`.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from konectus.clock import monotonic
from konectus.domain.channels import Channel
from konectus.domain.connectors import ConnectorState, Reason
from konectus.domain.conversations import Delivery
from konectus.store.roles import Role
from tests.promises.clicks import WAITING, Agents
from tests.promises.figures import tell
from tests.promises.office import Account, Chat, Office
from tests.support.processes import until

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]
# "Within seconds" on a machine that runs other tests beside.
SOON = 10.0
LEAST_FAILURES = 5
IS_PROBING = "select is_probing from platform.connector_pace where connector_id = :id"
ONE_LINE = "El canal no contesta. Lo que escribas espera y sale solo, en orden."


@dataclass
class Street:
    """A Client with a Page whose channel will be down, and a Page and a bot beside it."""

    office: Office
    agents: Agents
    down: Account
    chats: list[Chat]
    beside: list[Chat]

    def clicked(self, chats: list[Chat], times: int, words: str) -> list[str]:
        """Texts that agents have sent by now."""
        before = len(self.agents.clicks)
        self.agents.answer_all(chats, times, words=words, files=False)
        return [click.text for click in self.agents.clicks[before:]]

    def states(self, texts: list[str]) -> set[Delivery]:
        held = self.agents.parts()
        return {held[one].status for one in texts}

    def waiting(self, texts: list[str]) -> list[str]:
        held = self.agents.parts()
        return [one for one in texts if held[one].status in WAITING]

    def calls(self) -> int:
        """Sends that the channel that is down was asked for."""
        told = self.office.site.sim("calls", channel=self.down.channel, account=self.down.id, method="messages")
        return len(told["calls"])

    def received(self) -> list[str]:
        return [told["text"] for told in self.office.received(self.down)]

    def state(self) -> tuple[ConnectorState, str | None]:
        row = self.office.connector(self.down)
        return row.state, row.reason

    def open_until(self) -> datetime | None:
        """Until when nothing is tried; None while the breaker is closed."""
        found = self.sql("select open_until from platform.connector_pace where connector_id = :id")
        assert found is None or isinstance(found, datetime)
        return found

    def draft(self, chat: Chat) -> str:
        keys = self.office.installation.keys.of(chat.account.client_id)
        sealed = self.sql("select text_sealed from tenant.draft where conversation_id = :id", chat.conversation_id)
        assert isinstance(sealed, bytes), "no draft"
        return keys.read(sealed, "draft", "text_sealed", chat.conversation_id)

    def sql(self, statement: str, value: UUID | None = None) -> object:
        with self.office.installation.database.session(Role.WORKER) as session:
            return session.scalar(text(statement), {"id": value or self.down.connector_id})

    def soon(self, look: Callable[[], object], what: str, seconds: float = SOON) -> float:
        """How long it took until it was so."""
        began = monotonic()
        until(look, seconds=seconds, what=lambda: f"{what}\n{self.office.told()}")
        return monotonic() - began


@pytest.fixture
def street(office: Office) -> Street:
    client_id = office.make.client().id
    down, page, bot = office.accounts(client_id, Channel.MESSENGER, Channel.MESSENGER, Channel.TELEGRAM)
    agents = Agents(office, client_id, random.Random(28))  # noqa: S311 reason: repeatable clicks
    chats, beside = office.chats(down, 8), [*office.chats(page, 2), *office.chats(bot, 2)]
    return Street(office, agents, down, chats, beside)


def test_a_dead_channel_stops_its_connector_alone_and_recovers(street: Street) -> None:
    begun = fall(street)
    queued = stay_usable(street)
    waiting = street.waiting([*begun, *queued])
    probe_once(street, waiting)
    rise(street, waiting)
    # The minute of successes is over, or eight failures are no half of it.
    street.office.advance(minutes=2)
    fall(street)
    give_back(street, street.clicked(street.chats, 1, "tarde"))


def fall(street: Street) -> list[str]:
    """Failures open the breaker, and few calls are made for it; the texts that failed on the way."""
    before = street.calls()
    street.office.trouble(street.down, "server_error", times=None)
    texts = street.clicked(street.chats, 1, "cae")
    took = street.soon(lambda: street.state() == (ConnectorState.DEGRADED, Reason.PROVIDER_DOWN), "the breaker opens")
    street.soon(lambda: street.agents.parts() and Delivery.SENDING not in street.states(texts), "calls are over")
    tried = street.calls() - before
    tell("P28 breaker", f"open {took:.1f} s after {tried} failures")
    assert LEAST_FAILURES <= tried <= len(street.chats)
    assert street.open_until() is not None
    assert ONE_LINE in street.agents.page("/inbox")
    return texts


def stay_usable(street: Street) -> list[str]:
    """What is written to it waits; the other connectors send and everybody is heard."""
    queued = street.clicked(street.chats, 2, "espera")
    fine = street.clicked(street.beside, 1, "sigue")
    arrived = street.soon(lambda: not street.waiting(fine), "other connectors send")
    said = street.office.say(street.down, street.chats[0].person, "¿me oyen?")
    heard = street.soon(lambda: said in all_texts(street), "who writes to the dead channel's Page is heard")
    tell("P28 beside a dead channel", f"sends gone {arrived:.1f} s after the clicks, intake {heard:.1f} s")
    assert street.states(fine) <= {Delivery.SENT, Delivery.DELIVERED, Delivery.READ}
    assert street.states(queued) == {Delivery.QUEUED}
    return queued


def all_texts(street: Street) -> set[str]:
    return {row.text for row in street.office.messages(street.down.client_id)}


def probe_once(street: Street, queued: list[str]) -> None:
    """When the pause is over one call is tried; it fails, and the pause is longer."""
    before, pause = street.calls(), street.open_until()
    street.office.advance(minutes=1)
    street.soon(lambda: len(street.waiting(queued)) == len(queued) - 1, "one call is tried and fails")
    street.soon(lambda: not street.sql(IS_PROBING), "its outcome is known")
    again = street.open_until()
    assert street.calls() == before + 1
    assert pause is not None
    assert again is not None
    assert again - pause > timedelta(minutes=1)
    assert street.state() == (ConnectorState.DEGRADED, Reason.PROVIDER_DOWN)


def rise(street: Street, queued: list[str]) -> None:
    """The channel is up: the next probe finds out, and what waited leaves in order."""
    street.office.peace()
    street.office.advance(minutes=3)
    took = street.soon(lambda: not street.waiting(queued), "what waited leaves", 30)
    tell("P28 up again", f"{len(queued)} waiting sends gone in {took:.1f} s")
    assert street.state() == (ConnectorState.CONNECTED, None)
    assert street.open_until() is None
    assert ONE_LINE not in street.agents.page("/inbox")
    verdict = street.agents.verdict()
    assert verdict.is_kept, str(verdict)
    # The probe that failed is the one whose outcome nobody knows.
    assert len(set(queued) - set(street.received())) <= 1


def give_back(street: Street, late: list[str]) -> None:
    """A day later they are drafts of their author, and no channel gets them, up or not."""
    assert street.states(late) == {Delivery.QUEUED}
    street.office.advance(hours=24, minutes=1)
    street.soon(lambda: street.states(late) == {Delivery.CANCELLED}, "what is a day old goes back")
    street.office.peace()
    held = street.agents.parts()
    assert {held[one].failure for one in late} == {"expired"}
    assert all(one in street.draft(chat) for one, chat in zip(late, by_click(street, late), strict=True))
    street.office.advance(minutes=20)
    fresh = Agents(street.office, street.down.client_id, random.Random(29))  # noqa: S311 reason: repeatable clicks
    fresh.answer_all(street.office.chats(street.down, 1), 1, words="otro día", files=False)
    street.soon(lambda: fresh.clicks[0].text in street.received(), "a day later it sends again")
    assert set(late) & set(street.received()) == set()


def by_click(street: Street, texts: list[str]) -> list[Chat]:
    chats = {click.text: click.chat for click in street.agents.clicks}
    return [chats[one] for one in texts]
