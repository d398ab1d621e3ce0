"""Ordering and stopping reports by mail: an administrator's alone, for those who may read the figures."""

from uuid import UUID

from sqlalchemy import text

from konectus.domain.roles import StaffRole
from konectus.services.installation import Installation
from konectus.services.work import Change
from konectus.store.roles import Role
from tests.backoffice.admin.shared import clock, installation, make, web
from tests.backoffice.conftest import Web
from tests.support import told
from tests.support.factories import Factory

__all__ = ["clock", "installation", "make", "web"]

LIST, ORDER = "/admin/report-subscription/list", "/admin/report-subscription/order"
WHY = "Lo pidió la dirección de análisis"


def typed(person: UUID, **other: str) -> dict[str, str]:
    return {"person": str(person), "pace": "month", "forms": "both", "language": "es", "why": WHY} | other


def test_a_report_is_ordered_once_shown_and_stopped(web: Web, installation: Installation, make: Factory) -> None:
    http, reader = web.staff_as(StaffRole.ADMIN), make.staff(role=StaffRole.ANALYST, name="Zoé Ñúñez")
    assert http.post(ORDER, data=typed(reader)).status_code == 303
    assert http.post(ORDER, data=typed(reader)).status_code == 422
    page = http.get(LIST).text
    assert "Zoé Ñúñez" in page
    assert "PDF, XLSX" in page
    with installation.database.session(Role.STAFF) as session:
        query = text("select id from platform.report_subscription where staff_id = :id")
        order_id = session.execute(query, {"id": reader}).scalar_one()
    stop = f"/admin/report-subscription/stop/{order_id}"
    assert http.post(stop, data={"why": "corto"}).status_code == 422
    assert http.post(stop, data={"why": WHY}).status_code == 303
    assert http.post(stop, data={"why": WHY}).status_code == 404


def test_a_weekly_report_is_offered_only_while_weeks_are_published(
    web: Web, installation: Installation, make: Factory
) -> None:
    http, reader = web.staff_as(StaffRole.ADMIN), make.staff(role=StaffRole.ANALYST, name="Sofía Semanal")
    page = http.get(LIST).text
    assert '<option value="week" disabled>' in page
    assert "a partir de 600 Clientes" in page
    assert http.post(ORDER, data=typed(reader, pace="week")).status_code == 422
    told.release(installation, "2026-08", "2026-W36")
    page = http.get(LIST).text
    assert '<option value="week">' in page
    assert http.post(ORDER, data=typed(reader, pace="week")).status_code == 303
    assert http.post(ORDER, data=typed(reader, pace="month")).status_code == 303, "beside the monthly one"
    assert "Cada semana<small>" in http.get(LIST).text
    told.release(installation, "2026-10", rung=120)
    assert '<option value="week" disabled>' in http.get(LIST).text, "the platform fell below: no week follows"


def test_who_may_not_read_figures_any_more_is_named_as_getting_nothing(
    web: Web, installation: Installation, make: Factory
) -> None:
    http, reader = web.staff_as(StaffRole.ADMIN), make.staff(role=StaffRole.ANALYST, name="Ulises Mudado")
    http.post(ORDER, data=typed(reader))
    assert "Ya no se envía nada" not in row_of(http.get(LIST).text, "Ulises Mudado")
    with installation.works.system() as work:
        work.session.execute(text("update ledger.staff set role = 'support' where id = :id"), {"id": reader})
        work.record("staff.changed", ("staff", reader), Change(reason=WHY))
    assert "Ya no se envía nada" in row_of(http.get(LIST).text, "Ulises Mudado")


def row_of(page: str, name: str) -> str:
    return next(row for row in page.split("<tr>") if f"<bdi>{name}</bdi>" in row)


def test_what_is_not_on_the_lists_is_refused(web: Web, make: Factory) -> None:
    http, reader = web.staff_as(StaffRole.ADMIN), make.staff(role=StaffRole.ANALYST)
    other = make.staff(role=StaffRole.SUPPORT)
    for wrong in ({"person": str(other)}, {"pace": "day"}, {"forms": "html"}, {"language": "fr"}, {"why": "corto"}):
        assert http.post(ORDER, data=typed(reader) | wrong).status_code == 422, wrong
    assert http.post("/admin/report-subscription/stop/x", data={"why": WHY}).status_code == 404
