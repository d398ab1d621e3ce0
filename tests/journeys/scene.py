"""What the journeys of contracts share: a Client before the web application, providers that sign their calls."""

import hashlib
import hmac
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr

from konectus.domain.roles import UserRole
from konectus.domain.suspension import Access
from konectus.services.installation import Installation
from konectus.store.cluster import Endpoint
from konectus.store.queries import billing, clients
from konectus.store.roles import Role
from reports.export import builder
from tests.backoffice.conftest import Web
from tests.support.clock import ManualClock
from tests.support.database import Templates, installed
from tests.support.factories import Factory
from tests.support.life import Life, Staff

MAIL_SECRET, PAYMENT_SECRET = "a secret of the mail system", "a secret of the bank"
EXPORT = "/account/export"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Scene:
    """One Client's contract, as its people, the providers and the jobs see it."""

    web: Web
    life: Life

    @property
    def installation(self) -> Installation:
        return self.web.installation

    def owner(self) -> httpx.Client:
        """Somebody who signs in now."""
        return self.web.agent_of(self.life.client_id, role=UserRole.OWNER)

    def access(self) -> Access:
        with self.installation.database.session(Role.WORKER) as session:
            return clients.access(session, self.life.client_id)

    def balances(self) -> list[int]:
        with self.installation.database.session(Role.WORKER) as session:
            return [one.balance_cents for one in billing.owed(session, self.life.client_id)]

    def told(self) -> UUID:
        """Who owes is written to, and the mail system proves at this instant that it arrived."""
        self.life.jobs("notify_due")
        (notice_id,) = self.life.send()
        event = {"id": f"mail-{next(_numbers)}", "kind": "delivered", "message_id": f"<{notice_id}@konectus.example>"}
        event["occurred_at"] = self.life.clock.now().isoformat()
        assert self._signed("/webhooks/mail", {"events": [event]}, MAIL_SECRET) == {"applied": 1}
        return notice_id

    def transfer(self, cents: int) -> None:
        """The bank tells of money that came at this instant."""
        payment = {"reference": f"spei-{next(_numbers)}", "method": "spei", "currency": "MXN", "amount_cents": cents}
        payment |= {"client_id": str(self.life.client_id), "paid_at": self.life.clock.now().isoformat()}
        body = {"id": f"pay-{next(_numbers)}", "type": "payment.succeeded", "provider": "banco", "payment": payment}
        assert self._signed("/webhooks/payments", body, PAYMENT_SECRET)["outcome"] == "booked"

    def take_along(self, owner: httpx.Client) -> bytes:
        """The owner asks for everything, a process builds it, the owner fetches it."""
        assert owner.post(EXPORT).headers["location"] == EXPORT
        job_id = self.life.sql(
            "select id from ledger.export_job where client_id = :id order by requested_at desc limit 1"
        )
        assert builder.build(self.installation, job_id) == "ready"
        answer = owner.post(f"{EXPORT}/{job_id}/download")
        assert answer.status_code == 200
        assert hashlib.sha256(answer.content).hexdigest() in owner.get(f"{EXPORT}/progress").text
        return answer.content

    def _signed(self, path: str, body: dict[str, Any], secret: str) -> dict[str, Any]:
        content = json.dumps(body).encode()
        signature = f"sha256={hmac.digest(secret.encode(), content, hashlib.sha256).hex()}"
        headers = {"X-Konectus-Signature": signature, "content-type": "application/json"}
        answer = httpx.post(f"{self.web.url}{path}", content=content, headers=headers, timeout=20)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def trusting(installation: Installation) -> Installation:
    """The same installation, which knows the secrets of those who sign."""
    secrets = {"mail_webhook_secret": SecretStr(MAIL_SECRET), "payment_webhook_secret": SecretStr(PAYMENT_SECRET)}
    return replace(installation, settings=installation.settings.model_copy(update=secrets))


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="module")
def installation(
    templates: Templates, endpoint: Endpoint, clock: ManualClock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    with installed(templates, endpoint, clock, tmp_path_factory.mktemp("journey")) as made:
        yield trusting(made)


@pytest.fixture(scope="module")
def web(installation: Installation, clock: ManualClock) -> Iterator[Web]:
    found = Web(installation, Factory(installation), clock)
    found.start()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def staff(installation: Installation) -> Staff:
    return Staff(Factory(installation))
