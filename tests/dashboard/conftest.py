"""Fixtures of the figures, for this folder."""

from tests.support.figures import analyst, published, world

__all__ = ["analyst", "published", "world"]
