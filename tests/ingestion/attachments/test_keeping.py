"""What becomes of an attachment's bytes: kept sealed with a small picture, refused, asked for again, or erased."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import httpx
import pytest

from ingestion.attachments.addresses import Addresses
from ingestion.attachments.fetch import Fetcher
from ingestion.attachments.keeping import Keeping
from ingestion.attachments.refusals import Refused
from konectus.domain.channels import AttachmentKind
from konectus.files import sealed
from konectus.files.opening import open_files
from konectus.files.port import NoSuchFile
from konectus.services import attachments
from konectus.services.attachments import NoSuchAttachment, NotRetryable
from konectus.services.installation import Installation
from tests.ingestion.attachments import pictures
from tests.support.desk import Desk
from tests.support.factories import Factory

LINK = "https://cdn.example/foto.jpg"


@dataclass
class Kept:
    """A desk, and a keeper whose channel answers as a test wants."""

    desk: Desk
    thread: UUID
    keeping: Keeping
    answer: Callable[[httpx.Request], httpx.Response]
    asked: int = 0

    def attach(self, kind: AttachmentKind = AttachmentKind.IMAGE, **source: str) -> UUID:
        return self.desk.attachment(self.thread, kind, **(source or {"type": "image", "url": LINK}))

    def fetch(self) -> None:
        for pending in self.keeping.claim(10):
            self.keeping.keep(pending)

    def row(self, column: str) -> Any:
        return self.desk.sql(f"select {column} from tenant.attachment")

    def read(self, attachment_id: UUID) -> bytes:
        return sealed.read(self.keeping.files, self.keeping.works.keys.of(self.desk.client_id), attachment_id)


@pytest.fixture
def kept(installation: Installation, make: Factory) -> Iterator[Kept]:
    desk = Desk.of(installation, make)

    def answer(request: httpx.Request) -> httpx.Response:
        found.asked += 1
        return found.answer(request)

    def nowhere(*_of: object) -> str:
        raise Refused("gone")

    fetcher = Fetcher(httpx.MockTransport(answer), Addresses(resolve=lambda _host, _port: ["93.184.216.34"]))
    files = open_files(installation.settings.data_dir)
    keeping = Keeping(installation.works, files, fetcher, nowhere, lambda: 0.5)
    photo = pictures.jpeg(1600, 1200)
    found = Kept(
        desk, desk.conversation(desk.connector()), keeping, lambda _request: httpx.Response(200, content=photo)
    )
    yield found
    keeping.previews.close()


def withdraw(kept: Kept) -> None:
    """As the worker does when the person takes the message back."""
    kept.desk.sql("update tenant.attachment set state = 'withdrawn', name_sealed = null returning 1")


def test_a_photo_is_kept_with_its_size_and_a_small_picture_beside_it(kept: Kept) -> None:
    photo = kept.attach()
    kept.fetch()
    assert kept.row("state || ' ' || media_type || ' ' || width || 'x' || height") == "stored image/jpeg 1600x1200"
    keys = kept.keeping.works.keys.of(kept.desk.client_id)
    small = sealed.read_preview(kept.keeping.files, keys, photo)
    assert small[8:12] == b"WEBP"
    assert len(small) < len(kept.read(photo))


def test_an_image_that_no_decoder_takes_is_kept_without_a_picture(kept: Kept) -> None:
    broken = b"\x89PNG\r\n\x1a\n" + bytes(200)
    kept.answer = lambda _request: httpx.Response(200, content=broken)
    photo = kept.attach()
    kept.fetch()
    assert kept.row("state || ' ' || (preview_at is null) || ' ' || (width is null)") == "stored true true"
    assert kept.read(photo) == broken


def test_a_file_that_says_it_is_too_large_is_never_asked_for(kept: Kept) -> None:
    kept.attach(AttachmentKind.VIDEO)
    kept.desk.sql("update tenant.attachment set size = 26 * 1024 * 1024 returning 1")
    kept.fetch()
    assert (kept.row("state || ' ' || failure"), kept.asked) == ("failed too_large", 0)


def test_files_of_a_withdrawn_message_are_erased_with_their_picture(kept: Kept) -> None:
    photo = kept.attach()
    kept.fetch()
    withdraw(kept)
    kept.keeping.erase_withdrawn()
    for erased in (photo, sealed.preview_of(photo)):
        with pytest.raises(NoSuchFile):
            kept.keeping.files.read(kept.desk.client_id, erased)
    assert kept.row("coalesce(stored_at::text, preview_at::text, size::text, 'nothing left')") == "nothing left"


@dataclass
class Slow:
    """A file store that takes its time; meanwhile others write."""

    meanwhile: Callable[[], object]

    def write(self, client_id: UUID, file_id: UUID, content: bytes) -> None:
        raise AssertionError((client_id, file_id, len(content)))

    def read(self, client_id: UUID, file_id: UUID) -> bytes:
        raise AssertionError((client_id, file_id))

    def delete(self, client_id: UUID, file_id: UUID) -> None:
        del client_id, file_id
        self.meanwhile()

    def clients(self) -> set[UUID]:
        raise AssertionError

    def count(self, client_id: UUID) -> int:
        raise AssertionError(client_id)

    def delete_all(self, client_id: UUID) -> int:
        raise AssertionError(client_id)


def test_no_row_is_locked_while_the_file_store_deletes(kept: Kept) -> None:
    kept.attach()
    kept.fetch()
    withdraw(kept)
    locked = "select id from tenant.attachment for update nowait"
    slow = Slow(lambda: kept.desk.sql(locked))
    replace(kept.keeping, files=slow).erase_withdrawn()
    assert kept.row("stored_at is null") is True


def test_a_message_withdrawn_while_its_file_comes_leaves_no_bytes(kept: Kept) -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        withdraw(kept)
        return httpx.Response(200, content=pictures.jpeg())

    kept.answer = answer
    photo = kept.attach()
    kept.fetch()
    assert kept.row("state") == "withdrawn"
    with pytest.raises(NoSuchFile):
        kept.keeping.files.read(kept.desk.client_id, photo)


def test_a_withdrawn_message_that_waited_is_never_fetched(kept: Kept) -> None:
    kept.attach()
    withdraw(kept)
    kept.fetch()
    assert kept.asked == 0


def test_an_agent_asks_again_for_a_file_that_failed(kept: Kept) -> None:
    photo = kept.attach()
    kept.answer = lambda _request: httpx.Response(404)
    kept.fetch()
    assert kept.row("state || ' ' || failure") == "failed gone"
    with kept.desk.installation.works.tenant(kept.desk.client_id, kept.desk.actor) as work:
        attachments.retry(work, photo)
    assert kept.row("state || ' ' || attempts") == "pending 0"
    kept.answer = lambda _request: httpx.Response(200, content=pictures.jpeg())
    kept.fetch()
    assert kept.row("state") == "stored"


def test_what_would_be_refused_again_or_is_here_is_not_asked_for(kept: Kept) -> None:
    photo = kept.attach()
    works, client_id = kept.desk.installation.works, kept.desk.client_id
    with works.tenant(client_id, kept.desk.actor) as work, pytest.raises(NotRetryable):
        attachments.retry(work, photo)
    kept.answer = lambda _request: httpx.Response(200, content=b"<html>vencido</html>")
    kept.fetch()
    assert kept.row("failure") == "wrong_type"
    with works.tenant(client_id, kept.desk.actor) as work, pytest.raises(NotRetryable):
        attachments.retry(work, photo)


def test_nobody_asks_for_a_file_of_another_client(kept: Kept, make: Factory) -> None:
    photo = kept.attach()
    with kept.desk.installation.works.tenant(make.client().id, kept.desk.actor) as work:
        with pytest.raises(NoSuchAttachment):
            attachments.retry(work, photo)
        with pytest.raises(NoSuchAttachment):
            attachments.retry(work, UUID(int=3))
