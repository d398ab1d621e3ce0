"""Daily usage of Clients, written as the collector writes it, for tests that read it."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text

from konectus.services.installation import Installation
from konectus.store.models.figures import BINS, UsageDaily
from konectus.store.roles import Role


@dataclass(frozen=True)
class Used:
    """Writes days of one installation."""

    installation: Installation

    def day(self, client_id: UUID, day: date, channel: str = "messenger", *, bin_of: int = 2, **counts: int) -> None:
        """A day with these counts; every conversation that was opened got its reply in one bin."""
        named = dict.fromkeys(
            (
                "messages_in",
                "messages_out",
                "contacts_active",
                "sends_failed",
                "conversations_opened",
                "conversations_closed",
            ),
            0,
        )
        bins = [0] * BINS
        bins[bin_of] = counts.get("conversations_opened", 0)
        row: dict[str, Any] = {"client_id": client_id, "day": day, "channel": channel, "plan_code": "crece"}
        with self.installation.database.session(Role.WORKER) as session:
            session.execute(insert(UsageDaily), [row | named | counts | {"first_response_hist": bins}])

    def more(self, client_id: UUID, day: date, *, hour: int, failures: dict[str, int], resolved_in: int) -> None:
        """What came in on that day came in that hour; why sends failed; what was closed took a time of that bin."""
        with self.installation.database.session(Role.WORKER) as session:
            session.execute(
                text(
                    "update ledger.usage_daily set hours_in[:hour] = messages_in, failures = cast(:failures as jsonb),"
                    " resolution_hist[:bin] = conversations_closed where client_id = :client_id and day = :day"
                ),
                {
                    "hour": hour + 1,
                    "bin": resolved_in + 1,
                    "failures": json.dumps(failures),
                    "client_id": client_id,
                    "day": day,
                },
            )
