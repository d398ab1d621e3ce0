"""An agent's desk: conversations that are there, replies that are clicked, and what the agent then sees."""

import itertools
import json
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text

from konectus.domain.channels import AttachmentKind, AttachmentState, Channel
from konectus.domain.conversations import Author, Delivery, Direction, Status
from konectus.ids import uuid7
from konectus.services import inbox
from konectus.services.installation import Installation
from konectus.services.work import Actor
from konectus.store.models.inbox import Attachment, Conversation, Draft, EndContact, Message
from konectus.store.queries import threads
from konectus.store.queries.threads import MessageRow
from konectus.store.roles import Role
from tests.support.clock import ManualClock
from tests.support.factories import Factory

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Desk:
    """One Client with one agent."""

    installation: Installation
    make: Factory
    client_id: UUID
    agent_id: UUID

    @classmethod
    def of(cls, installation: Installation, make: Factory) -> "Desk":
        client = make.client()
        return cls(installation, make, client.id, make.user(client.id))

    @property
    def actor(self) -> Actor:
        return Actor("agent", str(self.agent_id), "Mariana Ortúzar")

    def wait(self, **delta: float) -> None:
        """Time passes."""
        clock = self.installation.clock
        assert isinstance(clock, ManualClock)
        clock.advance(**delta)

    def connector(self, channel: Channel = Channel.MESSENGER) -> UUID:
        return self.make.connector(self.client_id, channel=channel)

    def conversation(
        self, connector_id: UUID, channel: Channel = Channel.MESSENGER, *, person: str | None = None
    ) -> UUID:
        """A person who has just written, which opened the reply window."""
        now, keys = self.installation.clock.now(), self.installation.keys.of(self.client_id)
        contact, thread, person = uuid7(now), uuid7(now), person or str(7000 + next(_numbers))
        sealed = keys.seal_text(person, "contact", "external_id_sealed", contact)
        with self.installation.database.session(Role.WORKER) as session:
            session.add(
                EndContact(
                    client_id=self.client_id,
                    id=contact,
                    connector_id=connector_id,
                    external_key=keys.key_of("contact", person),
                    external_id_sealed=sealed,
                    first_seen_at=now,
                )
            )
            session.flush()
            session.add(
                Conversation(
                    client_id=self.client_id,
                    id=thread,
                    connector_id=connector_id,
                    contact_id=contact,
                    channel=channel,
                    status=Status.OPEN,
                    opened_at=now,
                    last_at=now,
                    window_opened_at=now,
                    unread=1,
                )
            )
        return thread

    def reply(self, conversation_id: UUID, words: str, *, click: UUID | None = None) -> UUID:
        """Click on Send; the message's id."""
        new = inbox.NewReply(click or uuid7(self.installation.clock.now()), conversation_id, self.agent_id, words)
        with self.installation.works.tenant(self.client_id, self.actor) as work:
            return inbox.reply(work, new)[0]

    def message(self, message_id: UUID) -> MessageRow:
        with self.installation.database.session(Role.APP, self.client_id) as session:
            found = threads.message(session, self.installation.keys.of(self.client_id), message_id)
        assert found is not None
        return found

    def thread(self, conversation_id: UUID) -> list[MessageRow]:
        with self.installation.database.session(Role.APP, self.client_id) as session:
            return threads.thread_page(session, self.installation.keys.of(self.client_id), conversation_id)

    def draft(self, conversation_id: UUID) -> str:
        with self.installation.database.session(Role.WORKER) as session:
            sealed = session.scalar(select(Draft.text_sealed).where(Draft.conversation_id == conversation_id))
        keys = self.installation.keys.of(self.client_id)
        return keys.read(sealed, "draft", "text_sealed", conversation_id)

    def outside(self, conversation_id: UUID, external_id: str, words: str, status: Delivery = Delivery.SENT) -> UUID:
        """An echo as the worker stores it: something we are said to have sent."""
        now, keys = self.installation.clock.now(), self.installation.keys.of(self.client_id)
        row = uuid7(now)
        with self.installation.database.session(Role.WORKER) as session:
            connector_id = session.scalar(select(Conversation.connector_id).where(Conversation.id == conversation_id))
            session.add(
                Message(
                    client_id=self.client_id,
                    id=row,
                    connector_id=connector_id,
                    conversation_id=conversation_id,
                    direction=Direction.OUT,
                    author=Author.PROGRAM,
                    kind="message",
                    external_key=keys.key_of("message", external_id),
                    external_id_sealed=keys.seal_text(external_id, "message", "external_id_sealed", row),
                    text_sealed=keys.seal_text(words, "message", "text_sealed", row),
                    occurred_at=now,
                    received_at=now,
                    status=status,
                )
            )
        return row

    def attachment(self, conversation_id: UUID, kind: AttachmentKind, **source: object) -> UUID:
        """A message with something still to be fetched, as the worker stores it."""
        now, keys = self.installation.clock.now(), self.installation.keys.of(self.client_id)
        message, row = self.outside(conversation_id, f"m_in_{next(_numbers)}", "mira"), uuid7(now)
        with self.installation.database.session(Role.WORKER) as session:
            session.add(
                Attachment(
                    client_id=self.client_id,
                    id=row,
                    message_id=message,
                    position=0,
                    kind=kind,
                    state=AttachmentState.PENDING,
                    source_sealed=keys.seal_text(json.dumps(source), "attachment", "source_sealed", row),
                    attempts=0,
                )
            )
        return row

    def sql(self, statement: str, **values: object) -> object:
        """The first value of a statement of the worker's role; None where there is no row."""
        with self.installation.database.session(Role.WORKER) as session:
            found = session.connection().execute(text(statement), values)
            return found.scalar() if found.returns_rows else None
