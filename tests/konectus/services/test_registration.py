"""Registering Clients, people and Plans: who is refused, what is immutable, what the audit trail keeps."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from konectus.domain.deadlines import LEGAL_ZONE
from konectus.domain.plans import Interval
from konectus.domain.roles import StaffRole, UserRole
from konectus.errors import Invalid, NotFound
from konectus.services import registration
from konectus.services.installation import Installation
from konectus.services.registration import AlreadySubscribed, EmailTaken, NewClient, NewPlan, SeatsFull
from konectus.services.suspensions import NoSuchClient
from konectus.services.work import Actor
from konectus.store.keystore import NoKey
from konectus.store.models.audit import AuditEntry
from konectus.store.models.clients import Client, PlanVersion, Subscription
from konectus.store.queries import clients
from tests.support.database import Sessions
from tests.support.factories import STAFF, Factory

NOBODY = UUID(int=7)
PLAN = NewPlan(code="crece", name="Crece", price_cents=194_800, seats=5, connectors=6)


def actions(sessions: Sessions) -> list[tuple[str, str]]:
    with sessions.worker() as session:
        rows = session.execute(select(AuditEntry.action, AuditEntry.subject_kind).order_by(AuditEntry.id))
        return [(row.action, row.subject_kind) for row in rows]


def test_registered_client_has_keys_and_every_step_is_in_the_audit_trail(
    installation: Installation, sessions: Sessions
) -> None:
    new = NewClient(legal_name="Ñandú, S.A.", trade_name="Ñandú", registered_email=" Legal@Nandu.Example ")
    with installation.works.system() as work:
        version = registration.publish_plan(work, PLAN)
        client = registration.add_client(work, new)
        work.session.flush()
        registration.subscribe(work, client.id, version, trial=timedelta(days=14))
        registration.add_user(work, client.id, "Ana@Nandu.example", "Ana", UserRole.OWNER)
        registration.add_staff(work, "inaki@konectus.example", "Iñaki", StaffRole.ADMIN)
    assert installation.keys.of(client.id).client_id == client.id
    with sessions.worker() as session:
        found = session.get(Client, client.id)
        assert found is not None
        assert (found.registered_email, found.legal_name_lower) == ("legal@nandu.example", "ñandú, s.a.")
        period = session.execute(select(Subscription.period_ends_at - Subscription.period_starts_at)).scalar_one()
        assert period == timedelta(days=14)
    assert actions(sessions) == [
        ("plan.added", "plan"),
        ("plan.published", "plan_version"),
        ("client.registered", "client"),
        ("subscription.started", "subscription"),
        ("user.added", "authorized_user"),
        ("staff.added", "staff"),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"registered_email": "sin-arroba"},
        {"registered_email": "a@"},
        {"registered_email": "a b@c.example"},
        {"registered_email": "a\x00@c.example"},
        {"zone": "America/Ciudad_Perdida"},
        {"country": "MEX"},
    ],
    ids=str,
)
def test_client_with_what_cannot_be_is_refused_and_leaves_no_row(
    installation: Installation, sessions: Sessions, wrong: dict[str, str]
) -> None:
    given = {"legal_name": "X", "trade_name": "X", "registered_email": "x@x.example"} | wrong
    with pytest.raises(Invalid), installation.works.system() as work:
        registration.add_client(work, NewClient(**given))  # type: ignore[arg-type]  # texts alone are given
    assert actions(sessions) == []


def test_address_signs_in_once_whatever_its_capitals_and_whoever_asks(
    installation: Installation, make: Factory
) -> None:
    first, second = make.client(), make.client()
    with installation.works.system() as work:
        registration.add_user(work, first.id, "Rosa@Taller.example", "Rosa", UserRole.AGENT)
        registration.add_staff(work, "Rosa@Taller.example", "Rosa", StaffRole.SUPPORT)
    for client_id in (first.id, second.id):
        owner = Actor("agent", str(make.user(client_id)), "Dueña")
        with pytest.raises(EmailTaken), installation.works.tenant(client_id, owner) as work:
            registration.add_user(work, client_id, " rosa@taller.EXAMPLE", "Rosa", UserRole.AGENT)
    with pytest.raises(EmailTaken), installation.works.staff(STAFF) as work:
        registration.add_staff(
            work, "ROSA@taller.example", "Rosa", StaffRole.ADMIN, reason="Se incorpora al equipo hoy"
        )


def test_refused_person_spoils_nothing_else_of_the_unit(installation: Installation, make: Factory) -> None:
    client = make.client()
    with installation.works.system() as work:
        registration.add_user(work, client.id, "rosa@taller.example", "Rosa", UserRole.AGENT)
        with pytest.raises(EmailTaken):
            registration.add_user(work, client.id, "rosa@taller.example", "Rosa", UserRole.AGENT)
        registration.add_user(work, client.id, "luz@taller.example", "Luz", UserRole.AGENT)
        assert clients.seats(work.session, client.id) == (10, 2)


def test_last_seat_goes_to_one_of_two_who_ask_at_once(installation: Installation, make: Factory) -> None:
    client = make.client(seats=2)
    make.user(client.id)
    start = Barrier(2)

    def invite(number: int) -> bool:
        start.wait()
        try:
            with installation.works.system() as work:
                registration.add_user(work, client.id, f"n{number}@taller.example", "N", UserRole.AGENT)
        except SeatsFull:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(invite, range(2))) == [False, True]


def test_same_address_asked_for_by_two_clients_at_once_goes_to_one(installation: Installation, make: Factory) -> None:
    owners = [(client.id, make.user(client.id)) for client in (make.client(), make.client())]
    start = Barrier(2)

    def invite(who: tuple[UUID, UUID]) -> bool:
        start.wait()
        try:
            with installation.works.tenant(who[0], Actor("agent", str(who[1]), "Dueña")) as work:
                registration.add_user(work, who[0], "misma@taller.example", "N", UserRole.AGENT)
        except EmailTaken:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(invite, owners)) == [False, True]


def test_client_that_is_not_there_gets_no_people_and_no_plan(installation: Installation, make: Factory) -> None:
    version = make.plan()
    with pytest.raises(NoSuchClient), installation.works.system() as work:
        registration.add_user(work, NOBODY, "x@x.example", "X", UserRole.AGENT)
    with pytest.raises(NoSuchClient), installation.works.system() as work:
        registration.subscribe(work, NOBODY, version)
    with pytest.raises(NotFound), installation.works.system() as work:
        clients.access(work.session, NOBODY)
    with pytest.raises(NoKey):
        installation.keys.of(NOBODY)


def test_client_has_one_live_subscription(installation: Installation, make: Factory) -> None:
    client, version = make.client(), make.plan()
    with pytest.raises(AlreadySubscribed), installation.works.staff(STAFF) as work:
        registration.subscribe(work, client.id, version, reason="La dueña pide otro plan")
    with pytest.raises(IntegrityError, match="uq_subscription_one_live"), installation.works.system() as work:
        work.session.execute(
            text(
                "insert into ledger.subscription select (gen_random_uuid()), client_id, plan_version_id, seats, status,"
                " started_at, period_starts_at, period_ends_at, trial_ends_at, ended_at, end_reason"
                " from ledger.subscription"
            )
        )


def test_published_version_is_immutable_and_the_next_one_leaves_it_alone(
    installation: Installation, make: Factory, sessions: Sessions
) -> None:
    make.plan(code="crece")
    for change in ("update ledger.plan_version set price_cents = 1", "delete from ledger.plan_version"):
        with pytest.raises(DBAPIError, match=r"immutable|permission denied"), sessions.worker() as session:
            session.execute(text(change))
    with installation.works.system() as work:
        second = registration.publish_plan(
            work, NewPlan(code="crece", name="Crece", price_cents=1, seats=1, connectors=0, interval=Interval.YEAR)
        )
    with sessions.worker() as session:
        prices = session.execute(select(PlanVersion.version, PlanVersion.price_cents).order_by(PlanVersion.version))
        assert [tuple(row) for row in prices] == [(1, 194_800), (2, 1)]
    client = make.client()
    with sessions.worker() as session:
        session.execute(
            text("update ledger.subscription set status = 'ended', ended_at = started_at, end_reason = 'x'")
        )
    with installation.works.system() as work:
        yearly = registration.subscribe(work, client.id, second)
    # A whole year of legal days: it ends where the day of the contract begins again.
    assert yearly.period_starts_at == installation.clock.now()
    assert yearly.period_ends_at == datetime(2027, 11, 19, tzinfo=LEGAL_ZONE)


def test_two_who_publish_at_once_make_two_versions(installation: Installation, sessions: Sessions) -> None:
    start = Barrier(2)

    def publish(_: int) -> int:
        start.wait()
        with installation.works.system() as work:
            return registration.publish_plan(work, PLAN).version

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(publish, range(2))) == [1, 2]


@pytest.mark.parametrize("wrong", [{"code": ""}, {"price_cents": -1}, {"seats": 0}, {"connectors": -1}], ids=str)
def test_plan_that_cannot_be_is_refused(installation: Installation, wrong: dict[str, str | int]) -> None:
    given = {"code": "x", "name": "X", "price_cents": 1, "seats": 1, "connectors": 1} | wrong
    with pytest.raises(Invalid), installation.works.system() as work:
        registration.publish_plan(work, NewPlan(**given))  # type: ignore[arg-type]  # a table of cases


def test_staff_have_to_say_why(installation: Installation, sessions: Sessions) -> None:
    new = NewClient(legal_name="X", trade_name="X", registered_email="x@x.example")
    with pytest.raises(Invalid), installation.works.staff(STAFF) as work:
        registration.add_client(work, new)
    with installation.works.staff(STAFF) as work:
        registration.add_client(work, new, reason="Alta firmada en papel hoy")
    assert actions(sessions) == [("client.registered", "client")]
