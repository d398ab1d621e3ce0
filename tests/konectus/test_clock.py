"""The clocks of the product."""

from datetime import UTC, timedelta
from pathlib import Path

from konectus.clock import OffsetClock, SystemClock, read_offset


def test_system_clock_is_aware_and_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


def test_demo_clock_runs_ahead_by_the_seconds_in_its_file(tmp_path: Path) -> None:
    (tmp_path / "clock").write_text("86400")
    ahead = OffsetClock(tmp_path / "clock").now() - SystemClock().now()
    assert timedelta(hours=23, minutes=59) < ahead < timedelta(hours=24, minutes=1)


def test_demo_clock_never_goes_back(tmp_path: Path) -> None:
    (tmp_path / "clock").write_text("86400")
    clock = OffsetClock(tmp_path / "clock")
    first = clock.now()
    (tmp_path / "clock").write_text("0")
    clock._read_at = float("-inf")
    assert clock.now() >= first


def test_missing_or_broken_offset_is_none(tmp_path: Path) -> None:
    (tmp_path / "broken").write_text("soon")
    assert read_offset(tmp_path / "absent") == read_offset(tmp_path / "broken") == timedelta()
