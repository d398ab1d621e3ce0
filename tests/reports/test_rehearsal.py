"""The dry run: what the figures of so many Clients would be worth, known before anything is spent."""

from decimal import Decimal

import pytest

from konectus import figures
from konectus.figures import GRAINS, MONTH, QUARTER, WEEK
from reports import budget, rehearsal
from reports.rehearsal import Asked, Expected


def asked(clients: int, seed: int = 1) -> Asked:
    return Asked(clients, seed, Decimal("0.25"), 10)


def by_cut(of: Asked, grain: figures.Grain, drawn: int = 4) -> dict[str, Expected]:
    terms = next(one for one in rehearsal.told(of) if one.grain == grain)
    return {one.cut.key: one for one in rehearsal.expected(of, terms, drawn)}


@pytest.mark.parametrize(
    ("clients", "rung", "lengths"),
    [
        (1, 0, []),
        (19, 0, []),
        (20, 20, [MONTH]),
        (119, 20, [MONTH]),
        (121, 120, [MONTH, QUARTER]),
        (600, 600, [MONTH, QUARTER, WEEK]),
    ],
)
def test_it_tells_of_the_lengths_that_so_many_clients_are_told_at(
    clients: int, rung: int, lengths: list[figures.Grain]
) -> None:
    found = asked(clients)
    assert found.rung == rung
    assert [terms.grain for terms in rehearsal.told(found)] == lengths


def test_it_tells_each_cut_of_the_rung_and_what_it_spends() -> None:
    of = asked(150)
    for grain in (MONTH, QUARTER):
        found = by_cut(of, grain)
        assert list(found) == [cut.key for cut in figures.cuts(grain, 120)]
        allotted = next(terms.rho for terms in rehearsal.told(of) if terms.grain == grain)
        assert sum(one.rho for one in found.values()) == pytest.approx(allotted)


def test_what_it_spends_of_a_year_stays_under_the_ceiling_on_every_rung() -> None:
    """Twelve months, four quarters and at most 53 weeks, as if all had stood on that rung."""
    for rung in (20, 120, 600, 2000):
        spent = {grain: rehearsal.steady(grain, rung, Decimal("0.25")).rho for grain in GRAINS}
        assert 12 * spent[MONTH] + 4 * spent[QUARTER] + 12 * budget.WEEKS_OF_MONTH * spent[WEEK] <= 3.0 + 1e-9


def test_errors_shrink_with_the_clients_and_intervals_hold() -> None:
    few, many = (by_cut(asked(clients), MONTH, 10) for clients in (120, 500))
    for key in ("clients/total", "messages/total", "messages/channel"):
        worse, better = few[key].error, many[key].error
        assert worse is not None
        assert better is not None
        assert better < worse < 0.2, key
        assert 0.85 < many[key].within <= 1


def test_more_is_hidden_of_few_clients_and_what_is_hidden_whole_has_no_error() -> None:
    found, strict = by_cut(asked(150), MONTH), by_cut(Asked(150, 1, Decimal("0.25"), 10_000), MONTH)
    assert 0 <= found["messages/channel"].hidden < 0.5
    assert {one.hidden for one in strict.values()} == {1.0}
    assert {one.error for one in strict.values()} == {None}


def test_a_lower_rho_makes_the_same_figures_worse() -> None:
    usual, frugal = (by_cut(Asked(200, 1, Decimal(rho), 10), MONTH) for rho in ("0.25", "0.0025"))
    assert usual["clients/total"].error is not None
    assert frugal["clients/total"].error is not None
    assert frugal["clients/total"].error > 3 * usual["clients/total"].error


def test_caps_leave_part_of_a_volume_and_counts_have_none() -> None:
    found = by_cut(asked(200), MONTH)
    counted = found["messages/total"].counted
    assert counted is not None
    assert 0.2 < counted < 0.7
    assert found["clients/total"].counted is None


def test_the_page_names_each_length_with_a_line_for_each_cut() -> None:
    lines = list(rehearsal.page(asked(121)))
    assert lines[0].startswith("121 Clients, rung 120, seed 1: 20 invented periods")
    assert [line.split(":")[0] for line in lines if ": rho " in line] == ["month", "quarter"]
    named = {line.split()[0] for line in lines if "/" in line}
    assert named == {cut.key for grain in (MONTH, QUARTER) for cut in figures.cuts(grain, 120)}
    ratio = next(line for line in lines if line.startswith("failed_share"))
    assert "points" in ratio


def test_of_too_few_clients_it_says_that_nothing_is_published() -> None:
    first, only = rehearsal.page(asked(19))
    assert "rung 0" in first
    assert only == "fewer than 20 Clients: nothing is published but that there are so few"


@pytest.mark.parametrize("wrong", [[], ["--clients", "0"], ["--clients", "many"], ["--clients", "99999999"]])
def test_what_is_no_number_of_clients_is_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        rehearsal.main(wrong)
    assert ended.value.code == 2
    assert "--clients" in capsys.readouterr().err


@pytest.mark.load
@pytest.mark.timeout(900)
@pytest.mark.parametrize("clients", [20, 200, 700, 2000])
def test_intervals_of_every_figure_at_every_length_hold_what_they_say(clients: int) -> None:
    """All cells of a length together, hidden ones included, over 50 invented periods."""
    of = asked(clients)
    for terms in rehearsal.told(of):
        found = rehearsal.expected(of, terms, 50)
        tries = sum(one.tries for one in found)
        part = sum(one.within * one.tries for one in found) / tries
        lowest, highest = min(found, key=lambda one: one.within), max(found, key=lambda one: one.within)
        print(  # noqa: T201 -- figures of docs/privacy.md
            f"{clients} Clients, {terms.grain}: {part:.1%} of {tries:,} cells; least {lowest.cut.key}"
            f" {lowest.within:.1%}, most {highest.cut.key} {highest.within:.1%}"
        )
        assert 0.93 <= part <= 0.97
