"""The webhook doors against a bare FastAPI echo: the same bodies, connections and machine, in turns."""

from collections.abc import Sequence
from dataclasses import dataclass

from konectus.cli.bench import machine
from konectus.cli.bench.ground import DOOR, BenchStalled, Ground, free_port, listens
from konectus.cli.bench.load import Seen, hammer, quantile, request
from konectus.cli.bench.pacing import pace

ROUNDS = 3
_WHOLE = 3000
STEADY = 100
PACED_SECONDS = 10
_UVICORN = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning", "--workers", "1")


@dataclass(frozen=True)
class Server:
    """What one server did in all rounds together."""

    requests: int
    seconds: float
    latencies: tuple[float, ...]
    cpu: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    @property
    def cpu_micros(self) -> float:
        """Processor time of the server's process for one request."""
        return self.cpu / self.requests * 1e6

    def quantile(self, q: float) -> float:
        return quantile(self.latencies, q)


@dataclass(frozen=True)
class Acks:
    """Answers of the doors at a steady rate and at five times as many (P8)."""

    steady: Seen
    overload: Seen


def acks(ground: Ground, requests: int) -> Acks:
    """Ten seconds of each, as channels send: at their own pace. One second where the whole run is to be a short one."""
    seconds = PACED_SECONDS if requests >= _WHOLE else 1
    port = free_port()
    program = ("-m", "uvicorn", "ingestion.doors:app", "--port", str(port), *_UVICORN)
    with ground.process(*program, ready=lambda: listens(port)):
        hammer(port, _requests(ground, DOOR, 300))
        seen = [pace(port, _requests(ground, DOOR, rate * seconds), rate) for rate in (STEADY, STEADY * 5)]
    return Acks(*seen)


def measure(ground: Ground, requests: int) -> tuple[Server, Server]:
    """Doors and echo."""
    ports = free_port(), free_port()
    programs = ("ingestion.doors:app", "konectus.cli.bench.echo:app")
    doors, echo = (("-m", "uvicorn", p, "--port", str(n), *_UVICORN) for p, n in zip(programs, ports, strict=True))
    runs: tuple[list[tuple[Seen, float]], list[tuple[Seen, float]]] = ([], [])
    with (
        ground.process(*doors, ready=lambda: listens(ports[0])) as ours,
        ground.process(*echo, ready=lambda: listens(ports[1])) as theirs,
    ):
        _warm_up(ground, ports)
        for _ in range(ROUNDS):
            for found, port, pid, path in (
                (runs[0], ports[0], ours.pid, DOOR),
                (runs[1], ports[1], theirs.pid, "/echo"),
            ):
                found.append(_round(port, pid, _requests(ground, path, requests // ROUNDS)))
    return _summed(runs[0]), _summed(runs[1])


def _requests(ground: Ground, path: str, count: int) -> list[bytes]:
    signed = (ground.webhook(number % 1000, f"Hola, ¿tienen lugar mañana? ({number})") for number in range(count))
    return [request(path, body, **headers) for body, headers in signed]


def _warm_up(ground: Ground, ports: tuple[int, int]) -> None:
    for port, path in zip(ports, (DOOR, "/echo"), strict=True):
        hammer(port, _requests(ground, path, 300))


def _round(port: int, pid: int, requests: Sequence[bytes]) -> tuple[Seen, float]:
    before = machine.cpu_seconds(pid)
    seen = hammer(port, requests)
    if seen.refused:
        raise BenchStalled(f"{seen.refused} of {seen.requests} requests were not answered 200")
    return seen, machine.cpu_seconds(pid) - before


def _summed(runs: Sequence[tuple[Seen, float]]) -> Server:
    return Server(
        requests=sum(seen.requests for seen, _ in runs),
        seconds=sum(seen.seconds for seen, _ in runs),
        latencies=tuple(latency for seen, _ in runs for latency in seen.latencies),
        cpu=sum(cpu for _, cpu in runs),
    )
