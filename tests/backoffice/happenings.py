"""What people and channels do beside writing: edit, react, withdraw, quote, share; rows as the worker stores them."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ingestion.sender.indexing import Indexing
from konectus.domain.channels import AttachmentKind, AttachmentState
from konectus.domain.conversations import Author, Delivery, Direction
from konectus.files import sealed
from konectus.files.opening import open_files
from konectus.ids import uuid7
from konectus.sealing import ClientKeys
from konectus.store import signals
from konectus.store.models.amendments import ConversationEvent, MessageVersion, Reaction
from konectus.store.models.inbox import Attachment, Conversation, EndContact, Message
from konectus.store.queries import search
from konectus.store.roles import Role
from tests.backoffice.people import Talk, Told


@dataclass(frozen=True, kw_only=True)
class Words:
    """A message as it came; `answers` is the one it replies to."""

    text: str = ""
    kind: str = "message"
    facts: Mapping[str, object] | None = None
    answers: UUID | None = None
    author: Author = Author.CONTACT
    status: Delivery = Delivery.RECEIVED
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Thing:
    """An attachment as it came; with content it is stored."""

    kind: AttachmentKind
    source: Mapping[str, object]
    name: str = ""
    content: bytes | None = None
    media_type: str | None = None
    state: AttachmentState = AttachmentState.LINK_ONLY
    failure: str | None = None


@dataclass(frozen=True)
class Happenings:
    """One conversation and what happens in it."""

    talk: Talk
    told: Told

    @property
    def keys(self) -> ClientKeys:
        return self.talk.installation.keys.of(self.told.client_id)

    def say(self, words: Words, *things: Thing) -> UUID:
        """Something is said by whoever `words.author` is; the person's words open the window."""
        now = self.talk.now
        message_id = uuid7(now)
        with self._telling() as session:
            session.add(self._message(words, message_id, now))
            session.flush()
            session.add_all(self._attachment(one, message_id, place) for place, one in enumerate(things))
            conversation = session.get_one(Conversation, (self.told.client_id, self.told.id))
            conversation.last_at = max(conversation.last_at, words.at or now)
        return message_id

    def edit(self, message_id: UUID, text: str) -> None:
        now = self.talk.now
        version_id = uuid7(now)
        with self._telling() as session:
            session.add(
                MessageVersion(
                    client_id=self.told.client_id,
                    id=version_id,
                    connector_id=self.told.connector_id,
                    external_key=self._key(message_id),
                    at=now,
                    text_sealed=self.keys.seal_text(text, "message_version", "text_sealed", version_id),
                    received_at=now,
                )
            )
            self._change(session, message_id, edited_at=now)

    def react(self, message_id: UUID, emoji: str, direction: Direction = Direction.IN) -> None:
        now = self.talk.now
        reaction_id = uuid7(now)
        with self._telling() as session:
            session.add(
                Reaction(
                    client_id=self.told.client_id,
                    id=reaction_id,
                    connector_id=self.told.connector_id,
                    external_key=self._key(message_id),
                    direction=direction,
                    emoji_sealed=self.keys.seal_text(emoji, "reaction", "emoji_sealed", reaction_id),
                    at=now,
                    received_at=now,
                )
            )

    def withdraw(self, message_id: UUID) -> None:
        with self._telling() as session:
            self._change(session, message_id, deleted_at=self.talk.now, text_sealed=None, facts_sealed=None)

    def happen(self, kind: str, facts: Mapping[str, object] | None = None) -> None:
        """Something that is no message."""
        now = self.talk.now
        event_id = uuid7(now)
        with self._telling() as session:
            contact_id = session.get_one(Conversation, (self.told.client_id, self.told.id)).contact_id
            contact = session.get_one(EndContact, (self.told.client_id, contact_id))
            sealed_facts = self.keys.seal_text(json.dumps(facts or {}), "conversation_event", "facts_sealed", event_id)
            session.add(
                ConversationEvent(
                    client_id=self.told.client_id,
                    id=event_id,
                    connector_id=self.told.connector_id,
                    contact_key=contact.external_key,
                    kind=kind,
                    at=now,
                    received_at=now,
                    facts_sealed=sealed_facts,
                )
            )

    def arrive(self, message_id: UUID) -> None:
        """The picture of a message was fetched, and made small."""
        with self._telling() as session:
            mine = select(Attachment).where(Attachment.message_id == message_id)
            for row in session.scalars(mine):
                row.state, row.media_type, row.size = AttachmentState.STORED, "image/jpeg", 40_000
                row.stored_at = row.preview_at = self.talk.now
                row.width, row.height = 640, 480

    def turn_out(self, **values: object) -> None:
        """The conversation, or its contact (`kind`, `unreachable` …), stands otherwise from now on."""
        with self._telling() as session:
            conversation = session.get_one(Conversation, (self.told.client_id, self.told.id))
            contact = session.get_one(EndContact, (self.told.client_id, conversation.contact_id))
            for name, value in values.items():
                for row in (conversation, contact):
                    if hasattr(row, name):
                        setattr(row, name, value)

    def index(self) -> None:
        """The sender puts everything said here into the index of words."""
        works = self.talk.installation.works
        with self.talk.installation.database.session(Role.WORKER) as session:
            conversation = session.get_one(Conversation, (self.told.client_id, self.told.id))
            mine = select(Message.id).where(Message.conversation_id == self.told.id)
            messages = list(session.scalars(mine))
            search.queue(session, self.told.client_id, messages, self.talk.now, contact_ids=[conversation.contact_id])
        while Indexing(works).step():
            pass

    @contextmanager
    def _telling(self) -> Iterator[Session]:
        with self.talk.installation.database.session(Role.WORKER) as session:
            yield session
            signals.notify_live(session, self.told.client_id, [self.told.id])

    def _key(self, message_id: UUID) -> bytes:
        return self.keys.key_of("message", str(message_id))

    def _change(self, session: Session, message_id: UUID, **values: object) -> None:
        row = session.get_one(Message, (self.told.client_id, message_id))
        for name, value in values.items():
            setattr(row, name, value)

    def _message(self, words: Words, message_id: UUID, now: datetime) -> Message:
        is_in = words.author is Author.CONTACT
        facts = json.dumps(words.facts) if words.facts else None
        return Message(
            client_id=self.told.client_id,
            id=message_id,
            connector_id=self.told.connector_id,
            conversation_id=self.told.id,
            direction=Direction.IN if is_in else Direction.OUT,
            author=words.author,
            kind=words.kind,
            external_key=self._key(message_id),
            external_id_sealed=self.keys.seal_text(str(message_id), "message", "external_id_sealed", message_id),
            text_sealed=self.keys.seal_text(words.text, "message", "text_sealed", message_id) if words.text else None,
            facts_sealed=self.keys.seal_text(facts, "message", "facts_sealed", message_id) if facts else None,
            reply_to_key=self._key(words.answers) if words.answers else None,
            occurred_at=words.at or now,
            received_at=now,
            status=words.status,
        )

    def _attachment(self, thing: Thing, message_id: UUID, position: int) -> Attachment:
        attachment_id, now = uuid7(self.talk.now), self.talk.now
        if thing.content is not None:
            files = open_files(self.talk.installation.settings.data_dir)
            sealed.write(files, self.keys, attachment_id, thing.content)
        source = json.dumps(thing.source)
        return Attachment(
            client_id=self.told.client_id,
            id=attachment_id,
            message_id=message_id,
            position=position,
            kind=thing.kind,
            state=AttachmentState.STORED if thing.content is not None else thing.state,
            failure=thing.failure,
            source_sealed=self.keys.seal_text(source, "attachment", "source_sealed", attachment_id),
            name_sealed=self.keys.seal_text(thing.name, "attachment", "name_sealed", attachment_id)
            if thing.name
            else None,
            media_type=thing.media_type,
            size=len(thing.content) if thing.content is not None else None,
            stored_at=now if thing.content is not None else None,
        )
