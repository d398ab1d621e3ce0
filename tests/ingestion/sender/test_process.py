"""The sender as a real process: how it starts, stops and is killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import konectus
from konectus.clock import OffsetClock, monotonic
from konectus.domain.channels import Channel
from konectus.domain.conversations import Delivery
from konectus.services.installation import Installation
from tests.support.desk import Desk
from tests.support.factories import Factory
from tests.support.providers import Simulator, running_simulator

PROJECT = Path(konectus.__file__).parent.parent
pytestmark = pytest.mark.processes


def environment(installation: Installation, simulator: str) -> dict[str, str]:
    settings = installation.settings
    assert settings.database_url is not None
    assert settings.master_key is not None
    return {
        "PATH": os.environ["PATH"],
        "KONECTUS_ENVIRONMENT": "demo",
        "KONECTUS_DATA_DIR": str(settings.data_dir),
        "KONECTUS_DATABASE_URL": settings.database_url.get_secret_value(),
        "KONECTUS_MASTER_KEY": settings.master_key.get_secret_value(),
        "KONECTUS_TELEGRAM_API_URL": f"{simulator}/telegram",
    }


def start(environ: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ingestion.sender"]
    return subprocess.Popen(command, cwd=PROJECT, env=environ, stderr=subprocess.PIPE, text=True)


def soon(condition: Callable[[], Any], seconds: float = 20) -> Any:
    """What the condition gives once it is true."""
    until = monotonic() + seconds
    while not (found := condition()):
        assert monotonic() < until, "did not happen"
        time.sleep(0.05)
    return found


@dataclass(frozen=True)
class Scene:
    """A bot of the simulator, somebody who has written to it, and the environment of senders."""

    desk: Desk
    simulator: Simulator
    account: str
    thread: UUID
    environ: dict[str, str]

    def received(self) -> list[str]:
        return [m["text"] for m in self.simulator.get("received", channel="telegram", account=self.account)["messages"]]

    def fault(self, kind: str, seconds: float = 0.1, times: int = 1) -> None:
        wanted = {"channel": "telegram", "account": self.account, "method": "sendMessage"}
        self.simulator.post("faults", **wanted, fault=kind, seconds=seconds, times=times, retry_after=1)

    def another(self) -> UUID:
        """One more person who has written to the bot; the conversation."""
        person = self.simulator.post("persons", name="Beto Ruiz")["persons"][0]["person"]
        said = self.simulator.post("say", person=person, channel="telegram", account=self.account, text="hola")
        connector = self.desk.sql("select id from tenant.connector")
        assert isinstance(connector, UUID)
        return self.desk.conversation(connector, Channel.TELEGRAM, person=said["person_id"])

    def undone(self) -> int:
        return int(str(self.desk.sql("select count(*) from tenant.outbox where done_at is null")))

    def wait_for_undone(self, most: int) -> None:
        soon(lambda: self.undone() <= most, 40)

    def later(self, seconds: int) -> None:
        """The demo's clock is moved forward."""
        (self.desk.installation.settings.data_dir / "clock").write_text(str(seconds))

    @contextmanager
    def sender(self) -> Iterator[subprocess.Popen[str]]:
        process = start(self.environ)
        try:
            yield process
        finally:
            process.kill()
            process.communicate(timeout=10)


@pytest.fixture
def scene(installation: Installation, make: Factory) -> Iterator[Scene]:
    clock = OffsetClock(installation.settings.data_dir / "clock")
    real = replace(installation, clock=clock)
    with running_simulator(clock) as simulator:
        bot = simulator.post("bots", username="lumbre_bot", name="Lumbre")
        person = simulator.post("persons", name="Ana Solís")["persons"][0]["person"]
        said = simulator.post("say", person=person, channel="telegram", account=bot["id"], text="hola")
        desk = Desk.of(real, replace(make, installation=real))
        connector = desk.make.connector(
            desk.client_id, channel=Channel.TELEGRAM, account_id=bot["id"], secret=bot["token"]
        )
        desk.sql("delete from platform.connector_request")
        thread = desk.conversation(connector, Channel.TELEGRAM, person=said["person_id"])
        yield Scene(desk, simulator, bot["id"], thread, environment(real, simulator.address))


@pytest.mark.parametrize(
    ("name", "value"), [("KONECTUS_PORT", "many"), ("KONECTUS_NONSENSE", "1"), ("KONECTUS_DATABASE_URL", "mysql://x/y")]
)
def test_wrong_setting_stops_the_start_with_one_line(installation: Installation, name: str, value: str) -> None:
    process = start(environment(installation, "http://127.0.0.1:9") | {name: value})
    _, told = process.communicate(timeout=30)
    assert process.returncode == 1
    assert len(told.splitlines()) == 1
    assert name in told


def test_running_sender_is_woken_by_the_click(scene: Scene) -> None:
    with scene.sender():
        soon(lambda: scene.desk.sql("select count(*) from platform.heartbeat where process = 'sender'"))
        began = monotonic()
        part = scene.desk.reply(scene.thread, "enseguida")
        soon(lambda: scene.desk.message(part).status is Delivery.SENT)
        assert monotonic() - began < 2
    assert scene.received() == ["enseguida"]


def test_sender_told_to_stop_finishes_what_is_on_the_wire_and_takes_nothing_new(scene: Scene) -> None:
    scene.fault("slow", 2)
    with scene.sender() as process:
        first = scene.desk.reply(scene.thread, "en camino")
        soon(lambda: scene.desk.message(first).status is Delivery.SENDING)
        process.send_signal(signal.SIGTERM)
        began = monotonic()
        time.sleep(0.3)
        second = scene.desk.reply(scene.thread, "para el siguiente")
        assert process.wait(15) == 0
        assert monotonic() - began < 15
    states = [scene.desk.message(part).status for part in (first, second)]
    assert states == [Delivery.SENT, Delivery.QUEUED]
    assert scene.received() == ["en camino"]


def test_killed_sender_leaves_unknown_what_was_on_the_wire_and_the_next_sends_the_rest(scene: Scene) -> None:
    scene.fault("slow", 3)
    first = scene.desk.reply(scene.thread, "quizás")
    time.sleep(0.01)
    second = scene.desk.reply(scene.thread, "después")
    with scene.sender() as process:
        soon(scene.received)  # applied there, and its answer held back
        assert scene.desk.message(first).status is Delivery.SENDING
        process.kill()
    with scene.sender():
        soon(lambda: scene.desk.message(second).status is Delivery.SENT, 15)
    assert scene.desk.message(first).status is Delivery.UNKNOWN
    assert sorted(scene.received()) == ["después", "quizás"]


def test_two_senders_killed_again_and_again_never_say_a_thing_twice_and_lose_nothing(scene: Scene) -> None:
    threads = [scene.another() for _ in range(8)]
    parts: dict[UUID, str] = {}
    for number in range(5):
        for place, thread in enumerate(threads):
            words = f"{place}-{number}"
            parts[scene.desk.reply(thread, words)] = words
        time.sleep(0.002)
    troubles = (("drop_after_applying", "slow"), ("sent_anyway", "rate_limited"), ("timeout",))
    for number, kinds in enumerate(troubles):
        for kind in kinds:
            scene.fault(kind)
        with scene.sender(), scene.sender():
            scene.wait_for_undone(30 - 10 * number)
    with scene.sender():
        scene.wait_for_undone(0)
    states = {words: scene.desk.message(part).status for part, words in parts.items()}
    received = scene.received()
    assert len(received) == len(set(received))
    assert set(states.values()) <= {Delivery.SENT, Delivery.UNKNOWN}
    assert {words for words, state in states.items() if state is Delivery.SENT} <= set(received)
    for place in range(len(threads)):
        theirs = [words for words in received if words.startswith(f"{place}-")]
        assert theirs == sorted(theirs)
    assert sum(state is Delivery.SENT for state in states.values()) >= 20


def test_killed_sender_beside_another_holds_its_conversation_for_a_moment_only(scene: Scene) -> None:
    scene.fault("slow", 6)
    beats = "select count(*) from platform.heartbeat where process = 'sender'"
    with scene.sender() as killed, scene.sender() as living:
        soon(lambda: int(str(scene.desk.sql(beats))) > 1)
        _stop_at_rest(living, scene)
        first = scene.desk.reply(scene.thread, "quizás")
        soon(lambda: scene.desk.message(first).status is Delivery.SENDING)
        living.send_signal(signal.SIGCONT)
        time.sleep(2.5)
        assert scene.desk.message(first).status is Delivery.SENDING, "what a living sender has is left alone"
        killed.kill()
        began = monotonic()
        soon(lambda: scene.desk.message(first).status is Delivery.UNKNOWN, 15)
        assert monotonic() - began < 8
    assert scene.desk.message(first).failure == "unconfirmed"


def _stop_at_rest(process: subprocess.Popen[str], scene: Scene) -> None:
    """Between two transactions: one that is stopped within keeps its locks, and this is not about them."""
    within = "select count(*) from pg_stat_activity where state like 'idle in transaction%'"
    while True:
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.1)
        if int(str(scene.desk.sql(within))) == 0:
            return
        process.send_signal(signal.SIGCONT)
        time.sleep(0.1)
