"""Plugins of the suite and the guard of its environment. Fixtures live in tests/support."""

import os

import pytest

pytest_plugins = [
    "tests.support.cluster",
    "tests.support.database",
    "tests.support.factories",
    "tests.support.processes",
    "tests.support.browser",
]


def pytest_configure() -> None:
    """A test must never reach an installation of this machine."""
    found = sorted(name for name in os.environ if name.startswith("KONECTUS_"))
    if found:
        raise pytest.UsageError(f"unset {', '.join(found)}: tests bring their own settings")
