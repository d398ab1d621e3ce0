"""How long registered data count as confirmed (Terms 5.1: "accurate, complete and current")."""

from datetime import datetime

from konectus.domain.deadlines import after_full_days

# [ours] The Terms name no period.
DAYS_CONFIRMED = 365


def confirm_from(created_at: datetime, confirmed_at: datetime | None) -> datetime:
    """From when on an owner is asked again whether all is right: a year after registering or after the last yes."""
    return after_full_days(max(created_at, confirmed_at or created_at), DAYS_CONFIRMED)
