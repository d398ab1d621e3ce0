"""The address a channel fetches a file from: one file, one hour, nobody signed in."""

from uuid import UUID

import pytest

from konectus.domain.channels import AttachmentKind
from konectus.domain.suspension import Cause
from konectus.services import media_links, suspensions
from tests.backoffice.conftest import Web
from tests.backoffice.people import Talk
from tests.support.factories import Factory

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64


def link(web: Web, client_id: UUID, file_id: UUID) -> str:
    return media_links.issue(web.installation.keys.of(client_id), file_id, web.clock.now())


def test_file_is_given_to_whoever_has_its_address_for_an_hour(web: Web, make: Factory, talk: Talk) -> None:
    client = make.client()
    file_id = talk.send_file(
        talk.begin(client.id), PNG, name="foto.png", media_type="image/png", kind=AttachmentKind.IMAGE
    )
    token, http = link(web, client.id, file_id), web.browser()
    given = http.get(f"/media/{token}")
    assert (given.status_code, given.content, given.headers["content-type"]) == (200, PNG, "image/png")
    assert given.headers["content-security-policy"].startswith("default-src 'none'; sandbox")
    assert given.headers["x-content-type-options"] == "nosniff"
    assert given.headers["cache-control"] == "private, no-store"
    assert given.headers["content-disposition"] == "attachment"
    assert "foto" not in str(given.headers)
    web.clock.advance(minutes=59)
    assert http.get(f"/media/{token}").status_code == 200
    web.clock.advance(minutes=2)
    assert http.get(f"/media/{token}").status_code == 404


def test_page_that_calls_itself_a_picture_is_bytes_to_the_browser(web: Web, make: Factory, talk: Talk) -> None:
    client = make.client()
    file_id = talk.send_file(talk.begin(client.id), b"<script>1</script>", name="a.html", media_type="text/html")
    given = web.browser().get(f"/media/{link(web, client.id, file_id)}")
    assert given.headers["content-type"] == "application/octet-stream"


def test_forged_swapped_and_foreign_tokens_open_nothing(web: Web, make: Factory, talk: Talk) -> None:
    client, other = make.client(), make.client()
    file_id = talk.send_file(talk.begin(client.id), PNG, name="a.png", media_type="image/png")
    token, http = link(web, client.id, file_id), web.browser()
    flipped = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    swapped = f"{other.id.hex}{token[32:]}"
    absent = link(web, client.id, UUID(int=7))
    theirs = media_links.issue(web.installation.keys.of(other.id), file_id, web.clock.now())
    answers = {http.get(f"/media/{one}").status_code for one in (flipped, swapped, absent, theirs, "x", token[:32])}
    assert answers == {404}


def test_suspended_client_gives_nothing_out(web: Web, make: Factory, talk: Talk) -> None:
    client = make.client()
    file_id = talk.send_file(talk.begin(client.id), PNG, name="a.png", media_type="image/png")
    token = link(web, client.id, file_id)
    with web.installation.works.system() as work:
        suspensions.open_cause(work, client.id, Cause.AUP, "Envío masivo a listas compradas")
    assert web.browser().get(f"/media/{token}").status_code == 404


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_address_can_only_be_read(web: Web, method: str) -> None:
    assert web.browser().request(method, "/media/x").status_code in (404, 405)
