"""The audit trail: narrowed by Client, action and person; each entry with what differs; nothing can be changed."""

from konectus.domain.roles import StaffRole
from konectus.domain.suspension import Cause
from konectus.services import suspensions
from konectus.services.installation import Installation
from konectus.services.work import Actor
from tests.backoffice.admin.pages import Page
from tests.backoffice.conftest import Web
from tests.support.factories import Factory


def test_the_trail_is_narrowed_by_client_action_and_person(web: Web, make: Factory, installation: Installation) -> None:
    first, second = make.client(name="Promo Express"), make.client(name="Taller Ñandú")
    lucia = str(make.staff(role=StaffRole.LEGAL, name="Lucía Echeverría"))
    with installation.works.staff(Actor("staff", lucia, "Lucía Echeverría")) as work:
        suspensions.suspend_by_hand(work, first.id, Cause.AUP, "Envío masivo a listas")
    http = web.staff_as(StaffRole.PRIVACY)

    def rows(query: str) -> str:
        words = Page(http.get(f"/admin/audit-entry/list?{query}").text).words
        return words[words.index("Cuándo") :] if "Cuándo" in words else words

    assert "Promo Express" in rows("")
    assert "Taller Ñandú" in rows("")
    of_client = rows(f"client={first.id}")
    assert "Suspensión abierta Envío masivo a listas" in of_client
    assert "Taller Ñandú" not in of_client
    assert "Cliente registrado" not in rows("action=suspension.opened")
    assert "Suspensión abierta" in rows("action=suspension.opened")
    of_person = rows(f"actor={lucia}")
    assert "Lucía Echeverría" in of_person
    assert "Konectus Automático" not in of_person
    assert "Ningún registro así." in rows(f"client={second.id}&action=suspension.opened")
    for hostile in ("client=x", "action=%27%3B--", "actor=%00", "before=x"):
        assert http.get(f"/admin/audit-entry/list?{hostile}").status_code == 200


def test_filters_stay_on_the_following_pages(web: Web, make: Factory) -> None:
    client = make.client(seats=90)
    for _ in range(60):
        make.user(client.id)
    http = web.staff_as(StaffRole.ADMIN)
    page = Page(http.get(f"/admin/audit-entry/list?client={client.id}&action=user.added").text)
    following = next(link for link in page.links if "before=" in link)
    words = Page(http.get(following).text).words
    assert words.count("Persona agregada Taller") == 10
    assert page.fields["action"] == "user.added"


def test_an_entry_shows_who_why_and_what_differs(web: Web, make: Factory) -> None:
    client = make.client(name="Taller Ñandú")
    http = web.staff_as(StaffRole.ADMIN)
    address = f"/admin/client/edit/{client.id}"
    form = Page(http.get(address).text).fields | {"trade_name": "Ñandú & Hijos", "why": "Lo pidió la dueña"}
    assert http.post(address, data=form).status_code == 303
    trail = Page(http.get("/admin/audit-entry/list?action=client.edited").text)
    entry = next(link for link in trail.links if "/audit-entry/details/" in link)
    page = Page(http.get(entry).text)
    assert "Datos del Cliente cambiados" in page.words
    assert "Lo pidió la dueña" in page.words
    assert "trade_name Taller Ñandú Ñandú & Hijos" in page.words
    assert "Dirección IP 127.0.0.1" in page.words
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert http.request(method, entry).status_code in (404, 405), method
