"""Plugins of the suite and the guard of its environment. Fixtures live in tests/support."""

import gc
import os
from pathlib import Path

import pytest

pytest_plugins = [
    "tests.support.cluster",
    "tests.support.database",
    "tests.support.factories",
    "tests.support.processes",
    "tests.support.browser",
]

# Those that take long begin first: one that began last would keep one worker busy after all others have ended.
LONG = (
    "konectus/services/test_lifecycle_machine.py",
    "backoffice/admin/test_browser.py",
    "backoffice/admin/test_rights.py",
    "migrations/test_migrations.py",
    "konectus/store/test_cluster.py",
    "konectus/cli/test_seed.py",
    "konectus/cli/test_seed_worlds.py",
    "backoffice/test_browser.py",
    "backoffice/admin/test_hostile.py",
    "backoffice/test_reading.py",
    "dashboard/test_browser.py",
    "dashboard/test_views_browser.py",
    "reports/mails/test_paces.py",
    "dashboard/test_gate_browser.py",
    "backoffice/account/test_browser.py",
    "backoffice/account/test_account_browser.py",
    "backoffice/test_callbacks.py",
    "backoffice/test_stream.py",
    # of processes
    "konectus/cli/test_up.py",
    "promises/test_p30_the_clock.py",
    "promises/test_p24_secrets_stay_secret.py",
    "promises/test_p33_database_down_and_disk_full.py",
    "promises/test_p31_graceful_stop.py",
    "promises/test_p01_no_accepted_delivery_is_lost.py",
    "ingestion/sender/test_process.py",
    "journeys/test_main_job.py",
    "konectus/cli/test_bench.py",
)

# Half of the time to load three thousand tests, and a quarter of the time to run them, went into walking what stays.
gc.disable()


def pytest_configure() -> None:
    """A test must never reach an installation of this machine."""
    found = sorted(name for name in os.environ if name.startswith("KONECTUS_"))
    if found:
        raise pytest.UsageError(f"unset {', '.join(found)}: tests bring their own settings")
    # Tests talk to this machine alone: each httpx client would read all authorities of the world first, for 30 ms.
    os.environ.pop("SSL_CERT_DIR", None)
    os.environ["SSL_CERT_FILE"] = str(Path(__file__).parent / "support" / "one_authority.pem")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long modules first. Raises UsageError for a test of processes in a file that .ci/test would not load."""
    here = Path(__file__).parent
    places = {here / name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path, len(LONG)))
    for path in {item.path for item in items if item.get_closest_marker("processes")}:
        if "mark.processes" not in path.read_text():
            raise pytest.UsageError(f"{path}: write pytest.mark.processes into the file itself")


def pytest_collection_finish() -> None:
    """What is loaded by now is never looked at again; what the tests leave behind is."""
    gc.freeze()
    gc.enable()
