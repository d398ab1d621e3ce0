"""Ceilings of files and functions. Parameters, branches and complexity are ruff's."""

import pytest

from tests.architecture import rules
from tests.architecture.rules import Rule
from tests.architecture.sources import PRODUCT, sources

# A migration is written once, read as a protocol and never grows: alembic/versions is left out.
SIZED = (*PRODUCT, "tests", "alembic/env.py")


@pytest.mark.parametrize("rule", [rules.files_stay_short, rules.functions_stay_short], ids=lambda rule: rule.__name__)
def test_ceiling_is_kept(rule: Rule) -> None:
    found = [f"{source.place}:{line}: {words}" for source in sources(*SIZED) for line, words in rule(source)]
    assert found == []
