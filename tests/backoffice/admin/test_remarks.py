"""Remarks on the charts: written and withdrawn by staff with a reason, and copied for analysts."""

from sqlalchemy import text

from konectus.domain.roles import StaffRole
from konectus.services.installation import Installation
from konectus.store.roles import Role
from reports import remarks
from tests.backoffice.admin.shared import clock, installation, make, web
from tests.backoffice.conftest import Web

__all__ = ["clock", "installation", "make", "web"]

WRITE = "/admin/annotation/write"
WHY = "Lo pidió el equipo de análisis"
TYPED = {"day": "2026-10-05", "words_es": "Precio <nuevo>", "words_en": "New price", "why": WHY}


def shown(installation: Installation) -> list[tuple[object, ...]]:
    """What analysts can read."""
    with installation.released.session(Role.ANALYST) as session:
        found = session.execute(text("select * from released.annotation")).all()
    return [tuple(row) for row in found]


def entries(installation: Installation) -> list[tuple[str, str]]:
    with installation.database.session(Role.STAFF) as session:
        found = session.execute(
            text("select action, reason from ledger.audit_entry where subject_kind = 'annotation' order by id")
        ).all()
    return [(row.action, row.reason) for row in found]


def test_a_remark_reaches_analysts_with_the_next_run_and_leaves_with_the_one_after(
    web: Web, installation: Installation
) -> None:
    http = web.staff_as(StaffRole.SUPPORT)
    assert http.post(WRITE, data=TYPED).headers["location"] == "/admin/annotation/list"
    page = http.get("/admin/annotation/list").text
    assert "Precio &lt;nuevo&gt;" in page
    assert shown(installation) == []
    assert [remarks.copy(installation), remarks.copy(installation)] == [1, 0]
    [(remark_id, day, *words)] = shown(installation)
    assert (str(day), words) == ("2026-10-05", ["Precio <nuevo>", "New price"])
    address = f"/admin/annotation/withdraw/{remark_id}"
    refused = http.post(address, data={"why": "no"})
    assert (refused.status_code, 'aria-invalid="true"' in refused.text) == (422, True)
    assert http.post(address, data={"why": WHY}).status_code == 303
    assert http.post(address, data={"why": WHY}).status_code == 404
    assert "Precio" not in http.get("/admin/annotation/list").text
    assert [remarks.copy(installation), shown(installation)] == [1, []]
    assert entries(installation) == [("annotation.written", WHY), ("annotation.withdrawn", WHY)]


def test_what_was_typed_stays_where_something_has_to_be_mended(web: Web, installation: Installation) -> None:
    http = web.staff_as(StaffRole.ADMIN)
    before = entries(installation)
    for field, value in (("day", "2999-01-01"), ("day", "x"), ("words_es", ""), ("words_en", "x" * 81), ("why", "no")):
        answer = http.post(WRITE, data=TYPED | {field: value})
        assert (answer.status_code, answer.text.count('aria-invalid="true"')) == (422, 1), field
        assert "New price" in answer.text or field == "words_en"
    assert "nunca nombres a un Cliente" in http.get("/admin/annotation/list").text
    assert entries(installation) == before
