"""Connectors of one Client against the simulator: the sender's requests turned by hand, the web's pages beside them."""

import pytest

from tests.support.connections import bench, simulator, world
from tests.support.providers import FakeChannels

__all__ = ["bench", "simulator", "world"]


@pytest.fixture
def channels() -> FakeChannels:
    return FakeChannels()
