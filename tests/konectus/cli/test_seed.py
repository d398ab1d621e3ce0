"""A seed makes the same believable Clients for the same number, once, and figures that releases can be made of."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from konectus.cli.seed import accounts, figures, stories
from konectus.cli.seed.accounts import NotEmpty, Wanted
from konectus.cli.seed.businesses import LEADING, PLANS, businesses
from konectus.domain.roles import StaffRole, UserRole
from konectus.services import suspending
from konectus.services.installation import Installation
from konectus.store.cluster import Endpoint
from konectus.store.queries import demo_people, people
from konectus.store.queries.demo_people import Standing
from konectus.store.roles import Role
from reports import release
from tests.support.clock import START, ManualClock
from tests.support.database import Sessions, Templates, installed
from tests.support.factories import Factory

TODAY = START.date()
_STORIES = text("""
select (select count(*) from ledger.termination where effected_at is not null) as ended,
 (select count(*) from ledger.export_window where closed_at is null) as running,
 (select count(*) from ledger.export_window where close_reason = 'elapsed') as elapsed,
 (select count(*) from ledger.deletion where approved_by is not null and second_by is null) as half_approved,
 (select count(*) from ledger.refund where status = 'proposed') as refunds,
 (select count(*) from ledger.staff_task where kind = 'payment_unmatched' and closed_at is null) as unmatched,
 (select count(*) from ledger.subscription where status = 'trialing' and trial_ends_at = '2026-11-21 18:00Z') as trying
""")
YEAR = (date(2025, 11, 1), TODAY)
WANTED = Wanted(40, 1, date(2026, 8, 1), TODAY)


def quietly(_steps: int) -> None:
    """No progress bar."""


@pytest.fixture(scope="module")
def seeded(
    templates: Templates, endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Seeded once for those who only look, or find nothing left to do."""
    with installed(templates, endpoint, ManualClock(), tmp_path_factory.mktemp("seeded")) as made:
        assert accounts.register(made, WANTED, quietly)
        yield made


def test_same_seed_makes_the_same_clients_and_another_makes_others() -> None:
    assert businesses(240, 1, YEAR) == businesses(240, 1, YEAR)
    drawn = [{b.trade_name for b in businesses(240, seed, YEAR)} for seed in (1, 2)]
    assert len(drawn[0] & drawn[1]) < 200


def test_clients_are_distinct_and_of_every_plan_and_channel() -> None:
    found = businesses(2000, 1, YEAR)
    for values in ([b.trade_name for b in found], [b.email for b in found], [b.tax_id for b in found]):
        assert len(set(values)) == 2000
    assert {b.plan for b in found} == {plan.code for plan in PLANS}
    assert {channel for b in found for channel in b.channels} == {"messenger", "instagram", "telegram"}
    assert [b.signed_up for b in found] == sorted(b.signed_up for b in found)
    assert max(b.signed_up.date() for b in found) < TODAY


def test_figures_are_the_same_for_the_same_seed_and_add_up() -> None:
    business = businesses(1, 1, YEAR)[0]
    first, again = (list(figures.history(business, 1, *YEAR)) for _ in range(2))
    assert [u.channel for u in first] == list(business.channels)
    for usage, same in zip(first, again, strict=True):
        assert (usage.messages_in == same.messages_in).all()
        assert len(usage.days) == (TODAY - YEAR[0]).days + 1
        assert (usage.histogram.sum(axis=1) <= usage.opened).all()
        assert (usage.closed <= usage.opened).all()
        assert (usage.contacts <= usage.opened).all()


def test_workdays_and_growth_show_in_the_sum_of_all_clients() -> None:
    by_day: dict[date, int] = {}
    for business in businesses(240, 1, YEAR):
        for usage in figures.history(business, 1, *YEAR):
            for day, count in zip(usage.days, usage.messages_in.tolist(), strict=True):
                by_day[day] = by_day.get(day, 0) + count
    may = [by_day[date(2026, 5, 3) + timedelta(days=n)] for n in range(28)]
    assert sum(may[0::7]) < 0.85 * sum(may[1::7])  # Sundays and Mondays
    months = [sum(by_day[date(2026, month, 1) + timedelta(days=n)] for n in range(28)) for month in (1, 9)]
    assert months[1] > 1.2 * months[0]


def test_registered_clients_have_plan_people_and_figures_up_to_yesterday(seeded: Installation) -> None:
    with Sessions(seeded).worker() as session:
        counted = session.execute(
            text(
                "select (select count(*) from ledger.client), (select count(*) from ledger.subscription),"
                " (select count(distinct client_id) from ledger.authorized_user where role = 'owner'),"
                " (select max(day) from ledger.usage_daily), (select min(day) from ledger.usage_daily)"
            )
        ).one()
    assert counted[:3] == (40, 40, 40)
    assert counted[3:] == (TODAY - timedelta(days=1), date(2026, 8, 1))


def test_periods_of_old_contracts_run_today(seeded: Installation) -> None:
    with Sessions(seeded).worker() as session:
        periods = session.execute(
            text(
                "select period_starts_at, period_ends_at, status, trial_ends_at from ledger.subscription s"
                " where status <> 'ended' and not exists (select 1 from ledger.suspension x"
                " where x.client_id = s.client_id and x.lifted_at is null)"
            )
        ).all()
    assert len(periods) > 30
    assert all(row.period_ends_at > START for row in periods)
    assert all(row.period_starts_at <= START for row in periods)
    assert all(row.trial_ends_at > START for row in periods if row.status == "trialing")


def test_some_clients_are_in_the_midst_of_what_the_demo_is_to_show(seeded: Installation) -> None:
    stories.come_forward(seeded, WANTED.businesses())
    stories.come_forward(seeded, WANTED.businesses())
    with Sessions(seeded).worker() as session:
        rows = session.execute(text("select cause, count(*) from ledger.suspension group by cause"))
        causes = {row[0]: row[1] for row in rows}
        found = session.execute(_STORIES).one()._asdict()
        methods = set(session.scalars(text("select method from ledger.payment")))
        tomorrow = suspending.upcoming(session, START, START + timedelta(days=1))
        early = session.scalar(text("select count(*) from ledger.notice where delivered_at < :now"), {"now": START})
    assert causes == {"nonpayment": 1, "trial_expired": 1}
    assert found == {
        "ended": 3,
        "running": 4,
        "elapsed": 1,
        "half_approved": 1,
        "refunds": 1,
        "unmatched": 1,
        "trying": 1,
    }
    assert methods == {"spei", "oxxo", "card"}
    assert [one.deadline for one in tomorrow] == [datetime(2026, 11, 20, 6, tzinfo=UTC)]
    assert early is not None
    assert early > 10


def test_mail_of_one_client_comes_back(seeded: Installation) -> None:
    with Sessions(seeded).worker() as session:
        bounced = session.scalars(text("select distinct client_id from ledger.notice where bounced_at is not null"))
        assert len(list(bounced)) == 1


def test_second_seed_changes_nothing(seeded: Installation) -> None:
    before = _counts(Sessions(seeded))
    assert not accounts.register(seeded, Wanted(90, 7, date(2026, 1, 1), TODAY), quietly)
    assert _counts(Sessions(seeded)) == before


def test_installation_with_clients_of_its_own_is_never_seeded(
    installation: Installation, make: Factory, sessions: Sessions
) -> None:
    make.client()
    before = _counts(sessions)
    with pytest.raises(NotEmpty, match="seed an empty one"):
        accounts.register(installation, WANTED, quietly)
    assert _counts(sessions) == before


def test_first_people_are_those_whom_the_demo_lets_in(seeded: Installation) -> None:
    with Sessions(seeded).worker() as session:
        users = demo_people.users(session, 4)
        staff = demo_people.staff(session, 20)
        analyst = people.staff_by_email(session, "dario@konectus.example")
    owners = {user.standing: user.login.role for user in users[4:]}
    assert owners == dict.fromkeys(owners, UserRole.OWNER)
    assert set(owners) >= {Standing.TRYING, Standing.TRIAL_OVER, Standing.LEFT}
    assert {user.client_name for user in users[:4]} == {f"{LEADING[0].kind} {LEADING[0].proper}"}
    assert {user.login.role for user in users[:4]} == set(UserRole)
    assert {person.role for person in staff} == set(StaffRole)
    assert analyst is not None


def test_months_of_a_seed_are_released_in_order_and_the_first_publishes_nothing(installation: Installation) -> None:
    accounts.register(installation, Wanted(60, 1, date(2026, 8, 1), TODAY), quietly)
    outcomes = release.run(installation)
    assert [o.release.period for o in outcomes] == [date(2026, month, 1) for month in (8, 9, 10)]
    assert outcomes[0].release.cells == 0
    assert all(o.release.cells > 0 for o in outcomes[1:])


def _counts(sessions: Sessions) -> dict[str, int]:
    tables = ("ledger.client", "ledger.usage_daily", "ledger.audit_entry", "ledger.staff", "ledger.authorized_user")
    with sessions.installation.database.session(Role.WORKER) as session:
        return {name: session.execute(text(f"select count(*) from {name}")).scalar_one() for name in tables}
