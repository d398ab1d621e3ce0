"""Proof of authority: owners hand papers in, sealed; the legal role opens them with a reason; nobody else does."""

from collections.abc import Sequence
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from konectus.domain.deadlines import after_full_days
from konectus.domain.roles import StaffRole, UserRole
from konectus.services import documents
from konectus.services.installation import Installation
from konectus.store.roles import Role
from tests.backoffice.admin.shared import clock, installation, make, web
from tests.backoffice.conftest import Web
from tests.support.clock import ManualClock
from tests.support.factories import STAFF, Factory
from tests.support.papers import JPEG, PDF, PNG

__all__ = ["clock", "installation", "make", "web"]

HOME = "/account/documents"
HERE = f"{HOME}/authority"
REASON = "Alta de una empresa nueva"


@pytest.fixture
def client_id(installation: Installation, make: Factory) -> UUID:
    """A Client that was asked for its papers."""
    found = make.client().id
    ask(installation, found)
    return found


@pytest.fixture
def owner(web: Web, client_id: UUID) -> httpx.Client:
    return web.agent_of(client_id, role=UserRole.OWNER)


def ask(installation: Installation, client_id: UUID) -> None:
    with installation.works.staff(STAFF) as work:
        documents.request_authority(work, client_id, "Poder notarial", reason=REASON)


def send(http: httpx.Client, *files: tuple[str, bytes]) -> httpx.Response:
    # The type a browser tells is its guess by the name: it counts for nothing.
    return http.post(HERE, files=[("papers", (name, content, "text/html")) for name, content in files])


def rows(installation: Installation, client_id: UUID) -> Sequence[tuple[str, bytes, bytes]]:
    with installation.database.session(Role.WORKER) as session:
        found = session.execute(
            text(
                "select id, name_sealed, content_sealed from ledger.authority_document where client_id = :id"
                " order by uploaded_at, id"
            ),
            {"id": client_id},
        )
        return [(str(row.id), row.name_sealed, row.content_sealed) for row in found]


def tasks(installation: Installation, client_id: UUID) -> set[tuple[str, object]]:
    with installation.database.session(Role.WORKER) as session:
        found = session.execute(
            text("select kind, due_at from ledger.staff_task where client_id = :id and closed_at is null"),
            {"id": client_id},
        )
        return {(row.kind, row.due_at) for row in found}


def test_papers_are_kept_sealed_by_what_they_are_and_a_person_of_the_staff_is_called(
    owner: httpx.Client, installation: Installation, client_id: UUID, clock: ManualClock
) -> None:
    due_at = after_full_days(clock.now(), 15)
    assert tasks(installation, client_id) == {("authority_documents", due_at)}
    page = owner.get(HOME).text
    assert 'type="file"' in page
    assert "Poder notarial" in page
    answer = send(owner, ("poder <b>.html", PDF), ("foto.jpg", JPEG), ("sello.png", PNG))
    assert answer.headers["location"] == f"{HOME}?note=handed_in"
    shown = owner.get(HOME).text
    assert "poder &lt;b&gt;.html.pdf" in shown
    assert "foto.jpg" in shown
    kept = rows(installation, client_id)
    assert len(kept) == 3
    for _, name, content in kept:
        assert b"poder" not in name
        assert not any(part in content for part in (b"%PDF", b"JFIF", b"IHDR"))
    assert tasks(installation, client_id) == {("authority_came", None)}


def test_a_file_that_is_refused_is_named_with_its_reason_and_costs_the_others_nothing(
    owner: httpx.Client, installation: Installation, client_id: UUID
) -> None:
    answer = send(owner, ("acta.pdf", PDF), ("virus<i>.pdf", b"MZ program"), ("otra.pdf", PDF), ("nada.png", b""))
    assert answer.status_code == 422
    for words in ("Llegó 1 archivo", "virus&lt;i&gt;.pdf", "no es un PDF, JPEG o PNG", "ya está aquí", "está vacío"):
        assert words in answer.text
    assert len(rows(installation, client_id)) == 1
    assert owner.post(HERE, data={}).headers["location"] == f"{HOME}?note=no_file"
    eleven = [(f"{n}.pdf", PDF + bytes([48 + n])) for n in range(11)]
    assert "diez archivos son el máximo" in send(owner, *eleven).text
    assert len(rows(installation, client_id)) == 10


def test_only_owners_of_this_client_and_only_while_papers_are_asked_for(
    web: Web, owner: httpx.Client, installation: Installation, client_id: UUID, make: Factory
) -> None:
    assert send(web.agent_of(client_id), ("a.pdf", PDF)).status_code == 403
    assert send(owner, ("a.pdf", PDF)).status_code == 303
    ((paper, _, _),) = rows(installation, client_id)
    stranger = web.agent_of(make.client().id, role=UserRole.OWNER)
    assert "ya no se pide nada" in send(stranger, ("a.pdf", PDF)).text
    assert stranger.post(f"{HERE}/{paper}/withdraw").headers["location"] == f"{HOME}?note=gone"
    assert len(rows(installation, client_id)) == 1
    with installation.works.staff(STAFF) as work:
        documents.settle_authority(work, client_id, verified=True, reason=REASON)
    assert tasks(installation, client_id) == set()
    assert 'type="file"' not in owner.get(HOME).text
    assert "ya no se pide nada" in send(owner, ("b.pdf", PDF + b" ")).text
    assert owner.post(f"{HERE}/{paper}/withdraw").headers["location"] == f"{HOME}?note=decided"


def test_what_is_taken_back_loses_its_bytes_and_the_staff_waits_again(
    web: Web, owner: httpx.Client, installation: Installation, client_id: UUID, clock: ManualClock
) -> None:
    send(owner, ("equivocado.pdf", PDF))
    ((paper, _, _),) = rows(installation, client_id)
    assert owner.post(f"{HERE}/{paper}/withdraw").headers["location"] == f"{HOME}?note=taken_back"
    assert rows(installation, client_id)[0][2] == b""
    assert "retirado" in owner.get(HOME).text
    assert tasks(installation, client_id) == {("authority_documents", after_full_days(clock.now(), 15))}
    legal = web.staff_as(StaffRole.LEGAL)
    assert legal.get(f"/admin/authority-document/open/{paper}").status_code == 404
    assert legal.post(f"/admin/authority-document/bytes/{paper}", data={"why": REASON}).status_code == 404
    assert send(owner, ("equivocado.pdf", PDF)).status_code == 303  # the same file may come again


def test_the_legal_role_opens_a_paper_with_a_reason_that_is_kept_and_nothing_of_it_runs(
    web: Web, owner: httpx.Client, installation: Installation, client_id: UUID
) -> None:
    send(owner, ("poder ñ.pdf", PDF))
    ((paper, _, _),) = rows(installation, client_id)
    legal = web.staff_as(StaffRole.LEGAL)
    assert "poder ñ.pdf" in legal.get(f"/admin/authority-document/list?client={client_id}").text
    assert "poder ñ.pdf" in legal.get(f"/admin/authority-document/details/{paper}").text
    place = f"/admin/authority-document/bytes/{paper}"
    short = legal.post(place, data={"why": "corto"})
    assert "al menos diez" in legal.get(short.headers["location"]).text
    answer = legal.post(place, data={"why": REASON})
    assert answer.content == PDF
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''poder%20%C3%B1.pdf"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "private, no-store"
    with installation.database.session(Role.STAFF) as session:
        told = session.execute(
            text("select action, reason from ledger.audit_entry where subject_id = :id order by id"), {"id": paper}
        )
        assert [tuple(row) for row in told] == [
            ("authority_document.handed_in", None),
            ("authority_document.opened", REASON),
        ]


@pytest.mark.parametrize("role", [role for role in StaffRole if role is not StaffRole.LEGAL])
def test_nobody_else_of_the_staff_sees_or_opens_papers(
    web: Web, installation: Installation, client_id: UUID, role: StaffRole
) -> None:
    send(web.agent_of(client_id, role=UserRole.OWNER), ("poder.pdf", PDF))
    ((paper, _, _),) = rows(installation, client_id)
    staff = web.staff_as(role)
    for path in (f"details/{paper}", "list", f"open/{paper}"):
        assert staff.get(f"/admin/authority-document/{path}").status_code in (403, 404), path
    answer = staff.post(f"/admin/authority-document/bytes/{paper}", data={"why": REASON})
    assert answer.status_code in (403, 404)
    assert b"%PDF" not in answer.content
