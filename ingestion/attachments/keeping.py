"""Pending attachments: claimed, fetched, told apart by content, sealed into the file store; and what became of each."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from ingestion.attachments import media_types
from ingestion.attachments.fetch import TOO_LARGE, Fetcher
from ingestion.attachments.previews import Previews, has_preview
from ingestion.attachments.refusals import Refused, Unreachable
from konectus.domain.budgets import pause
from konectus.domain.channels import AttachmentKind
from konectus.files import sealed
from konectus.files.port import Files, FilesDown
from konectus.sealing import Unreadable
from konectus.services.work import Work, Works
from konectus.store import signals
from konectus.store.keystore import NoKey
from konectus.store.queries import clients, media
from konectus.store.queries.media import Kept, Pending

log = logging.getLogger(__name__)

# Longer than a fetch can last, so that only a dead process loses its claim.
LEASE = timedelta(minutes=3)
MOST_ATTEMPTS = 6
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
# A Client whose events are blocked: its files wait, they are not lost.
_WHILE_BLOCKED = timedelta(minutes=10)
_WITHOUT_STORE = timedelta(minutes=1)
_STORY, _NO_ADDRESS = "story", "no_address"
_MOST_ERASED = 20

# (client, connector, file id) to the address where the channel gives the file.
AddressOf = Callable[[UUID, UUID, str], str]


@dataclass(frozen=True)
class Keeping:
    """Fetches and keeps. `address_of` asks the channel where a file named by an id is."""

    works: Works
    files: Files
    fetcher: Fetcher
    address_of: AddressOf
    chance: Callable[[], float]
    previews: Previews = field(default_factory=Previews)

    def claim(self, most: int) -> list[Pending]:
        """Attachments that are this process's for the length of the lease."""
        with self.works.system() as work:
            found = media.claim(work.session, work.now, work.now + LEASE, most)
            blocked = {one for one in {p.client_id for p in found} if clients.access(work.session, one).ingest}
            waiting = [p for p in found if p.client_id in blocked]
            media.postpone(work.session, waiting, work.now + _WHILE_BLOCKED, counts=False)
        return [p for p in found if p.client_id not in blocked]

    def keep(self, pending: Pending) -> None:
        """Fetch one and write down what became of it. The message stays as it is, whatever happens."""
        # Only a claim that ended with its process goes past the limit: a file that kills us is not tried for ever.
        if pending.attempts > MOST_ATTEMPTS:
            self._fail(pending, "unreachable")
            return
        try:
            kept = self._store(pending)
        except Refused as refused:
            self._fail(pending, refused.reason)
        except Unreachable as trouble:
            self._again(pending, trouble.reason)
        except (FilesDown, NoKey, Unreadable) as trouble:
            log.warning("attachment waits", extra={"reason": trouble.code})
            self._write(pending, lambda work: self._wait(work, pending, _WITHOUT_STORE, counts=False), tell=False)
        else:
            self._settle(pending, kept)

    def _store(self, pending: Pending) -> Kept:
        keys = self.works.keys.of(pending.client_id)
        told = json.loads(keys.open_text(pending.source_sealed, "attachment", "source_sealed", pending.id))
        if pending.kind is AttachmentKind.STORY:
            raise Refused(_STORY)
        if pending.size is not None and pending.size > self.fetcher.most_bytes:
            raise Refused(TOO_LARGE)
        content = self.fetcher.fetch(self._address(pending, told.get("file_id"), told.get("url")))
        media_type = media_types.of(content, pending.kind)
        drawn = self.previews.draw(content) if has_preview(pending.kind, media_type) else None
        sealed.write(self.files, keys, pending.id, content)
        if drawn is None:
            return Kept(media_type, len(content))
        sealed.write_preview(self.files, keys, pending.id, drawn.content)
        return Kept(media_type, len(content), drawn.width, drawn.height, has_preview=True)

    def _settle(self, pending: Pending, kept: Kept) -> None:
        """Told as stored; the bytes go again where the message was taken back while they came."""
        stored = []
        self._write(pending, lambda work: stored.append(media.mark_stored(work.session, pending, kept, work.now)))
        if not all(stored):
            sealed.delete(self.files, pending.client_id, pending.id)

    def erase_withdrawn(self) -> bool:
        """Delete files of messages that were taken back; True while there may be more.

        No transaction waits for the file store: who is killed in between, or meets another, deletes once more.
        """
        with self.works.system() as work:
            found = media.withdrawn(work.session, _MOST_ERASED)
        for client_id, attachment_id in found:
            sealed.delete(self.files, client_id, attachment_id)
        if found:
            with self.works.system() as work:
                media.mark_erased(work.session, found)
        return len(found) == _MOST_ERASED

    def _address(self, pending: Pending, file_id: str | None, url: str | None) -> str:
        if file_id:
            return self.address_of(pending.client_id, pending.connector_id, file_id)
        if not url:
            raise Refused(_NO_ADDRESS)
        return url

    def _fail(self, pending: Pending, reason: str) -> None:
        def change(work: Work) -> None:
            if reason == _STORY:
                media.mark_link_only(work.session, pending)
            elif reason == _NO_ADDRESS:
                media.mark_without_bytes(work.session, pending)
            else:
                media.mark_failed(work.session, pending, reason)

        self._write(pending, change)

    def _again(self, pending: Pending, reason: str) -> None:
        if pending.attempts >= MOST_ATTEMPTS:
            self._fail(pending, "unreachable")
            return
        log.info("attachment is tried again", extra={"reason": reason, "attempt": pending.attempts})
        wait = pause(pending.attempts, self.chance(), _FIRST_PAUSE, _LONGEST_PAUSE)
        self._write(pending, lambda work: self._wait(work, pending, wait, counts=True), tell=False)

    @staticmethod
    def _wait(work: Work, pending: Pending, wait: timedelta, *, counts: bool) -> None:
        media.postpone(work.session, [pending], work.now + wait, counts=counts)

    def _write(self, pending: Pending, change: Callable[[Work], None], *, tell: bool = True) -> None:
        with self.works.system() as work:
            change(work)
            if tell:
                signals.notify_live(work.session, pending.client_id, [pending.conversation_id])
