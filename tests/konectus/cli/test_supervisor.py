"""Children live as long as their supervisor wants: started again when they die, ended in order, never orphaned."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from konectus.cli import instances
from konectus.cli.instances import AlreadyUp, DataFolderClosed, PortTaken
from konectus.cli.programs import Program
from konectus.cli.supervisor import Supervisor, interruptible
from tests.support.processes import free_port

SLEEPER = ("-c", "import time; time.sleep(60)")
DYING = ("-c", "import sys; print('no such table'); sys.exit(3)")
# Ends at SIGTERM and says when.
POLITE = (
    "-c",
    (
        "import signal, sys, time, pathlib\n"
        "place = pathlib.Path(sys.argv[1])\n"
        "def end(*_):\n"
        "    time.sleep(float(sys.argv[3])); place.open('a').write(sys.argv[2] + '\\n'); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "place.with_suffix('.' + sys.argv[2]).touch()\n"
        "while True: time.sleep(1)"
    ),
)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    made = Supervisor(os.environ, tmp_path / "logs", said.append)
    yield made
    made.stop()


def test_child_that_is_killed_starts_again(supervisor: Supervisor, said: list[str]) -> None:
    supervisor.start([Program("worker", SLEEPER)])
    first = supervisor.pid("worker")
    assert first is not None
    os.kill(first, signal.SIGKILL)
    _until(lambda: (supervisor.watch(), supervisor.pid("worker") not in (None, first))[1])
    assert said == ["worker was killed by signal 9; it starts again in 0.5 s"]


def test_child_that_keeps_dying_is_started_after_longer_and_longer_pauses_with_its_last_words(
    supervisor: Supervisor, said: list[str]
) -> None:
    supervisor.start([Program("sender", DYING)])
    _until(lambda: (supervisor.watch(), len(said) == 3)[1])
    assert said == [
        f"sender ended with code 3 (no such table); it starts again in {pause} s" for pause in ("0.5", "1", "2")
    ]


def test_web_ends_before_the_others_are_asked(supervisor: Supervisor, tmp_path: Path) -> None:
    place = tmp_path / "ended"
    names = ("simulator", "web", "worker")
    slow = {"simulator": "0", "web": "0.6", "worker": "0"}
    supervisor.start([Program(name, (*POLITE, str(place), name, slow[name])) for name in names])
    _until(lambda: all(place.with_suffix(f".{name}").exists() for name in names))
    supervisor.stop()
    order = place.read_text().split()
    assert order[0] == "web"
    assert set(order) == set(names)


def test_interrupt_from_the_terminal_reaches_the_supervisor_alone(supervisor: Supervisor) -> None:
    supervisor.start([Program("web", SLEEPER)])
    pid = supervisor.pid("web")
    assert pid is not None
    assert os.getpgid(pid) == os.getpgid(0)
    os.kill(pid, signal.SIGINT)
    time.sleep(0.3)
    supervisor.watch()
    assert supervisor.pid("web") == pid


def test_wait_ends_when_a_signal_asks_and_the_handlers_are_as_before() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with interruptible() as wait:
        assert not wait(0.01)
        os.kill(os.getpid(), signal.SIGTERM)
        assert wait(30)
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties children to their parent")
def test_children_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    script = (
        "import os, sys, time\nfrom pathlib import Path\n"
        "from konectus.cli.programs import Program\nfrom konectus.cli.supervisor import Supervisor\n"
        "s = Supervisor(os.environ, Path(sys.argv[1]), print)\n"
        "s.start([Program('a', ('-c', 'import time; time.sleep(60)'))])\n"
        "print(s.pid('a'), flush=True)\ntime.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    _until(lambda: not _lives(child))


def test_children_left_by_a_killed_supervisor_are_ended_at_the_next_start(tmp_path: Path) -> None:
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)  # -m scheduler"])
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    instances.remember(tmp_path, {"scheduler": left.pid, "sender": stranger.pid})
    with instances.alone(tmp_path):
        assert left.wait(10) == -signal.SIGKILL
        assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_second_supervisor_of_a_folder_is_refused(tmp_path: Path) -> None:
    refused = f"process {os.getpid()}.*set KONECTUS_DATA_DIR"
    with instances.alone(tmp_path), pytest.raises(AlreadyUp, match=refused), instances.alone(tmp_path):
        pytest.fail("two supervisors hold one folder")


def test_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataFolderClosed, match="set KONECTUS_DATA_DIR"), instances.alone(tmp_path / "file"):
        pytest.fail("a file is no folder")


def test_taken_port_is_refused_with_what_to_change() -> None:
    port = free_port()
    listening = subprocess.Popen(
        [sys.executable, "-c", f"import socket,time; s = socket.create_server(('127.0.0.1', {port})); time.sleep(60)"]
    )
    _until(lambda: _is_taken(port))
    with pytest.raises(PortTaken, match=f"port {port}: .*KONECTUS_PORT"):
        instances.require_port(port, "KONECTUS_PORT")
    listening.kill()
    listening.wait()
    instances.require_port(port, "KONECTUS_PORT")


def _is_taken(port: int) -> bool:
    try:
        instances.require_port(port, "it", host="127.0.0.1")
    except PortTaken:
        return True
    return False


def _lives(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def _until(holds: Callable[[], object]) -> None:
    for _ in range(1000):
        if holds():
            return
        time.sleep(0.02)
    assert holds()
