"""What a day knows of conversations beside their messages: each opening and closing, hours, failures by their code."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy import text, update

from konectus.services.installation import Installation
from konectus.store.models.inbox import Conversation
from konectus.store.roles import Role
from reports import collect, counting, hearing
from tests.support.clock import ManualClock
from tests.support.talks import Talk, Talks, rollups

NOON = datetime(2026, 11, 18, 18, tzinfo=UTC)  # Wednesday 12:00 in Mexico City
WEDNESDAY, THURSDAY = date(2026, 11, 18), date(2026, 11, 19)


def change(talk: Talk, **values: object) -> None:
    with talk.installation.database.session(Role.WORKER) as session:
        session.execute(update(Conversation).where(Conversation.id == talk.conversation_id).values(**values))


def episodes(installation: Installation) -> list[tuple[UUID, datetime, datetime | None, datetime | None, bool]]:
    with installation.database.session(Role.RELEASER) as session:
        found = session.execute(
            text(
                "select conversation_id, opened_at, first_reply_at, closed_at, is_reopening from tenant.episode"
                " order by opened_at"
            )
        )
        return [tuple(row) for row in found]


def test_each_time_a_conversation_is_open_is_kept_whoever_changes_it(talks: Talks, installation: Installation) -> None:
    talk = talks.start(NOON)
    change(talk, first_reply_at=NOON + timedelta(minutes=3))
    change(talk, status="closed", closed_at=NOON + timedelta(hours=1))
    again = NOON + timedelta(days=1)
    change(talk, status="open", opened_at=again, first_reply_at=None, closed_at=None, last_at=again)
    change(talk, unread=7)
    assert episodes(installation) == [
        (talk.conversation_id, NOON, NOON + timedelta(minutes=3), NOON + timedelta(hours=1), False),
        (talk.conversation_id, again, None, None, True),
    ]


def test_a_close_that_is_undone_is_no_closing(talks: Talks, installation: Installation) -> None:
    talk = talks.start(NOON)
    change(talk, status="closed", closed_at=NOON + timedelta(hours=1))
    change(talk, status="open", closed_at=None)
    assert [row[3] for row in episodes(installation)] == [None]


def test_a_conversation_of_before_they_were_kept_gets_its_row_when_it_changes(
    talks: Talks, installation: Installation
) -> None:
    talk = talks.start(NOON)
    with installation.database.session(Role.WORKER) as session:
        session.execute(text("delete from tenant.episode"))
    change(talk, first_reply_at=NOON + timedelta(minutes=3))
    assert [row[1:] for row in episodes(installation)] == [(NOON, NOON + timedelta(minutes=3), None, False)]


def test_reopening_and_resolving_count_on_their_days(
    talks: Talks, installation: Installation, clock: ManualClock
) -> None:
    talk = talks.start(NOON)
    change(talk, status="closed", closed_at=NOON + timedelta(minutes=3))
    again = NOON + timedelta(days=1)
    change(talk, status="open", opened_at=again, closed_at=None, last_at=again)
    change(talk, status="closed", closed_at=again + timedelta(seconds=10))
    clock.advance(days=2)
    with installation.database.session(Role.RELEASER) as session:
        collect.count(session, [WEDNESDAY, THURSDAY], anew=False)
    first, second = rollups(installation)
    told = ("contacts_new", "conversations_opened", "conversations_reopened", "conversations_closed")
    assert [first[name] for name in told] == [1, 1, 0, 1]
    assert [second[name] for name in told] == [0, 1, 1, 1]
    assert [row["resolution_hist"].index(1) for row in (first, second)] == [4, 0]


def test_messages_count_in_the_hour_of_mexico_city_and_failures_by_their_code(
    talks: Talks, installation: Installation
) -> None:
    talk = talks.start(NOON)
    for minutes in (0, 59, 60, 60 * 11 + 59):
        talk.message(NOON + timedelta(minutes=minutes))
    for _ in range(2):
        talk.message(NOON, direction="out", status="failed")
    with installation.database.session(Role.WORKER) as session:
        session.execute(
            text(
                "update tenant.message set failure = 'window_shut' where id ="
                " (select id from tenant.message where status = 'failed' limit 1)"
            )
        )
    collect.run(installation)
    [row] = rollups(installation)
    assert {hour: n for hour, n in enumerate(row["hours_in"]) if n} == {12: 2, 13: 1, 23: 1}
    assert row["failures"] == {"window_shut": 1, "unknown": 1}
    assert row["sends_failed"] == 2


def test_a_day_that_was_collected_does_not_shrink_when_its_messages_are_erased(
    talks: Talks, installation: Installation, clock: ManualClock
) -> None:
    talk = talks.start(NOON, replied=NOON + timedelta(minutes=1), closed=NOON + timedelta(minutes=9))
    talk.message(NOON)
    talk.message(NOON, direction="out", status="failed")
    collect.run(installation)
    before = rollups(installation)
    with installation.database.session(Role.WORKER) as session:
        session.execute(text("delete from tenant.message"))
        session.execute(text("delete from tenant.conversation"))
    assert episodes(installation) == []
    clock.advance(minutes=5)
    collect.run(installation)
    assert rollups(installation) == before


def test_counting_reads_the_days_asked_for_and_not_the_history(talks: Talks, installation: Installation) -> None:
    talks.start(NOON).message(NOON)
    with installation.database.session(Role.RELEASER) as session:
        session.execute(text("set local enable_seqscan = off"))
        hearing.hear(session, [WEDNESDAY])
        plan = ""
        for statement in (hearing.SLICE, counting.STATEMENT):
            asked = counting.asked([WEDNESDAY], anew=False) | hearing.LEGAL
            plan += "\n".join(session.execute(text(f"explain {statement.text}"), asked).scalars())
    assert "ix_episode_opened_at" in plan
    assert "ix_episode_closed_at" in plan
    assert "ix_episode_first_reply_at" in plan
    assert "ix_message_received_at" in plan
    assert "on conversation" not in plan


def test_no_day_asked_for_writes_nothing(installation: Installation) -> None:
    with installation.database.session(Role.RELEASER) as session:
        assert collect.count(session, [], anew=False) == 0
