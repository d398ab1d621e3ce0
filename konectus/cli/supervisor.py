"""Keeps child processes running: starts them, starts them again when they die, stops them in order. What they are is
the callers'.

Children stay in our process group with SIGINT blocked, so that Ctrl-C reaches us alone and the order of stopping
holds; on Linux the kernel kills them when we are killed.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from konectus.cli.programs import WEB, Program
from konectus.clock import monotonic

POLL = 0.1
# Both and a stop of the database must fit into ten seconds.
_WEB_PATIENCE = 4.0
_PATIENCE = 3.0
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
# A child that ran this long before it died starts again at once.
_STEADY = 60.0


@dataclass
class _Child:
    program: Program
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    due_at: float = 0.0


@dataclass
class Supervisor:
    """Runs programs with one environment. `logs` is a folder for their output; None leaves it on our own."""

    environ: Mapping[str, str]
    logs: Path | None
    tell: Callable[[str], None]
    _children: list[_Child] = field(default_factory=list)
    _seen: dict[str, int] = field(default_factory=dict)

    def start(self, programs: Sequence[Program]) -> None:
        """Start them, in order."""
        for program in programs:
            child = _Child(program)
            self._children.append(child)
            self._spawn(child)

    def watch(self) -> bool:
        """One look at every child; the dead are started again, after a pause that grows while they keep dying.

        True when other processes run than at the last look.
        """
        for child in self._children:
            if child.process is None:
                if monotonic() >= child.due_at:
                    self._spawn(child)
                continue
            code = child.process.poll()
            if code is not None:
                self._plan_restart(child, code)
        seen, self._seen = self._seen, self.pids()
        return seen != self._seen

    def pid(self, name: str) -> int | None:
        """The process of a program that runs now."""
        found = next((child for child in self._children if child.program.name == name), None)
        return found.process.pid if found and found.process and found.process.poll() is None else None

    def pids(self) -> dict[str, int]:
        """Every child that was started and not seen dead."""
        return {child.program.name: child.process.pid for child in self._children if child.process}

    def stop(self) -> None:
        """End the web, so that nothing new comes in, then the rest together."""
        running = {child.program.name: child.process for child in self._children if child.process is not None}
        self._children.clear()
        web = running.pop(WEB.name, None)
        end([web] if web else [], _WEB_PATIENCE)
        end(list(running.values()), _PATIENCE)

    def _spawn(self, child: _Child) -> None:
        with self._output(child.program.name) as output:
            child.process = spawn(child.program.arguments, self.environ, output)
        child.started_at = monotonic()

    def _plan_restart(self, child: _Child, code: int) -> None:
        child.failures = 0 if monotonic() - child.started_at > _STEADY else child.failures + 1
        pause = min(_FIRST_PAUSE * 2 ** max(child.failures - 1, 0), _LONGEST_PAUSE) if child.failures else 0.0
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        said = self._last_words(child.program.name)
        self.tell(f"{child.program.name} {how}{said}; it starts again in {pause:g} s")
        child.process, child.due_at = None, monotonic() + pause

    @contextmanager
    def _output(self, name: str) -> Iterator[IO[bytes] | None]:
        if self.logs is None:
            yield None
            return
        self.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._log_of(name).open("ab") as file:
            yield file

    def _last_words(self, name: str) -> str:
        if self.logs is None:
            return ""
        lines = self._log_of(name).read_text(encoding="utf-8", errors="replace").splitlines()
        return f" ({lines[-1][:160]})" if lines else ""

    def _log_of(self, name: str) -> Path:
        assert self.logs is not None
        return self.logs / f"{name}.log"


def spawn(
    arguments: Sequence[str], environ: Mapping[str, str], output: IO[bytes] | IO[str] | None
) -> subprocess.Popen[bytes]:
    """Start one of our programs, tied to this thread."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        preexec_fn=_tied(),  # noqa: PLW1509 - only system calls between fork and exec, and we have one thread
    )


def end(processes: Sequence[subprocess.Popen[bytes]], patience: float) -> None:
    """SIGTERM to all, and SIGKILL to those that do not listen. Returns when they are gone."""
    for process in processes:
        process.terminate()
    deadline = monotonic() + patience
    for process in processes:
        try:
            process.wait(max(deadline - monotonic(), 0))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def interruptible() -> Iterator[Callable[[float], bool]]:
    """A wait that says whether SIGINT or SIGTERM came; a second SIGINT changes nothing."""
    asked: list[int] = []

    def note(number: int, _frame: object) -> None:
        asked.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}

    def wait(seconds: float) -> bool:
        deadline = monotonic() + seconds
        while not asked and monotonic() < deadline:
            time.sleep(min(POLL, max(deadline - monotonic(), 0)))
        return bool(asked)

    try:
        yield wait
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tied() -> Callable[[], None]:
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    parent = os.getpid()

    def tie() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)

    return tie
