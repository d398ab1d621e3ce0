"""Complaint of users elsewhere: what can be taken along is a CSV of contacts. Here it is everything."""

import httpx

from konectus.domain.channels import AttachmentKind, Channel
from konectus.services import credentials
from konectus.services.work import SYSTEM
from tests.backoffice.conftest import Web, talk, web
from tests.backoffice.happenings import Happenings, Thing, Words
from tests.backoffice.people import Talk
from tests.reports.archiving import archive_of
from tests.support.factories import Factory
from tests.support.horizon import wait_for_open_transactions

__all__ = ["talk", "web"]


def test_programs_take_conversations_messages_files_contacts_and_connectors_along(
    web: Web, make: Factory, talk: Talk
) -> None:
    told = talk.begin(make.client().id, name="Zoë Müller", channel=Channel.INSTAGRAM)
    here = Happenings(talk, told)
    asked = here.say(Words(text="Son 2 mesas"))
    here.edit(asked, "Son 3 mesas")
    here.react(asked, "❤️")
    paper = Thing(
        kind=AttachmentKind.FILE, source={}, name="plano.pdf", content=b"%PDF-1.7 plano", media_type="application/pdf"
    )
    here.say(Words(text="Va el plano", answers=asked), paper)
    withdrawn = here.say(Words(text="mi tarjeta"))
    here.edit(withdrawn, "mi tarjeta es 4000")
    here.withdraw(withdrawn)
    with web.installation.works.system(SYSTEM) as work:
        token = credentials.add_api_token(work, told.client_id, "Respaldo")
    wait_for_open_transactions(web.installation)
    http = httpx.Client(base_url=web.url + "/api/v1", headers={"Authorization": f"Bearer {token}"})
    with http:
        conversations = http.get("/conversations").json()["conversations"]
        contacts = http.get("/contacts").json()["contacts"]
        connectors = http.get("/connectors").json()["connectors"]
        messages = {one["id"]: one for one in http.get("/messages").json()["messages"]}
        again = {one["id"]: one for one in http.get(f"/conversations/{told.id}/messages").json()["messages"]}
        files = [file for one in messages.values() for file in one["attachments"]]
        content = http.get(files[0]["url"].partition("/api/v1")[2]).content
    assert [one["id"] for one in conversations] == [str(told.id)]
    assert [(one["id"], one["name"]) for one in contacts] == [(conversations[0]["contact_id"], "Zoë Müller")]
    assert [one["id"] for one in connectors] == [str(told.connector_id)] == [contacts[0]["connector_id"]]
    assert messages == again
    first, answer, gone = (messages[one] for one in sorted(messages))
    assert (first["text"], first["edited_at"] is not None) == ("Son 3 mesas", True)
    assert [(one["emoji"], one["direction"]) for one in first["reactions"]] == [("❤️", "in")]
    assert answer["reply_to"] == first["id"]
    assert (files[0]["name"], files[0]["state"], content) == ("plano.pdf", "stored", b"%PDF-1.7 plano")
    assert (gone["text"], gone["attachments"], gone["deleted_at"] is not None) == ("", [], True)


def test_lists_come_page_by_page_and_none_is_missing_or_foreign(web: Web, make: Factory, talk: Talk) -> None:
    client = make.client()
    expected = {str(talk.begin(client.id, f"Hola {number}").id) for number in range(5)}
    talk.begin(make.client().id, "ajena")
    with web.installation.works.system(SYSTEM) as work:
        token = credentials.add_api_token(work, client.id, "Respaldo")
    http = httpx.Client(base_url=web.url, headers={"Authorization": f"Bearer {token}"})
    with http:
        for name in ("conversations", "contacts", "connectors"):
            seen, path = [], f"/api/v1/{name}?limit=2"
            for _ in range(4):
                answer = http.get(path)
                seen += [one["id"] for one in answer.json()[name]]
                if answer.json()["next"] is None:
                    break
                path = answer.links["next"]["url"]
            assert len(seen) == len(set(seen)) == 5, name
            assert name != "conversations" or set(seen) == expected


def test_an_owner_takes_conversations_files_people_money_and_notices_along_in_one_archive(
    web: Web, make: Factory, talk: Talk
) -> None:
    told = talk.begin(make.client().id, "Son 2 mesas", name="Zoë Müller")
    talk.send_file(told, b"%PDF-1.7 plano", name="plano.pdf", media_type="application/pdf")
    make.user(told.client_id, name="Dueña")
    found = archive_of(web.installation, told.client_id)
    for name in ("conversations", "messages", "attachments", "contacts", "people", "connectors", "client", "invoices"):
        assert found.lines(name), name
    for name in ("payments", "notices", "suspensions", "subscriptions", "audit"):
        assert f"data/{name}-0001.csv" in found.zipped.namelist()
    (paper,) = (name for name in found.zipped.namelist() if name.startswith("media/"))
    assert found.zipped.read(paper) == b"%PDF-1.7 plano"
    (page,) = (name for name in found.zipped.namelist() if name.startswith("conversations/") and "list" not in name)
    assert "Son 2 mesas" in found.text(page)
