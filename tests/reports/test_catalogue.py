"""One declaration of every figure: what is in it is consistent, and the document is written from it."""

from pathlib import Path

import pytest

import reports
from konectus import figures
from konectus.figures import BY_KEY, CUTS, GRAINS, RUNGS, TOTAL, Cut
from reports import catalogue
from reports.labels import labels
from reports.periods import KINDS
from reports.worlds import DAY, PLANS

DOCUMENT = Path(reports.__file__).parent.parent / "docs" / "figures.md"


def test_the_document_is_the_catalogue() -> None:
    assert DOCUMENT.read_text() == catalogue.page(), "run: python -m reports.catalogue > docs/figures.md"


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: f"{cut.grain}-{cut.key}")
def test_every_cut_has_a_metric_a_key_space_and_a_price(cut: Cut) -> None:
    assert cut.metric in BY_KEY
    assert cut.first_rung in RUNGS
    assert len(labels(PLANS, KINDS[cut.grain].of(DAY))[cut.dim]) >= 1
    assert bool(cut.share) != bool(cut.of), "it is measured, or read off another one"


def test_what_is_read_off_another_cut_comes_no_earlier_than_that() -> None:
    for cut in CUTS:
        if cut.of:
            source = figures.first_rung(cut.grain, cut.metric, cut.of)
            assert source is not None
            assert source <= cut.first_rung


def test_every_length_counts_clients_in_total_which_cells_are_judged_by() -> None:
    for grain in GRAINS:
        first = min(cut.first_rung for cut in CUTS if cut.grain == grain)
        assert figures.first_rung(grain, "clients", TOTAL) == first


def test_no_cut_is_declared_twice() -> None:
    keys = [(cut.grain, cut.metric, cut.dim) for cut in CUTS]
    assert len(keys) == len(set(keys))
