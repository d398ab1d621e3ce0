"""The names of doors in the log: meta:<app> and telegram:<connector id>."""

from dataclasses import dataclass
from uuid import UUID

META = "meta"
TELEGRAM = "telegram"


@dataclass(frozen=True, slots=True)
class Doorway:
    """Where a body came in. Only a Telegram door tells the connector."""

    kind: str
    name: str

    @classmethod
    def read(cls, door: str) -> "Doorway":
        kind, _, name = door.partition(":")
        return cls(kind, name)

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"

    @property
    def connector_id(self) -> UUID | None:
        return connector_of(self.name) if self.kind == TELEGRAM else None


def connector_of(name: str) -> UUID | None:
    """The connector a path names; None for what is no id."""
    try:
        return UUID(name)
    except ValueError:
        return None
