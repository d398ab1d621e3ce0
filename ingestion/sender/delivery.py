"""The calls that bring one part to its channel: text or file, bytes or address, and taking the thread over first."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from ingestion import registry
from ingestion.channels.port.adapter import Access, Outgoing, OutgoingFile, Sent
from ingestion.channels.port.failures import Action, ChannelError, Permanent
from ingestion.channels.port.lines import PATIENT, PROMPT
from ingestion.sender.calls import Calls
from ingestion.wire import part_name
from konectus.clock import Clock
from konectus.files import sealed
from konectus.files.port import PATIENCE, Files, FilesDown
from konectus.services import media_links
from konectus.services.orders import Order, OrderedFile
from konectus.store.keystore import Keys

log = logging.getLogger(__name__)

# Seconds: the thread is taken and the part sent, twice at most, its file read before each.
LONGEST = 2 * (PROMPT + PATIENT + PATIENCE.total_seconds())


@dataclass(frozen=True, slots=True)
class Done:
    """The channel took the part; `took_thread`: from another app, first."""

    sent: Sent
    took_thread: bool


@dataclass(frozen=True)
class Delivery:
    """Brings parts to their channels. `public_url` is where channels fetch what they want an address for."""

    calls: Calls
    files: Files
    keys: Keys
    clock: Clock
    public_url: str

    def deliver(self, order: Order) -> Done:
        """Raises Transient, Permanent, NoSuchApp; for a file also NoSuchFile, FilesDown or Unreadable."""
        access = self.calls.access(order.channel, order.account_id, order.app, order.secret)
        took = order.is_held and self._take(order, access)
        try:
            return Done(self._send(order, access), took)
        except Permanent as refusal:
            if refusal.action is not Action.NOT_OWNER or took or not self._take(order, access):
                raise
        return Done(self._send(order, access), took_thread=True)

    def forget(self, client_id: UUID, gone: Iterable[UUID]) -> None:
        """Files that nobody names any more. Should the store be down they stay: nobody can ask for them."""
        for file_id in gone:
            try:
                sealed.delete(self.files, client_id, file_id)
            except FilesDown as trouble:
                log.warning("file not deleted", extra={"reason": trouble.code})

    def _take(self, order: Order, access: Access) -> bool:
        """Take the thread over, once; where that is refused the send itself tells why it does not go."""
        try:
            registry.adapter(order.channel).take_thread(self.calls.http, access, order.recipient)
        except ChannelError as refusal:
            log.info("thread not taken", extra={"channel": order.channel, "code": refusal.provider_code})
            return False
        return True

    def _send(self, order: Order, access: Access) -> Sent:
        adapter, http = registry.adapter(order.channel), self.calls.http
        out = Outgoing(
            recipient=order.recipient,
            part=part_name(order.id),
            late=order.late,
            business_connection=order.business_connection,
        )
        if order.file is None:
            return adapter.send_text(http, access, out, order.text)
        wants_address = adapter.wants_address(access)
        return adapter.send_file(http, access, out, self._file(order, order.file, wants_address=wants_address))

    def _file(self, order: Order, file: OrderedFile, *, wants_address: bool) -> OutgoingFile:
        keys = self.keys.of(order.client_id)
        url = content = None
        if wants_address:
            token = media_links.issue(keys, file.id, self.clock.now())
            url = f"{self.public_url.rstrip('/')}/media/{token}"
        else:
            content = sealed.read(self.files, keys, file.id)
        return OutgoingFile(
            kind=file.kind,
            name=file.name,
            mime=file.media_type,
            content=content,
            url=url,
            width=file.width,
            height=file.height,
        )
