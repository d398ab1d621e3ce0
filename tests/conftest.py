"""Plugins of the suite and the guard of its environment. Fixtures live in tests/support."""

import gc
import os

import pytest

pytest_plugins = [
    "tests.support.cluster",
    "tests.support.database",
    "tests.support.factories",
    "tests.support.processes",
    "tests.support.browser",
]

# Half of the time to load three thousand tests, and a quarter of the time to run them, went into walking what stays.
gc.disable()


def pytest_configure() -> None:
    """A test must never reach an installation of this machine."""
    found = sorted(name for name in os.environ if name.startswith("KONECTUS_"))
    if found:
        raise pytest.UsageError(f"unset {', '.join(found)}: tests bring their own settings")


def pytest_collection_finish() -> None:
    """What is loaded by now is never looked at again; what the tests leave behind is."""
    gc.collect()
    gc.freeze()
    gc.enable()
