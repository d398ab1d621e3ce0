"""A seed makes the same believable Clients for the same number, once, and figures that releases can be made of."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from konectus.cli.seed import accounts, figures
from konectus.cli.seed.accounts import NotEmpty, Wanted
from konectus.cli.seed.businesses import LEADING, PLANS, businesses
from konectus.domain.roles import StaffRole, UserRole
from konectus.services.installation import Installation
from konectus.store.queries import people, profiles
from konectus.store.roles import Role
from reports import release
from tests.support.clock import START
from tests.support.database import Sessions
from tests.support.factories import Factory

TODAY = START.date()
YEAR = (date(2025, 11, 1), TODAY)
WANTED = Wanted(40, 1, date(2026, 8, 1), TODAY)


def quietly(_steps: int) -> None:
    """No progress bar."""


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


def test_registered_clients_have_plan_people_and_figures_up_to_yesterday(
    installation: Installation, sessions: Sessions
) -> None:
    assert accounts.register(installation, WANTED, quietly)
    with sessions.worker() as session:
        counted = session.execute(
            text(
                "select (select count(*) from ledger.client), (select count(*) from ledger.subscription),"
                " (select count(distinct client_id) from ledger.authorized_user where role = 'owner'),"
                " (select max(day) from ledger.usage_daily), (select min(day) from ledger.usage_daily)"
            )
        ).one()
    assert counted[:3] == (40, 40, 40)
    assert counted[3:] == (TODAY - timedelta(days=1), date(2026, 8, 1))


def test_periods_of_old_contracts_run_today(installation: Installation, sessions: Sessions) -> None:
    accounts.register(installation, WANTED, quietly)
    with sessions.worker() as session:
        periods = session.execute(
            text("select period_starts_at, period_ends_at, status, trial_ends_at from ledger.subscription")
        ).all()
    assert all(row.period_ends_at > START for row in periods)
    assert all(row.period_starts_at <= START for row in periods)
    assert all(row.trial_ends_at > START for row in periods if row.status == "trialing")


def test_second_seed_changes_nothing(installation: Installation, sessions: Sessions) -> None:
    accounts.register(installation, WANTED, quietly)
    before = _counts(sessions)
    assert not accounts.register(installation, Wanted(90, 7, date(2026, 1, 1), TODAY), quietly)
    assert _counts(sessions) == before


def test_installation_with_clients_of_its_own_is_never_seeded(
    installation: Installation, make: Factory, sessions: Sessions
) -> None:
    make.client()
    before = _counts(sessions)
    with pytest.raises(NotEmpty, match="seed an empty one"):
        accounts.register(installation, WANTED, quietly)
    assert _counts(sessions) == before


def test_first_people_are_those_whom_the_demo_lets_in(installation: Installation, sessions: Sessions) -> None:
    accounts.register(installation, WANTED, quietly)
    with sessions.worker() as session:
        users = profiles.demo_users(session, 4)
        staff = profiles.demo_staff(session, 20)
        analyst = people.staff_by_email(session, "dario@konectus.example")
    assert {user.client_name for user in users} == {f"{LEADING[0].kind} {LEADING[0].proper}"}
    assert {user.login.role for user in users} == set(UserRole)
    assert {person.role for person in staff} == set(StaffRole)
    assert analyst is not None


def test_months_of_a_seed_are_released_in_order_and_the_first_publishes_nothing(installation: Installation) -> None:
    accounts.register(installation, Wanted(150, 1, date(2026, 8, 1), TODAY), quietly)
    outcomes = release.run(installation)
    assert [o.release.period for o in outcomes] == [date(2026, month, 1) for month in (8, 9, 10)]
    assert outcomes[0].release.cells == 0
    assert all(o.release.cells > 0 for o in outcomes[1:])


def _counts(sessions: Sessions) -> dict[str, int]:
    tables = ("ledger.client", "ledger.usage_daily", "ledger.audit_entry", "ledger.staff", "ledger.authorized_user")
    with sessions.installation.database.session(Role.WORKER) as session:
        return {name: session.execute(text(f"select count(*) from {name}")).scalar_one() for name in tables}
