"""Things a test needs, made through the product's own services; keyword-only, valid by default."""

import itertools
from dataclasses import dataclass
from uuid import UUID

import pytest

from konectus.domain.channels import Channel
from konectus.domain.connectors import ConnectorState
from konectus.domain.roles import StaffRole, UserRole
from konectus.services import connectors, documents, registration
from konectus.services.identity import open_staff_session, open_user_session
from konectus.services.installation import Installation
from konectus.services.work import Actor
from konectus.store.models.clients import Client, PlanVersion
from konectus.store.queries import people

_numbers = itertools.count(1)
STAFF = Actor("staff", "00000000-0000-7000-8000-000000000001", "Iñaki Peña")


@dataclass(frozen=True)
class Factory:
    """Makes rows in one installation."""

    installation: Installation

    def plan(self, *, code: str = "crece", seats: int = 10) -> PlanVersion:
        new = registration.NewPlan(code=code, name=code.title(), price_cents=194_800, seats=seats, connectors=6)
        with self.installation.works.system() as work:
            return registration.publish_plan(work, new)

    def client(self, *, name: str | None = None, seats: int = 10) -> Client:
        """A registered Client with an active subscription."""
        trade = name or f"Taller {next(_numbers)}"
        new = registration.NewClient(
            legal_name=f"{trade}, S.A. de C.V.",
            trade_name=trade,
            registered_email=f"legal{next(_numbers)}@cliente.example",
        )
        version = self.plan(code=f"plan{next(_numbers)}", seats=seats)
        with self.installation.works.system() as work:
            client = registration.add_client(work, new)
            work.session.flush()  # the subscription points at it
            registration.subscribe(work, client.id, version)
            documents.accept_on_paper(work, client.id)
        return client

    def user(self, client_id: UUID, *, role: UserRole = UserRole.AGENT, name: str = "Mariana Ortúzar") -> UUID:
        with self.installation.works.system() as work:
            return registration.add_user(work, client_id, f"agente{next(_numbers)}@cliente.example", name, role).id

    def user_session(self, client_id: UUID, user_id: UUID) -> str:
        """The token of a signed-in Authorized User."""
        login = people.UserLogin(client_id, user_id, "", UserRole.AGENT, None)
        return open_user_session(self.installation.works, login, ip=None)

    def staff(self, *, role: StaffRole = StaffRole.ADMIN, name: str = "Iñaki Peña") -> UUID:
        with self.installation.works.system() as work:
            return registration.add_staff(work, f"personal{next(_numbers)}@konectus.example", name, role).id

    def staff_session(self, staff_id: UUID) -> str:
        return open_staff_session(self.installation.works, staff_id, ip=None)

    def connector(
        self,
        client_id: UUID,
        *,
        channel: Channel = Channel.MESSENGER,
        account_id: str | None = None,
        secret: str | None = None,
        connected: bool = True,
    ) -> UUID:
        """A Connector that the channel has accepted, unless `connected` is False."""
        account = account_id or str(100_000_000 + next(_numbers))
        token = secret or (f"{account}:token" if channel is Channel.TELEGRAM else f"token-{account}")
        app = None if channel is Channel.TELEGRAM else "demo"
        new = connectors.NewConnector(
            channel=channel, account_id=account, secret=token, app=app, name=f"Página {account}"
        )
        with self.installation.works.system() as work:
            connector_id = connectors.connect(work, client_id, new)
            if connected:
                work.session.flush()  # settle reads it back
                connectors.settle(work, client_id, connector_id, ConnectorState.CONNECTED)
        return connector_id


@pytest.fixture
def make(installation: Installation) -> Factory:
    return Factory(installation)
