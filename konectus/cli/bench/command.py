"""`konectus bench`: the ratios of this machine in one run, each with its floor and goal."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from konectus.cli.console import progress, say
from konectus.errors import Conflict

if TYPE_CHECKING:
    from konectus.cli.bench.ground import Ground

MESSAGES = 60_000
REQUESTS = 9_000
HISTORY = 50_000
PAINT_SECONDS = 10
# The live view first, while threads are short; lists last, when the store is full.
PARTS = ("paint", "doors", "worker", "reads", "memory")


class BelowFloor(Conflict):
    code = "below_floor"


@dataclass(frozen=True)
class Line:
    """One figure. Where `ratio` has a `floor`, less of it fails the run; `goal` is what we are after."""

    words: str
    figure: str
    ratio: float | None = None
    floor: float | None = None
    goal: str = ""

    @property
    def is_below(self) -> bool:
        # Not "less than": a ratio that is no number must not pass.
        return self.floor is not None and self.ratio is not None and not self.ratio >= self.floor


def bench(
    messages: Annotated[int, typer.Option(min=2000, help="messages a worker run stores")] = MESSAGES,
    requests: Annotated[int, typer.Option(min=600, help="requests to doors and echo each")] = REQUESTS,
    history: Annotated[
        int, typer.Option(min=5_000, help="messages of one Client that lists and search are measured at")
    ] = HISTORY,
    only: Annotated[list[str] | None, typer.Option(help="paint, doors, worker, reads, memory; repeatable")] = None,
    enforce: Annotated[bool, typer.Option("--enforce", help="fail below a floor")] = False,
) -> None:
    """Measure doors, worker, live view, lists and memory on an installation of its own, and print ratios."""
    from konectus.cli.bench import ground as site  # noqa: PLC0415  # late: httpx and uvloop cost every command time

    wanted = set(only or PARTS)
    if wanted - set(PARTS):
        raise typer.BadParameter(f"parts are {', '.join(PARTS)}")
    lines: list[Line] = []
    with site.prepared() as ground:
        for name, part in _parts(ground, Sizes(messages, requests, history)).items():
            if name in wanted:
                with progress(f"measuring {name}"):
                    found = list(part())
                lines += found
                for line in found:
                    _print(line)
    below = [line.words for line in lines if line.is_below]
    if below and enforce:
        raise BelowFloor(f"below the floor: {'; '.join(below)}")


@dataclass(frozen=True)
class Sizes:
    messages: int
    requests: int
    history: int


def _parts(ground: "Ground", sizes: Sizes) -> dict[str, Callable[[], Iterator[Line]]]:
    return {
        "paint": lambda: _paint(ground),
        "doors": lambda: _doors(ground, sizes.requests),
        "worker": lambda: _worker(ground, sizes.messages),
        "reads": lambda: _reads(ground, sizes.history),
        "memory": lambda: _memory(ground),
    }


def _doors(ground: "Ground", requests: int) -> Iterator[Line]:
    from konectus.cli.bench import doors  # noqa: PLC0415  # late: the same

    ours, echo = doors.measure(ground, requests)
    rate = ours.per_second / echo.per_second
    yield Line(
        "doors : bare FastAPI echo, requests/s",
        f"{ours.per_second:,.0f} : {echo.per_second:,.0f}",
        rate,
        floor=1.0,
        goal="1.3",
    )
    p99 = ours.quantile(0.99), echo.quantile(0.99)
    yield Line("doors : echo, p99 ms", f"{p99[0] * 1e3:.1f} : {p99[1] * 1e3:.1f}", p99[0] / p99[1])
    cpu = ours.cpu_micros, echo.cpu_micros
    yield Line("doors : echo, server's CPU µs a request", f"{cpu[0]:.0f} : {cpu[1]:.0f}", cpu[0] / cpu[1])
    paced = doors.acks(ground, requests)
    for seen, rate, goal in (
        (paced.steady, doors.STEADY, "p50 < 20, p99 < 250"),
        (paced.overload, doors.STEADY * 5, "p99 < 2000"),
    ):
        figure = f"p50 {seen.quantile(0.5) * 1e3:.1f}  p99 {seen.quantile(0.99) * 1e3:.1f}  {seen.refused} refused"
        yield Line(f"webhook to answer at {rate}/s, ms", figure, goal=goal)


def _worker(ground: "Ground", messages: int) -> Iterator[Line]:
    from konectus.cli.bench import worker  # noqa: PLC0415  # late: the same

    rates = worker.measure(ground, messages)
    for words, rate, goal in (("one worker", rates.one, ""), ("two workers", rates.two, "0.5")):
        floor = 0.4 if rate == rates.two else None
        figure = f"{rate:,.0f} : {rates.copy.batches:,.0f}"
        yield Line(f"{words} : COPY of the same rows, messages/s", figure, rate / rates.copy.batches, floor, goal)
    alone = f"{rates.two:,.0f} : {rates.copy.alone:,.0f}"
    yield Line("two workers : one COPY of the messages alone", alone, rates.two / rates.copy.alone)
    cpu = f"worker {rates.cpu_micros:.0f}  database {rates.server_micros:.0f}"
    yield Line("one worker, CPU µs a message", cpu)


def _paint(ground: "Ground") -> Iterator[Line]:
    from konectus.cli.bench import paint  # noqa: PLC0415  # late: the same

    found = paint.measure(ground, PAINT_SECONDS)
    figure = f"p50 {found.quantile(0.5) * 1e3:.0f}  p95 {found.quantile(0.95) * 1e3:.0f}"
    if found.missed:
        figure += f"  {found.missed} never came, {found.reloads} reloads instead"
    end = "painted page in Chromium" if found.in_browser else "rendered event (no Chromium to drive)"
    yield Line(f"webhook to {end}, {paint.RATE}/s, ms", figure, goal="p95 < 150")


def _reads(ground: "Ground", history: int) -> Iterator[Line]:
    from konectus.cli.bench import load, reads  # noqa: PLC0415  # late: the same

    found = reads.measure(ground, history)
    searches = [(f"search, {kind}", seconds, "25") for kind, seconds in found.searches.items()]
    for words, values, goal in (("list page", found.lists, "5"), ("thread page", found.threads, "10"), *searches):
        p95 = load.quantile(values, 0.95)
        figure = f"p50 {load.quantile(values, 0.5) * 1e3:.1f}  p95 {p95 * 1e3:.1f}"
        # What fails the run is a search that takes longer than 60 ms: as a ratio, of that to its p95.
        ratio, floor = (reads.SLOWEST_SEARCH / p95, 1.0) if words == "search, any word" else (None, None)
        yield Line(f"{words} at {found.messages:,} messages, ms", figure, ratio, floor, goal=f"p95 < {goal} at 5 M")


def _memory(ground: "Ground") -> Iterator[Line]:
    from konectus.cli.bench import rest  # noqa: PLC0415  # late: the same

    found = rest.measure(ground)
    each = "  ".join(f"{name} {megabytes:.0f}" for name, megabytes in found.items())
    yield Line("memory at rest, MB", f"{sum(found.values()):.0f}  ({each})")


def _print(line: Line) -> None:
    ratio = f"  {line.ratio:.2f}×" if line.ratio is not None else ""
    bounds = [f"floor {line.floor:.1f}×"] if line.floor is not None else []
    bounds += [f"goal {line.goal}"] if line.goal else []
    verdict = "  BELOW THE FLOOR" if line.is_below else ""
    say(f"{line.words:<48} {line.figure}{ratio}{'  (' + ', '.join(bounds) + ')' if bounds else ''}{verdict}")
