"""What had waited counts as it was when it was taken, not as it was when the batch first looked."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from ingestion.worker import hearing
from konectus.store.queries.tombstones import Met, Taken

CLIENT, CONNECTOR, CONVERSATION = (UUID(int=n) for n in (1, 2, 3))
AT = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
KEY = b"m" * 16


@pytest.mark.parametrize(("direction", "read"), [("out", AT), ("in", None)])
def test_a_read_that_came_after_the_first_look_counts_for_all_before_its_message(
    direction: str, read: datetime | None
) -> None:
    """A withdrawal waited for the message; another batch added the read before this one took the row."""
    met = [Met(CLIENT, CONNECTOR, KEY, None, CONVERSATION, AT, direction)]
    moves = hearing.late([Taken(CLIENT, CONNECTOR, KEY, "read", None)], {}, met)

    assert [movement.read_until for movement in moves.values()] == ([read] if read else [])
