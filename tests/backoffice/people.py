"""End Contacts who write to a Client: sealed rows as the worker stores them, without a channel."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from konectus.domain.channels import AttachmentKind, AttachmentState, Channel
from konectus.domain.conversations import Author, Delivery, Direction, Status
from konectus.files import sealed
from konectus.files.opening import open_files
from konectus.ids import uuid7
from konectus.services.installation import Installation
from konectus.store import signals
from konectus.store.models.inbox import Attachment, Conversation, EndContact, Message
from konectus.store.roles import Role
from tests.support.clock import ManualClock
from tests.support.factories import Factory


@dataclass(frozen=True)
class Told:
    """A conversation that a person began."""

    id: UUID
    client_id: UUID
    connector_id: UUID
    channel: Channel


@dataclass(frozen=True)
class Talk:
    installation: Installation
    make: Factory
    clock: ManualClock

    @property
    def now(self) -> datetime:
        """A millisecond later each time it is asked: two messages of one instant have no order."""
        return self.clock.advance(milliseconds=1)

    def begin(
        self, client_id: UUID, text: str = "", *, name: str = "Zoë Müller", channel: Channel = Channel.MESSENGER
    ) -> Told:
        """Somebody writes to this Client for the first time."""
        connector_id = self.make.connector(client_id, channel=channel)
        keys = self.installation.keys.of(client_id)
        contact_id, conversation_id = uuid7(self.now), uuid7(self.now)
        with self.installation.database.session(Role.WORKER) as session:
            session.add(
                EndContact(
                    client_id=client_id,
                    id=contact_id,
                    connector_id=connector_id,
                    external_key=keys.key_of("contact", str(contact_id)),
                    external_id_sealed=keys.seal_text(str(contact_id), "contact", "external_id_sealed", contact_id),
                    name_sealed=keys.seal_text(name, "contact", "name_sealed", contact_id),
                    handle_sealed=keys.seal_text("@persona", "contact", "handle_sealed", contact_id),
                    first_seen_at=self.now,
                )
            )
            session.flush()
            session.add(
                Conversation(
                    client_id=client_id,
                    id=conversation_id,
                    connector_id=connector_id,
                    contact_id=contact_id,
                    channel=channel,
                    status=Status.OPEN,
                    opened_at=self.now,
                    last_at=self.now,
                    window_opened_at=self.now,
                    unread=0,
                )
            )
        told = Told(conversation_id, client_id, connector_id, channel)
        if text:
            self.say(told, text)
        return told

    def say(self, told: Told, text: str, *, at: datetime | None = None) -> UUID:
        """The person writes; open inboxes hear of it."""
        moment = at or self.now
        with self.installation.database.session(Role.WORKER) as session:
            message = self._message(told, text, moment)
            session.add(message)
            conversation = session.get_one(Conversation, (told.client_id, told.id))
            conversation.last_at = max(conversation.last_at, moment)
            conversation.window_opened_at = moment
            conversation.unread += 1
            signals.notify_live(session, told.client_id, [told.id])
        return message.id

    def send_file(
        self, told: Told, content: bytes, *, name: str, media_type: str, kind: AttachmentKind = AttachmentKind.FILE
    ) -> UUID:
        """The person sends a file, which is stored."""
        keys = self.installation.keys.of(told.client_id)
        attachment_id = uuid7(self.now)
        with self.installation.database.session(Role.WORKER) as session:
            message = self._message(told, "", self.now)
            session.add(message)
            session.flush()
            session.add(
                Attachment(
                    client_id=told.client_id,
                    id=attachment_id,
                    message_id=message.id,
                    position=0,
                    kind=kind,
                    state=AttachmentState.STORED,
                    source_sealed=keys.seal_text("{}", "attachment", "source_sealed", attachment_id),
                    name_sealed=keys.seal_text(name, "attachment", "name_sealed", attachment_id),
                    media_type=media_type,
                    size=len(content),
                    stored_at=self.now,
                )
            )
        sealed.write(open_files(self.installation.settings.data_dir), keys, attachment_id, content)
        return attachment_id

    def settle(self, told: Told, message_id: UUID, status: Delivery, failure: str | None = None) -> None:
        """The sender or a receipt moves a part on."""
        with self.installation.database.session(Role.WORKER) as session:
            message = session.get_one(Message, (told.client_id, message_id))
            message.status, message.failure = status, failure
            signals.notify_live(session, told.client_id, [told.id])

    def silence(self, told: Told, length: timedelta) -> None:
        """The person's last act was so long ago."""
        with self.installation.database.session(Role.WORKER) as session:
            session.get_one(Conversation, (told.client_id, told.id)).window_opened_at = self.now - length

    def _message(self, told: Told, text: str, moment: datetime) -> Message:
        keys = self.installation.keys.of(told.client_id)
        received_at = self.now
        message_id = uuid7(received_at)
        return Message(
            client_id=told.client_id,
            id=message_id,
            connector_id=told.connector_id,
            conversation_id=told.id,
            direction=Direction.IN,
            author=Author.CONTACT,
            kind="message",
            external_key=keys.key_of("message", str(message_id)),
            text_sealed=keys.seal_text(text, "message", "text_sealed", message_id) if text else None,
            occurred_at=moment,
            received_at=received_at,
            status=Delivery.RECEIVED,
        )
