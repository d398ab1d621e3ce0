"""Figures for a Client's owners and supervisors: its own alone, whole legal days, ranges; never for agents."""

import csv
import io
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from konectus.domain.deadlines import local_day
from konectus.domain.roles import UserRole
from konectus.domain.suspension import Cause
from konectus.services import suspensions
from konectus.services.installation import Installation
from konectus.store.roles import Role
from tests.backoffice.conftest import Web
from tests.backoffice.shared import clock, installation, make, web
from tests.support.clock import ManualClock
from tests.support.factories import STAFF, Factory
from tests.support.used import Used

__all__ = ["clock", "installation", "make", "web"]


@pytest.fixture(scope="module")
def client_id(installation: Installation, make: Factory, clock: ManualClock) -> UUID:
    """A Client with two channels, and another one whose figures nobody here may meet."""
    used, mine, other = Used(installation), make.client(seats=60).id, make.client().id
    day = local_day(clock.now()) - timedelta(days=1)
    used.day(mine, day, messages_in=40, messages_out=30, conversations_opened=9, conversations_closed=7, bin_of=3)
    used.day(mine, day, "telegram", messages_in=5, sends_failed=1, conversations_opened=1, bin_of=9)
    used.more(mine, day, hour=9, failures={"window": 1}, resolved_in=7)
    used.day(mine, day - timedelta(days=40), messages_in=90)
    used.day(other, day, "instagram", messages_in=7777, conversations_opened=70)
    used.day(other, day - timedelta(days=70), messages_in=7777)
    return mine


def page(web: Web, client_id: UUID, *, role: UserRole = UserRole.SUPERVISOR, ask: str = "", status: int = 200) -> str:
    answer = web.agent_of(client_id, role=role).get(f"/account/figures{ask}")
    assert answer.status_code == status, answer.text
    return answer.text.replace("\xa0", " ")


@pytest.mark.parametrize("role", [UserRole.OWNER, UserRole.SUPERVISOR])
def test_owners_and_supervisors_see_their_own_clients_figures(web: Web, client_id: UUID, role: UserRole) -> None:
    shown = page(web, client_id, role=role)
    assert '<strong class="num">45</strong>' in shown
    assert "de 1 a 2 min" in shown
    assert "de 1 a 2 min" in shown.partition("Nueve de cada diez")[2]  # nine of ten, not the slowest one
    assert "De 9:00 a 9:59: 45" in shown  # the hour that all came in, in the time of Mexico City
    assert "Resolver la mitad tomó de 16 a 32 min" in shown
    assert "El día empieza a medianoche en la Ciudad de México." in shown
    assert "instagram" not in shown
    assert "7,777" not in shown


def test_what_a_client_can_read_of_daily_usage_ends_at_its_own_rows(
    installation: Installation, client_id: UUID
) -> None:
    with installation.database.session(Role.APP, client_id) as session:
        assert set(session.scalars(text("select distinct client_id from ledger.usage_daily"))) == {client_id}
    with installation.database.session(Role.APP) as session:
        assert session.scalars(text("select client_id from ledger.usage_daily")).all() == []


def test_agents_are_refused_and_not_led_there(web: Web, client_id: UUID) -> None:
    http = web.agent_of(client_id)
    for path in ("/account/figures", "/account/figures.csv"):
        assert http.get(path).status_code == 403
    assert 'href="/account/figures"' not in http.get("/account").text


def test_while_the_service_is_paused_the_figures_are_too(web: Web, installation: Installation, make: Factory) -> None:
    paused = make.client().id
    with installation.works.staff(STAFF) as work:
        suspensions.suspend_by_hand(work, paused, Cause.AUP, "Envío masivo a listas")
    page(web, paused, role=UserRole.OWNER, status=403)
    shown = web.agent_of(paused, role=UserRole.OWNER).get("/account").text
    assert 'href="/account/figures"' not in shown


def test_a_client_without_a_message_is_told_how_its_figures_begin(web: Web, make: Factory) -> None:
    shown = page(web, make.client().id)
    assert "Tus cifras empiezan con el primer mensaje" in shown
    assert '<svg class="plot"' not in shown


def test_other_days_can_be_chosen_and_no_others(web: Web, client_id: UUID) -> None:
    assert '<strong class="num">135</strong>' in page(web, client_id, ask="?period=90")
    assert "Nada" not in page(web, client_id, ask="?period=7")
    for wrong in ("1", "2026-13", "%00", "9" * 300, "2026-11-01"):
        assert "Elige uno de la lista" in page(web, client_id, ask=f"?period={wrong}", status=422)
        page(web, client_id, ask=f".csv?period={wrong}", status=422)


def test_the_file_has_a_row_a_day_and_channel(web: Web, client_id: UUID) -> None:
    answer = web.agent_of(client_id, role=UserRole.OWNER).get("/account/figures.csv?period=7")
    assert answer.headers["content-disposition"].startswith('attachment; filename="figures-')
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [(row["channel"], row["messages_in"], row["sends_failed"]) for row in rows] == [
        ("messenger", "40", "0"),
        ("telegram", "5", "1"),
    ]
