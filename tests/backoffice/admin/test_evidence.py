"""The evidence for a dispute: one download with every paper of the case, checkable, audited, and nobody's messages."""

import hashlib
import io
import json
from email import message_from_bytes
from zipfile import ZipFile

import httpx
import pytest

from konectus.domain.roles import StaffRole
from konectus.domain.suspension import Cause
from konectus.services import documents, suspensions
from konectus.services.installation import Installation
from konectus.store.models.audit import AuditEntry
from konectus.store.models.clients import Client
from tests.backoffice import shared as without_admin
from tests.backoffice.admin import shared
from tests.backoffice.admin.books import Books
from tests.backoffice.admin.pages import Page
from tests.backoffice.conftest import Web
from tests.backoffice.people import Talk
from tests.support.factories import Factory

clock, installation, make, web = shared.clock, shared.installation, shared.make, shared.web
talk = without_admin.talk
SECRET = "canario-azul-7781"


@pytest.fixture(scope="module")
def client(installation: Installation, make: Factory, talk: Talk) -> Client:
    """Told twice, suspended, in the middle of a conversation."""
    with installation.works.system() as work:
        documents.publish_terms(work)
    made = make.client(name="Vidriería Ñandú / Norte")
    talk.begin(made.id, SECRET, name=SECRET)
    books = Books(installation)
    books.notice(made.id, delivered=True)
    books.notice(made.id, bounced=True)
    with installation.works.system() as work:
        suspensions.open_cause(work, made.id, Cause.TRIAL_EXPIRED, "The free trial ended")
    return made


def files_of(answered: httpx.Response) -> dict[str, bytes]:
    assert answered.status_code == 200, answered.text[:300]
    with ZipFile(io.BytesIO(answered.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_everything_of_the_case_is_in_it_and_can_be_checked(
    client: Client, web: Web, installation: Installation
) -> None:
    http = web.staff_as(StaffRole.LEGAL)
    assert "Paquete de evidencia" in Page(http.get(f"/admin/client/details/{client.id}").text).words
    answered = http.post(f"/admin/client/evidence/{client.id}")
    assert answered.headers["content-disposition"].startswith('attachment; filename="evidencia-2026-11-19-')
    assert "content-length" not in answered.headers, "packed while it is sent"
    files = files_of(answered)
    sums = {line[66:]: line[:64] for line in files.pop("SHA256SUMS").decode().splitlines()}
    assert sums == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}

    bill = Books(installation).owed(client.id)[0]
    assert files[f"invoices/{bill.number}.pdf"].startswith(b"%PDF")
    mails = [message_from_bytes(content) for name, content in files.items() if name.endswith(".eml")]
    assert [mail["subject"] for mail in mails] == ["Aviso", "Aviso"]
    told = [
        json.loads(content) for name, content in files.items() if "payment_pending" in name and name[-5:] == ".json"
    ]
    assert sorted(one["state"] for one in told) == ["bounced", "delivered"]
    assert told[0]["invoices"] == [{"invoice": bill.number, "owed_cents": bill.balance_cents}]
    assert [one["cause"] for one in json.loads(files["suspensions.json"])] == ["trial_expired"]
    accepted = json.loads(files["terms/accepted.json"])[0]
    text = files[f"terms/{accepted['document']}_{accepted['version']}_es.txt"]
    assert hashlib.sha256(text).hexdigest() == accepted["sha256_es"]
    trail = json.loads(files["timeline.json"])
    assert {"suspension.opened", "client.evidence_taken"} <= {one["action"] for one in trail}
    assert not any("ip" in one for one in trail)
    assert SECRET.encode() not in b"".join(files.values())
    assert json.loads(files["client.json"])["legal_name"] == client.legal_name


def test_taking_it_is_an_entry_of_the_trail(client: Client, web: Web, installation: Installation) -> None:
    http = web.staff_as(StaffRole.BILLING)
    files = files_of(http.post(f"/admin/client/evidence/{client.id}"))
    with installation.works.system() as work:
        found = work.session.query(AuditEntry).filter_by(action="client.evidence_taken").order_by(AuditEntry.id.desc())
        entry = found.first()
    assert entry is not None
    assert (entry.client_id, entry.after["notices"]) == (
        client.id,
        len([name for name in files if name.startswith("notices/") and name.endswith(".json")]),
    )
    assert entry.after["files"] == len(files) - 2, "what it is and the sums are not counted"


@pytest.mark.parametrize("role", [StaffRole.SUPPORT, StaffRole.PRIVACY])
def test_who_answers_no_disputes_gets_none(client: Client, web: Web, role: StaffRole) -> None:
    http = web.staff_as(role)
    assert http.post(f"/admin/client/evidence/{client.id}").status_code == 403
    assert "Paquete de evidencia" not in http.get(f"/admin/client/details/{client.id}").text


def test_a_link_and_another_site_do_not_take_it(client: Client, web: Web) -> None:
    http = web.staff_as(StaffRole.LEGAL)
    assert http.get(f"/admin/client/evidence/{client.id}").status_code == 405
    crossed = http.post(f"/admin/client/evidence/{client.id}", headers={"sec-fetch-site": "cross-site"})
    assert crossed.status_code == 403
    assert http.post("/admin/client/evidence/x").status_code == 404
    assert http.post("/admin/client/evidence/00000000-0000-7000-8000-00000000dead").status_code == 404
