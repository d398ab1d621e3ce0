"""An agent's acts in the inbox: what is queued, what is refused, what a stranger sees."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import text

from konectus.domain.channels import TEXT_LIMIT, Channel
from konectus.domain.conversations import Delivery, Direction, Status
from konectus.domain.suspension import Cause, ClientSuspended
from konectus.domain.windows import WindowShut
from konectus.errors import NotFound
from konectus.ids import uuid7
from konectus.services import inbox, suspensions
from konectus.services.composing import EmptyReply
from konectus.services.inbox import NewReply, NoSuchConversation, ReplyIdTaken
from konectus.services.installation import Installation
from konectus.store import signals
from konectus.store.models.inbox import Conversation
from konectus.store.roles import Role
from tests.architecture.sources import PROJECT
from tests.support.database import Sessions
from tests.support.desk import Desk
from tests.support.factories import Factory

HOSTILE = [entry["text"] for entry in json.loads((PROJECT / "tests/corpus/hostile.json").read_text(encoding="utf-8"))]
FLAG = "🇲🇽"  # two code points, four UTF-16 units, eight bytes


@pytest.fixture
def desk(installation: Installation, make: Factory) -> Desk:
    return Desk.of(installation, make)


@pytest.fixture
def thread(desk: Desk) -> UUID:
    return desk.conversation(desk.connector())


def row(sessions: Sessions, desk: Desk, conversation_id: UUID) -> Conversation:
    with sessions.worker() as session:
        found = session.get(Conversation, (desk.client_id, conversation_id))
    assert found is not None
    return found


def storable(words: str) -> str:
    """P4: only NUL and half surrogates, which no database takes, are replaced."""
    return "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in words)


def click(desk: Desk) -> UUID:
    return uuid7(desk.installation.clock.now())


def test_reply_is_one_sealed_message_one_outbox_row_and_an_answered_conversation(
    desk: Desk, sessions: Sessions, thread: UUID
) -> None:
    desk.wait(minutes=5)
    message_id = desk.reply(thread, "¡Claro! Sale hoy por la tarde 🌸")
    (found,) = desk.thread(thread)
    assert (found.id, found.text, found.status) == (message_id, "¡Claro! Sale hoy por la tarde 🌸", Delivery.QUEUED)
    assert (found.direction, found.author_name) == (Direction.OUT, "Mariana Ortúzar")
    now = desk.installation.clock.now()
    answered = row(sessions, desk, thread)
    assert (answered.last_at, answered.first_reply_at, answered.unread) == (now, now, 0)
    with sessions.worker() as session:
        queued = session.execute(
            text("select id, queued_at, not_before, attempts, by_person, done_at from tenant.outbox")
        )
        assert [tuple(r) for r in queued] == [(message_id, now, now, 0, True, None)]
        dump = session.execute(text("select m::text from tenant.message m")).scalar_one()
    assert "Sale hoy" not in dump
    assert b"Sale hoy".hex() not in dump


def test_same_click_queues_once_also_from_two_tabs_at_once(desk: Desk, sessions: Sessions, thread: UUID) -> None:
    same, start = click(desk), Barrier(4)

    def send(_: int) -> UUID:
        start.wait()
        return desk.reply(thread, "Sí hay en talla M", click=same)

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(send, range(4)))) == 1
    assert len(desk.thread(thread)) == 1
    assert desk.sql("select count(*) from tenant.outbox") == 1
    other = desk.conversation(desk.connector())
    with pytest.raises(ReplyIdTaken):
        desk.reply(other, "Esto se perdería", click=same)
    assert desk.thread(other) == []


@pytest.mark.parametrize(
    ("channel", "unit", "size"),
    [
        (Channel.MESSENGER, "ñ", 1),
        (Channel.MESSENGER, FLAG, 2),
        (Channel.INSTAGRAM, "x", 1),
        (Channel.INSTAGRAM, FLAG, 8),
        (Channel.TELEGRAM, "ñ", 1),
        (Channel.TELEGRAM, FLAG, 4),
    ],
)
def test_text_fits_to_the_last_unit_the_channel_counts(desk: Desk, channel: Channel, unit: str, size: int) -> None:
    thread = desk.conversation(desk.connector(channel), channel)
    full = unit * (TEXT_LIMIT[channel] // size)
    desk.reply(thread, full)
    assert [message.text for message in desk.thread(thread)] == [full]
    desk.wait(seconds=1)
    desk.reply(thread, full + unit)
    assert [message.text for message in desk.thread(thread)] == [full, full, unit]


def test_empty_reply_is_refused_and_its_click_may_be_used_again(desk: Desk, thread: UUID) -> None:
    same = click(desk)
    for nothing in ("", " \n\t "):
        with pytest.raises(EmptyReply):
            desk.reply(thread, nothing, click=same)
    desk.reply(thread, "ahora sí", click=same)
    assert [m.text for m in desk.thread(thread)] == ["ahora sí"]


def test_reply_window_shuts_after_seven_days_for_meta_and_never_for_telegram(desk: Desk) -> None:
    began = desk.installation.clock.now()
    meta = desk.conversation(desk.connector())
    silent = desk.conversation(desk.connector(Channel.INSTAGRAM), Channel.INSTAGRAM)
    bot = desk.conversation(desk.connector(Channel.TELEGRAM), Channel.TELEGRAM)
    for quiet, since in ((silent, began - timedelta(days=7)), (bot, began - timedelta(days=90))):
        desk.sql("update tenant.conversation set window_opened_at = :at where id = :id", at=since, id=quiet)
    with pytest.raises(WindowShut):
        desk.reply(silent, "¿Sigue interesada?")
    desk.reply(bot, "¿Sigue interesado?")
    desk.wait(days=7, microseconds=-1)
    desk.reply(meta, "A tiempo")
    desk.wait(microseconds=1)
    with pytest.raises(WindowShut):
        desk.reply(meta, "Tarde")
    assert len(desk.thread(meta)) == 1


def test_suspended_client_sends_nothing_and_what_waited_is_cancelled(desk: Desk, thread: UUID) -> None:
    waiting = desk.reply(thread, "En camino")
    with desk.installation.works.system() as work:
        suspensions.open_cause(work, desk.client_id, Cause.AUP, "Envío masivo a listas compradas")
    assert desk.message(waiting).status is Delivery.CANCELLED
    with pytest.raises(ClientSuspended):
        desk.reply(thread, "¿Llegó?")


def test_reply_that_races_a_suspension_is_refused_and_never_stays_queued(desk: Desk, thread: UUID) -> None:
    """It used to be queued after the Suspension had cancelled what it could see."""
    with ThreadPoolExecutor(1) as threads, desk.installation.works.system() as work:
        suspensions.open_cause(work, desk.client_id, Cause.AUP, "Envío masivo a listas compradas")
        replying = threads.submit(desk.reply, thread, "¿Llegó?")
        with pytest.raises(TimeoutError):
            replying.result(timeout=0.5)
        work.session.commit()
        with pytest.raises(ClientSuspended):
            replying.result(timeout=10)
    assert desk.thread(thread) == []


def test_conversation_of_another_client_is_not_there_whatever_is_asked(
    installation: Installation, make: Factory, desk: Desk, sessions: Sessions, thread: UUID
) -> None:
    stranger, absent = Desk.of(installation, make), UUID(int=7)
    acts = (
        lambda work, at: inbox.reply(work, NewReply(click(desk), at, stranger.agent_id, "hola")),
        lambda work, at: inbox.assign(work, at, stranger.agent_id),
        inbox.close,
        inbox.reopen,
        lambda work, at: inbox.save_draft(work, at, stranger.agent_id, "hola"),
    )
    before = row(sessions, desk, thread)
    for act in acts:
        told = set()
        for at in (thread, absent):
            works = installation.works.tenant(stranger.client_id, stranger.actor)
            with pytest.raises(NoSuchConversation) as refused, works as work:
                act(work, at)
            told.add((str(refused.value), repr(refused.value.facts)))
        assert len(told) == 1
    with installation.works.tenant(stranger.client_id, stranger.actor) as work:
        inbox.mark_read(work, thread)
    after = row(sessions, desk, thread)
    assert (after.unread, after.status, after.assignee_id) == (before.unread, Status.OPEN, None)
    assert desk.thread(thread) == []
    assert desk.draft(thread) == ""


def test_conversation_is_assigned_to_colleagues_alone(
    installation: Installation, make: Factory, desk: Desk, sessions: Sessions, thread: UUID
) -> None:
    colleague, stranger, gone = make.user(desk.client_id), make.user(make.client().id), make.user(desk.client_id)
    desk.sql("update ledger.authorized_user set active = false where id = :id", id=gone)
    with installation.works.tenant(desk.client_id, desk.actor) as work:
        inbox.assign(work, thread, colleague)
    for nobody in (stranger, gone, UUID(int=7)):
        with pytest.raises(NotFound, match="colleague"), installation.works.tenant(desk.client_id, desk.actor) as work:
            inbox.assign(work, thread, nobody)
    assert row(sessions, desk, thread).assignee_id == colleague
    with installation.works.tenant(desk.client_id, desk.actor) as work:
        inbox.assign(work, thread, None)
    assert row(sessions, desk, thread).assignee_id is None


def test_closed_conversation_can_be_reopened_and_read(desk: Desk, sessions: Sessions, thread: UUID) -> None:
    with desk.installation.works.tenant(desk.client_id, desk.actor) as work:
        inbox.close(work, thread)
    closed = row(sessions, desk, thread)
    assert (closed.status, closed.closed_at) == (Status.CLOSED, desk.installation.clock.now())
    with desk.installation.works.tenant(desk.client_id, desk.actor) as work:
        inbox.reopen(work, thread)
        inbox.mark_read(work, thread)
    opened = row(sessions, desk, thread)
    assert (opened.status, opened.closed_at, opened.unread) == (Status.OPEN, None, 0)


def test_draft_is_kept_sealed_for_its_author_and_gone_once_sent(
    make: Factory, desk: Desk, sessions: Sessions, thread: UUID
) -> None:
    works, colleague = desk.installation.works, make.user(desk.client_id)
    for words in ("Le aviso", "Le aviso mañana"):
        with works.tenant(desk.client_id, desk.actor) as work:
            inbox.save_draft(work, thread, desk.agent_id, words)
    assert desk.draft(thread) == "Le aviso mañana"
    assert "Le aviso" not in str(desk.sql("select d::text from tenant.draft d"))
    with works.tenant(desk.client_id, desk.actor) as work:
        inbox.save_draft(work, thread, colleague, "Yo la atiendo")
    desk.reply(thread, "Le aviso mañana temprano")
    assert desk.draft(thread) == "Yo la atiendo", "a colleague's draft is their own"
    with works.tenant(desk.client_id, desk.actor) as work:
        inbox.save_draft(work, thread, colleague, "  ")
    assert desk.sql("select count(*) from tenant.draft") == 0


def test_hostile_texts_are_kept_as_they_were_written(desk: Desk, thread: UUID) -> None:
    sendable = [words for words in HOSTILE if words.strip() and len(words) <= TEXT_LIMIT[Channel.MESSENGER]]
    assert len(sendable) > 50
    for words in sendable:
        desk.wait(seconds=1)
        desk.reply(thread, words)
    kept = {message.text for message in desk.thread(thread)}
    assert kept == {storable(words) for words in sendable[-50:]}
    desk.wait(seconds=1)
    desk.reply(thread, "nulo \x00 y medio \ud83d signo")
    assert desk.thread(thread)[-1].text == "nulo \ufffd y medio \ufffd signo"
    with desk.installation.works.tenant(desk.client_id, desk.actor) as work:
        inbox.save_draft(work, thread, desk.agent_id, "medio \ud83d signo")
    assert desk.draft(thread) == "medio \ufffd signo"


def test_open_inboxes_hear_of_every_act_by_id_alone(desk: Desk, thread: UUID) -> None:
    acts = (
        lambda work: inbox.reply(work, NewReply(click(desk), thread, desk.agent_id, "secreto")),
        lambda work: inbox.assign(work, thread, desk.agent_id),
        lambda work: inbox.close(work, thread),
        lambda work: inbox.reopen(work, thread),
    )

    def run(act: object) -> None:
        assert callable(act)
        with desk.installation.works.tenant(desk.client_id, desk.actor) as work:
            act(work)

    async def heard() -> list[str]:
        async with signals.listening(desk.installation.database.conninfo(Role.APP), signals.LIVE) as conn:
            for act in acts:
                await asyncio.to_thread(run, act)
            return [notice.payload async for notice in conn.notifies(timeout=2, stop_after=len(acts))]

    assert [signals.read_live(payload) for payload in asyncio.run(heard())] == [(desk.client_id, (thread,))] * 4


def test_inbox_without_a_client_is_a_mistake_of_ours(desk: Desk, thread: UUID) -> None:
    with pytest.raises(AssertionError), desk.installation.works.system() as work:
        inbox.close(work, thread)
