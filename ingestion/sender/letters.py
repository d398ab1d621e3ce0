"""The loop of dead letters: those that staff had read again go back into the log."""

from dataclasses import dataclass

from konectus.services import replays
from konectus.services.work import Works


@dataclass(frozen=True)
class Letters:
    """Any number of processes may do this side by side."""

    works: Works

    def step(self) -> bool:
        """True while there may be more."""
        return replays.carry_out(self.works) > 0
