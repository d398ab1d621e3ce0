"""Where the papers of a Client lie in its archive, and how the rows as data name them. Writing them is `papers`."""

import re
from uuid import UUID

from konectus.domain.papers import ENDINGS
from konectus.sealing import Place, Unreadable
from konectus.services.work import Work
from konectus.store.queries import archive_papers
from konectus.store.queries.archive_papers import Text

NAMED = ("invoices", "acceptances", "authority_documents")
_PLAIN = re.compile(r"[^A-Za-z0-9-]+")


def invoice_file(number: str) -> str:
    return f"invoices/{_PLAIN.sub('-', number)}.pdf"


def text_file(text: Text, language: str) -> str:
    return f"documents/{text.document}-{text.version:03}-{language}.txt"


def authority_file(paper_id: object, media_type: str) -> str:
    return f"authority/{paper_id}{ENDINGS[media_type]}"


def name_files(work: Work, client_id: UUID, name: str, row: dict[str, object]) -> None:
    """Say in a row where its paper lies; a paper of authority is named as its owner called it."""
    row["file"] = None
    if name == "invoices" and row["status"] != "draft":
        row["file"] = invoice_file(str(row["number"]))
    if name == "acceptances" and row["outcome"] is not None:
        version_id = row["document_version_id"]
        assert isinstance(version_id, UUID)
        row["file"] = text_file(archive_papers.text_of(work.session, version_id), "es")
    if name == "authority_documents":
        row["name"] = _opened(work, client_id, row)
        row["file"] = None if row["withdrawn_at"] else authority_file(row["id"], str(row["media_type"]))


def _opened(work: Work, client_id: UUID, row: dict[str, object]) -> str | None:
    sealed, paper_id = row["name"], row["id"]
    assert isinstance(sealed, bytes)
    assert isinstance(paper_id, UUID)
    try:
        return work.keys.ledger().open_text(sealed, Place(client_id, "authority_document", "name_sealed", paper_id))
    except Unreadable:
        return None
