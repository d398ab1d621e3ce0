"""What can be set while the simulator runs, and how it starts. Values only."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """How a simulator starts."""

    seed: int = 1
    webhooks: str = "http://127.0.0.1:8000"
    address: str = "http://127.0.0.1:8010"
    state_file: Path | None = None
    fetch_media: bool = False


@dataclass
class Tuning:
    """Delays in seconds after a send; `read_after` None means that persons read only when told to.

    `keep_limits` refuses what is faster than a channel allows; `usage_percent` and `regain_minutes` are what Meta's
    usage headers say (None: counted).
    """

    echo_after: float = 0.05
    delivered_after: float = 0.2
    read_after: float | None = None
    fetch_media: bool = False
    retry_scale: float = 1.0
    telegram_private_reactions: bool = False
    keep_limits: bool = False
    usage_percent: int | None = None
    regain_minutes: int = 0


@dataclass
class Traffic:
    """What the players do: over which accounts, how many new conversations a minute, by how many persons each."""

    accounts: list[tuple[str, str]] = field(default_factory=list)
    per_minute: float = 12.0
    persons: int = 6
    pace: float = 1.0
