"""What a Client's people asked of their contract, carried out within seconds: another Plan, an end at once.

The web process of a Client may only ask; billing it takes the rights of the system. The jobs do the same, later.
"""

from dataclasses import dataclass

from konectus.services import changes, ending_sweeps
from konectus.services.installation import Installation


@dataclass(frozen=True)
class Contracts:
    """One step does everything that is due."""

    installation: Installation

    def step(self) -> bool:
        """Whether anything was done."""
        done = changes.apply_due(self.installation) + ending_sweeps.terminate_effective(self.installation)
        return done > 0
