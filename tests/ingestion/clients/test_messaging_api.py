"""messaging-api-messenger, a Node program of others, against the simulator. Skipped without Node or npm's registry."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.providers import Simulator

PACKAGE = "messaging-api-messenger@1.1.0"
SCRIPT = Path(__file__).with_name("messenger.mjs")
INSTALL_WITHIN, RUN_WITHIN = 40, 20

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package in it; npm's own cache serves it again without the network."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node and npm are not installed")
    folder = tmp_path_factory.mktemp("npm")
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", PACKAGE]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_WITHIN, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not install {PACKAGE} within {INSTALL_WITHIN} s")
    if done.returncode != 0:
        pytest.skip(f"npm cannot reach its registry: {done.stderr.strip().splitlines()[-1:]}")
    shutil.copy(SCRIPT, folder / SCRIPT.name)
    return folder


def test_a_node_program_reads_and_writes_as_on_messenger(simulator: Simulator, page: Any, modules: Path) -> None:
    said = simulator.post("say", person="new", channel="messenger", account=page["id"], text="¿Abren?")
    command = ["node", SCRIPT.name, f"{simulator.address}/graph", page["token"], "s3cret", said["person_id"], "123"]
    done = subprocess.run(command, cwd=modules, capture_output=True, text=True, timeout=RUN_WITHIN, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    got = simulator.get(f"persons/{said['person']}/received")["messages"]

    assert told["page"]["id"] == page["id"]
    assert told["sent"] == {"recipientId": said["person_id"], "messageId": got[0]["message_id"]}
    assert [m["text"] for m in got] == ["¡Claro! Abrimos a las 9", "¿Confirma?", "", ""]
    assert got[1]["buttons"][0]["payload"] == "CITA_SI"
    assert [a["name"] for m in got for a in m["attachments"]] == ["a.png", "recibo.pdf"]
    assert told["typing"] == {"recipientId": said["person_id"]}
    assert told["profile"]["firstName"]
    assert told["owner"] == {"appId": "263902037430900"}
    assert (told["notOurs"]["code"], told["notOurs"]["errorSubcode"]) == (10, 2018300)
    assert told["tooLong"]["code"] == 100
    assert (told["nobody"]["code"], told["nobody"]["errorSubcode"]) == (100, 2018001)
    assert told["token"]["isValid"] is True
