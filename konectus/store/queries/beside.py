"""What stands beside the messages of a page: files, earlier texts, reactions, what they answer. One query each, and
none for what no message of the page has. Messages themselves are threads.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from konectus.domain.channels import AttachmentKind, AttachmentState
from konectus.domain.conversations import Direction
from konectus.sealing import ClientKeys
from konectus.store.queries.thread_rows import AnsweredRow, AttachmentRow, ReactionRow, VersionRow

# The channel's name of a message: (connector_id, external_key).
Name = tuple[UUID, bytes]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: the page's messages, and those of them that were edited or that answer another."""

    messages: Sequence[UUID]
    named: Sequence[Name]
    edited: Sequence[Name]
    answered: Sequence[Name]


@dataclass(frozen=True, slots=True)
class Beside:
    """Versions go from the oldest to the one that is shown."""

    attachments: dict[UUID, list[AttachmentRow]] = field(default_factory=dict)
    versions: dict[Name, list[VersionRow]] = field(default_factory=dict)
    reactions: dict[Name, list[ReactionRow]] = field(default_factory=dict)
    answered: dict[Name, AnsweredRow] = field(default_factory=dict)


def read(session: Session, keys: ClientKeys, asked: Asked) -> Beside:
    found = Beside()
    for row in session.execute(_ATTACHMENTS, {"client": keys.client_id, "messages": list(asked.messages)}):
        found.attachments.setdefault(row.message_id, []).append(_attachment(keys, row))
    for row in _by_name(session, keys, _REACTIONS, asked.named):
        emoji = keys.open_text(row.emoji_sealed, "reaction", "emoji_sealed", row.id)
        reaction = ReactionRow(emoji, Direction(row.direction), row.at)
        found.reactions.setdefault((row.connector_id, bytes(row.external_key)), []).append(reaction)
    for row in _by_name(session, keys, _VERSIONS, asked.edited):
        version = VersionRow(row.at, keys.read(row.text_sealed, "message_version", "text_sealed", row.id), row.number)
        found.versions.setdefault((row.connector_id, bytes(row.external_key)), []).append(version)
    for row in _by_name(session, keys, _ANSWERED, asked.answered):
        found.answered[row.connector_id, bytes(row.external_key)] = _answered(keys, row)
    return found


def _by_name(session: Session, keys: ClientKeys, statement: Any, names: Sequence[Name]) -> Sequence[Any]:
    if not names:
        return ()
    once = sorted(set(names))
    values = {"client": keys.client_id, "connectors": [name[0] for name in once], "keys": [name[1] for name in once]}
    return session.execute(statement, values).all()


_ATTACHMENTS = text(
    """
    select id, message_id, kind, state, failure, source_sealed, name_sealed, media_type, size, width, height, preview_at
    from tenant.attachment where client_id = :client and message_id = any(cast(:messages as uuid[])) order by position
    """
)
_NAMED = """
    from unnest(cast(:connectors as uuid[]), cast(:keys as bytea[])) as n(connector_id, external_key)
    join {table} using (connector_id, external_key) where {alias}.client_id = :client
"""
_REACTIONS = text(
    "select connector_id, external_key, r.id, r.direction, r.emoji_sealed, r.at"
    + _NAMED.format(table="tenant.reaction r", alias="r")
    + "and r.emoji_sealed is not null order by r.at, r.id"
)
_VERSIONS = text(
    "select connector_id, external_key, e.id, e.at, e.number, e.text_sealed"
    + _NAMED.format(table="tenant.message_version e", alias="e")
    + "order by e.at, e.number nulls first, e.id"
)
_ANSWERED = text(
    """
    select connector_id, external_key, m.id, m.conversation_id, m.occurred_at, m.direction, m.kind, m.text_sealed,
           m.deleted_at, u.name as author_name, e.id as version_id, e.text_sealed as version_sealed
    from unnest(cast(:connectors as uuid[]), cast(:keys as bytea[])) as n(connector_id, external_key)
    join tenant.message m using (connector_id, external_key)
    left join ledger.authorized_user u on u.client_id = :client and u.id = m.author_id
    left join lateral (
      select r.id, r.text_sealed from tenant.message_version r
      where m.edited_at is not null and r.client_id = :client and r.connector_id = m.connector_id
        and r.external_key = m.external_key
      order by r.at desc, r.number desc nulls last, r.id desc limit 1) e on true
    where m.client_id = :client
    """
)


def _attachment(keys: ClientKeys, row: Row[*tuple[Any, ...]]) -> AttachmentRow:
    return AttachmentRow(
        id=row.id,
        kind=AttachmentKind(row.kind),
        state=AttachmentState(row.state),
        name=keys.read(row.name_sealed, "attachment", "name_sealed", row.id),
        media_type=row.media_type,
        size=row.size,
        failure=row.failure,
        source=keys.read(row.source_sealed, "attachment", "source_sealed", row.id),
        width=row.width,
        height=row.height,
        has_preview=row.preview_at is not None,
    )


def _answered(keys: ClientKeys, row: Row[*tuple[Any, ...]]) -> AnsweredRow:
    if row.version_id is None:
        shown = keys.read(row.text_sealed, "message", "text_sealed", row.id)
    else:
        shown = keys.read(row.version_sealed, "message_version", "text_sealed", row.version_id)
    return AnsweredRow(
        id=row.id,
        conversation_id=row.conversation_id,
        occurred_at=row.occurred_at,
        direction=Direction(row.direction),
        author_name=row.author_name,
        text=shown,
        kind=row.kind,
        is_deleted=row.deleted_at is not None,
    )
