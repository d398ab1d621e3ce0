"""P19: who compares two releases, before and after a Client came or was erased, learns no more than the ledger says.

The attacker knows all other Clients exactly and sees both releases; the Client is the largest there can be. What is
seen of it is bounded by chance from below, as tests.reports.test_mechanism does for one question.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from konectus.figures import BY_KEY, MONTH
from konectus.services.installation import Installation
from konectus.store.roles import Role
from reports import anonymize, budget, sources
from reports.anonymize import Vectors
from reports.periods import Month
from tests.reports.test_mechanism import Noise, farthest, none, quarter, real
from tests.support.figures import CHANNELS, Used, World, client_id, months

CLIENTS, NEWCOMER = 150, 149
EARLIER, BEFORE, AFTERWARDS = months("2026-07", 3)
SEEN = (BEFORE, AFTERWARDS)
HUGE = 1 << 20
RUNG, RUNS = 120, 2_000
TERMS = """
select to_char(r.period, 'YYYY-MM') as month, r.rung, r.caps, l.rho
from released.release r join released.ledger l on l.release_id = r.id where r.grain = 'month'"""

CELLS = """
select c.metric, c.dim, c.dim_value, c.value, c.sigma, c.status
from released.cell c join released.release r on r.id = c.release_id where r.period = '2026-09-01'"""
FEWEST = 10

Sums = Mapping[tuple[str, str], Vectors]


@dataclass(frozen=True)
class Question:
    """One question of one month as its release states it: the sums without the Client, and how it moves them."""

    month: str
    key: str
    without: Vectors
    moved: Vectors
    sigma: float
    bound: float


@dataclass(frozen=True)
class Attack:
    """Both releases of a world in which the Client was in one of the two months; `rho` is what they spent together."""

    questions: tuple[Question, ...]
    rho: float

    @property
    def declared(self) -> float:
        return anonymize.epsilon(self.rho, budget.DELTA)

    def proves(self, noise: Noise, runs: int) -> float:
        """The least epsilon that leaves possible how often the best test is right."""
        scores, length = [np.zeros(runs), np.zeros(runs)], 0.0
        for q in self.questions:
            places = q.moved != 0
            length += float(q.moved @ q.moved) / q.sigma**2
            for is_there in (False, True):
                away = _draws(q, places, (noise, runs), is_there=is_there) - q.without[places]
                scores[is_there] += away @ (q.moved[places] / q.sigma**2)
        return _bound(scores[0], scores[1], length)

    def proves_by_difference(self, noise: Noise, runs: int) -> float:
        """The same for who only subtracts one month from the other, which needs no knowledge of the other Clients."""
        pairs = [(one, two) for one in self.questions for two in self.questions if _follow(one, two)]
        scores, length = [np.zeros(runs), np.zeros(runs)], 0.0
        for one, two in pairs:
            shift = two.moved - one.moved
            places, spread = shift != 0, one.sigma**2 + two.sigma**2
            length += float(shift @ shift) / spread
            for is_there in (False, True):
                later, earlier = (_draws(q, places, (noise, runs), is_there=is_there) for q in (two, one))
                known = two.without[places] - one.without[places]
                scores[is_there] += (later - earlier - known) @ (shift[places] / spread)
        return _bound(scores[0], scores[1], length)


def _follow(one: Question, two: Question) -> bool:
    return one.key == two.key and (one.month, two.month) == SEEN


def _draws(q: Question, places: Any, by: tuple[Noise, int], *, is_there: bool) -> Vectors:
    """So many releases of those cells, a row each."""
    noise, runs = by
    exact = (q.without + q.moved * is_there)[places]
    drawn = noise(exact.tolist() * runs, q.sigma, q.bound)
    return np.array(drawn, dtype=np.int64).reshape(runs, len(exact))


def _bound(without: Any, given: Any, square: float) -> float:
    """From scores that lie `square` apart, with a deviation of its root, where the noise is what was declared."""
    best = 0.0
    # Fixed beforehand: the middle, where the tail of a quarter of the noise tells most, and of the declared noise.
    for threshold in (square / 2, square / 2 + math.sqrt(square) / 2, square / 2 + math.sqrt(square)):
        false, true = (float((score > threshold).mean()) for score in (without, given))
        runs = len(without)
        lowest, highest = farthest(true, runs, 0.0), farthest(false, runs, 1.0)
        best = max(best, math.log(max(lowest - budget.DELTA, 1e-300) / highest))
    return best


def sums(world: World, month: str) -> Sums:
    """What a release of that month would add noise to now."""
    with world.installation.database.session(Role.RELEASER) as main:
        sources.open_snapshot(main)
        usage = sources.read(main, Month.parse(month), RUNG)
    return {
        key: anonymize.bounded(BY_KEY[key[0]].mechanism, rows, budget.cap(BY_KEY[key[0]], MONTH)).sum(axis=0)
        for key, rows in usage.rows.items()
    }


def join(world: World, month: str) -> None:
    """In every channel, with all of its messages in one cell, as no other moves the sums farther."""
    sizes = zip(CHANNELS, (HUGE, 1, 1), strict=True)
    world.use([Used(NEWCOMER, month, channel, "inicia", messages, messages) for channel, messages in sizes])
    all_in = "update ledger.usage_daily set messages_in = messages_in + messages_out, messages_out = 0"
    with world.installation.database.session(Role.WORKER) as session:
        session.execute(text(f"{all_in} where client_id = :id"), {"id": client_id(NEWCOMER)})


def erase(world: World) -> None:
    with world.installation.database.session(Role.WORKER) as session:
        session.execute(text("delete from ledger.usage_daily where client_id = :id"), {"id": client_id(NEWCOMER)})


Happening = Callable[[World], Mapping[str, Sums]]


def comes(world: World) -> Mapping[str, Sums]:
    """The Client comes between the two releases."""
    found = {BEFORE: sums(world, BEFORE)}
    world.releaser.build(BEFORE)
    join(world, AFTERWARDS)
    world.releaser.build(AFTERWARDS)
    return found | {AFTERWARDS: sums(world, AFTERWARDS)}


def is_erased(world: World) -> Mapping[str, Sums]:
    """The Client is in the first release and erased before the second, whose month it was still used in."""
    join(world, BEFORE)
    join(world, AFTERWARDS)
    found = {BEFORE: sums(world, BEFORE)}
    world.releaser.build(BEFORE)
    erase(world)
    world.releaser.build(AFTERWARDS)
    return found | {AFTERWARDS: sums(world, AFTERWARDS)}


def stays(world: World) -> Mapping[str, Sums]:
    """The Client is in both: nothing more can be seen of it in two months."""
    join(world, BEFORE)
    join(world, AFTERWARDS)
    world.releaser.build_all(*SEEN)
    return {month: sums(world, month) for month in SEEN}


def attacked(world: World, happen: Happening) -> Attack:
    """`happen` releases both months and says what the sums were that noise was added to."""
    world.believable(clients=CLIENTS, months=[EARLIER, *SEEN])
    erase(world)
    world.releaser.build(EARLIER)
    without = {month: sums(world, month) for month in SEEN}
    given = happen(world)
    terms = {row[0]: row for row in world.releaser.released(TERMS)}
    assert [terms[month][1] for month in SEEN] == [RUNG, RUNG]
    found = []
    for month in SEEN:
        for key, told in terms[month][2].items():  # type: ignore[attr-defined]  # a JSON object
            metric, _, dim = key.partition("/")
            exact = without[month][metric, dim]
            moved = given[month][metric, dim] - exact
            found.append(Question(month, key, exact, moved, told["sigma"], told["sensitivity"]))
    return Attack(tuple(found), sum(float(str(terms[month][3])) for month in SEEN))


@pytest.fixture
def world(installation: Installation) -> World:
    installation.released.conninfo(Role.RELEASER)  # it is copied for the first who asks
    return World(installation)


@pytest.mark.parametrize(("happen", "in_months"), [(comes, {AFTERWARDS}), (is_erased, {BEFORE}), (stays, {*SEEN})])
def test_no_client_moves_a_released_sum_farther_than_its_release_says(
    world: World, happen: Happening, in_months: set[str]
) -> None:
    attack = attacked(world, happen)
    lengths = {(q.month, q.key): float(np.linalg.norm(q.moved)) / q.bound for q in attack.questions}
    assert max(lengths.values()) <= 1
    seen = {month for (month, _key), length in lengths.items() if length}
    assert seen == in_months
    assert all(length > 0.99 for (month, _key), length in lengths.items() if month in seen), "as far as one can"


@pytest.mark.parametrize("happen", [comes, is_erased, stays])
def test_two_releases_tell_a_client_no_better_than_the_ledger_says(world: World, happen: Happening) -> None:
    attack = attacked(world, happen)
    assert attack.proves(real, RUNS) <= attack.declared
    assert attack.proves_by_difference(real, RUNS) <= attack.declared


def test_no_cell_is_shown_of_fewer_than_ten_clients_at_the_noisy_lower_bound(world: World) -> None:
    """Neither a count of Clients nor what the same Clients sent: two Plans are used, the third by four Clients."""
    attacked(world, comes)
    cells = {(row[0], row[1], row[2]): row[3:] for row in world.releaser.released(CELLS)}
    counts = {key: shown for key, shown in cells.items() if key[0] == "clients"}
    assert {status for _value, _sigma, status in counts.values()} == {"published", "few_clients"}
    for (_metric, dim, value), (count, sigma, status) in counts.items():
        assert status == "few_clients" or float(str(count)) - 1.64 * float(str(sigma)) >= FEWEST
        beside = cells.get(("messages", dim, value))
        assert beside is None or beside[2] == status or status == "published"


def test_the_analyst_reads_nothing_of_the_main_database(world: World) -> None:
    with pytest.raises(OperationalError, match="CONNECT"):
        world.installation.database.engine(Role.ANALYST).connect()
    with world.installation.released.session(Role.ANALYST) as session:
        found = session.execute(text("select nspname from pg_namespace where has_schema_privilege(oid, 'usage')"))
        assert {"released"} == set(found.scalars()) - {"pg_catalog", "information_schema", "public"}


def test_the_attack_succeeds_where_no_noise_is_added(world: World) -> None:
    """Else the test above could not fail."""
    attack = attacked(world, comes)
    assert attack.proves(none, 10_000) > attack.declared
    assert attack.proves_by_difference(none, 10_000) > attack.declared


@pytest.mark.load
@pytest.mark.timeout(900)
def test_it_proves_something_and_succeeds_with_a_quarter_of_the_noise(world: World) -> None:
    attack = attacked(world, stays)
    proved, by_difference = attack.proves(real, 20_000), attack.proves_by_difference(real, 20_000)
    print(f"two months: epsilon at least {proved:.2f}, declared {attack.declared:.2f}")  # noqa: T201 -- a figure
    assert 0 < proved <= attack.declared
    assert by_difference <= attack.declared
    assert attack.proves(quarter, 20_000) > attack.declared
