"""Hostile strings in every name and reason that a page shows: they stay text and bring no element or attribute."""

import json
from pathlib import Path
from uuid import UUID

from konectus.domain.channels import Channel
from konectus.domain.roles import StaffRole
from konectus.domain.suspension import Cause
from konectus.services import connectors, registration, suspensions
from konectus.services.installation import Installation
from tests.backoffice.admin.pages import Page
from tests.backoffice.conftest import Web
from tests.support.clock import ManualClock
from tests.support.factories import STAFF, Factory

TOGETHER = 6
CORPUS = Path(__file__).parents[2] / "corpus" / "hostile.json"


def chunks() -> list[str]:
    """What PostgreSQL can hold of the corpus (no NUL, no lone surrogate), some strings together."""
    found = [entry["text"].replace("\0", "") for entry in json.loads(CORPUS.read_text(encoding="utf-8"))]
    kept = [text for text in found if text.encode("utf-8", "ignore").decode() == text]
    return [" ".join(kept[start : start + TOGETHER]) for start in range(0, len(kept), TOGETHER)]


def planted(installation: Installation, make: Factory, clock: ManualClock, words: str) -> dict[str, UUID]:
    """A suspended Client whose every word is the given one."""
    with installation.works.system() as work:
        new = registration.NewClient(
            legal_name=words, trade_name=words, registered_email="a@b.mx", tax_id=words, industry=words
        )
        client = registration.add_client(work, new)
        work.session.flush()  # the rest points at it
        account = connectors.NewConnector(
            channel=Channel.MESSENGER, account_id=words + client.id.hex, secret="t", app="demo", name=words
        )
        connector = connectors.connect(work, client.id, account)
    make.user(client.id, name=words)
    clock.advance(milliseconds=1)  # two changes of one instant have no order
    with installation.works.staff(STAFF) as work:
        opened = suspensions.suspend_by_hand(work, client.id, Cause.AUP, f"{words} {'.' * 10}", subject_ref=words)
    return {"client": client.id, "connector": connector, "suspension": opened.suspension_id}


def pages_of(ids: dict[str, UUID]) -> tuple[str, ...]:
    return (
        f"client/details/{ids['client']}",
        f"client/edit/{ids['client']}",
        f"client/suspend/{ids['client']}",
        f"suspension/details/{ids['suspension']}",
        f"suspension/lift/{ids['suspension']}",
        f"connector/details/{ids['client']};{ids['connector']}",
        f"audit-entry/list?client={ids['client']}",
    )


def test_every_hostile_word_stays_a_word(
    web: Web, make: Factory, installation: Installation, clock: ManualClock
) -> None:
    http = web.staff_as(StaffRole.ADMIN)
    plain = planted(installation, make, clock, "Inofensivo")
    bones = [Page(http.get(f"/admin/{path}").text).bones for path in pages_of(plain)]
    for words in chunks():
        for path, expected in zip(pages_of(planted(installation, make, clock, words)), bones, strict=True):
            answered = http.get(f"/admin/{path}")
            assert answered.status_code in (200, 409), (words, path)
            assert Page(answered.text).bones == expected, (words, path)


def test_hostile_input_comes_back_as_text(web: Web, make: Factory) -> None:
    http = web.staff_as(StaffRole.ADMIN)
    address = f"/admin/client/suspend/{make.client().id}"

    def shown(words: str) -> list[str]:
        given = {"rule": words, "case": words, "why": words[:9], "name": words, "seen": words}
        answered = http.post(address, data=given)
        assert answered.status_code == 422
        return Page(answered.text).bones

    bones = shown("Inofensivo")
    for words in (part for chunk in chunks() for part in (chunk[:150], chunk[150:300]) if part.strip()):
        assert shown(words) == bones, words


def test_a_hostile_search_finds_nothing_and_stays_text(web: Web) -> None:
    http = web.staff_as(StaffRole.ADMIN)
    bones = Page(http.get("/admin/client/list", params={"search": "inofensivo"}).text).bones
    for words in chunks():
        answered = http.get("/admin/client/list", params={"search": words})
        assert (answered.status_code, Page(answered.text).bones) == (200, bones)
