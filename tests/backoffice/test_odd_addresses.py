"""Addresses no page has: a NUL in the path, a number no table holds. They are refused before any database is asked."""

import pytest

from konectus.domain.roles import StaffRole
from tests.backoffice.conftest import Web
from tests.backoffice.shared import clock, installation, make, web

__all__ = ["clock", "installation", "make", "web"]


@pytest.mark.parametrize(
    ("path", "status"),
    [("/deletion/%00", 404), ("/terms/%00", 404), ("/admin/plan/publish/%00", 404), (f"/terms/{10**23}", 422)],
)
def test_an_address_no_page_can_have_is_refused_and_fails_nothing(web: Web, path: str, status: int) -> None:
    for browser in (web.browser(), web.staff_as(StaffRole.ADMIN)):
        assert browser.get(path).status_code == status
