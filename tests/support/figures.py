"""Worlds of Clients with rollups, releases made of them, and the dashboard in front of them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid5

import numpy as np
import pytest
from sqlalchemy import NullPool, create_engine, insert, make_url, text
from sqlalchemy.orm import Session

from konectus.services.installation import Installation, open_installation
from konectus.settings import Settings
from konectus.store.cluster import Endpoint
from konectus.store.migrations import released_url
from konectus.store.models.clients import Client, Plan
from konectus.store.models.figures import BINS, UsageDaily
from konectus.store.models.released import LedgerEntry, Release
from konectus.store.roles import Role, password
from reports import building, periods
from reports.building import Databases, Outcome
from reports.chronicle import Ceilings
from reports.periods import Month
from tests.support.clock import ManualClock
from tests.support.database import MASTER, MASTER_HEX, Templates

SPACE = UUID(int=7)
PUBLISHED = [f"2026-{month:02}" for month in range(4, 11)]
PLANS = ("inicia", "crece", "medida")
CHANNELS = ("messenger", "instagram", "telegram")
CEILINGS = Ceilings(rho=0.25, rho_year=3.0, k=10)
# Everything up to October 2026 is closed.
AFTER = datetime(2026, 11, 22, 18, tzinfo=UTC)


@dataclass(frozen=True)
class Used:
    """What one Client did on one channel in one month."""

    client: int
    month: str
    channel: str = "messenger"
    plan: str = "inicia"
    messages: int = 10
    contacts: int = 2


@dataclass(frozen=True)
class World:
    """An installation in which Clients have a history."""

    installation: Installation

    def plans(self, *codes: str) -> None:
        with self.installation.database.session(Role.WORKER) as session:
            session.execute(insert(Plan), [{"code": code, "name": code.title(), "active": True} for code in codes])

    def clients(self, count: int, *, tax_ids: dict[int, str] | None = None) -> None:
        named = tax_ids or {}
        rows = [_client(number, named.get(number)) for number in range(count)]
        with self.installation.database.session(Role.WORKER) as session:
            session.execute(insert(Client), rows)

    def use(self, rows: list[Used]) -> None:
        with self.installation.database.session(Role.WORKER) as session:
            session.execute(insert(UsageDaily), [_usage(row) for row in rows])

    @property
    def releaser(self) -> "Releaser":
        return Releaser(self.installation)

    def believable(self, *, clients: int, months: list[str], seed: int = 7) -> None:
        """Clients of three Plans on up to three channels, growing a little each month."""
        rng = np.random.default_rng(seed)
        self.plans(*PLANS)
        self.clients(clients)
        rows = []
        for number in range(clients):
            plan = PLANS[0 if number % 2 else 1] if number % 40 else PLANS[2]
            volume = float(rng.lognormal(np.log(900), 0.6))
            for place, month in enumerate(months):
                for channel, chance, part in zip(CHANNELS, (1.0, 0.7, 0.3), (0.5, 0.4, 0.1), strict=True):
                    if uuid5(SPACE, f"{number}{channel}").int % 100 < chance * 100:
                        messages = int(volume * part * (1 + 0.05 * place)) + 1
                        rows.append(Used(number, month, channel, plan, messages, messages // 5))
        self.use(rows)


@dataclass(frozen=True)
class Releaser:
    """Releases of that installation, as konectus_releaser."""

    installation: Installation

    def build(self, period: str, *, now: datetime = AFTER, ceilings: Ceilings = CEILINGS) -> Outcome:
        with (
            self.installation.database.session(Role.RELEASER) as main,
            self.installation.released.session(Role.RELEASER) as released,
        ):
            return building.build(periods.parse(period), Databases(main, released), ceilings, now)

    def build_all(self, *named: str) -> list[Outcome]:
        return [self.build(period) for period in named]

    def released(self, query: str, **values: object) -> list[tuple[object, ...]]:
        with self.installation.released.session(Role.RELEASER) as session:
            return [tuple(row) for row in session.execute(text(query), values)]


def client_id(number: int) -> UUID:
    return uuid5(SPACE, str(number))


def months(first: str, count: int) -> list[str]:
    found, month = [], Month.parse(first)
    for _ in range(count):
        found.append(str(month))
        month = month.next()
    return found


def _client(number: int, tax_id: str | None) -> dict[str, object]:
    name = f"Taller {number}"
    return {
        "id": client_id(number),
        "legal_name": name,
        "legal_name_lower": name.casefold(),
        "trade_name": name,
        "tax_id": tax_id,
        "kind": "entity",
        "country": "MX",
        "registered_email": f"legal{number}@cliente.example",
        "language": "es",
        "zone": "America/Mexico_City",
        "industry": "retail",
        "region": "north",
        "is_agency": False,
        "authority": "verified",
        "created_at": AFTER - timedelta(days=400),
        "row_version": 1,
    }


def _usage(row: Used) -> dict[str, object]:
    return {
        "client_id": client_id(row.client),
        "day": date.fromisoformat(f"{row.month}-10"),
        "channel": row.channel,
        "plan_code": row.plan,
        "messages_in": row.messages - row.messages // 3,
        "messages_out": row.messages // 3,
        "contacts_active": row.contacts,
        "conversations_opened": 0,
        "conversations_closed": 0,
        "sends_failed": 0,
        "first_response_hist": [0] * BINS,
    }


@pytest.fixture
def world(installation: Installation) -> World:
    """An installation of this test alone, without Clients."""
    installation.released.conninfo(Role.RELEASER)  # it is copied for the first who asks, which a dashboard does not
    return World(installation)


@pytest.fixture(scope="session")
def published(templates: Templates, endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Seven months of 180 Clients, released; shared by all tests, so nobody may change it."""
    folder = tmp_path_factory.mktemp("published")
    name = f"{folder.name}_{os.getpid()}"
    templates.copy(name)
    settings = Settings(
        data_dir=folder,
        database_url=endpoint.url(name),
        analyst_database_url=endpoint.url(f"{name}_released", Role.ANALYST, password(MASTER, Role.ANALYST)),
        master_key=MASTER_HEX,
        secret_key="a secret of the tests",
    )
    opened = open_installation(settings)
    made = World(replace(opened, clock=ManualClock(AFTER)))
    made.believable(clients=180, months=PUBLISHED)
    made.plans("unused")
    made.releaser.build_all(*PUBLISHED)
    yield made
    opened.close()
    templates.drop(name)


@pytest.fixture
def analyst(published: World) -> Iterator[Session]:
    with published.installation.released.session(Role.ANALYST) as session:
        yield session


@contextmanager
def owner_of_released(installation: Installation) -> Iterator[Session]:
    """The owner's session on the released database: what a migration or a careless hand could do."""
    assert installation.settings.database_url is not None
    address = released_url(make_url(installation.settings.database_url.get_secret_value()))
    engine = create_engine(address, poolclass=NullPool)
    with Session(engine) as session:
        yield session
    engine.dispose()


def book(session: Session, number: int, month: str, rho: str) -> None:
    """A release without figures that spends this much of the budget in that month."""
    release_id, period = uuid5(SPACE, month), Month.parse(month).first
    before = "-".join(["x"] * (number - 1)) or None
    session.add(
        Release(
            id=release_id,
            number=number,
            period=period,
            grain="month",
            rung=0,
            released_at=AFTER,
            rho=Decimal(1),
            delta=1e-6,
            epsilon=1.0,
            caps={},
            cells=0,
            clients=1.0,
            clients_sigma=1.0,
            code_version="test",
            prev_sha256=before,
            sha256="-".join(["x"] * number),
        )
    )
    session.flush()
    session.add(LedgerEntry(release_id=release_id, period=period, rho=Decimal(rho), spent_at=AFTER))
    session.flush()


def environment(installation: Installation) -> dict[str, str]:
    """What a process of that installation needs to be told."""
    settings = installation.settings
    assert settings.database_url is not None
    installation.released.conninfo(Role.RELEASER)  # it is copied for the first who asks
    return {
        "KONECTUS_DATABASE_URL": settings.database_url.get_secret_value(),
        "KONECTUS_MASTER_KEY": MASTER_HEX,
        "KONECTUS_DATA_DIR": str(settings.data_dir),
    }
