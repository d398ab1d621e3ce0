"""The simulator as a process: its start, its refusals, a connection that breaks after the act."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.ingestion.simulator.receiver import APP_ID, APP_SECRET

ROOT = Path(__file__).parents[3]


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ingestion.simulator", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)


def test_a_taken_port_is_one_line_with_the_mend() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = _run("--port", str(port))

    assert done.returncode == 1
    assert done.stderr == f"port {port}: Address already in use; stop what uses it or choose another with --port\n"


@pytest.mark.parametrize(("option", "value"), [("--host", "0.0.0.0"), ("--webhooks", "https://example.com")])
def test_it_refuses_to_leave_this_machine(option: str, value: str) -> None:
    done = _run(option, value)

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "machine" in done.stderr


def test_a_connection_that_breaks_after_the_act_leaves_the_message_with_the_person(process: str) -> None:
    with httpx.Client(base_url=process) as http:
        http.post("/sim/meta/apps", json={"name": "demo", "id": APP_ID, "secret": APP_SECRET})
        page = http.post("/sim/pages", json={"name": "Taller", "app": "demo"}).json()
        where = {"channel": "messenger", "account": page["id"]}
        said = http.post("/sim/say", json={"person": "new", "text": "Hola", **where}).json()
        http.post("/sim/faults", json={"fault": "drop_after_applying", **where})
        body = {"recipient": {"id": said["person_id"]}, "message": {"text": "Con gusto"}}
        with pytest.raises(httpx.RemoteProtocolError):
            http.post("/graph/v26.0/me/messages", params={"access_token": page["token"]}, json=body)
        received = http.get("/sim/persons/p1/received").json()["messages"]

    assert [message["text"] for message in received] == ["Con gusto"]


def test_a_second_start_finds_the_world_of_the_first(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ingestion.simulator", "--port", "0", "--state-file", str(tmp_path / "world")]
    ids: list[str] = []
    texts: list[list[str]] = []
    for _ in range(2):
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as started:
            assert started.stderr is not None
            with httpx.Client(base_url=started.stderr.readline().split()[-1]) as http:
                bot = http.post("/sim/bots", json={"username": "lila_bot", "name": "Lila"}).json()
                where = {"channel": "telegram", "account": bot["id"]}
                person = "p1" if ids else "new"
                ids.append(http.post("/sim/say", json={"person": person, "text": "Hola", **where}).json()["message_id"])
                call = {"chat_id": http.get("/sim/persons/p1").json()["ids"][f"telegram:{bot['id']}"], "text": "Va"}
                assert http.post(f"/telegram/bot{bot['token']}/sendMessage", json=call).json()["ok"]
                texts.append([m["text"] for m in http.get("/sim/received").json()["messages"]])
            started.terminate()
            assert started.wait(10) == 0

    assert texts == [["Va"], ["Va", "Va"]]
    assert len(set(ids)) == 2


def test_a_broken_state_file_is_one_line_with_the_mend(tmp_path: Path) -> None:
    (tmp_path / "world").write_bytes(b"nothing of ours")
    done = _run("--port", "0", "--state-file", str(tmp_path / "world"))

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "delete it to begin anew" in done.stderr


def test_it_says_when_it_is_ready_and_ends_on_a_signal() -> None:
    command = [sys.executable, "-m", "ingestion.simulator", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as started:
        assert started.stderr is not None
        address = started.stderr.readline().split()[-1]
        ready = httpx.get(f"{address}/sim/healthz").json()
        started.send_signal(signal.SIGTERM)
        rest = started.stderr.read()
        ended = started.wait(10)

    assert ready == {"ok": True}
    assert (ended, rest) == (0, "")
