"""Editing a Client: only with a reason, only what the form holds, never over somebody else's change."""

from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from konectus.domain.roles import StaffRole
from konectus.services.installation import Installation
from konectus.store.models.audit import AuditEntry
from konectus.store.models.clients import Client
from tests.backoffice.admin.pages import Page
from tests.backoffice.conftest import Web
from tests.support.database import Sessions
from tests.support.factories import Factory

WHY = "Lo pidió la dueña por teléfono, folio 81."


@pytest.fixture
def client_id(make: Factory) -> UUID:
    return make.client(name="Taller Ñandú").id


@pytest.fixture
def http(web: Web) -> httpx.Client:
    return web.staff_as(StaffRole.SUPPORT)


def _address(client_id: UUID) -> str:
    return f"/admin/client/edit/{client_id}"


def _form(http: httpx.Client, client_id: UUID) -> dict[str, str]:
    return {**Page(http.get(_address(client_id)).text).fields, "why": WHY}


def _stored(sessions: Sessions, client_id: UUID) -> Client:
    with sessions.worker() as session:
        return session.scalars(select(Client).where(Client.id == client_id)).one()


def test_a_change_is_stored_with_its_reason_and_what_was_there_before(
    http: httpx.Client, client_id: UUID, sessions: Sessions
) -> None:
    form = _form(http, client_id) | {"legal_name": "Ñandú Artesanal, S.A.", "registered_email": "Legal@Nandu.MX"}
    assert http.post(_address(client_id), data=form).status_code == 303
    found = _stored(sessions, client_id)
    assert (found.legal_name, found.registered_email) == ("Ñandú Artesanal, S.A.", "legal@nandu.mx")
    assert found.legal_name_lower == "ñandú artesanal, s.a.", "so that the search finds the new name"
    with sessions.worker() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "client.edited")).one()
    assert entry.reason == WHY
    assert entry.before["legal_name"] == "Taller Ñandú, S.A. de C.V."
    assert entry.after == {"legal_name": "Ñandú Artesanal, S.A.", "registered_email": "legal@nandu.mx"}


def test_what_the_form_does_not_hold_is_not_stored(http: httpx.Client, client_id: UUID, sessions: Sessions) -> None:
    planted = {
        "id": str(UUID(int=1)),
        "kind": "individual",
        "is_agency": "on",
        "authority": "verified",
        "industry": "x",
    }
    form = _form(http, client_id) | planted | {"trade_name": "Ñandú", "row_version": "99"}
    assert http.post(_address(client_id), data=form).status_code == 303
    found = _stored(sessions, client_id)
    assert (found.trade_name, found.kind, found.is_agency) == ("Ñandú", "entity", False)
    assert (found.authority, found.industry) == ("declared", "other")
    assert found.row_version == 2


def test_a_stale_form_loses_nothing_and_overwrites_nothing(
    http: httpx.Client, web: Web, client_id: UUID, sessions: Sessions
) -> None:
    mine = _form(http, client_id) | {"trade_name": "Ñandú mío"}
    other = web.staff_as(StaffRole.BILLING)
    theirs = _form(other, client_id) | {"trade_name": "Ñandú suyo"}
    assert other.post(_address(client_id), data=theirs).status_code == 303

    answered = http.post(_address(client_id), data=mine)

    page = Page(answered.text)
    assert answered.status_code == 409
    assert "Alguien cambió a este Cliente mientras lo editabas" in page.words
    assert "Guardado ahora: Ñandú suyo" in page.words
    assert (page.fields["trade_name"], page.fields["why"]) == ("Ñandú mío", WHY)
    assert _stored(sessions, client_id).trade_name == "Ñandú suyo"
    assert http.post(_address(client_id), data=page.fields).status_code == 303
    assert _stored(sessions, client_id).trade_name == "Ñandú mío"


SLIPS = (
    ({"why": "corto"}, "Da el motivo en al menos diez caracteres"),
    ({"trade_name": "  "}, "Esto no puede quedar vacío"),
    ({"registered_email": "legal.nandu.mx"}, "Un correo tiene nombre, arroba y dominio"),
    ({"registered_email": "a b@nandu.mx"}, "Un correo tiene nombre, arroba y dominio"),
    ({"zone": "America/Tenochtitlan"}, "Ninguna zona se llama así"),
    ({"zone": "../../etc/passwd"}, "Ninguna zona se llama así"),
    ({"language": "fr"}, "Elige una opción de la lista"),
    ({"legal_name": "x" * 201}, "Es demasiado largo: a lo más 200 caracteres"),
)


def test_a_slip_is_named_and_what_was_typed_stays(http: httpx.Client, client_id: UUID, sessions: Sessions) -> None:
    form = _form(http, client_id) | {"tax_id": "tna190412qx8"}
    for changed, told in SLIPS:
        answered = http.post(_address(client_id), data=form | changed)
        page = Page(answered.text)
        assert answered.status_code == 422, changed
        assert told in page.words, changed
        assert page.fields["tax_id"] == "TNA190412QX8"
    assert _stored(sessions, client_id).row_version == 1


def test_saving_without_a_change_records_nothing(
    http: httpx.Client, client_id: UUID, sessions: Sessions, installation: Installation
) -> None:
    assert http.post(_address(client_id), data=_form(http, client_id)).status_code == 303
    assert _stored(sessions, client_id).row_version == 1
    with sessions.worker() as session:
        assert session.scalar(select(AuditEntry.id).where(AuditEntry.action == "client.edited")) is None
