"""The API's tests share one web process a module; each test is another Client."""

from tests.backoffice.shared import clock, installation, make, web

__all__ = ["clock", "installation", "make", "web"]
