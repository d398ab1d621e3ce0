"""The three worlds of the demo: of 15 Clients nothing is told, of 200 the second rung, of 2,400 every figure."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from konectus.cli.seed import accounts
from konectus.cli.seed.accounts import Wanted
from konectus.cli.seed.businesses import PLANS
from konectus.figures import MONTH, QUARTER, WEEK, cuts
from konectus.services import renewals
from konectus.services.installation import Installation
from konectus.store.queries import admin_clients, contracts
from konectus.store.roles import Role
from reports import release
from reports.building import Outcome
from tests.support.clock import START

TODAY = START.date()
CELLS = """
select distinct c.metric, c.dim from released.cell c join released.release r on r.id = c.release_id
where r.grain = :grain and r.period = :period and c.status = 'published'"""
# Columns that a release reads and that a day with messages may leave at zero, but not all days.
FILLED = (
    "messages_in", "messages_out", "contacts_active", "conversations_opened", "conversations_reopened",
    "conversations_closed", "contacts_new", "sends_failed",
)  # fmt: skip
ARRAYS = ("first_response_hist", "resolution_hist", "hours_in")


def world(installation: Installation, clients: int, first: date) -> list[Outcome]:
    """That many Clients since then, six of them with people, and every release of theirs."""
    accounts.register(installation, Wanted(clients, 1, first, TODAY, furnished=6), lambda _steps: None)
    return release.run(installation)


def newest(made: Sequence[Outcome], grain: str) -> Outcome:
    return max((one for one in made if one.release.grain == grain), key=lambda one: one.release.period)


def published(installation: Installation, outcome: Outcome) -> set[tuple[str, str]]:
    asked = {"grain": outcome.release.grain, "period": outcome.release.period}
    with installation.released.session(Role.RELEASER) as session:
        return {(row.metric, row.dim) for row in session.execute(text(CELLS), asked)}


def told(grain: str, rung: int) -> set[tuple[str, str]]:
    return {(cut.metric, cut.dim) for cut in cuts(grain, rung)}  # type: ignore[arg-type]  # one of the grains


def test_fifteen_clients_are_told_by_no_figure_at_all(installation: Installation) -> None:
    made = world(installation, 15, date(2026, 6, 1))
    assert [one.release.rung for one in made] == [0] * 5
    assert {one.release.grain for one in made} == {MONTH}
    assert all(one.release.cells == 0 for one in made)


def test_two_hundred_clients_are_told_by_channel_and_plan_and_not_by_region(installation: Installation) -> None:
    made = world(installation, 200, date(2026, 6, 1))
    assert newest(made, MONTH).release.rung == newest(made, QUARTER).release.rung == 120
    found = published(installation, newest(made, MONTH))
    assert {("clients", "channel"), ("clients", "plan"), ("messages", "channel"), ("messages", "direction")} <= found
    assert found <= told(MONTH, 120)
    climbed = [one.release.rung for one in made if one.release.grain == MONTH]
    assert climbed == sorted(climbed)
    assert set(climbed) == {0, 20, 120}, "it grew past two rungs"


def test_two_thousand_four_hundred_clients_are_told_by_every_cut_there_is(installation: Installation) -> None:
    made = world(installation, 2_400, date(2026, 6, 1))
    assert newest(made, MONTH).release.rung == newest(made, WEEK).release.rung == 2000
    for grain in (MONTH, QUARTER, WEEK):
        assert published(installation, newest(made, grain)) == told(grain, 2000), grain
    assert sum(one.release.rho for one in made) <= 3
    _require_every_column(installation)


def _require_every_column(installation: Installation) -> None:
    sums = [f"sum({name})" for name in FILLED]
    sums += [f"sum((select sum(n) from unnest({name}) n))" for name in ARRAYS]
    sums += ["sum(messages_in) - sum((select sum(n) from unnest(hours_in) n))"]
    query = f"select {', '.join(sums)} from ledger.usage_daily"
    with installation.database.session(Role.WORKER) as session:
        *filled, lost = session.execute(text(query)).one()
    assert all(filled), dict(zip((*FILLED, *ARRAYS), filled, strict=True))
    assert lost == 0, "each received message has its hour"


def test_the_crowd_has_contracts_that_run_or_ended_and_figures_no_longer(installation: Installation) -> None:
    wanted = Wanted(300, 1, date(2026, 1, 1), TODAY, furnished=6)
    accounts.register(installation, wanted, lambda _steps: None)
    query = """
    select s.status, s.period_starts_at, s.period_ends_at, s.ended_at, max(u.day) as last, min(u.day) as first,
      (c.created_at at time zone 'America/Mexico_City')::date as since
    from ledger.client c join ledger.subscription s on s.client_id = c.id
    left join ledger.usage_daily u on u.client_id = c.id
    where not exists (select from ledger.authorized_user p where p.client_id = c.id) group by c.id, s.id"""
    with installation.database.session(Role.WORKER) as session:
        rows = session.execute(text(query)).all()
    assert len(rows) == 294
    ended = [row for row in rows if row.status == "ended"]
    assert 2 < len(ended) < 40
    assert all(row.last is None or row.last < row.ended_at.date() for row in ended)
    assert all(row.period_starts_at <= START < row.period_ends_at for row in rows if row.status == "active")
    soon = [row for row in rows if row.status == "active" and row.period_ends_at < START + timedelta(days=30)]
    assert len(soon) < len(rows) / 5, "thousands of renewals a month would be most of what a demo's jobs do"
    assert all(row.first is None or row.first >= row.since for row in rows)
    assert max(row.last for row in rows if row.last) == TODAY - timedelta(days=1)


def test_one_of_the_crowd_renews_and_is_found_by_name_like_any_other(installation: Installation) -> None:
    wanted = Wanted(40, 1, date(2026, 8, 1), TODAY, furnished=6)
    accounts.register(installation, wanted, lambda _steps: None)
    business = wanted.crowd().businesses[0]
    with installation.database.session(Role.STAFF) as session:
        found = admin_clients.lines(session, term=business.legal_name, suspended=False, after=None, most=10)
    assert [one.trade_name for one in found] == [business.trade_name]
    installation.clock.advance(days=366)  # type: ignore[attr-defined]  # the tests' clock can be set
    with installation.works.system() as work:
        assert renewals.begin_next(work, found[0].id)
        offered = [one.offer for one in contracts.published(work.session)]
    assert {one.name: one.interval for one in offered} == {plan.name: plan.interval for plan in PLANS}


@pytest.mark.parametrize("furnished", [6, 60])
def test_the_same_clients_have_people_however_many_others_there_are(furnished: int) -> None:
    few, many = (Wanted(clients, 1, date(2026, 8, 1), TODAY, furnished=furnished) for clients in (furnished, 2_400))
    assert few.businesses() == many.businesses()
    assert not few.crowd().businesses
    assert len(many.crowd().businesses) == 2_400 - furnished
