"""Files that an edit brought: fetched and shown like those that came with the message, each once."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from msgspec.structs import asdict
from sqlalchemy.orm import Session

from ingestion.wire import Attachment
from ingestion.worker import rows
from konectus.domain.channels import AttachmentKind
from konectus.store.keystore import Keys
from konectus.store.queries import amendments, intake
from konectus.store.queries.amendments import Changed, VersionFiles
from konectus.store.queries.intake import NewAttachment


def told_of(attachment: Attachment) -> Mapping[str, Any]:
    """What a version keeps of a file: enough to fetch it when its message comes."""
    return {key: value for key, value in asdict(attachment).items() if value not in (None, False, {})}


def add(session: Session, keys: Keys, edited: Sequence[Changed]) -> None:
    """The files of the latest versions that their messages do not have yet. The messages are locked by the caller."""
    latest = amendments.files_of(session, [(one.client_id, one.id) for one in edited]) if edited else []
    if not latest:
        return
    known: dict[UUID, list[str]] = {}
    for client_id, message_id, row, sealed in amendments.sources_of(
        session, [(v.client_id, v.message_id) for v in latest]
    ):
        source = json.loads(keys.of(client_id).read(sealed, "attachment", "source_sealed", row) or "{}")
        known.setdefault(message_id, []).append(_identity(source))
    new = [row for version in latest for row in _new(keys, version, known.get(version.message_id, []))]
    if new:
        intake.add_attachments(session, new)


def _new(keys: Keys, version: VersionFiles, known: Sequence[str]) -> list[NewAttachment]:
    own = keys.of(version.client_id)
    told = json.loads(own.read(version.attachments_sealed, "message_version", "attachments_sealed", version.id))
    missing = [one for one in told if _identity(one) not in known]
    return [
        rows.new_attachment(
            own,
            Attachment(**one | {"kind": AttachmentKind(one["kind"])}),
            UUID(bytes=own.key_of("attachment", str(version.id), _identity(one))),
            (version.message_id, len(known) + number),
        )
        for number, one in enumerate(missing)
    ]


def _identity(told: Mapping[str, Any]) -> str:
    """The same file under two ids of Telegram has one `file_unique_id`."""
    facts = told.get("facts", {})
    return str(facts.get("file_unique_id") or told.get("file_id") or told.get("url") or (told.get("type"), facts))
