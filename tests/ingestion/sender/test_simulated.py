"""Replies with files through the channel simulator: what each End Contact really got, and what its record tells."""

import hashlib
import io
from typing import Any
from uuid import UUID

import pytest
from PIL import Image

from ingestion.sender.asking import Asking
from konectus.domain.channels import Channel
from konectus.domain.conversations import Delivery
from konectus.files.directory import DirectoryFiles
from konectus.ids import uuid7
from konectus.services import inbox
from konectus.services.inbox import NewReply, Upload
from tests.ingestion.sender.conftest import Stepped
from tests.ingestion.sender.test_asking import Passing
from tests.support.desk import Desk
from tests.support.providers import Simulator

PDF = Upload("cotización.pdf", "", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\nhola")


def picture() -> Upload:
    made = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(made, "PNG")
    return Upload("foto.png", "", made.getvalue())


def begun(desk: Desk, simulator: Simulator, channel: Channel) -> tuple[str, UUID]:
    """An account of the simulator that is connected here, and somebody who has written to it."""
    if channel is Channel.TELEGRAM:
        account = simulator.post("bots", username="lumbre_bot", name="Lumbre")
    else:
        page = simulator.post("pages", name="Taller Lumbre", app="demo", instagram={"username": "lumbre"})
        account = page if channel is Channel.MESSENGER else {"id": page["instagram"]["id"], "token": page["token"]}
    person = simulator.post("persons", name="Ana Solís")["persons"][0]["person"]
    said = simulator.post("say", person=person, channel=channel, account=account["id"], text="hola")
    connector = desk.make.connector(desk.client_id, channel=channel, account_id=account["id"], secret=account["token"])
    return account["id"], desk.conversation(connector, channel, person=said["person_id"])


def received(simulator: Simulator, channel: Channel, account: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = simulator.get("received", channel=channel, account=account)["messages"]
    return told


@pytest.mark.parametrize("channel", list(Channel))
def test_text_and_files_arrive_whole_and_in_order(
    desk: Desk, simulator: Simulator, towards_simulator: Stepped, channel: Channel
) -> None:
    account, thread = begun(desk, simulator, channel)
    new = NewReply(uuid7(desk.installation.clock.now()), thread, desk.agent_id, "Va todo", (picture(), PDF))
    with desk.installation.works.tenant(desk.client_id, desk.actor) as work:
        parts = inbox.reply(work, new, DirectoryFiles(desk.installation.settings.data_dir / "files"))
    towards_simulator.send(4)
    assert [(desk.message(part).status, desk.message(part).failure) for part in parts] == [(Delivery.SENT, None)] * 3
    text, image, paper = received(simulator, channel, account)
    assert text["text"] == "Va todo"
    for message, upload in ((image, picture()), (paper, PDF)):
        assert message["attachments"][0]["sha256"] == hashlib.sha256(upload.content).hexdigest()
    assert len({desk.message(part).external_id for part in parts}) == 3


@pytest.mark.parametrize("channel", [Channel.MESSENGER, Channel.INSTAGRAM])
def test_lost_answer_is_found_in_the_record_of_the_channel(
    desk: Desk, simulator: Simulator, towards_simulator: Stepped, channel: Channel
) -> None:
    account, thread = begun(desk, simulator, channel)
    simulator.post("faults", channel=channel, account=account, fault="drop_after_applying", times=1)
    part = desk.reply(thread, "¿Le queda bien el jueves?")
    towards_simulator.send()
    assert (desk.message(part).status, desk.message(part).failure) == (Delivery.UNKNOWN, "checking")
    desk.wait(seconds=6)
    Asking(desk.installation.works, towards_simulator.sender.asking.delivery, Passing(desk)).step()
    (message,) = received(simulator, channel, account)
    assert (desk.message(part).status, desk.message(part).external_id) == (Delivery.SENT, message["message_id"])
