"""How long what was erased is still somewhere, and how long confidence is kept. Words of endings are in endings."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from konectus.domain.deadlines import local_day
from konectus.errors import Unavailable

# decisions.md, "Backups": both are printed in the data processing agreement.
BACKUPS = timedelta(days=35)
KEYSTORE_COPIES = timedelta(days=7)
# Other processes keep an open key at most so long (privacy.md 1).
OPEN_KEYS = timedelta(seconds=60)
CONFIDENTIAL_YEARS = 5  # Terms 11


class ErasedClientsReturned(Unavailable):
    """The database holds Clients that were erased: it was restored from a backup made before."""

    code = "erased_clients_returned"


@dataclass(frozen=True, slots=True)
class Gone:
    """When nothing of an erased Client can be read any more, from what was really done and when."""

    content_unreadable_at: datetime
    keystore_copies_gone_at: datetime
    residual_metadata_gone_at: datetime


def gone(key_destroyed_at: datetime, purged_at: datetime) -> Gone:
    """The key is out of every memory, out of the copies of the key store; the rows are out of the backups."""
    return Gone(key_destroyed_at + OPEN_KEYS, key_destroyed_at + KEYSTORE_COPIES, purged_at + BACKUPS)


def confidential_until(ended_at: datetime) -> date:
    """The legal day until which what is kept stays confidential; 29 February becomes 1 March (lifecycle.md 1)."""
    day = local_day(ended_at)
    year = day.year + CONFIDENTIAL_YEARS
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 3, 1)
