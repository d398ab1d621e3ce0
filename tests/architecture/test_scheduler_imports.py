"""scheduler.py is outside the import contracts (a single file cannot be a root package), so its list is here."""

import ast
import sys

import pytest

from tests.architecture.sources import PROJECT, Source

ALLOWED = (
    "apscheduler",
    "konectus.services",
    "konectus.settings",
    "konectus.clock",
    "konectus.errors",
    "konectus.ids",
    "konectus.loading",
    "konectus.log",
    "konectus.meters",
    "ingestion.health",
    "ingestion.reconcile",
    "reports",
)


def strangers(source: Source) -> set[str]:
    """What is imported and is neither the standard library nor on the list."""
    names: set[str] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names}
    return {name for name in names if name.split(".")[0] not in sys.stdlib_module_names and not _is_allowed(name)}


def _is_allowed(name: str) -> bool:
    return any(name == allowed or name.startswith(allowed + ".") for allowed in ALLOWED)


@pytest.mark.parametrize(
    "line",
    ["from konectus.store import session", "import konectus.store.models", "from backoffice.app import build",
     "from ingestion import worker", "from dashboard import app", "import sqlalchemy", "from . import reports"],
)  # fmt: skip
def test_an_import_that_is_not_on_the_list_is_found(line: str) -> None:
    assert strangers(Source.of("scheduler.py", f"import os\nfrom konectus.services import sweeps\n{line}")) != set()


def test_scheduler_imports_what_its_list_allows() -> None:
    source = Source.of("scheduler.py", (PROJECT / "scheduler.py").read_text(encoding="utf-8"))
    assert strangers(source) == set()
