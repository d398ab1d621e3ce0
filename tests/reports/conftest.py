"""Fixtures of the figures, for this folder."""

from tests.support.figures import analyst, published, world
from tests.support.talks import talks

__all__ = ["analyst", "published", "talks", "world"]
