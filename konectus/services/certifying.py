"""The certificate of a deletion: what was done and counted, by whom, and when nothing can be read any more.

Its PDF is `papers.certificate`.
"""

from datetime import datetime
from typing import Any

from konectus.domain import retention
from konectus.services.work import Work
from konectus.store.models.clients import Client
from konectus.store.models.endings import Deletion, ExportWindow

FORM = 1


def written(work: Work, found: Deletion) -> dict[str, Any]:
    """The certificate of a verified deletion, as JSON. What the steps noted is in it as it was noted."""
    told = dict(found.certificate or {})
    client = work.session.get_one(Client, found.client_id)
    window = work.session.get_one(ExportWindow, found.window_id)
    key_destroyed_at = datetime.fromisoformat(told["key"]["destroyed_at"])
    gone = retention.gone(key_destroyed_at, found.rows_purged_at or work.now)
    return {
        "form": FORM,
        "deletion": str(found.id),
        "client": {"id": str(client.id), "legal_name": client.legal_name, "tax_id": client.tax_id},
        "clause": "15.3",
        "window": {"source": window.source, **_instants(window, "opened_at", "closes_at", "closed_at")},
        "exported": found.export_done,
        "approvers": [
            {"by": found.approved_by, "at": _iso(found.approved_at)},
            {"by": found.second_by, "at": _iso(found.second_at)},
        ],
        **told,
        "content_unreadable_at": gone.content_unreadable_at.isoformat(),
        "keystore_copies_gone_at": gone.keystore_copies_gone_at.isoformat(),
        "residual_metadata_gone_at": gone.residual_metadata_gone_at.isoformat(),
        "confidential_until": retention.confidential_until(window.opened_at).isoformat(),
        **_instants(found, "started_at", "rows_purged_at", "files_purged_at", "verified_at"),
        "certified_at": work.now.isoformat(),
    }


def _instants(row: Any, *names: str) -> dict[str, str | None]:
    return {name: _iso(getattr(row, name)) for name in names}


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
