"""When nothing of an erased Client can be read any more, and until when what is kept stays confidential."""

from datetime import UTC, date, datetime, timedelta

import pytest

from konectus.domain.retention import confidential_until, gone

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)


def test_content_is_gone_with_the_last_open_key_and_rows_with_the_last_backup() -> None:
    found = gone(NOW, NOW + timedelta(hours=1))
    assert found.content_unreadable_at == NOW + timedelta(minutes=1)
    assert found.keystore_copies_gone_at == NOW + timedelta(days=7)
    assert found.residual_metadata_gone_at == NOW + timedelta(days=35, hours=1)


@pytest.mark.parametrize(
    ("ended", "until"),
    [
        ("2026-11-22T12:00:00-06:00", date(2031, 11, 22)),
        # Still the 22nd in Mexico, the 23rd in UTC.
        ("2026-11-22T23:59:59-06:00", date(2031, 11, 22)),
        ("2028-02-29T12:00:00-06:00", date(2033, 3, 1)),
    ],
)
def test_confidence_lasts_five_years_and_a_leap_day_ends_in_march(ended: str, until: date) -> None:
    assert confidential_until(datetime.fromisoformat(ended)) == until
