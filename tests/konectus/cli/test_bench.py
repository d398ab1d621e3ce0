"""The measuring tools measure: every request is sent once, refusals are counted, a floor fails the run when asked."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from konectus.cli.bench import command, ground, load, machine
from konectus.cli.bench.command import Line
from konectus.clock import monotonic
from konectus.listening import listen


class Counting:
    """Answers, and remembers what was asked; every tenth body is refused."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await Request(scope, receive).body()
        self.bodies.append(body)
        answer: Response = PlainTextResponse("x" * 3000, 503 if body.endswith(b"0") else 200)
        await answer(scope, receive, send)


@pytest.fixture
def counting() -> Iterator[tuple[Counting, int]]:
    app, listening = Counting(), listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    until = monotonic() + 10
    while not server.started and monotonic() < until:
        threading.Event().wait(0.01)
    yield app, listening.getsockname()[1]
    server.should_exit = True
    thread.join(10)
    listening.close()


def test_every_request_is_sent_once_and_refusals_are_counted(counting: tuple[Counting, int]) -> None:
    app, port = counting
    bodies = [b"body %d" % number for number in range(1, 101)]
    seen = load.hammer(port, [load.request("/x", body, X_Name="value") for body in bodies], connections=8)
    assert sorted(app.bodies) == sorted(bodies)
    assert (seen.requests, seen.refused, len(seen.latencies)) == (100, 10, 100)
    assert 0 < seen.quantile(0.5) <= seen.quantile(0.99) <= seen.seconds


def test_quantiles_of_known_values() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert (load.quantile(values, 0.5), load.quantile(values, 0.99)) == (51.0, 100.0)


@pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")
def test_processor_time_and_memory_of_a_process_and_its_children() -> None:
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'print(1, flush=True); input()'])"
    parent = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    parent.stdout.readline()
    family = machine.family(parent.pid)
    assert len(family) == 2
    assert machine.memory(family) > 5
    assert machine.cpu_seconds(parent.pid) >= 0
    parent.communicate("\n")


def test_only_a_ratio_under_its_floor_is_below_it() -> None:
    assert Line("doors", "", 0.99, floor=1.0).is_below
    assert not Line("doors", "", 1.0, floor=1.0).is_below
    assert not Line("p99", "", 0.2).is_below
    assert Line("nothing was measured", "", float("nan"), floor=1.0).is_below


def test_bench_fails_below_a_floor_only_when_it_is_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def nowhere() -> Iterator[None]:
        yield

    # Measuring takes minutes; what is done with the figures is what this is about.
    monkeypatch.setattr(ground, "prepared", nowhere)
    monkeypatch.setattr(command, "_doors", lambda *_: iter([Line("doors : echo", "1 : 2", 0.5, floor=1.0, goal="1.3")]))
    command.bench(only=["doors"])
    with pytest.raises(command.BelowFloor, match="doors : echo"):
        command.bench(only=["doors"], enforce=True)


@pytest.mark.processes
@pytest.mark.load
@pytest.mark.timeout(300)
def test_bench_prints_ratios_with_floor_and_goal() -> None:
    arguments = ["bench", "--requests", "600", "--messages", "2000", "--only", "doors", "--only", "worker"]
    done = subprocess.run(
        [sys.executable, "-m", "konectus.cli", *arguments], capture_output=True, text=True, check=True
    )
    assert re.search(
        r"^doors : bare FastAPI echo, requests/s .*\d×  \(floor 1.0×, goal 1.3\)", done.stdout, re.MULTILINE
    )
    assert re.search(r"^two workers : COPY .*\d×  \(floor 0.4×, goal 0.5\)", done.stdout, re.MULTILINE)
