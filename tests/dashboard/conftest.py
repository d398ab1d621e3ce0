"""Fixtures of the figures, for this folder."""

from tests.support.figures import analyst, published, world
from tests.support.grown import grown

__all__ = ["analyst", "grown", "published", "world"]
