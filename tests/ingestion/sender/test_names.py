"""Names of End Contacts whose messages carry none, asked for once."""

from uuid import UUID

import httpx
import pytest

from konectus.domain.channels import Channel
from tests.ingestion.sender.conftest import Stepped
from tests.support.desk import Desk
from tests.support.providers import FakeChannels, meta_error


def name(desk: Desk) -> str:
    keys = desk.installation.keys.of(desk.client_id)
    contact = desk.sql("select id from tenant.contact")
    sealed = desk.sql("select name_sealed from tenant.contact")
    assert isinstance(contact, UUID)
    assert sealed is None or isinstance(sealed, bytes)
    return keys.read(sealed, "contact", "name_sealed", contact)


def test_name_is_asked_for_once_and_shown(desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped) -> None:
    channels.always = lambda _request: httpx.Response(200, json={"id": "7", "name": "Ana Solís"})
    stepped.sender.names.step()
    stepped.sender.names.step()
    assert (name(desk), len(channels.calls)) == ("Ana Solís", 1)


@pytest.mark.parametrize("answer", [httpx.Response(200, json={}), meta_error(2018218)], ids=["empty", "refused"])
def test_person_whose_name_is_not_given_is_not_asked_about_again(
    desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped, answer: httpx.Response
) -> None:
    channels.next = [answer]
    stepped.sender.names.step()
    desk.wait(hours=1)
    stepped.sender.names.step()
    assert (name(desk), len(channels.calls)) == ("", 1)


def test_channel_that_is_down_is_asked_again_after_a_rest(
    desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped
) -> None:
    channels.next = [httpx.ConnectError("down"), httpx.Response(200, json={"name": "Ana Solís"})]
    stepped.sender.names.step()
    stepped.sender.names.step()
    assert len(channels.calls) == 1
    desk.wait(minutes=3)
    stepped.sender.names.step()
    assert name(desk) == "Ana Solís"


def test_telegram_is_not_asked_its_messages_carry_the_name(
    desk: Desk, channels: FakeChannels, stepped: Stepped
) -> None:
    desk.conversation(desk.connector(Channel.TELEGRAM), Channel.TELEGRAM)
    stepped.sender.names.step()
    assert channels.calls == []
