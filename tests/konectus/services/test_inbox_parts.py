"""Replies of several parts: texts and files, taken back, sent again, decided on; and what is refused at the click."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from uuid import UUID

import pytest
from PIL import Image
from sqlalchemy import text

from konectus.domain.channels import AttachmentKind, AttachmentState, Channel
from konectus.domain.conversations import Delivery
from konectus.domain.suspension import Cause, ClientSuspended
from konectus.domain.windows import WindowShut
from konectus.errors import KonectusError
from konectus.files import sealed
from konectus.files.directory import DirectoryFiles
from konectus.files.port import FilesDown
from konectus.ids import uuid7
from konectus.services import composing, inbox, parts, suspensions
from konectus.services.composing import Upload
from konectus.services.inbox import NewReply
from konectus.services.installation import Installation
from konectus.services.work import Work
from konectus.store.queries import conversations
from tests.support.desk import Desk
from tests.support.factories import Factory

PDF = Upload("C:\\papeles\\cotización.pdf", "text/html", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\nhola")


def picture(width: int = 40, height: int = 30, kind: str = "PNG") -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(made, kind)
    return made.getvalue()


@pytest.fixture
def desk(installation: Installation, make: Factory) -> Desk:
    return Desk.of(installation, make)


@pytest.fixture
def files(installation: Installation) -> DirectoryFiles:
    return DirectoryFiles(installation.settings.data_dir / "files")


@pytest.fixture
def thread(desk: Desk) -> UUID:
    return desk.conversation(desk.connector())


def send(desk: Desk, thread: UUID, text: str, *uploads: Upload, click: UUID | None = None) -> list[UUID]:
    new = NewReply(click or uuid7(desk.installation.clock.now()), thread, desk.agent_id, text, uploads)
    with desk.installation.works.tenant(desk.client_id, desk.actor) as work:
        return inbox.reply(work, new, DirectoryFiles(desk.installation.settings.data_dir / "files"))


def test_text_and_files_are_parts_in_order_each_with_its_own_row(
    desk: Desk, thread: UUID, files: DirectoryFiles
) -> None:
    ids = send(desk, thread, "Va la foto y la cotización", Upload("foto.bin", "", picture()), PDF)
    shown = desk.thread(thread)
    assert [message.id for message in shown] == ids
    assert [message.text for message in shown] == ["Va la foto y la cotización", "", ""]
    photo, paper = shown[1].attachments[0], shown[2].attachments[0]
    assert (photo.kind, photo.media_type, photo.name) == (AttachmentKind.IMAGE, "image/png", "foto.bin")
    assert (paper.kind, paper.media_type, paper.name) == (AttachmentKind.FILE, "application/pdf", "cotización.pdf")
    assert (photo.state, photo.size) == (AttachmentState.STORED, len(picture()))
    keys = desk.installation.keys.of(desk.client_id)
    assert sealed.read(files, keys, paper.id) == PDF.content
    assert PDF.content not in files.read(desk.client_id, paper.id)
    assert desk.sql("select width || 'x' || height from tenant.attachment where id = :id", id=photo.id) == "40x30"
    places = [desk.sql("select position from tenant.outbox where id = :id", id=part) for part in ids]
    assert places == sorted(str(place) for place in places)


def test_file_alone_is_a_reply_and_a_second_click_keeps_no_second_file(
    desk: Desk, thread: UUID, files: DirectoryFiles
) -> None:
    click = uuid7(desk.installation.clock.now())
    assert send(desk, thread, "", PDF, click=click) == send(desk, thread, "", PDF, click=click)
    assert len(desk.thread(thread)) == 1
    assert files.delete_all(desk.client_id) == 1


def test_long_text_goes_out_as_several_messages(desk: Desk) -> None:
    thread = desk.conversation(desk.connector(Channel.INSTAGRAM), Channel.INSTAGRAM)
    ids = send(desk, thread, "¿Qué día le queda bien? " * 100)
    shown = desk.thread(thread)
    assert [message.id for message in shown] == ids
    assert len(ids) == 3
    assert all(len((message.text or "").encode()) <= 1000 for message in shown)


@pytest.mark.parametrize(
    "case",
    [
        (Channel.MESSENGER, (), "  ", "empty_reply", {}),
        (Channel.MESSENGER, (), "x" * 40_001, "text_too_long", {"length": 40_001, "limit": 40_000}),
        (Channel.MESSENGER, (PDF,) * 11, "", "too_many_files", {"count": 11, "limit": 10}),
        (Channel.MESSENGER, (Upload("a.png", "", b""),), "", "file_empty", {"name": "a.png"}),
        (
            Channel.MESSENGER,
            (Upload("a.png", "", picture() + b"\0" * (8 << 20)),),
            "",
            "file_too_big",
            {"name": "a.png", "size": len(picture()) + (8 << 20), "limit": 8 << 20, "kind": AttachmentKind.IMAGE},
        ),
        (
            Channel.INSTAGRAM,
            (Upload("fotos.pdf", "application/pdf", b"PK\x03\x04" + b"\0" * 60),),
            "",
            "file_type_refused",
            {"name": "fotos.pdf", "media_type": "application/zip"},
        ),
        (
            Channel.INSTAGRAM,
            (Upload("a.gif", "image/png", picture(kind="GIF")),),
            "",
            "file_type_refused",
            {"name": "a.gif", "media_type": "image/gif"},
        ),
    ],
)
def test_what_the_channel_would_not_take_is_refused_at_the_click_with_the_facts(
    desk: Desk, files: DirectoryFiles, case: tuple[Channel, tuple[Upload, ...], str, str, dict[str, object]]
) -> None:
    channel, uploads, text, code, facts = case
    thread = desk.conversation(desk.connector(channel), channel)
    with pytest.raises(KonectusError) as refused:
        send(desk, thread, text, *uploads)
    assert refused.value.code == code
    assert facts.items() <= refused.value.facts.items()
    assert desk.thread(thread) == []
    assert files.delete_all(desk.client_id) == 0


def test_file_store_that_is_down_leaves_no_reply(desk: Desk, thread: UUID, installation: Installation) -> None:
    installation.settings.data_dir.mkdir(exist_ok=True)
    (installation.settings.data_dir / "files").write_text("no folder")
    with pytest.raises(FilesDown):
        send(desk, thread, "con archivo", PDF)
    assert desk.thread(thread) == []


def test_picture_that_would_unpack_to_gigabytes_is_only_measured() -> None:
    bomb = bytearray(picture())
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2
    (piece,) = composing.compose(Channel.TELEGRAM, "", (Upload("b.png", "", bytes(bomb)),))
    assert piece.file is not None
    assert (piece.file.width, piece.file.height) in ((60_000, 60_000), (None, None))


def test_part_that_waits_is_taken_back_and_its_words_are_a_draft_again(desk: Desk, thread: UUID) -> None:
    first, second = send(desk, thread, "Mejor no", PDF)
    with desk.installation.works.tenant(desk.client_id, desk.actor) as work:
        inbox.cancel_part(work, first)
    cancelled, waiting = desk.message(first), desk.message(second)
    assert (cancelled.status, cancelled.failure) == (Delivery.CANCELLED, "cancelled")
    assert waiting.status is Delivery.QUEUED
    assert desk.draft(thread) == "Mejor no"
    assert desk.sql("select count(*) from tenant.outbox where done_at is null") == 1
    with pytest.raises(parts.NotCancellable), desk.installation.works.tenant(desk.client_id, desk.actor) as work:
        inbox.cancel_part(work, first)


@pytest.mark.parametrize("status", ["sending", "sent", "unknown", "failed"])
def test_what_has_left_us_cannot_be_taken_back(desk: Desk, thread: UUID, status: str) -> None:
    (part,) = send(desk, thread, "Ya va")
    desk.sql("update tenant.message set status = :status", status=status)
    with pytest.raises(parts.NotCancellable), desk.installation.works.tenant(desk.client_id, desk.actor) as work:
        inbox.cancel_part(work, part)
    assert desk.draft(thread) == ""


def test_failed_file_is_sent_again_as_a_part_of_its_own_once(desk: Desk, thread: UUID, files: DirectoryFiles) -> None:
    (old,) = send(desk, thread, "", PDF)
    desk.sql("update tenant.message set status = 'failed', failure = 'media:100/2018008'")
    desk.sql("update tenant.outbox set done_at = queued_at")
    desk.wait(seconds=5)
    with desk.installation.works.tenant(desk.client_id, desk.actor) as work:
        new = inbox.retry_part(work, old, files)
    before, after = desk.message(old), desk.message(new)
    assert (before.status, before.failure) == (Delivery.FAILED, "sent_again:media:100/2018008")
    assert (after.status, after.attachments[0].name) == (Delivery.QUEUED, "cotización.pdf")
    keys = desk.installation.keys.of(desk.client_id)
    assert sealed.read(files, keys, after.attachments[0].id) == PDF.content
    with pytest.raises(parts.NotRetryable), desk.installation.works.tenant(desk.client_id, desk.actor) as work:
        inbox.retry_part(work, old, files)


def test_agent_decides_on_what_nobody_knows(desk: Desk, thread: UUID) -> None:
    (arrived,) = send(desk, thread, "Llegó")
    desk.wait(seconds=1)
    (lost,) = send(desk, thread, "No llegó")
    desk.sql("update tenant.message set status = 'unknown', failure = 'unconfirmed'")
    with desk.installation.works.tenant(desk.client_id, desk.actor) as work:
        assert inbox.decide_unknown(work, arrived, arrived=True) == arrived
        again = inbox.decide_unknown(work, lost, arrived=False)
    assert (desk.message(arrived).status, desk.message(arrived).failure) == (Delivery.SENT, None)
    assert (desk.message(lost).status, desk.message(lost).failure) == (Delivery.FAILED, "sent_again:unconfirmed")
    assert (desk.message(again).status, desk.message(again).text) == (Delivery.QUEUED, "No llegó")
    with pytest.raises(parts.NotUnknown), desk.installation.works.tenant(desk.client_id, desk.actor) as work:
        inbox.decide_unknown(work, lost, arrived=False)


def test_sending_again_asks_for_window_and_access_anew(desk: Desk, thread: UUID) -> None:
    (part,) = send(desk, thread, "Tarde")
    desk.sql("update tenant.message set status = 'failed', failure = 'window'")
    desk.wait(days=8)
    with pytest.raises(WindowShut), desk.installation.works.tenant(desk.client_id, desk.actor) as work:
        inbox.retry_part(work, part)
    with desk.installation.works.system() as work:
        suspensions.open_cause(work, desk.client_id, Cause.AUP, "Envío masivo a listas compradas")
    with pytest.raises(ClientSuspended), desk.installation.works.tenant(desk.client_id, desk.actor) as work:
        inbox.retry_part(work, part)


@dataclass(frozen=True)
class Slow(DirectoryFiles):
    """A file store that, before it writes, waits until somebody else has done something."""

    during: Callable[[], object]

    def write(self, client_id: UUID, file_id: UUID, content: bytes) -> None:
        self.during()
        super().write(client_id, file_id, content)


@pytest.mark.parametrize("is_again", [False, True])
def test_slow_file_store_holds_up_neither_a_suspension_nor_the_worker(
    desk: Desk, thread: UUID, files: DirectoryFiles, *, is_again: bool
) -> None:
    """A Suspension waited for the file store, and so did what came in for the conversation."""
    (old,) = send(desk, thread, "", PDF)
    desk.sql("update tenant.message set status = 'failed'")

    def suspend() -> None:
        desk.sql("set local lock_timeout = '2s'; select 1 from tenant.conversation for update")
        with desk.installation.works.system() as work:
            work.session.execute(text("set local lock_timeout = '2s'"))
            suspensions.open_cause(work, desk.client_id, Cause.AUP, "Envío masivo a listas compradas")

    slow = Slow(files.folder, suspend)
    new = NewReply(uuid7(desk.installation.clock.now()), thread, desk.agent_id, "", (PDF,))
    with pytest.raises(ClientSuspended), desk.installation.works.tenant(desk.client_id, desk.actor) as work:
        if is_again:
            inbox.retry_part(work, old, slow)
        else:
            inbox.reply(work, new, slow)
    assert len(desk.thread(thread)) == 1


ACTS: dict[str, tuple[str, Callable[[Work, UUID], object]]] = {
    "cancel": ("queued", inbox.cancel_part),
    "retry": ("failed", inbox.retry_part),
    "arrived": ("unknown", lambda work, part: inbox.decide_unknown(work, part, arrived=True)),
    "lost": ("unknown", lambda work, part: inbox.decide_unknown(work, part, arrived=False)),
}


@pytest.mark.parametrize("act", ACTS)
def test_acts_on_a_part_lock_as_the_worker_does_its_conversation_first(desk: Desk, thread: UUID, act: str) -> None:
    """A receipt at the moment of a click was a deadlock, and the agent saw an error."""
    (part,) = send(desk, thread, "Va")
    status, do = ACTS[act]
    desk.sql("update tenant.message set status = :status", status=status)

    def click() -> None:
        with desk.installation.works.tenant(desk.client_id, desk.actor) as work:
            do(work, part)

    with ThreadPoolExecutor(1) as threads:
        with desk.installation.works.system() as work:
            work.session.execute(text("update tenant.conversation set unread = unread + 1"))
            clicked = threads.submit(click)
            assert wait([clicked], timeout=0.3).not_done
            work.session.execute(text("set local lock_timeout = '2s'"))
            work.session.execute(text("update tenant.message set kind = kind"))
        clicked.result(timeout=10)


def test_message_that_comes_in_does_not_wait_for_a_click(desk: Desk, thread: UUID) -> None:
    with desk.installation.works.tenant(desk.client_id, desk.actor) as work:
        conversations.lock(work.session, desk.client_id, thread)
        desk.sql("set local lock_timeout = '2s'; select 1 from tenant.conversation for key share")


def test_part_of_another_client_is_not_there(
    installation: Installation, make: Factory, desk: Desk, thread: UUID
) -> None:
    (part,) = send(desk, thread, "Mía")
    stranger = Desk.of(installation, make)
    for nothing in (part, UUID(int=7)):
        for act in (inbox.cancel_part, inbox.retry_part, lambda w, i: inbox.decide_unknown(w, i, arrived=True)):
            works = installation.works.tenant(stranger.client_id, stranger.actor)
            with pytest.raises(parts.NoSuchMessage) as refused, works as work:
                act(work, nothing)
            assert (str(refused.value), refused.value.facts) == ("no_such_message", {})
    assert desk.message(part).status is Delivery.QUEUED
