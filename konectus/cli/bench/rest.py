"""Memory of web, worker, sender, scheduler and database when nobody asks for anything."""

import time
from contextlib import ExitStack

from konectus.cli.bench import machine
from konectus.cli.bench.ground import Ground
from konectus.cli.programs import WEB, parts
from konectus.cli.up import serves

_SETTLE = 3.0


def measure(ground: Ground) -> dict[str, float]:
    """Megabytes by process; shared pages counted once."""
    with ExitStack() as stack:
        running = {}
        for program in parts(workers=1):
            ready = (lambda: serves(ground.port)) if program is WEB else (lambda: True)
            running[program.name] = stack.enter_context(ground.process(*program.arguments, ready=ready))
        time.sleep(_SETTLE)
        found = {name: machine.memory(machine.family(process.pid)) for name, process in running.items()}
        found["postgresql"] = machine.memory(machine.family(ground.cluster.pid or 0))
    return found
