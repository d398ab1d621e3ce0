"""The reply window: 24 hours, then a person alone until seven days, then nobody; Telegram has none."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from konectus.domain import windows
from konectus.domain.channels import Channel
from konectus.domain.windows import Permission, WindowShut

OPENED = datetime(2026, 11, 19, 18, 0, tzinfo=UTC)
META = (Channel.MESSENGER, Channel.INSTAGRAM)


@pytest.mark.parametrize("channel", META)
@pytest.mark.parametrize(
    ("after", "permission"),
    [
        (timedelta(), Permission.FREE),
        (timedelta(hours=24) - timedelta(microseconds=1), Permission.FREE),
        (timedelta(hours=24), Permission.HUMAN_AGENT),
        (timedelta(days=7) - timedelta(microseconds=1), Permission.HUMAN_AGENT),
        (timedelta(days=7), Permission.SHUT),
    ],
)
def test_window_of_meta_shuts_step_by_step(channel: Channel, after: timedelta, permission: Permission) -> None:
    assert windows.of(channel, OPENED, OPENED + after).permission is permission


def test_person_who_never_wrote_cannot_be_written_to_on_meta() -> None:
    assert windows.of(Channel.MESSENGER, None, OPENED).permission is Permission.SHUT


def test_telegram_has_no_window() -> None:
    found = windows.of(Channel.TELEGRAM, None, OPENED)
    assert (found.permission, found.closes_at) == (Permission.FREE, None)


def test_program_may_not_use_the_human_agent_time() -> None:
    window = windows.of(Channel.MESSENGER, OPENED, OPENED + timedelta(days=2))
    windows.require_open(window, written_by_person=True)
    with pytest.raises(WindowShut):
        windows.require_open(window, written_by_person=False)


def test_shut_window_refuses_a_person_too_and_says_since_when() -> None:
    window = windows.of(Channel.INSTAGRAM, OPENED, OPENED + timedelta(days=8))
    with pytest.raises(WindowShut) as refusal:
        windows.require_open(window, written_by_person=True)
    assert refusal.value.facts["closed_at"] == OPENED + timedelta(hours=24)


def test_open_window_refuses_nobody() -> None:
    windows.require_open(windows.of(Channel.MESSENGER, OPENED, OPENED), written_by_person=False)


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=30)))
def test_window_never_opens_again_by_waiting(wait: timedelta) -> None:
    order = [Permission.FREE, Permission.HUMAN_AGENT, Permission.SHUT]
    now = windows.of(Channel.MESSENGER, OPENED, OPENED + wait).permission
    later = windows.of(Channel.MESSENGER, OPENED, OPENED + wait + timedelta(hours=1)).permission
    assert order.index(later) >= order.index(now)


@pytest.mark.parametrize(("after", "permission"), [(23, Permission.FREE), (24, Permission.SHUT), (72, Permission.SHUT)])
def test_owners_telegram_account_answers_for_a_day_and_has_no_human_agent(after: int, permission: Permission) -> None:
    window = windows.of(Channel.TELEGRAM, OPENED, OPENED + timedelta(hours=after), through_owner=True)
    assert (window.permission, window.closes_at) == (permission, OPENED + timedelta(hours=24))
    assert window.human_until is None


def test_owners_account_where_nobody_has_written_is_shut() -> None:
    assert windows.of(Channel.TELEGRAM, None, OPENED, through_owner=True).permission is Permission.SHUT


@pytest.mark.parametrize(
    ("opened_at", "business_at", "through"),
    [
        (OPENED, None, False),
        (OPENED, OPENED, True),
        (OPENED, OPENED - timedelta(seconds=1), False),
        (None, OPENED, True),
    ],
)
def test_answers_go_where_the_person_wrote_last(
    opened_at: datetime | None, business_at: datetime | None, *, through: bool
) -> None:
    assert windows.through_owner(opened_at, business_at) is through
