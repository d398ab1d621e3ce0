"""P13: within five seconds of the commit nothing of a suspended Client works any more, and nothing comes in.

Sessions, the live page, API tokens, sends, what was queued, Connectors at their channels, deliveries: each is looked at
from outside, at real processes. Deliveries keep their 200: a channel that hears a no switches off a whole app.
"""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import pytest
from sqlalchemy import text

from konectus.clock import monotonic
from konectus.domain.channels import Channel
from konectus.domain.connectors import ConnectorState
from konectus.domain.conversations import Delivery
from konectus.domain.roles import StaffRole
from konectus.domain.suspension import Cause
from konectus.services import credentials, suspensions
from konectus.services.work import Actor
from konectus.store.roles import Role
from tests.ingestion.harness import META, page, said, signed, update, webhook_secret
from tests.promises.clicks import Agents
from tests.promises.figures import tell
from tests.promises.office import COOKIE, Account, Chat, Office
from tests.support.processes import until

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]
PROMISED = 5.0
REASON = "Envío masivo a listas compradas"
FORBIDDEN, SIGNED_OUT, SEE_LOGIN = 403, 401, 303


@dataclass
class Listener:
    """An open page: reads its stream until the server ends it."""

    url: str
    headers: dict[str, str]
    opened: threading.Event = field(default_factory=threading.Event)
    ended_at: float | None = None

    def listen(self) -> None:
        with httpx.stream("GET", self.url, headers=self.headers, timeout=60) as answer:
            self.opened.set()
            for _ in answer.iter_bytes():
                pass
        self.ended_at = monotonic()


@dataclass
class Shop:
    """A Client at work: two channels, an agent at an open page, a program with a token, a reply that waits."""

    office: Office
    agents: Agents
    token: str
    accounts: list[Account]
    chats: list[Chat]
    telegram_secret: str
    actor: Actor

    @property
    def client_id(self) -> object:
        return self.agents.client_id

    def get(self, path: str, **headers: str) -> int:
        return httpx.get(f"{self.office.site.url}{path}", headers=headers, timeout=10).status_code

    def with_session(self, path: str) -> int:
        return self.get(path, **self.agents.headers)

    def with_token(self) -> int:
        return self.get("/api/v1/messages", Authorization=f"Bearer {self.token}")

    def deliver(self, number: int) -> list[int]:
        """The channels go on delivering, rightly signed."""
        meta, bot = self.accounts
        body = page(meta.id, said(meta.id, f"m_late_{number}", "llega tarde"))
        secret = {"x-telegram-bot-api-secret-token": self.telegram_secret}
        posts = (
            (META, body, signed(body, self.office.secrets.new_app)),
            (_hook(bot), update(900 + number, "x"), secret),
        )
        url = self.office.site.url
        return [httpx.post(f"{url}{path}", content=body, headers=head).status_code for path, body, head in posts]

    def sql(self, statement: str) -> object:
        with self.office.installation.database.session(Role.WORKER) as session:
            return session.scalar(text(statement), {"id": self.client_id})

    def subscribed(self) -> list[str]:
        """Accounts that still deliver to us, by the channels' own word."""
        told = [self.office.site.sim("accounts", channel=one.channel, account=one.id) for one in self.accounts]
        return [one["id"] for found in told for one in found["accounts"] if one["connected"]]


def _hook(bot: Account) -> str:
    return f"/webhooks/telegram/{bot.connector_id}"


@pytest.fixture
def shop(office: Office) -> Shop:
    client_id = office.make.client().id
    accounts = office.accounts(client_id, Channel.MESSENGER, Channel.TELEGRAM)
    agents = Agents(office, client_id, random.Random(13))  # noqa: S311 reason: repeatable clicks
    with office.installation.works.system() as work:
        token = credentials.add_api_token(work, client_id, "Exportación nocturna")
    chats = office.chats(accounts[1], 1)
    secret = webhook_secret(office.installation, accounts[1].connector_id)
    staff_id = office.make.staff(role=StaffRole.TRUST)
    return Shop(office, agents, token, accounts, chats, secret, Actor("staff", str(staff_id), "Iñaki Peña"))


def within(began: float, look: Callable[[], object], what: str, office: Office) -> float:
    until(look, seconds=PROMISED, what=lambda: f"{what}\n{office.told()}")
    return monotonic() - began


def test_everything_of_a_suspended_client_stops_within_five_seconds(shop: Shop) -> None:
    office, waiting = shop.office, wait_in_the_queue(shop)
    heard = Listener(f"{office.site.url}/inbox/stream", shop.agents.headers)
    listening = threading.Thread(target=heard.listen, daemon=True)
    listening.start()
    assert heard.opened.wait(10)
    assert (shop.with_session("/inbox"), shop.with_token()) == (200, 200)
    assert sorted(shop.subscribed()) == sorted(one.id for one in shop.accounts)
    held = len(office.messages(shop.agents.client_id))

    with office.installation.works.staff(shop.actor) as work:
        suspensions.suspend_by_hand(work, shop.agents.client_id, Cause.AUP, REASON)
    began = monotonic()

    took = {
        "session": within(began, lambda: shop.with_session("/inbox") in (SIGNED_OUT, SEE_LOGIN), "signed out", office),
        "send": within(began, lambda: not sends(shop), "no send is taken", office),
        "queue": within(began, lambda: shop.agents.parts()[waiting].status is Delivery.CANCELLED, "cancelled", office),
        "page": within(began, lambda: heard.ended_at is not None, "the live page ends", office),
        "connectors": within(
            began, lambda: states(shop) == {ConnectorState.NEEDS_RECONFIGURATION}, "they stop", office
        ),
    }
    assert deliveries_are_answered_and_dropped(shop, held)
    assert shop.subscribed() == []
    assert shop.sql("select count(*) from tenant.connector where client_id = :id and secret_sealed is not null") == 0
    assert shop.sql("select count(*) from tenant.draft where client_id = :id") == 1, "its text came back"
    again = office.make.user_session(shop.agents.client_id, office.make.user(shop.agents.client_id))
    cookie = {"Cookie": f"{COOKIE}={again}"}
    assert (shop.get("/inbox", **cookie), shop.get("/account", **cookie)) == (FORBIDDEN, 200)
    took["security"] = closes_for_security(shop, cookie)
    tell("P13 suspension", ", ".join(f"{name} {seconds:.1f} s" for name, seconds in took.items()))


def wait_in_the_queue(shop: Shop) -> str:
    """A reply that the channel does not take at the moment."""
    shop.office.trouble(shop.accounts[1], "rate_limited", times=None, retry_after=60)
    shop.agents.answer_all(shop.chats, 1, words="espera", files=False)
    found: str = shop.agents.clicks[-1].text
    until(lambda: shop.agents.parts()[found].status is Delivery.QUEUED, seconds=10, what="it waits for its next try")
    return found


def sends(shop: Shop) -> bool:
    """Whether a click of an agent is taken; the session of before and a new one."""
    path = f"{shop.office.site.url}/inbox/c/{shop.chats[0].conversation_id}/replies"
    form = {"reply_id": "01a1f4f7-2500-7d12-b859-1a55e6752da4", "text": "¿Mande?"}
    return httpx.post(path, data=form, headers=shop.agents.headers, timeout=10).is_success


def states(shop: Shop) -> set[ConnectorState]:
    return {row.state for row in shop.office.connectors(shop.agents.client_id)}


def deliveries_are_answered_and_dropped(shop: Shop, held: int) -> bool:
    """Each gets its 200, none is stored, all are counted."""
    counted = "select coalesce(sum(events), 0) from platform.dropped_count"
    before = int(str(shop.sql(counted)))
    assert [status for number in range(3) for status in shop.deliver(number)] == [200] * 6
    until(lambda: int(str(shop.sql(counted))) >= before + 6, seconds=PROMISED, what="they are counted")
    return len(shop.office.messages(shop.agents.client_id)) == held


def closes_for_security(shop: Shop, cookie: dict[str, str]) -> float:
    """On top, a cause that blocks signing in and the export: every page and the token close as fast."""
    with shop.office.installation.works.staff(shop.actor) as work:
        suspensions.suspend_by_hand(work, shop.agents.client_id, Cause.SECURITY, REASON)
    began = monotonic()
    within(began, lambda: shop.with_token() == FORBIDDEN, "the token opens nothing", shop.office)
    return within(began, lambda: shop.get("/account", **cookie) in (SIGNED_OUT, SEE_LOGIN), "no page", shop.office)
