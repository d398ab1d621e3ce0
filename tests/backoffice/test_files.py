"""Files of a conversation as a browser gets them: whole, small or in part, and never as something it would run."""

from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from konectus.domain.channels import AttachmentKind
from konectus.domain.suspension import Cause
from konectus.files import sealed
from konectus.files.opening import open_files
from konectus.ids import uuid7
from konectus.services import suspensions
from konectus.store.roles import Role
from tests.backoffice.conftest import Web
from tests.backoffice.people import Talk, Told
from tests.support.factories import STAFF, Factory

SOUND = bytes(range(256)) * 4


@pytest.fixture
def told(talk: Talk, make: Factory) -> Told:
    return talk.begin(make.client().id, "Mira")


@pytest.fixture
def agent(web: Web, told: Told) -> httpx.Client:
    return web.agent_of(told.client_id)


def sound(talk: Talk, told: Told) -> UUID:
    return talk.send_file(told, SOUND, name="nota.ogg", media_type="audio/ogg", kind=AttachmentKind.AUDIO)


def test_a_player_gets_the_part_it_asks_for(talk: Talk, told: Told, agent: httpx.Client) -> None:
    address = f"/files/{sound(talk, told)}"
    for asked, status, content, part in (
        ("", 200, SOUND, None),
        ("bytes=0-", 206, SOUND, "bytes 0-1023/1024"),
        ("bytes=10-19", 206, SOUND[10:20], "bytes 10-19/1024"),
        ("bytes=1000-9999", 206, SOUND[1000:], "bytes 1000-1023/1024"),
        ("bytes=-24", 206, SOUND[-24:], "bytes 1000-1023/1024"),
        ("bytes=-5000", 206, SOUND, "bytes 0-1023/1024"),
        ("bytes=1024-", 416, b"", "bytes */1024"),
        ("bytes=20-10", 416, b"", "bytes */1024"),
        ("bytes=0-1,5-6", 200, SOUND, None),
        ("bytes=-", 200, SOUND, None),
        ("bytes=a-b", 200, SOUND, None),
        ("lines=1-2", 200, SOUND, None),
    ):
        answer = agent.get(address, headers={"range": asked} if asked else {})
        assert (answer.status_code, answer.content) == (status, content), asked
        assert answer.headers.get("content-range") == part
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.headers.get("content-type") == ("audio/ogg" if content else None)


def test_what_leaves_is_kept_by_nobody_and_run_by_no_browser(talk: Talk, told: Told, agent: httpx.Client) -> None:
    for name, media_type, inline in (
        ("foto.png", "image/png", True),
        ("página.html", "text/html", False),
        ("dibujo.svg", "image/svg+xml", False),
        ("contrato.pdf", "application/pdf", False),
        ("película.mp4", "video/mp4", True),
    ):
        answer = agent.get(f"/files/{talk.send_file(told, b'x', name=name, media_type=media_type)}")
        assert answer.headers["content-type"] == (media_type if inline else "application/octet-stream")
        assert answer.headers["content-disposition"].startswith("inline" if inline else "attachment")
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]


def preview(web: Web, told: Told, file_id: UUID) -> None:
    """As the sender leaves one."""
    files, keys = open_files(web.installation.settings.data_dir), web.installation.keys.of(told.client_id)
    sealed.write_preview(files, keys, file_id, b"RIFF....WEBP")
    with web.installation.database.session(Role.WORKER) as session:
        session.execute(text("update tenant.attachment set preview_at = stored_at where id = :id"), {"id": file_id})


def test_the_small_picture_is_there_or_it_is_not(web: Web, talk: Talk, told: Told, agent: httpx.Client) -> None:
    photo = talk.send_file(told, b"\x89PNG grande", name="foto.png", media_type="image/png", kind=AttachmentKind.IMAGE)
    assert agent.get(f"/files/{photo}?size=preview").status_code == 404
    preview(web, told, photo)
    small = agent.get(f"/files/{photo}?size=preview")
    assert (small.content, small.headers["content-type"]) == (b"RIFF....WEBP", "image/webp")
    assert agent.get(f"/files/{photo}").content == b"\x89PNG grande"


def test_absent_foreign_lost_and_withdrawn_files_look_the_same(
    web: Web, talk: Talk, told: Told, agent: httpx.Client, make: Factory
) -> None:
    absent = uuid7(talk.now)
    foreign = sound(talk, talk.begin(make.client().id, "Secreto"))
    preview_less, lost, withdrawn = sound(talk, told), sound(talk, told), sound(talk, told)
    files = open_files(web.installation.settings.data_dir)
    files.delete(told.client_id, lost)
    with web.installation.database.session(Role.WORKER) as session:
        session.execute(text("update tenant.attachment set state = 'withdrawn' where id = :id"), {"id": withdrawn})
    wanted = agent.get(f"/files/{absent}")
    assert wanted.status_code == 404
    for path in (str(foreign), str(lost), str(withdrawn), f"{preview_less}?size=preview", f"{foreign}?size=preview"):
        answer = agent.get(f"/files/{path}")
        assert (answer.status_code, answer.content) == (404, wanted.content), path


def test_a_suspended_clients_people_open_no_file(web: Web, talk: Talk, told: Told) -> None:
    file_id = sound(talk, told)
    with web.installation.works.staff(STAFF) as work:
        suspensions.suspend_by_hand(work, told.client_id, Cause.AUP, "Envío masivo a listas compradas")
    answer = web.agent_of(told.client_id).get(f"/files/{file_id}")
    assert answer.status_code in (303, 403)
    assert SOUND[:32] not in answer.content
