"""Commands that ask for a fresh code: what it is worth, that it is spent once, with the act alone, and never shown."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from uuid import UUID

import httpx
import pytest

from backoffice.admin import site
from backoffice.admin.commands import Command
from backoffice.admin.decide import Decide
from backoffice.admin.deletion import ApproveDeletion
from backoffice.admin.lift import Lift
from backoffice.admin.suspend import SuspendByOrder
from backoffice.app import Beside
from konectus.domain.roles import StaffRole
from konectus.domain.suspension import Cause
from konectus.services import lifting, suspensions
from konectus.services.installation import Installation
from konectus.services.work import Actor
from konectus.store.models.audit import AuditEntry
from konectus.store.queries import clients
from tests.backoffice.admin import shared
from tests.backoffice.admin.factors import code_of, codes_of, staff_of
from tests.backoffice.admin.money.desk import Desk, one
from tests.backoffice.admin.pages import Page
from tests.backoffice.conftest import Web
from tests.support.clock import ManualClock
from tests.support.factories import Factory

clock, installation, make, web = shared.clock, shared.installation, shared.make, shared.web
WHY = "Oficio recibido hoy en papel, con sello"


@dataclass
class Order:
    """A person of Legal before the page that suspends one Client by order."""

    installation: Installation
    http: httpx.Client
    client_id: UUID
    name: str

    @property
    def address(self) -> str:
        return f"/admin/client/suspend-order/{self.client_id}"

    def send(self, **changed: str) -> httpx.Response:
        typed = {"why": WHY, "name": self.name, "document": "Oficio 1187/2026", "scope": "Toda la cuenta"}
        return self.http.post(self.address, data=Page(self.http.get(self.address).text).fields | typed | changed)

    def causes(self) -> tuple[Cause, ...]:
        with self.installation.works.system() as work:
            return clients.access(work.session, self.client_id).causes


@pytest.fixture
def legal(web: Web) -> httpx.Client:
    return web.staff_as(StaffRole.LEGAL)


@pytest.fixture
def order(installation: Installation, make: Factory, legal: httpx.Client) -> Order:
    client = make.client()
    return Order(installation, legal, client.id, client.trade_name)


def other_client(order: Order, make: Factory) -> Order:
    client = make.client()
    return replace(order, client_id=client.id, name=client.trade_name)


def someone_of_trust(make: Factory) -> Actor:
    return Actor("staff", str(make.staff(role=StaffRole.TRUST)), "Regina Castañeda")


def test_without_a_code_nothing_is_done_and_nothing_typed_is_lost(order: Order) -> None:
    for code in ("", "12345", "１２３４５６", "12345a"):
        answered = order.send(code=code)
        page = Page(answered.text)
        assert answered.status_code == 422, code
        assert "Escribe los seis dígitos" in page.words
        assert (page.fields["why"], page.fields["document"], page.fields["code"]) == (WHY, "Oficio 1187/2026", "")
    assert order.causes() == ()
    field = answered.text.split('id="f-code"')[1].split(">", maxsplit=1)[0]
    assert 'aria-describedby="e-code h-code"' in field
    assert 'inputmode="numeric" autocomplete="one-time-code"' in field
    assert 'id="e-code"' in answered.text


def test_a_code_is_spent_with_the_act_and_audit_says_so(order: Order, web: Web) -> None:
    code = code_of(order.installation, order.http)
    assert order.send(code=f"{code[:3]} {code[3:]}").status_code == 303
    assert order.causes() == (Cause.LEGAL_ORDER,)
    entry = one(
        order.installation,
        AuditEntry,
        AuditEntry.client_id == order.client_id,
        AuditEntry.action == "suspension.opened",
    )
    assert entry.after["proved_by"] == "totp"
    mine = (AuditEntry.action == "staff.proved", AuditEntry.request_id == entry.request_id)
    proved = one(order.installation, AuditEntry, *mine)
    assert (proved.subject_id, proved.reason) == (str(staff_of(order.installation, order.http)), WHY)
    page = web.staff_as(StaffRole.ADMIN).get(f"/admin/audit-entry/details/{entry.id}").text
    assert "Con un código del segundo factor" in Page(page).words
    assert code not in page + repr(proved.after) + repr(entry.after)


def test_one_code_confirms_one_command(order: Order, make: Factory) -> None:
    code = code_of(order.installation, order.http)
    second = other_client(order, make)
    assert order.send(code=code).status_code == 303
    again = second.send(code=code)
    assert (again.status_code, "ya se usó" in Page(again.text).words) == (422, True)
    assert second.causes() == ()
    assert second.send(code=code_of(order.installation, order.http)).status_code == 303


def test_one_code_confirms_one_command_of_two_at_once(order: Order, make: Factory) -> None:
    both = (order, other_client(order, make))
    code = code_of(order.installation, order.http)
    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(lambda one: one.send(code=code).status_code, both))
    assert answers == [303, 422]
    assert sorted(len(one.causes()) for one in both) == [0, 1]


def test_an_older_code_is_worth_nothing_after_a_newer_one(order: Order, make: Factory) -> None:
    former, present, _ = codes_of(order.installation, order.http)
    assert order.send(code=present).status_code == 303
    assert other_client(order, make).send(code=former).status_code == 422


def test_a_rehearsal_a_slip_and_moved_facts_keep_the_code(order: Order, legal: httpx.Client) -> None:
    code = code_of(order.installation, legal)
    assert order.send(code=code, look="1").status_code == 200
    assert order.send(code=code, name="otra cosa").status_code == 422
    assert order.send(code=code, seen="otros hechos").status_code == 409
    assert order.causes() == ()
    assert order.send(code=code).status_code == 303


def test_what_is_refused_within_the_act_keeps_the_code(
    order: Order, web: Web, make: Factory, installation: Installation
) -> None:
    with installation.works.staff(someone_of_trust(make)) as work:
        opened = suspensions.suspend_by_hand(work, order.client_id, Cause.SECURITY, WHY).suspension_id
        lifting.request_lift(work, opened, WHY)
    trust = web.staff_as(StaffRole.TRUST)
    code = code_of(installation, trust)
    typed = {"why": WHY, "name": order.name, "code": code}
    answered = Desk(trust, f"/admin/suspension/lift/{opened}", typed).send()
    assert (answered.status_code, "Ya se pidió" in Page(answered.text).words) == (422, True)
    assert code_of(installation, trust) == code


def test_wrong_codes_slow_down_as_at_sign_in_and_lose_nothing(order: Order, clock: ManualClock) -> None:
    good = code_of(order.installation, order.http)
    wrong = "000000" if "000000" not in codes_of(order.installation, order.http) else "000001"
    for _ in range(5):
        answered = order.send(code=wrong)
        assert (answered.status_code, "Este código está mal" in Page(answered.text).words) == (422, True)
    slowed = order.send(code=good)
    page = Page(slowed.text)
    assert (slowed.status_code, "Demasiados intentos. Espera" in page.words) == (429, True)
    assert page.fields["document"] == "Oficio 1187/2026"
    assert order.causes() == ()
    clock.advance(minutes=1)
    assert order.send(code=code_of(order.installation, order.http)).status_code == 303


def test_the_code_of_somebody_else_is_wrong(order: Order, web: Web) -> None:
    other = web.staff_as(StaffRole.LEGAL)
    codes_of(order.installation, order.http)
    assert order.send(code=code_of(order.installation, other)).status_code == 422


def test_who_has_no_second_factor_is_told_so(order: Order) -> None:
    answered = order.send(code="123456")
    assert (answered.status_code, "No tienes segundo factor" in Page(answered.text).words) == (422, True)
    assert order.causes() == ()


def test_a_lift_asks_for_it_where_two_people_lift(
    order: Order, web: Web, make: Factory, installation: Installation
) -> None:
    with installation.works.staff(someone_of_trust(make)) as work:
        misuse = suspensions.suspend_by_hand(work, order.client_id, Cause.AUP, f"7.1 · {WHY}").suspension_id
        security = suspensions.suspend_by_hand(work, order.client_id, Cause.SECURITY, WHY).suspension_id
    trust, second = web.staff_as(StaffRole.TRUST), web.staff_as(StaffRole.LEGAL)
    typed = {"why": WHY, "name": order.name}
    assert Desk(trust, f"/admin/suspension/lift/{security}", typed).send().status_code == 422
    asked = Desk(trust, f"/admin/suspension/lift/{security}", typed, installation).send().headers["location"]
    decide = asked.replace("details", "decide")
    assert Desk(second, decide, {"why": WHY}).send().status_code == 422, "the second person as well"
    assert Desk(second, decide, {"why": WHY}, installation).send().status_code == 303
    assert order.causes() == (Cause.AUP,)
    lift = Desk(trust, f"/admin/suspension/lift/{misuse}", typed)
    assert "code" not in lift.read().fields
    assert lift.send().status_code == 303


def test_no_code_is_written_to_the_log(order: Order, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    code = code_of(order.installation, order.http)
    order.send(code="918273")
    order.send(code=code)
    assert order.causes()
    said = [record.getMessage() + repr(vars(record)) for record in caplog.records]
    assert [line for line in said if code in line or "918273" in line] == []


def test_which_commands_ask_for_a_code_is_written_here_too() -> None:
    def below(of: type[Command]) -> Iterator[type[Command]]:
        for made in of.__subclasses__():
            yield from (made, *below(made))

    asks = {made for made in below(Command) if "needs_proof" in vars(made)}  # type: ignore[type-abstract]  # nobody makes one of it
    assert asks == {SuspendByOrder, Lift, ApproveDeletion, Decide}


def test_only_the_demo_shows_the_code(
    order: Order, installation: Installation, make: Factory, clock: ManualClock
) -> None:
    code = code_of(installation, order.http)
    assert code not in order.http.get(order.address).text
    settings = installation.settings.model_copy(update={"environment": "demo"})
    demo = Web(replace(installation, settings=settings), make, clock, Beside(mounts=(site.mount,)))
    demo.start()
    try:
        http = demo.browser()
        http.headers["cookie"] = order.http.headers["cookie"]
        assert f"tu código es ahora {code}" in Page(http.get(order.address).text).words
    finally:
        demo.stop()
