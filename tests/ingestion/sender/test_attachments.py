"""Bytes of attachments through the whole sender: kept sealed, or refused with a reason; the message stays as it is."""

import base64
import json
from uuid import UUID

import httpx

from ingestion.sender.media import addresses
from konectus.domain.channels import AttachmentKind, Channel
from konectus.domain.suspension import Cause
from konectus.files import sealed
from konectus.files.opening import open_files
from konectus.services import suspensions
from konectus.services.installation import Installation
from tests.ingestion.sender.conftest import Stepped
from tests.support.desk import Desk
from tests.support.factories import STAFF, Factory
from tests.support.providers import Simulator

LINK = "https://cdn.example/foto.png"


def test_production_allows_no_loopback_whatever_the_settings_say(installation: Installation) -> None:
    told = {"simulator_url": "http://127.0.0.1:8010", "telegram_api_url": "http://localhost:8010/telegram"}
    settings = installation.settings.model_copy(update=told)
    assert addresses(settings).loopback == {("http", "127.0.0.1", 8010), ("http", "localhost", 8010)}
    assert addresses(settings.model_copy(update={"environment": "production"})).loopback == frozenset()


def kept(desk: Desk, attachment: UUID) -> tuple[object, object, object]:
    query = "select {} from tenant.attachment where id = :id"
    columns = [desk.sql(query.format(name), id=attachment) for name in ("state", "failure", "media_type")]
    return columns[0], columns[1], columns[2]


def test_photo_of_a_channel_is_kept_sealed_and_typed_by_content(
    desk: Desk, thread: UUID, installation: Installation, simulator: Simulator, towards_simulator: Stepped
) -> None:
    account = simulator.post("pages", name="Lumbre", app="demo")
    person = simulator.post("persons", name="Ana Solís")["persons"][0]["person"]
    simulator.post(
        "say", person=person, channel="messenger", account=account["id"], text="", attachments=[{"type": "image"}]
    )
    (said,) = simulator.get("threads", channel="messenger", account=account["id"])["threads"][0]["messages"]
    url = said["attachments"][0]["url"]
    photo = desk.attachment(thread, AttachmentKind.IMAGE, type="image", url=url)
    towards_simulator.fetch()
    assert kept(desk, photo) == ("stored", None, "image/jpeg")
    content = sealed.read(open_files(installation.settings.data_dir), installation.keys.of(desk.client_id), photo)
    assert content == httpx.get(url).content
    assert desk.sql("select size from tenant.attachment") == len(content)


def test_photo_of_a_bot_is_found_by_its_file_id(
    desk: Desk, make: Factory, simulator: Simulator, towards_simulator: Stepped
) -> None:
    bot = simulator.post("bots", username="lumbre_bot", name="Lumbre")
    connector = make.connector(desk.client_id, channel=Channel.TELEGRAM, account_id=bot["id"], secret=bot["token"])
    hook = {"url": "http://127.0.0.1:9/webhooks/telegram/x"}
    httpx.post(f"{simulator.address}/telegram/bot{bot['token']}/setWebhook", json=hook)
    person = simulator.post("persons", name="Ana Solís")["persons"][0]["person"]
    said = {"person": person, "channel": "telegram", "account": bot["id"], "text": "mira"}
    simulator.post("say", **said, attachments=[{"type": "image"}])
    (delivery,) = simulator.get("deliveries", channel="telegram", account=bot["id"])["deliveries"]
    update = json.loads(base64.b64decode(delivery["body_base64"]))
    file_id = update["message"]["photo"][-1]["file_id"]
    thread = desk.conversation(connector, Channel.TELEGRAM)
    photo = desk.attachment(thread, AttachmentKind.IMAGE, type="photo", file_id=file_id)
    unknown = desk.attachment(thread, AttachmentKind.IMAGE, type="photo", file_id="nobody's")
    towards_simulator.fetch()
    assert kept(desk, photo) == ("stored", None, "image/jpeg")
    assert kept(desk, unknown)[:2] == ("failed", "gone")


def test_dead_link_is_a_state_of_the_attachment_and_the_message_is_whole(
    desk: Desk, thread: UUID, simulator: Simulator, towards_simulator: Stepped
) -> None:
    photo = desk.attachment(thread, AttachmentKind.IMAGE, type="image", url=f"{simulator.address}/cdn/nada.jpg")
    towards_simulator.fetch()
    assert kept(desk, photo)[:2] == ("failed", "gone")
    assert [message.text for message in desk.thread(thread)] == ["mira"]


def test_page_behind_a_dead_link_is_not_kept_as_a_photo(
    desk: Desk, thread: UUID, simulator: Simulator, towards_simulator: Stepped
) -> None:
    photo = desk.attachment(thread, AttachmentKind.IMAGE, type="image", url=f"{simulator.address}/sim/healthz")
    towards_simulator.fetch()
    assert kept(desk, photo)[:2] == ("failed", "wrong_type")


def test_address_inside_our_network_is_refused_and_told(desk: Desk, thread: UUID, stepped: Stepped) -> None:
    photo = desk.attachment(thread, AttachmentKind.IMAGE, type="image", url="https://10.0.0.7/secreto.png")
    stepped.fetch()
    assert kept(desk, photo)[:2] == ("failed", "private_address")


def test_story_media_is_never_fetched(desk: Desk, thread: UUID, stepped: Stepped) -> None:
    story = desk.attachment(thread, AttachmentKind.STORY, type="story", url="https://10.0.0.7/historia.mp4")
    stepped.fetch()
    assert kept(desk, story)[0] == "link_only"


def test_trouble_of_the_other_side_is_tried_again_a_few_times(
    desk: Desk, thread: UUID, simulator: Simulator, towards_simulator: Stepped
) -> None:
    url = f"{simulator.address}/cdn/nada.jpg"
    photo = desk.attachment(thread, AttachmentKind.IMAGE, type="image", url=url)
    simulator.post("faults", channel="media", account="*", fault="server_error", times=None)
    for attempt in range(6):
        assert kept(desk, photo)[0] == "pending", attempt
        towards_simulator.fetch()
        desk.wait(hours=2)
    assert kept(desk, photo)[:2] == ("failed", "unreachable")


def test_file_that_ends_every_process_that_fetches_it_is_given_up(desk: Desk, thread: UUID, stepped: Stepped) -> None:
    photo = desk.attachment(thread, AttachmentKind.IMAGE, type="image", url=LINK)
    desk.sql("update tenant.attachment set attempts = 6")
    stepped.fetch()
    assert kept(desk, photo)[:2] == ("failed", "unreachable")


def test_files_of_a_suspended_client_wait(desk: Desk, thread: UUID, stepped: Stepped) -> None:
    photo = desk.attachment(thread, AttachmentKind.IMAGE, type="image", url="https://10.0.0.7/x.png")
    with desk.installation.works.staff(STAFF) as work:
        suspensions.suspend_by_hand(work, desk.client_id, Cause.AUP, "Envío masivo a listas compradas")
    stepped.fetch()
    assert kept(desk, photo)[0] == "pending"
    assert desk.sql("select attempts from tenant.attachment") == 0
