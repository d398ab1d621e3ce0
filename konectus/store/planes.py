"""What the registry states of one table: its plane, and what an erasure does. The tables are in registry.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Table

from konectus.store.base import Base
from konectus.store.roles import Role


class Plane(StrEnum):
    """Where a row stands: the platform's own, Konectus's records of a Client, or Client Content."""

    PLATFORM = "platform"
    LEDGER = "ledger"
    TENANT = "tenant"


class Deletion(StrEnum):
    """What an erasure of the Client does to its rows."""

    KEPT = "kept"
    PURGED = "purged"
    EXPIRES = "expires"


@dataclass(frozen=True)
class Entry:
    """One table. `exemption` says why it has no client_id; `export` is its place in the Client's archive."""

    model: type[Base]
    deletion: Deletion
    retention: str
    grants: Mapping[Role, str]
    exemption: str | None = None
    client_column: str = "client_id"
    export: str | None = None
    audited: bool = False
    # A role that reads these columns alone, for the others are words of people.
    columns: Mapping[Role, tuple[str, ...]] = field(default_factory=dict)
    table: Table = field(init=False)

    def __post_init__(self) -> None:
        table: Any = self.model.__table__
        object.__setattr__(self, "table", table)

    @property
    def plane(self) -> Plane:
        return Plane(self.table.schema or "")

    @property
    def name(self) -> str:
        return f"{self.table.schema}.{self.table.name}"
