"""When ends come, and what stands for and against a deletion."""

from datetime import UTC, datetime, timedelta

import pytest

from konectus.domain.endings import Against, DeletionEnd, cancelled_for, runs_out

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)
DAY = timedelta(days=1)
READY = Against("w", is_elsewhere_open=False, holds=(), has_access=False, exported=False)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("delivered", "first"),
    [
        ("2026-03-02T23:30:00-06:00", "2026-04-02T00:00:00-06:00"),
        ("2026-03-02T00:00:00-06:00", "2026-04-02T00:00:00-06:00"),
        ("2026-03-03T00:00:00-06:00", "2026-04-03T00:00:00-06:00"),
        # The leap day is a day like any other.
        ("2028-01-31T12:00:00-06:00", "2028-03-02T00:00:00-06:00"),
        ("2027-01-31T12:00:00-06:00", "2027-03-03T00:00:00-06:00"),
        ("2026-12-31T23:59:59-06:00", "2027-01-31T00:00:00-06:00"),
    ],
)
def test_notice_by_konectus_runs_thirty_full_local_days(delivered: str, first: str) -> None:
    assert runs_out(local(delivered), None, 30) == local(first)


def test_notice_that_was_not_delivered_or_bounced_in_its_time_does_not_run() -> None:
    at = runs_out(NOW, None, 30)
    assert at is not None
    assert runs_out(None, None, 30) is None
    assert runs_out(None, NOW, 30) is None
    assert runs_out(NOW, at - timedelta(seconds=1), 30) is None
    assert runs_out(NOW, at, 30) == at


def test_a_client_leaves_at_the_end_of_what_is_paid_or_at_once() -> None:
    assert cancelled_for(NOW + DAY, NOW, at_once=False) == NOW + DAY
    assert cancelled_for(NOW + DAY, NOW, at_once=True) == NOW
    assert cancelled_for(NOW - DAY, NOW, at_once=False) == NOW
    assert cancelled_for(None, NOW, at_once=False) == NOW


def against(**changed: object) -> Against:
    facts: dict[str, object] = {name: getattr(READY, name) for name in Against.__slots__}
    return Against(**(facts | changed))  # type: ignore[arg-type]  # each has the kind of its field


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        (READY, None),
        (against(exported=True), None),
        (against(has_access=True), DeletionEnd.REACTIVATED),
        (against(window=None), DeletionEnd.WINDOW),
        (against(is_elsewhere_open=True), DeletionEnd.WINDOW),
        (against(holds=("h",)), DeletionEnd.HOLD),
    ],
)
def test_everything_has_to_speak_for_a_deletion(facts: Against, why: DeletionEnd | None) -> None:
    assert facts.refusal() == why


@pytest.mark.parametrize("changed", [{"window": "x"}, {"holds": ("h",)}, {"exported": True}, {"has_access": True}])
def test_an_approval_rests_on_every_fact(changed: dict[str, object]) -> None:
    assert against(**changed).seen() != READY.seen()
    assert against().seen() == READY.seen()
