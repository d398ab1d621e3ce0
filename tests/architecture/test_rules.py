"""Every rule over every file it is for, and every rule against a planted mistake: one that cannot fail is none."""

import pytest

from tests.architecture import rules
from tests.architecture.rules import Rule
from tests.architecture.sources import EVERYTHING, PRODUCT, Source, sources

# A migration is written once, read as a protocol and never grows: alembic/versions is left out. Parameters, branches
# and complexity are ruff's.
SIZED = (*PRODUCT, "tests", "alembic/env.py")
PLACES: dict[Rule, tuple[str, ...]] = {
    rules.clock_is_read_in_one_place: PRODUCT,
    rules.only_the_session_module_commits: PRODUCT,
    rules.a_flush_says_why: PRODUCT,
    rules.sql_has_its_places: PRODUCT,
    rules.relationships_never_load_by_themselves: PRODUCT,
    rules.late_imports_say_why: EVERYTHING,
    rules.names_say_what_is_inside: EVERYTHING,
    rules.packages_hold_a_docstring_or_nothing: EVERYTHING,
    rules.suppressions_say_what_and_why: EVERYTHING,
    rules.files_stay_short: SIZED,
    rules.functions_stay_short: SIZED,
}

SERVICE = "konectus/services/billing.py"
PLANTED: list[tuple[Rule, str, str]] = [
    (rules.clock_is_read_in_one_place, SERVICE, "import datetime\ngetattr(datetime.datetime, 'now')()"),
    (rules.clock_is_read_in_one_place, SERVICE, "__import__('time').time()"),
    (rules.clock_is_read_in_one_place, SERVICE, "from sqlalchemy import func\nx = func.now()"),
    (rules.clock_is_read_in_one_place, SERVICE, "import sqlalchemy as sa\nx = sa.func.current_date()"),
    (rules.clock_is_read_in_one_place, "konectus/store/models/x.py", "x = column(server_default=text('now()'))"),
    (rules.clock_is_read_in_one_place, "reports/x.py", "conn.execute(f'SELECT {a} FROM t WHERE at < now ()')"),
    (rules.clock_is_read_in_one_place, "reports/x.py", "text('SELECT a ' + 'WHERE at < CURRENT_TIMESTAMP')"),
    (rules.clock_is_read_in_one_place, "reports/x.py", "text('SELECT {} < current_date'.format(a))"),
    (rules.only_the_session_module_commits, SERVICE, "work.session.commit()"),
    (rules.only_the_session_module_commits, SERVICE, "make_session().commit()"),
    (rules.a_flush_says_why, SERVICE, "work.session.flush()"),
    (rules.sql_has_its_places, SERVICE, "from sqlalchemy import select"),
    (rules.sql_has_its_places, "dashboard/figures.py", "from sqlalchemy.sql.expression import text as t"),
    (rules.sql_has_its_places, "backoffice/inbox/views.py", "import sqlalchemy\nq = sqlalchemy.text('SELECT 1')"),
    (rules.relationships_never_load_by_themselves, "konectus/store/models/x.py", "a = relationship()"),
    (rules.relationships_never_load_by_themselves, "konectus/store/models/x.py", "a = orm.relationship(lazy='select')"),
    (rules.late_imports_say_why, SERVICE, "def f():\n    import os"),
    (rules.late_imports_say_why, SERVICE, "async def f():\n    if True:\n        from os import path  # later"),
    (rules.names_say_what_is_inside, "konectus/services/utils.py", ""),
    (rules.names_say_what_is_inside, "backoffice/common/pages.py", ""),
    (rules.names_say_what_is_inside, "ingestion/event_handler.py", ""),
    (rules.packages_hold_a_docstring_or_nothing, "ingestion/channels/__init__.py", '"""Adapters."""\nimport os'),
    (rules.suppressions_say_what_and_why, SERVICE, "x = 1  # noqa"),
    (rules.suppressions_say_what_and_why, SERVICE, "x = 1  # noqa: S603"),
    (rules.suppressions_say_what_and_why, SERVICE, "x = 1  # noqa: S603, PLR0913 -"),
    (rules.suppressions_say_what_and_why, SERVICE, "x = 1  # type: ignore"),
    (rules.suppressions_say_what_and_why, SERVICE, "x = 1  # type: ignore[arg-type]"),
    (rules.files_stay_short, SERVICE, "x = 1\n" * 301),
    (rules.files_stay_short, "tests/test_x.py", "x = 1\n" * 501),
    (rules.functions_stay_short, SERVICE, "def f():\n" + "    x = 1\n" * 40),
]

ALLOWED: list[tuple[Rule, str, str]] = [
    (rules.clock_is_read_in_one_place, "konectus/clock.py", "getattr(time, 'monotonic')()"),
    (rules.clock_is_read_in_one_place, SERVICE, "clock.now()\ngetattr(plan, 'price')\ntext('SELECT known FROM t')"),
    (rules.only_the_session_module_commits, "konectus/store/session.py", "session.commit()"),
    (rules.a_flush_says_why, SERVICE, "session.flush()  # the foreign key below needs the row\nfile.flush()"),
    (rules.sql_has_its_places, "konectus/store/queries/clients.py", "from sqlalchemy import select, text"),
    (rules.sql_has_its_places, SERVICE, "from sqlalchemy import insert"),
    (rules.relationships_never_load_by_themselves, "konectus/store/models/x.py", "a = relationship(lazy='raise')"),
    (rules.late_imports_say_why, SERVICE, "import os\ndef f():\n    import csv  # late: only exports need it"),
    (rules.names_say_what_is_inside, "konectus/store/columns.py", ""),
    (rules.packages_hold_a_docstring_or_nothing, "ingestion/__init__.py", '"""Adapters."""'),
    (rules.suppressions_say_what_and_why, SERVICE, "x = 1  # noqa: S603 - a number of ours\ny = 2  # noqa-like word"),
    (rules.files_stay_short, SERVICE, "x = 1\n" * 300),
    (rules.functions_stay_short, SERVICE, "def f():\n" + "    x = 1\n" * 39),
]


def found(rule: Rule, source: Source) -> list[str]:
    return [f"{source.place}:{line}: {words}" for line, words in rule(source)]


@pytest.mark.parametrize("rule", PLACES, ids=lambda rule: rule.__name__)
def test_code_keeps_the_rule(rule: Rule) -> None:
    assert [mistake for source in sources(*PLACES[rule]) for mistake in found(rule, source)] == []


@pytest.mark.parametrize(("rule", "place", "text"), PLANTED)
def test_rule_finds_a_planted_mistake(rule: Rule, place: str, text: str) -> None:
    assert found(rule, Source.of(place, text)) != []


@pytest.mark.parametrize(("rule", "place", "text"), ALLOWED)
def test_rule_leaves_good_code_alone(rule: Rule, place: str, text: str) -> None:
    assert found(rule, Source.of(place, text)) == []


def test_every_rule_is_proved_to_fail() -> None:
    assert set(PLACES) <= {rule for rule, _, _ in PLANTED}


def test_every_top_folder_is_looked_at() -> None:
    tops = {source.place.split("/")[0] for source in sources(*EVERYTHING)}
    assert {"konectus", "backoffice", "ingestion", "reports", "dashboard", "alembic", "tests"} <= tops
