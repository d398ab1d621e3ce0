"""Keeps the world in a file, so that a demo that is started again finds its pages, bots, persons and threads."""

import pickle
from dataclasses import dataclass
from pathlib import Path

from ingestion.simulator.media import Library
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Attachment
from ingestion.simulator.world import World
from konectus.errors import Invalid

# A killed process may have said more than it saved; numbers of a new life begin beyond what it can have used.
_LEAP = 100_000


@dataclass
class Snapshot:
    """What outlives a process. Deliveries, faults and the call log do not."""

    world: World
    library: Library
    uploads: dict[str, Attachment]


def save(stage: Stage, path: Path) -> None:
    """Write the world; a reader sees the old file or the new one, never a part."""
    written = path.with_suffix(".new")
    written.write_bytes(pickle.dumps(Snapshot(stage.world, stage.library, stage.uploads)))
    written.replace(path)


def load(path: Path) -> Snapshot | None:
    """The saved world as the start of a new life, None where nothing was saved.

    Raises Invalid for a file that is none of ours or of another version.
    """
    if not path.parent.is_dir():
        raise Invalid(f"{path}: there is no folder {path.parent}; make it or choose another --state-file")
    if not path.exists():
        return None
    try:
        found = pickle.loads(path.read_bytes())  # noqa: S301 reason: read from the file that this program wrote itself
        world = found.world
    except Exception as error:  # noqa: BLE001 reason: broken pickles raise anything
        raise Invalid(
            f"{path}: is no state of this simulator ({type(error).__name__}); delete it to begin anew"
        ) from None
    world.life += 1
    for account in world.accounts.values():
        account.last_message += _LEAP
        account.last_update += _LEAP
    for thread in world.threads.values():
        thread.last_message += _LEAP
    return Snapshot(world, found.library, found.uploads)
