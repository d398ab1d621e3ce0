"""Papers of the contract in an archive: invoices, the texts accepted, what proves the authority to bind."""

import hashlib
import io
import re
from uuid import UUID

import pypdf
import pytest

from konectus.domain.roles import UserRole
from konectus.services import authority, documents
from konectus.services.installation import Installation
from konectus.services.work import Actor
from reports.export import builder, papers
from tests.backoffice.shared import clock, installation, make
from tests.reports.archiving import Archive, archive_of, ask, fetch
from tests.support.factories import STAFF, Factory
from tests.support.papers import PDF, PNG

__all__ = ["clock", "installation", "make"]
REASON = "Alta de una empresa nueva"


@pytest.fixture(scope="module")
def client_id(installation: Installation, make: Factory) -> UUID:
    """A Client that was billed, accepted the Terms and handed papers in, one of which it took back."""
    with installation.works.system() as work:
        documents.publish_terms(work)
    client = make.client(name="Óptica Lucía")
    owner = make.user(client.id, role=UserRole.OWNER)
    with installation.works.staff(STAFF) as work:
        documents.request_authority(work, client.id, "Poder notarial", reason=REASON)
    with installation.works.system(Actor("agent", str(owner), "Dueña")) as work:
        authority.hand_in(work, client.id, owner, "poder.pdf", PDF)
        authority.hand_in(work, client.id, owner, "sello.png", PNG)
        gone = authority.hand_in(work, client.id, owner, "nada.pdf", PDF + b"\n")
        authority.take_back(work, client.id, owner, gone)
    return client.id


@pytest.fixture(scope="module")
def lived(installation: Installation, client_id: UUID) -> Archive:
    return archive_of(installation, client_id)


def test_every_invoice_is_there_as_it_is_printed_and_is_found_from_the_first_page(lived: Archive) -> None:
    (row,) = lived.lines("invoices")
    assert row["file"] == f"invoices/{row['number']}.pdf"
    printed = pypdf.PdfReader(io.BytesIO(lived.zipped.read(str(row["file"]))))
    assert str(row["number"]) in "".join(page.extract_text() for page in printed.pages)
    assert 'href="invoices/list-0001.html"' in lived.text("index.html")
    assert f'href="{row["number"]}.pdf"' in lived.text("invoices/list-0001.html")


def test_the_texts_accepted_are_there_byte_for_byte_with_the_hash_that_was_kept(
    installation: Installation, lived: Archive
) -> None:
    with installation.works.system() as work:
        terms = documents.terms_in_force(work)
    (accepted,) = lived.lines("acceptances")
    assert accepted["file"] == "documents/terms-001-es.txt"
    spanish = lived.zipped.read("documents/terms-001-es.txt")
    assert spanish.decode() == terms.body_es
    assert hashlib.sha256(spanish).digest() == terms.sha256_es
    assert lived.text("documents/terms-001-en.txt") == terms.body_en
    first = lived.text("index.html")
    assert 'href="documents/terms-001-es.txt"' in first
    assert terms.sha256_es.hex() in first


def test_papers_of_authority_are_there_opened_but_not_those_that_were_taken_back(lived: Archive) -> None:
    rows = {row["name"]: row for row in lived.lines("authority_documents")}
    assert set(rows) == {"poder.pdf", "sello.png", "nada.pdf"}
    assert lived.zipped.read(str(rows["poder.pdf"]["file"])) == PDF
    assert lived.zipped.read(str(rows["sello.png"]["file"])) == PNG
    assert rows["nada.pdf"]["file"] is None
    assert len([name for name in lived.zipped.namelist() if name.startswith("authority/")]) == 2
    assert not {"content", "content_sealed"} & set(rows["poder.pdf"])


def test_all_that_the_pages_lead_to_is_in_the_archive(lived: Archive) -> None:
    names = set(lived.zipped.namelist())
    for page, folder in (("index.html", ""), ("invoices/list-0001.html", "invoices/")):
        for href in re.findall(r'href="([^"#]+)"', lived.text(page)):
            assert (href.removeprefix("../") if href.startswith("../") else folder + href) in names, (page, href)


def test_a_building_that_dies_among_the_papers_goes_on_with_the_next_one(
    installation: Installation, make: Factory, lived: Archive, client_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(papers, "INVOICES_AT_ONCE", 1)
    monkeypatch.setattr(papers, "PROOFS_AT_ONCE", 1)
    monkeypatch.setattr(builder, "SEGMENT_SECONDS", 0.0)
    job_id, steps = ask(installation, client_id), 0
    while builder.build(installation, job_id, lambda: True) == "handed back":
        steps += 1
        assert steps < 100
    again = fetch(installation, job_id)
    assert steps > 20, "it was not stopped between the steps"
    contract = re.compile(r"(invoices|documents|authority)/")

    def of(archive: Archive) -> dict[str, str]:
        names = [name for name in archive.zipped.namelist() if contract.match(name)]
        assert len(names) == len(set(names))
        return {name: hashlib.sha256(archive.zipped.read(name)).hexdigest() for name in names if "list-" not in name}

    assert of(again) == of(lived)
