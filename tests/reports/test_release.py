"""A month becomes a release: once, within its budget, from one row per legal entity, and for good."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from konectus.services.installation import Installation
from konectus.store.roles import Role
from reports import chain, release, sources
from reports.building import BudgetSpent, PeriodOpen, PeriodPassed
from reports.chronicle import Ceilings
from reports.periods import Month
from tests.support.figures import AFTER, PLANS, Used, World, book, client_id, months, owner_of_released

CELLS_OF = (
    "select c.metric, c.dim, c.dim_value, c.value, c.sigma, c.status"
    " from released.cell c join released.release r on r.id = c.release_id"
)
KEY_SPACE = {
    ("clients", "total", "all"),
    ("messages", "total", "all"),
    ("contacts", "total", "all"),
    ("messages", "direction", "in"),
    ("messages", "direction", "out"),
    *(("clients", "channel", channel) for channel in ("messenger", "instagram", "telegram")),
    *(("messages", "channel", channel) for channel in ("messenger", "instagram", "telegram")),
    *(("clients", "plan", plan) for plan in (*PLANS, "unused")),
    *(("messages", "plan", plan) for plan in (*PLANS, "unused")),
}


def test_the_first_month_is_only_counted_and_publishes_nothing(world: World) -> None:
    world.believable(clients=150, months=["2026-08"])
    made = world.releaser.build("2026-08")
    assert made.built
    assert made.release.cells == 0
    assert list(made.release.caps) == ["clients/total"]
    assert abs(made.release.clients - 150) < 12
    assert world.releaser.released("select count(*) from released.cell, released.metric") == [(0,)]
    assert world.releaser.released("select rho from released.ledger") == [(Decimal("0.25"),)]


def test_a_month_publishes_its_whole_key_space_empty_cells_included(published: World) -> None:
    found = published.releaser.released(f"{CELLS_OF} where r.period = '2026-10-01'")
    cells = {(m, d, v): (value, status) for m, d, v, value, _, status in found}
    assert set(cells) == KEY_SPACE
    assert cells["clients", "plan", "unused"] == (None, "few_clients")
    assert cells["messages", "plan", "unused"] == (None, "few_clients")
    assert cells["clients", "total", "all"][1] == "published"


def test_a_hidden_cell_keeps_no_value(published: World) -> None:
    found = published.releaser.released(CELLS_OF)
    assert {status for *_, status in found} > {"published"}
    assert all((value is None) == (status != "published") for *_, value, _, status in found)


def test_published_figures_are_near_the_truth_and_the_parts_add_up(world: World) -> None:
    world.plans("inicia", "crece")
    world.clients(300)
    world.use(
        [
            Used(n, month, plan=("inicia", "crece")[n % 2], messages=500)
            for n in range(300)
            for month in ("2026-08", "2026-09")
        ]
    )
    world.releaser.build_all("2026-08", "2026-09")
    cells = {(m, d, v): (value, sigma) for m, d, v, value, sigma, _ in world.releaser.released(CELLS_OF)}
    truth = {
        ("clients", "total", "all"): 300,
        ("clients", "plan", "inicia"): 150,
        ("messages", "total", "all"): 150_000,
    }
    for key, exact in truth.items():
        value, sigma = cells[key]
        assert isinstance(value, float)
        assert isinstance(sigma, float)
        assert abs(value - exact) < 5 * sigma < exact
    parts = [value for (m, d, _), (value, _) in cells.items() if (m, d) == ("clients", "plan")]
    assert sum(p for p in parts if isinstance(p, float)) == pytest.approx(cells["clients", "total", "all"][0])


def test_fewer_than_twenty_clients_publish_nothing_in_any_month(world: World) -> None:
    world.plans("inicia")
    world.clients(3)
    world.use([Used(n, month) for n in range(3) for month in ("2026-07", "2026-08", "2026-09")])
    made = world.releaser.build_all("2026-07", "2026-08", "2026-09")
    assert [outcome.release.rung for outcome in made] == [0, 0, 0]
    assert world.releaser.released("select count(*) from released.cell") == [(0,)]


def test_a_month_is_released_once_whoever_asks_again(world: World) -> None:
    world.believable(clients=30, months=["2026-08", "2026-09"])
    first = world.releaser.build("2026-08").release
    again = world.releaser.build("2026-08")
    assert not again.built
    assert again.release.sha256 == first.sha256
    assert world.releaser.released("select count(*) from released.ledger") == [(1,)]


def test_two_schedulers_make_one_release(world: World) -> None:
    world.believable(clients=60, months=["2026-08"])
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(world.releaser.build, ["2026-08"] * 2))
    assert sorted(outcome.built for outcome in made) == [False, True]
    assert len({outcome.release.sha256 for outcome in made}) == 1
    assert world.releaser.released("select count(*) from released.release") == [(1,)]


def test_a_month_that_is_open_is_refused_until_its_third_day_is_over(world: World) -> None:
    world.believable(clients=3, months=["2026-09"])
    closes = Month.parse("2026-09").closes_at
    assert closes.isoformat() == "2026-10-04T00:00:00-06:00"
    with pytest.raises(PeriodOpen):
        world.releaser.build("2026-09", now=closes - timedelta(seconds=1))
    assert world.releaser.build("2026-09", now=closes).built


def test_a_month_before_a_released_one_is_never_computed(world: World) -> None:
    world.believable(clients=3, months=["2026-08", "2026-09"])
    world.releaser.build("2026-09")
    with pytest.raises(PeriodPassed):
        world.releaser.build("2026-08")


def test_months_that_wait_begin_with_the_first_rollup_and_end_with_the_last_closed_one(
    world: World, installation: Installation
) -> None:
    installation.clock.set(AFTER)  # type: ignore[attr-defined]  # the tests' clock can be set
    assert release.pending(installation) is None
    world.believable(clients=3, months=["2026-08"])
    made = release.run(installation)
    assert [str(Month(outcome.release.period)) for outcome in made] == ["2026-08", "2026-09", "2026-10"]
    assert release.run(installation) == []


def test_accounts_of_one_legal_entity_are_one_client(world: World, installation: Installation) -> None:
    world.plans("inicia", "crece")
    world.clients(5, tax_ids={0: "ABC010203XY1", 1: "abc010203xy1", 2: "XAXX010101000", 3: "XAXX010101000"})
    world.use([Used(n, "2026-09", messages=3000) for n in range(5)])
    world.use([Used(1, "2026-09", channel="telegram", plan="inicia", messages=7)])
    with installation.database.session(Role.RELEASER) as main:
        sources.open_snapshot(main)
        usage = sources.read(main, Month.parse("2026-09"), 120)
    assert sorted(usage.rows["messages", "total"].ravel().tolist()) == [3000, 3000, 3000, 6007]
    assert usage.rows["clients", "channel"].shape == (4, 3)


def test_exact_figures_have_no_words(world: World, installation: Installation) -> None:
    world.plans("inicia")
    world.clients(1)
    world.use([Used(0, "2026-09", messages=987_654)])
    with installation.database.session(Role.RELEASER) as main:
        usage = sources.read(main, Month.parse("2026-09"), 20)
    assert "987" not in repr(usage)


def test_a_plan_that_nobody_knows_stops_the_release(world: World) -> None:
    world.clients(1)
    world.use([Used(0, "2026-09", plan="invented")])
    with pytest.raises(sources.UnknownPlan, match="invented"):
        world.releaser.build("2026-09")


def test_what_was_spent_is_what_the_ledger_says(published: World) -> None:
    for caps, booked in published.releaser.released(
        "select r.caps, l.rho from released.release r join released.ledger l on l.release_id = r.id"
    ):
        spent = sum(terms["rho"] for terms in caps.values())  # type: ignore[attr-defined]  # a JSON object
        assert float(booked) - 1e-9 < spent <= float(booked)  # type: ignore[arg-type]  # a number


def test_a_lower_yearly_setting_stops_the_release(world: World) -> None:
    world.believable(clients=3, months=["2026-08", "2026-09"])
    ceilings = Ceilings(rho=0.25, rho_year=0.4, k=10)
    world.releaser.build("2026-08", ceilings=ceilings)
    with pytest.raises(BudgetSpent):
        world.releaser.build("2026-09", ceilings=ceilings)


def test_the_database_refuses_more_than_three_rho_in_any_twelve_months(installation: Installation) -> None:
    with installation.released.session(Role.RELEASER) as session:
        for number, (period, rho) in enumerate([("2024-12", "3"), ("2026-01", "1.5"), ("2026-12", "1")], start=1):
            book(session, number, period, rho)
        with pytest.raises(DBAPIError, match="would be overspent"):
            book(session, 4, "2026-06", "0.6")
        session.rollback()


CHANGES = (
    "update released.cell set value = value + 1",
    "update released.release set rho = 0.01",
    "delete from released.ledger",
    "delete from released.metric",
    "truncate released.cell",
)


def test_a_release_cannot_be_changed_even_by_the_owner(published: World) -> None:
    for statement in CHANGES:
        for role in (Role.RELEASER, Role.ANALYST):
            with published.installation.released.session(role) as session:
                with pytest.raises(DBAPIError, match=r"permission denied|read-only"):
                    session.execute(text(statement))
                session.rollback()
        with owner_of_released(published.installation) as session, pytest.raises(DBAPIError, match="immutable"):
            session.execute(text(statement))


def test_no_cell_is_added_to_a_release_afterwards(published: World) -> None:
    late = (
        "insert into released.cell select id, 'messages', 'plan', 'invented', 1, 1, 'published', 'messages'"
        " from released.release where number = 2"
    )
    with published.installation.released.session(Role.RELEASER) as session:
        with pytest.raises(DBAPIError, match="all its cells"):
            session.execute(text(late))
        session.rollback()


def test_the_chain_shows_what_was_changed_behind_its_back(world: World, installation: Installation) -> None:
    world.believable(clients=130, months=["2026-07", "2026-08", "2026-09"])
    world.releaser.build_all("2026-07", "2026-08", "2026-09")
    with installation.released.session(Role.RELEASER) as session:
        assert chain.broken(session) == []
    with owner_of_released(installation) as session:
        session.execute(text("alter table released.cell disable trigger user"))
        session.execute(text("update released.cell set value = value + 1 where value is not null"))
        session.commit()
    with installation.released.session(Role.RELEASER) as session:
        assert chain.broken(session) == [
            "month 2026-08: its content does not match its hash",
            "month 2026-09: its content does not match its hash",
        ]


def test_the_analyst_reaches_the_released_database_alone(published: World, analyst: Session) -> None:
    with pytest.raises(OperationalError, match="CONNECT"):
        published.installation.database.engine(Role.ANALYST).connect()
    assert analyst.execute(text("show statement_timeout")).scalar() == "10s"
    assert analyst.execute(text("show default_transaction_read_only")).scalar() == "on"
    tables = analyst.execute(text("select schemaname from pg_stat_user_tables")).scalars()
    assert set(tables) == {"released", "public"}


def test_the_analyst_cannot_read_the_number_of_clients_that_only_the_ladder_may_know(analyst: Session) -> None:
    assert analyst.execute(text("select rung, cells from released.release where number = 1")).all() == [(0, 0)]
    with pytest.raises(DBAPIError, match="permission denied"):
        analyst.execute(text("select clients from released.release"))
    analyst.rollback()


def test_a_release_travels_with_its_words_in_both_languages(published: World) -> None:
    words = published.releaser.released(
        "select key, words_es, words_en, cap, dims"
        " from released.metric m join released.release r on r.id = m.release_id where r.number = 2 order by position"
    )
    assert words[0][:4] == ("clients", "Clientes activos", "Active Clients", 1)
    assert words[1][:4] == ("messages", "Mensajes", "Messages", 512)
    plans = [{"value": plan, "words": plan.title()} for plan in sorted((*PLANS, "unused"))]
    assert words[1][4]["plan"] == plans  # type: ignore[index]  # a JSON object


def test_an_erased_client_changes_no_past_month(world: World) -> None:
    world.believable(clients=60, months=["2026-08"])
    before = world.releaser.build("2026-08").release.sha256
    with world.installation.database.session(Role.WORKER) as session:
        session.execute(text("delete from ledger.usage_daily where client_id = :id"), {"id": client_id(3)})
    assert world.releaser.build("2026-08").release.sha256 == before


def test_a_year_of_months_fits_the_budget_exactly(world: World) -> None:
    year = months("2025-10", 13)
    world.believable(clients=3, months=year)
    world.releaser.build_all(*year)
    assert world.releaser.released("select count(*), sum(rho) from released.ledger") == [(13, Decimal("3.25"))]
