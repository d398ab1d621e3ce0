"""Rollups count metadata by day of the legal zone, again and again without counting twice, by a role without keys."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from konectus.domain.channels import Channel
from konectus.services.installation import Installation
from konectus.store.models.inbox import Conversation
from konectus.store.roles import Role
from reports import collect, release
from tests.support.clock import ManualClock
from tests.support.figures import environment
from tests.support.talks import Talks, rollups

NO_PERIOD = "'2026-99' is not a period; write a month as 2026-10, a quarter as 2026-Q3, a week as 2026-W41"
OPEN = "2999-01 closes on 2999-02-04; releases are made from then on"
NOON = datetime(2026, 11, 18, 18, tzinfo=UTC)  # Wednesday 12:00 in Mexico City
WEDNESDAY = date(2026, 11, 18)


def test_a_day_is_counted_by_channel_with_its_plan(
    talks: Talks, installation: Installation, clock: ManualClock
) -> None:
    talk = talks.start(NOON, replied=NOON + timedelta(minutes=3), closed=NOON + timedelta(hours=2))
    talk.message(NOON)
    talk.message(NOON + timedelta(minutes=1))
    for status in ("sent", "delivered", "read", "failed", "queued", "cancelled"):
        talk.message(NOON + timedelta(minutes=3), direction="out", status=status)
    collect.run(installation)
    [row] = rollups(installation)
    assert row["day"] == WEDNESDAY
    assert row["channel"] == "messenger"
    assert row["plan_code"].startswith("plan")
    assert (row["messages_in"], row["messages_out"], row["sends_failed"]) == (2, 3, 1)
    assert (row["contacts_active"], row["conversations_opened"], row["conversations_closed"]) == (1, 1, 1)


@pytest.mark.parametrize(("seconds", "place"), [(1, 0), (15, 0), (16, 1), (180, 4), (86_400 * 5, 15), (86_400 * 9, 16)])
def test_a_first_response_falls_into_its_logarithmic_bin(
    talks: Talks, installation: Installation, seconds: int, place: int
) -> None:
    talks.start(NOON - timedelta(seconds=seconds), replied=NOON)
    with installation.database.session(Role.RELEASER) as session:
        collect.rebuild(session, WEDNESDAY, WEDNESDAY)
    histogram = rollups(installation)[-1]["first_response_hist"]
    assert [n for n, count in enumerate(histogram) if count] == [place]


def test_the_day_ends_at_midnight_in_mexico_city(talks: Talks, installation: Installation) -> None:
    talk = talks.start(NOON)
    midnight = datetime(2026, 11, 19, 6, tzinfo=UTC)
    talk.message(midnight - timedelta(seconds=1))
    talk.message(midnight)
    collect.run(installation)
    assert [(row["day"], row["messages_in"]) for row in rollups(installation)] == [
        (WEDNESDAY, 1),
        (date(2026, 11, 19), 1),
    ]


@pytest.mark.parametrize(
    ("received", "counted"),
    [
        ("2026-11-03T23:59:59-06:00", "2026-10-31"),
        ("2026-11-04T00:00:00-06:00", "2026-11-04"),
        ("2026-11-15T10:00:00-06:00", "2026-11-15"),
        ("2026-10-30T10:00:00-06:00", "2026-10-30"),
    ],
)
def test_what_arrives_after_its_month_closed_counts_when_it_arrives(
    talks: Talks, installation: Installation, received: str, counted: str
) -> None:
    """The last case is a channel whose clock runs ahead of ours."""
    talk = talks.start(NOON)
    talk.message(datetime.fromisoformat("2026-10-31T20:00:00-06:00"), received=datetime.fromisoformat(received))
    collect.run(installation)
    assert [str(row["day"]) for row in rollups(installation) if row["messages_in"]] == [counted]


def test_running_again_changes_nothing_and_catches_up_with_what_came(
    talks: Talks, installation: Installation, clock: ManualClock
) -> None:
    talk = talks.start(NOON)
    talk.message(NOON)
    collect.run(installation)
    before = rollups(installation)
    collect.run(installation)
    assert rollups(installation) == before
    clock.advance(days=3)
    talk.message(NOON - timedelta(days=9), received=clock.now() - timedelta(minutes=5))
    talk.message(clock.now() - timedelta(minutes=4))
    collect.run(installation)
    assert {str(row["day"]): row["messages_in"] for row in rollups(installation)} == {
        "2026-11-09": 1,
        "2026-11-18": 1,
        "2026-11-22": 1,
    }


def test_a_reopened_conversation_does_not_empty_the_day_it_was_first_opened(
    talks: Talks, installation: Installation, clock: ManualClock
) -> None:
    talk = talks.start(NOON)
    talk.message(NOON)
    collect.run(installation)
    with installation.database.session(Role.WORKER) as session:
        session.execute(update(Conversation).values(opened_at=NOON + timedelta(days=1)))
    collect.run(installation)
    assert [row["conversations_opened"] for row in rollups(installation)] == [1, 1]


def test_a_day_counted_anew_on_purpose_replaces_what_stood_there(talks: Talks, installation: Installation) -> None:
    talk = talks.start(NOON)
    talk.message(NOON)
    talk.message(NOON)
    collect.run(installation)
    with installation.database.session(Role.WORKER) as session:
        session.execute(text("delete from tenant.message where id = (select id from tenant.message limit 1)"))
    collect.run(installation)
    assert rollups(installation)[0]["messages_in"] == 2
    with installation.database.session(Role.RELEASER) as session:
        assert collect.rebuild(session, WEDNESDAY, WEDNESDAY) == 1
    assert rollups(installation)[0]["messages_in"] == 1


def test_the_role_that_counts_cannot_read_what_was_written(talks: Talks, installation: Installation) -> None:
    talks.start(NOON, channel=Channel.TELEGRAM).message(NOON)
    for column, table in (("text_sealed", "message"), ("name_sealed", "contact")):
        with installation.database.session(Role.RELEASER) as session:
            with pytest.raises(DBAPIError, match="permission denied"):
                session.execute(text(f"select {column} from tenant.{table}"))
            session.rollback()


def test_the_commands_of_the_reports_speak_one_line(
    talks: Talks, installation: Installation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    talks.start(NOON).message(NOON)
    for name, value in environment(installation).items():
        monkeypatch.setenv(name, value)
    for main, arguments, code, line in (
        (collect.main, [], 0, "1 rows collected"),
        (collect.main, ["--day", "2026-11-18"], 0, "1 rows counted anew"),
        (release.main, ["list"], 0, ""),
        (release.main, ["verify"], 0, "0 releases, each is what it was"),
        (
            release.main,
            ["build", "--period", "2026-99"],
            1,
            NO_PERIOD,
        ),
        (
            release.main,
            ["build", "--period", "2999-01"],
            1,
            OPEN,
        ),
    ):
        assert main(arguments) == code
        said = capsys.readouterr()
        assert (said.out + said.err).strip() == line


def test_a_wrong_use_of_the_command_says_so_with_code_2(installation: Installation) -> None:
    command = [sys.executable, "-m", "reports.collect", "--until", "2026-11-18"]
    done = subprocess.run(command, env=os.environ | environment(installation), capture_output=True, check=False)
    assert done.returncode == 2
    assert b"--until needs a --day" in done.stderr
