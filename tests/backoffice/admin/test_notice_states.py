"""What a notice's state is on a page is what its rules say, and a list narrowed to a state shows exactly those."""

from collections.abc import Iterator
from itertools import product
from uuid import UUID

import httpx
import pytest
from sqlalchemy import update

from konectus.domain.notices import WITHDRAWN, NoticeState, state_of
from konectus.domain.roles import StaffRole
from konectus.services.installation import Installation
from konectus.store.models.notices import Notice
from konectus.store.queries import admin_notices as read
from tests.backoffice.admin import shared
from tests.backoffice.admin.books import Books
from tests.backoffice.admin.pages import Page
from tests.backoffice.conftest import Web
from tests.support.factories import Factory

clock, installation, make, web = shared.clock, shared.installation, shared.make, shared.web


@pytest.fixture(scope="module")
def client_id(make: Factory) -> UUID:
    return make.client(name="Avisos de prueba").id


@pytest.fixture
def books(installation: Installation, client_id: UUID) -> Iterator[Books]:
    """Notices of one test alone."""
    yield Books(installation)
    with installation.works.system() as work:
        gone = {"bounced_at": None, "delivered_at": None, "undeliverable_at": None, "last_error": None}
        work.session.execute(update(Notice).where(Notice.client_id == client_id).values(**gone))


def test_a_list_of_a_state_has_those_of_that_state(books: Books, client_id: UUID) -> None:
    names = ("sent_at", "delivered_at", "bounced_at", "undeliverable_at")
    cases = list(product(product((False, True), repeat=len(names)), (None, WITHDRAWN, "no such user")))
    ids = [books.notice(client_id) for _ in cases]
    with books.installation.works.system() as work:
        made = {}
        for notice_id, (happened, error) in zip(ids, cases, strict=True):
            values: dict[str, object] = {n: work.now if so else None for n, so in zip(names, happened, strict=True)}
            made[notice_id] = {**values, "last_error": error}
        for notice_id, known in made.items():
            work.session.execute(update(Notice).where(Notice.id == notice_id).values(**known))
        rows = {row.id: row for row in read.notices(work.session, client_id=client_id, most=100)}
        assert set(made) <= set(rows)
        for state in NoticeState:
            listed = {row.id for row in read.notices(work.session, state=state, client_id=client_id, most=100)}
            assert listed == {id_ for id_, row in rows.items() if state_of(row) is state}, state


def test_a_notice_that_was_withdrawn_bounced_nowhere(books: Books, client_id: UUID, web: Web) -> None:
    withdrawn, bounced = books.notice(client_id), books.notice(client_id, bounced=True)
    with books.installation.works.system() as work:
        values = {"undeliverable_at": work.now, "last_error": WITHDRAWN, "sent_at": None}
        work.session.execute(update(Notice).where(Notice.id == withdrawn).values(**values))
    http = web.staff_as(StaffRole.SUPPORT)
    links = Page(http.get("/admin/").text).links
    assert f"/admin/notice/fix/{bounced}" in links
    assert f"/admin/notice/fix/{withdrawn}" not in links
    page = Page(http.get(f"/admin/notice/details/{withdrawn}").text).words
    assert "Retirado antes de salir" in page
    assert WITHDRAWN not in page
    assert f"/admin/notice/details/{withdrawn}" in Page(http.get("/admin/notice/list?show=withdrawn").text).links
    assert (
        f"/admin/notice/details/{withdrawn}" not in Page(http.get("/admin/notice/list?show=undeliverable").text).links
    )


def test_a_count_on_today_says_when_there_are_more_than_are_shown(books: Books, client_id: UUID, web: Web) -> None:
    http = web.staff_as(StaffRole.SUPPORT)
    for n in range(1, 7):
        _came_back_from(books, client_id, f"buzon{n}@avisos.example")
        said = _bounced_on_today(http)
        assert said.startswith("más de 5" if n > 5 else str(n))


def test_today_tells_of_a_mailbox_once_however_much_came_back_from_it(books: Books, client_id: UUID, web: Web) -> None:
    came_back = [_came_back_from(books, client_id, "lleno@avisos.example") for _ in range(3)]
    http = web.staff_as(StaffRole.SUPPORT)
    assert _bounced_on_today(http).startswith("1 ")
    today = Page(http.get("/admin/").text)
    assert "lleno@avisos.example · y 2 anteriores" in today.words
    links = [link for link in today.links if link.startswith("/admin/notice/fix/")]
    assert links in [[f"/admin/notice/fix/{notice_id}"] for notice_id in came_back]


def _came_back_from(books: Books, client_id: UUID, mailbox: str) -> UUID:
    notice_id = books.notice(client_id, bounced=True)
    with books.installation.works.system() as work:
        work.session.execute(update(Notice).where(Notice.id == notice_id).values(recipient=mailbox))
    return notice_id


def _bounced_on_today(http: httpx.Client) -> str:
    words: str = Page(http.get("/admin/").text).words
    return words.split("Avisos que rebotaron")[1].strip()
