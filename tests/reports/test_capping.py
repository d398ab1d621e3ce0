"""Caps follow the released sizes of Clients: in steps, with a dead band, for a whole quarter."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from konectus.figures import SIZES
from konectus.store.roles import Role
from reports import capping, release
from tests.support.clock import ManualClock
from tests.support.figures import AFTER, PLANS, Used, World, months


def sizes(*counts: float) -> dict[str, float]:
    return dict(zip(SIZES, counts, strict=True))


@pytest.mark.parametrize(
    ("counts", "middle"),
    [
        ((0, 0, 100, 0, 0, 0), 300 * (1000 / 300) ** 0.5),
        ((0, 0, 100, 100, 0, 0), 1000),
        ((0, 0, 0, 100, 0, 0), 1000 * 3**0.5),
        ((-5, 0, 0, 100, 0, 0), 1000 * 3**0.5),
    ],
)
def test_the_middle_of_sizes_lies_evenly_within_its_band(counts: tuple[float, ...], middle: float) -> None:
    assert capping.median(sizes(*counts)) == pytest.approx(middle)


def test_no_sizes_move_no_caps() -> None:
    assert capping.median(sizes(0, 0, 0, 0, 0, 0)) is None
    assert capping.moved(1, sizes(0, 0, 0, 0, 0, 0)) == 1
    assert capping.moved(1, {}) == 1


@pytest.mark.parametrize(
    ("now", "counts", "then"),
    [
        (0, (0, 0, 100, 0, 0, 0), 0),
        (0, (0, 0, 0, 100, 0, 0), 3),
        (2, (0, 0, 0, 100, 0, 0), 2),
        (0, (0, 0, 0, 0, 0, 100), 6),
        (0, (100, 0, 0, 0, 0, 0), -6),
    ],
)
def test_caps_move_by_what_is_beyond_the_dead_band(now: int, counts: tuple[float, ...], then: int) -> None:
    assert capping.moved(now, sizes(*counts)) == then


def test_large_clients_raise_the_caps_of_the_next_quarter_and_not_of_their_own(world: World) -> None:
    """From the released sizes of the second quarter; every period of the third has the same caps."""
    world.plans(*PLANS)
    world.clients(700)
    world.use([Used(n, month, messages=5_000, contacts=900) for n in range(700) for month in months("2026-03", 8)])
    installation = replace(world.installation, clock=ManualClock(AFTER))
    release.run(installation)
    with installation.released.session(Role.RELEASER) as session:
        asked = "select grain, period, caps->'messages/total'->>'cap' from released.release order by number"
        caps = [(grain, str(period), int(cap)) for grain, period, cap in session.execute(text(asked)) if cap]
    second = {cap for grain, period, cap in caps if grain == "month" and "2026-04" <= period < "2026-07"}
    third = {cap for grain, period, cap in caps if grain == "month" and "2026-07" <= period < "2026-10"}
    weeks = {cap for grain, period, cap in caps if grain == "week" and "2026-07" <= period < "2026-10"}
    assert (second, third) == ({512}, {8 * 512})
    assert weeks == {8 * 128}
