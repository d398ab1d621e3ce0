"""What a thread shows beside its messages: edits, reactions, answers, events; and how few statements that takes."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert, text, update

from konectus.domain.channels import AttachmentKind
from konectus.domain.conversations import Direction, Party
from konectus.ids import token, uuid7
from konectus.services.installation import Installation
from konectus.store.models.amendments import ConversationEvent, MessageVersion, Reaction
from konectus.store.models.inbox import Conversation, EndContact, Message
from konectus.store.queries import inbox as lists
from konectus.store.queries import threads
from konectus.store.queries.inbox import ListFilter, ListRow
from konectus.store.queries.threads import EventRow, MessageRow
from konectus.store.roles import Role
from tests.support.desk import Desk
from tests.support.factories import Factory
from tests.support.queries import statements


@dataclass(frozen=True)
class Talk:
    """One thread, and what the channel tells about its messages."""

    desk: Desk
    id: UUID

    @property
    def now(self) -> datetime:
        return self.desk.installation.clock.now()

    def say(self, words: str) -> UUID:
        self.desk.wait(seconds=1)
        return self.desk.outside(self.id, f"m_{token()}", words)

    def edit(self, message: UUID, words: str, *, at: datetime, number: int | None = None) -> None:
        version, name = uuid7(at), self._name(message)
        self._write(MessageVersion, "text_sealed", version, words, name | {"at": at, "number": number})
        self._set(message, edited_at=at)

    def react(self, message: UUID, emoji: str | None, *, direction: str = "in") -> None:
        values = self._name(message) | {"at": self.now, "direction": direction}
        self._write(Reaction, "emoji_sealed", uuid7(self.now), emoji, values)

    def answer(self, message: UUID, *, to: UUID) -> None:
        self._set(message, reply_to_key=self._name(to)["external_key"])

    def delete(self, message: UUID) -> None:
        self._set(message, deleted_at=self.now, text_sealed=None)

    def happens(self, kind: str, at: datetime, *, to_everyone: bool = False, **facts: object) -> None:
        with self.desk.installation.database.session(Role.WORKER) as session:
            connector, key = session.execute(
                text(
                    "select v.connector_id, k.external_key from tenant.conversation v"
                    " join tenant.contact k on k.id = v.contact_id where v.id = :id"
                ),
                {"id": self.id},
            ).one()
        values = {"connector_id": connector, "contact_key": None if to_everyone else key, "kind": kind, "at": at}
        self._write(ConversationEvent, "facts_sealed", uuid7(at), json.dumps(facts), values)

    def page(self, **where: object) -> list[MessageRow]:
        keys = self.desk.installation.keys.of(self.desk.client_id)
        with self.desk.installation.database.session(Role.APP, self.desk.client_id) as session:
            return threads.thread_page(session, keys, self.id, **where)  # type: ignore[arg-type]  # before or after

    def events(self, since: datetime | None = None, until: datetime | None = None) -> list[EventRow]:
        keys = self.desk.installation.keys.of(self.desk.client_id)
        with self.desk.installation.database.session(Role.APP, self.desk.client_id) as session:
            return threads.events(session, keys, self.id, since=since, until=until)

    def row(self, **wanted: object) -> ListRow:
        keys = self.desk.installation.keys.of(self.desk.client_id)
        with self.desk.installation.database.session(Role.APP, self.desk.client_id) as session:
            (found,) = lists.list_page(session, keys, ListFilter(self.desk.agent_id, **wanted))  # type: ignore[arg-type]  # of the filter
        return found

    def _name(self, message: UUID) -> dict[str, object]:
        with self.desk.installation.database.session(Role.WORKER) as session:
            found = session.get_one(Message, (self.desk.client_id, message))
            return {"connector_id": found.connector_id, "external_key": found.external_key}

    def _write(self, model: type, column: str, row: UUID, words: str | None, values: dict[str, object]) -> None:
        keys = self.desk.installation.keys.of(self.desk.client_id)
        sealed = None if words is None else keys.seal_text(words, model.__table__.name, column, row)  # type: ignore[attr-defined]  # a model
        own = {"client_id": self.desk.client_id, "id": row, column: sealed, "received_at": self.now}
        with self.desk.installation.database.session(Role.WORKER) as session:
            session.execute(insert(model), own | values)

    def _set(self, message: UUID, **values: object) -> None:
        with self.desk.installation.database.session(Role.WORKER) as session:
            session.execute(update(Message).where(Message.id == message).values(**values))


@pytest.fixture
def talk(installation: Installation, make: Factory) -> Talk:
    desk = Desk.of(installation, make)
    return Talk(desk, desk.conversation(desk.connector()))


def test_edited_message_shows_its_greatest_version_and_keeps_the_earlier_ones(talk: Talk) -> None:
    message = talk.say("a las cinco")
    first, last = talk.now + timedelta(minutes=1), talk.now + timedelta(minutes=2)
    talk.edit(message, "a las siete", at=last, number=2)
    talk.edit(message, "a las seis y media", at=last, number=1)
    talk.edit(message, "a las seis", at=first)
    (shown,) = talk.page()
    assert shown.text == "a las siete"
    assert [(one.text, one.number) for one in shown.versions] == [
        ("a las cinco", None),
        ("a las seis", None),
        ("a las seis y media", 1),
    ]
    assert shown.versions[0].at == shown.occurred_at
    assert talk.row().preview == "a las siete"


def test_reactions_stand_at_their_message_and_those_taken_away_are_gone(talk: Talk) -> None:
    liked, other = talk.say("gracias"), talk.say("de nada")
    talk.react(liked, "❤")
    talk.react(liked, "👍", direction="out")
    talk.react(other, None)
    shown = {row.id: row for row in talk.page()}
    assert {(one.emoji, one.direction) for one in shown[liked].reactions} == {
        ("❤", Direction.IN),
        ("👍", Direction.OUT),
    }
    assert shown[other].reactions == ()


def test_answer_shows_what_it_answers_as_that_is_shown_now(talk: Talk) -> None:
    asked, answer, lost = talk.say("¿a qué hora?"), talk.say("a las seis"), talk.say("¿y esto?")
    talk.edit(asked, "¿a qué hora, pues?", at=talk.now)
    talk.answer(answer, to=asked)
    talk._set(lost, reply_to_key=b"nobody's key....")
    shown = {row.id: row for row in talk.page()}
    answered = shown[answer].answered
    assert answered is not None
    assert (answered.id, answered.text, answered.is_deleted) == (asked, "¿a qué hora, pues?", False)
    assert (shown[lost].is_reply, shown[lost].answered) == (True, None)
    assert not shown[asked].is_reply
    talk.delete(asked)
    talk.desk.sql("delete from tenant.message_version")
    (gone,) = [row.answered for row in talk.page() if row.id == answer]
    assert gone is not None
    assert (gone.text, gone.is_deleted) == ("", True)


def test_withdrawn_message_keeps_its_place_and_shows_no_text(talk: Talk) -> None:
    message = talk.say("me arrepiento")
    talk.delete(message)
    (shown,) = talk.page()
    assert (shown.text, shown.deleted_at) == ("", talk.now)
    found = talk.row()
    assert (found.preview, found.preview_deleted) == ("", True)


def test_list_names_the_file_of_a_newest_message_without_text(talk: Talk) -> None:
    talk.desk.attachment(talk.id, AttachmentKind.IMAGE, url="https://cdn.example/x")
    assert talk.row().preview_attachment is None
    talk.desk.sql("update tenant.message set text_sealed = null")
    assert talk.row().preview_attachment is AttachmentKind.IMAGE


def test_events_of_the_person_and_of_the_whole_connector_come_by_time(talk: Talk) -> None:
    start = talk.now
    elsewhere = Talk(talk.desk, talk.desk.conversation(talk.desk.connector()))
    talk.happens("referral", start + timedelta(minutes=2), ref="promo")
    talk.happens("policy", start + timedelta(minutes=1), to_everyone=True, action="warning")
    talk.happens("blocked", start + timedelta(minutes=3))
    elsewhere.happens("optin", start + timedelta(minutes=2))
    elsewhere.happens("policy", start, to_everyone=True)
    assert [event.kind for event in talk.events()] == ["policy", "referral", "blocked"]
    assert json.loads(talk.events()[1].facts) == {"ref": "promo"}
    span = talk.events(since=start + timedelta(minutes=2), until=start + timedelta(minutes=3))
    assert [event.kind for event in span] == ["referral"]


def test_pages_lead_from_a_found_message_to_both_sides(talk: Talk) -> None:
    ids = [talk.say(str(number)) for number in range(60)]
    keys = talk.desk.installation.keys.of(talk.desk.client_id)
    with talk.desk.installation.database.session(Role.APP, talk.desk.client_id) as session:
        around = threads.page_around(session, keys, talk.id, ids[30])
        assert threads.page_around(session, keys, UUID(int=7), ids[30]) == []
        assert threads.page_around(session, keys, talk.id, UUID(int=7)) == []
    assert [row.id for row in around] == ids[5:56]
    assert [row.id for row in talk.page(after=(around[-1].occurred_at, around[-1].id))] == ids[56:]
    assert [row.id for row in talk.page(before=(around[0].occurred_at, around[0].id))] == ids[:5]


def test_page_takes_a_statement_for_each_kind_of_thing_and_none_more_for_many(talk: Talk) -> None:
    def counted() -> int:
        with statements() as sent:
            talk.page()
        return len(sent)

    plain = talk.say("hola")
    assert counted() == 3
    for _ in range(12):
        message = talk.say("hola otra vez")
        talk.edit(message, "hola", at=talk.now)
        talk.react(message, "❤")
        talk.answer(message, to=plain)
    assert counted() == 5


def test_groups_are_listed_and_counted_apart_from_people(talk: Talk) -> None:
    group = talk.desk.conversation(talk.desk.connector())
    with talk.desk.installation.database.session(Role.WORKER) as session:
        session.execute(update(Conversation).where(Conversation.id == group).values(kind=Party.GROUP))
        session.execute(update(EndContact).values(unreachable="blocked", unreachable_at=talk.now))
    assert (talk.row().id, talk.row().unreachable) == (talk.id, "blocked")
    assert (talk.row(kind="groups").id, talk.row(kind="groups").kind) == (group, Party.GROUP)
    with talk.desk.installation.database.session(Role.APP, talk.desk.client_id) as session:
        assert lists.counts(session, talk.desk.client_id, talk.desk.agent_id) == lists.Counts(0, 1, 1, groups=1)
