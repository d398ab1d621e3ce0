"""The life of events and what to do with those set aside, as the staff meet it: pages, commands, alarms."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from backoffice.admin.alarms import WORDS
from konectus.domain.alarms import ALARMS
from konectus.domain.roles import StaffRole
from konectus.ids import uuid7
from tests.backoffice.admin.conftest import Counter
from tests.backoffice.admin.pages import Page
from tests.backoffice.admin.traffic import BODY, Item, Traffic
from tests.backoffice.conftest import Web
from tests.support.clock import ManualClock
from tests.support.factories import Factory

WHY = "Versión nueva lee lo que faltaba"
EVENTS, LETTERS = "/admin/webhook-event", "/admin/dead-letter"


@pytest.fixture
def traffic(web: Web) -> Traffic:
    return Traffic(web.installation)


@pytest.fixture
def staff(web: Web) -> httpx.Client:
    return web.staff_as(StaffRole.ADMIN)


def read(http: httpx.Client, address: str, status: int = 200) -> Page:
    answered = http.get(address)
    assert answered.status_code == status, (address, answered.status_code)
    return Page(answered.text)


def send(http: httpx.Client, address: str, **given: str) -> httpx.Response:
    page = read(http, address)
    return http.post(address, data={"seen": page.fields["seen"], "why": WHY, **given})


def test_an_event_tells_its_life_item_by_item_and_leads_to_client_and_connector(
    traffic: Traffic, staff: httpx.Client, make: Factory
) -> None:
    client = make.client(name="Lumbre")
    connector = make.connector(client.id, account_id="301")
    event = traffic.came(
        Item("stored", "301"), Item("duplicate", "301"), Item("dead", "301", error="no text"), Item("unroutable", None)
    )
    page = read(staff, f"{EVENTS}/details/{event}")
    for told in ("Aceptado y registrado", "Leído, con todo lo que cambia", "250 ms", "no text", "Repetido", "Guardado"):
        assert told in page.words
    assert f"/admin/connector/details/{client.id};{connector}" in page.links
    assert "De nadie aquí" in page.words
    listed = read(staff, f"{EVENTS}/list")
    assert any(link.startswith(f"{EVENTS}/details/{event}?at=") for link in listed.links)
    assert f"/admin/client/details/{client.id}" in listed.links
    assert read(staff, next(link for link in listed.links if f"/{event}?at=" in link)).words == page.words


def test_nobody_of_the_staff_reads_what_was_in_it_and_who_may_not_decide_sees_no_button(
    web: Web, traffic: Traffic, staff: httpx.Client, make: Factory
) -> None:
    event = traffic.came(Item("dead", "301"))
    letter = traffic.died(event, client_id=make.client().id)
    trust, support = web.staff_as(StaffRole.TRUST), web.staff_as(StaffRole.SUPPORT)
    for address in (f"{EVENTS}/details/{event}", f"{LETTERS}/details/{letter}", f"{LETTERS}/list"):
        links = " ".join(read(trust, address).links)
        assert "/replay" not in links
        assert "/discard" not in links
    links = " ".join(read(support, f"{LETTERS}/details/{letter}").links)
    assert "/replay/" in links
    assert "/discard/" not in links
    for address in (
        f"{EVENTS}/list",
        f"{EVENTS}/details/{event}",
        f"{EVENTS}/replay/{event}",
        f"{LETTERS}/list",
        f"{LETTERS}/details/{letter}",
        f"{LETTERS}/replay/{letter}",
        f"{LETTERS}/discard/{letter}",
    ):
        assert "pastel" not in staff.get(address).text, address
    assert b"pastel" in BODY


def listed(http: httpx.Client, query: str) -> list[int]:
    links = read(http, f"{EVENTS}/list?{query}").links
    return [int(link.split("/")[-1].split("?")[0]) for link in links if link.startswith(f"{EVENTS}/details/")]


def test_the_log_is_narrowed_by_everything_it_tells(
    traffic: Traffic, staff: httpx.Client, make: Factory, clock: ManualClock
) -> None:
    lumbre, otra = make.client(name="Lumbre de Noche"), make.client(name="Otra")
    connector = make.connector(lumbre.id, account_id="301")
    make.connector(otra.id, account_id="302")
    first = traffic.came(Item("stored", "301"), at=clock.now() - timedelta(hours=2))
    second = traffic.came(Item("dead", "302"), Item("stored", "302"))
    third = traffic.came(Item("applied", "777", channel="telegram"), door=f"telegram:{connector}")
    waiting = traffic.came()
    for query, wanted in (
        ("", [waiting, third, second, first]),
        ("show=waiting", [waiting]),
        ("outcome=dead", [second]),
        ("outcome=stored", [second, first]),
        ("channel=telegram", [third]),
        ("search=301", [first]),
        (f"search={connector}", [first]),
        (f"search={otra.id}", [second]),
        ("search=lumbre", [first]),
        ("search=777", [third]),
        ("search=nobody", []),
        ("door=meta:demo", [waiting, second, first]),
        ("since=2026-11-19T11:00", [waiting, third, second]),
        ("until=2026-11-19T11:00", [first]),
        ("search=302&outcome=stored&since=2026-11-19T11:00", [second]),
        ("outcome=nonsense&channel=fax&since=ayer&before=x~y", [waiting, third, second, first]),
    ):
        assert listed(staff, query) == wanted, query


def test_pages_follow_without_a_gap_and_unknown_kinds_are_listed(traffic: Traffic, staff: httpx.Client) -> None:
    events = [traffic.came(Item()) for _ in range(53)]
    for query in ("", "?outcome=stored"):
        first = read(staff, f"{EVENTS}/list{query}")
        more = next(link for link in first.links if "before=" in link)
        second = read(staff, more)
        found = [link for page in (first, second) for link in page.links if link.startswith(f"{EVENTS}/details/")]
        assert [int(link.split("/")[-1].split("?")[0]) for link in found] == sorted(events, reverse=True)
    # Kinds that nobody knows are listed, for after an upgrade.
    known = traffic.came(Item("ignored", "301", kind="standby"))
    odd = traffic.came(Item("unknown", "301", kind="messaging_hologram"), Item("unknown", "301", kind="other"))
    page = read(staff, f"{EVENTS}/list?show=unknown")
    assert "messaging_hologram" in page.words
    assert listed(staff, "show=unknown") == [odd]
    assert listed(staff, "show=unknown&kind=messaging_hologram") == [odd]
    assert known not in listed(staff, "show=unknown&kind=standby")


def test_one_event_is_read_again_after_facts_preview_reason_and_number(traffic: Traffic, staff: httpx.Client) -> None:
    event = traffic.came(Item("stored", "301"))
    traffic.died(event)
    address = f"{EVENTS}/replay/{event}"
    words = read(staff, address).words
    for told in (f"Leer de nuevo el evento {event}", "Se lee de nuevo 1 evento", "Se cierra 1 apartado suyo"):
        assert told in words
    assert traffic.ask("select replays from platform.webhook_event") == [0], "a preview keeps nothing"
    assert send(staff, address, why="porque", name="1").status_code == 422
    assert "Escribe el número 1" in Page(send(staff, address, name="3").text).words

    answered = send(staff, address, name="1")

    assert (answered.status_code, answered.headers["location"]) == (303, f"{EVENTS}/details/{event}")
    assert traffic.ask("select replays from platform.webhook_event where processed_at is null") == [1]
    assert traffic.ask("select decision from platform.dead_letter") == ["replayed"]
    trail = traffic.ask("select action || ' · ' || reason from ledger.audit_entry where action like 'event%'")
    assert trail == [f"event.replayed · {WHY}"]
    assert "Espera lectura" in read(staff, f"{EVENTS}/details/{event}").words
    assert "Aquí no hay nada que leer de nuevo" in read(staff, address, 409).words


def test_a_time_of_one_account_is_read_again_and_the_rest_is_not(
    traffic: Traffic, staff: httpx.Client, make: Factory
) -> None:
    make.connector(make.client().id, account_id="301")
    make.connector(make.client().id, account_id="302")
    wanted, other = traffic.came(Item("stored", "301")), traffic.came(Item("stored", "302"))
    page = read(staff, f"{EVENTS}/list?search=301&since=2026-11-19T11:00&until=2026-11-19T13:00")
    address = next(link for link in page.links if "/replay-span" in link)
    assert send(staff, address, name="1").headers["location"] == f"{EVENTS}/list?show=waiting"
    assert traffic.ask("select id from platform.webhook_event where replays = 1") == [wanted]
    assert listed(staff, "show=waiting") == [wanted]
    assert other not in listed(staff, "show=waiting")


def test_what_changed_while_reading_is_shown_again_before_anything_is_done(
    traffic: Traffic, staff: httpx.Client
) -> None:
    traffic.came(Item())
    address = f"{EVENTS}/replay-span?since=2026-11-19T11:00&until=2026-11-19T13:00"
    seen = read(staff, address).fields["seen"]
    traffic.came(Item())
    answered = staff.post(address, data={"seen": seen, "why": WHY, "name": "2"})
    assert answered.status_code == 409
    assert "Los hechos cambiaron mientras leías" in Page(answered.text).words
    assert traffic.ask("select distinct replays from platform.webhook_event") == [0]


def test_letters_tell_why_whose_and_how_old_and_are_narrowed(
    traffic: Traffic, staff: httpx.Client, make: Factory
) -> None:
    lumbre = make.client(name="Lumbre").id
    event = traffic.came(Item("dead", "301"))
    mine = traffic.died(event, client_id=lumbre, account="301", reason="no text")
    nobodys = traffic.died(event, reason="not JSON")
    page = read(staff, f"{LETTERS}/list")
    assert "Lumbre" in page.words
    assert "not JSON (1)" in page.words

    def shown(query: str) -> set[UUID]:
        links = read(staff, f"{LETTERS}/list?{query}").links
        return {UUID(link.split("/")[-1]) for link in links if link.startswith(f"{LETTERS}/details/")}

    assert shown("") == {nobodys, mine}
    assert shown("reason=no+text") == {mine}
    assert shown(f"client={lumbre}") == {mine}
    assert shown("account=301") == {mine}
    assert shown("show=decided") == set()
    facts = read(staff, f"{LETTERS}/details/{mine}")
    for told in ("Espera decisión", "301", f"Evento {event}", "Se guarda hasta"):
        assert told in facts.words
    assert f"/admin/client/details/{lumbre}" in facts.links


def test_many_letters_are_read_again_with_one_command(traffic: Traffic, staff: httpx.Client) -> None:
    event = traffic.came(Item("dead"))
    for number in range(3):
        traffic.died(event, reason="no text" if number else "not JSON")
    page = read(staff, f"{LETTERS}/list?reason=no+text")
    address = next(link for link in page.links if "/replay-many" in link)
    assert "2 apartados vuelven al registro" in read(staff, address).words
    assert send(staff, address, name="2").headers["location"] == f"{LETTERS}/list?show=asked"
    assert traffic.ask("select count(*) from platform.dead_letter where decision = 'replay'") == [2]
    assert "En camino de vuelta" in read(staff, f"{LETTERS}/list?show=asked").words


def test_a_discarded_letter_is_erased_and_its_page_says_by_whom(
    traffic: Traffic, staff: httpx.Client, make: Factory
) -> None:
    letter = traffic.died(traffic.came(Item("dead")), client_id=make.client().id)
    address = f"{LETTERS}/discard/{letter}"
    assert "Se borra 1 apartado" in read(staff, address).words
    assert send(staff, address, name="1").headers["location"] == f"{LETTERS}/details/{letter}"
    words = read(staff, f"{LETTERS}/details/{letter}").words
    assert "Descartado" in words
    assert "Iñaki Peña" in words
    assert traffic.ask("select octet_length(body_sealed) from platform.dead_letter") == [0]
    read(staff, address, 409)


def test_today_tells_what_rings_with_the_mend_and_where_to_look(
    web: Web, traffic: Traffic, staff: httpx.Client, clock: ManualClock
) -> None:
    # An old event that is read again is no old backlog.
    event = traffic.came(Item(), at=clock.now() - timedelta(days=3))
    assert send(staff, f"{EVENTS}/replay/{event}", name="1").status_code == 303
    assert web.browser().get("/readyz").status_code == 200
    assert 'konectus_backlog_oldest_seconds{queue="intake"} 0' in web.browser().get("/metrics").text

    traffic.died(traffic.came(Item("dead")))
    traffic.came()
    clock.advance(minutes=2)
    page = read(staff, "/admin/")
    for told in (
        "Alarmas",
        "Hay eventos que esperan más de un minuto",
        "Hay mensajes apartados",
        "Tareas automáticas, Envíos y trabajo de fondo",
    ):
        assert told in page.words
    assert f"{EVENTS}/list?show=waiting" in page.links
    assert f"{LETTERS}/list" in page.links
    ready = web.browser().get("/readyz")
    assert ready.status_code == 503
    assert "backlog_old" in ready.json()["alarms"]
    metrics = web.browser().get("/metrics").text
    assert 'konectus_alarm{name="backlog_old"} 1' in metrics
    assert 'konectus_alarm{name="long_transaction"} 0' in metrics
    assert 'konectus_backlog_oldest_seconds{queue="intake"} 120' in metrics


def test_every_alarm_has_words_and_a_paragraph_for_the_operator() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "operate" / "alarms.md").read_text(encoding="utf-8")
    assert {alarm.name for alarm in ALARMS} == WORDS.keys()
    assert [name for name in WORDS if f"`{name}`" not in guide] == []


def test_the_log_costs_the_same_few_statements_however_long_it_is(
    traffic: Traffic, staff: httpx.Client, statements: Counter
) -> None:
    counted = []
    for number in (1, 30):
        for _ in range(number):
            traffic.died(traffic.came(Item("dead", f"a{uuid7(traffic.installation.clock.now())}"), Item()))
        for address in (f"{EVENTS}/list", f"{LETTERS}/list"):
            with statements.counting() as asked:
                read(staff, address)
            assert not any("count(*)" in statement and "webhook_event" in statement for statement in asked.asked)
            counted.append(len(asked))
    assert counted[:2] == counted[2:]
