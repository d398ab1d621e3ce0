"""P13: a suspended session on every route, under every cause, for every role: what the matrix allows and nothing else.

The sessions were there before the cause and nothing ended them: what is shown is the look at every request, which
holds where the ending of sessions (test_p13_suspension_is_immediate.py) came late.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from backoffice.inbox.listing import _FORMAT
from konectus.domain.conversations import Delivery
from konectus.domain.roles import UserRole
from konectus.ids import uuid7
from konectus.services import credentials, media_links
from konectus.store.cluster import Endpoint
from konectus.store.queries import clients
from konectus.store.roles import Role
from tests.backoffice.people import Talk
from tests.promises import matrix, surface
from tests.promises.driven import PASSWORD, Scene
from tests.promises.figures import tell
from tests.promises.matrix import AGENT, CAUSES, NO, NOBODYS, NONE, OUT, OWNER, ROLES, SHUT, TABLE, YES, Ask
from tests.support.cluster import connect
from tests.support.connections import Bench, bench, simulator, world

__all__ = ["bench", "simulator", "world"]


@dataclass
class House:
    """One Client with everything that an address may name, under one cause; its sessions and its program's token."""

    scene: Scene
    cause: str
    client_id: UUID
    tokens: Mapping[str, str]
    api: str
    values: dict[str, Any]
    email: str

    def ask(self, http: httpx.Client, method: str, path: str, ask: Ask, role: str) -> str:
        """What the asker meets."""
        headers: dict[str, str] = {}
        if ask.who == "program":
            headers = {"authorization": f"Bearer {self.api}"}
        elif ask.who == "person":
            headers = {"cookie": f"__Host-konectus-agent={self.tokens[role]}"}
        values = self.values | {
            "reply_id": uuid7(self.scene.clock.advance(milliseconds=1)),
            "email": self.scene.email(),
        }
        form = {name: matrix.told(values, words) for name, words in (ask.form or {}).items()}
        address = matrix.told(values, ask.address or path)
        if address == "/inbox/stream" and self.cause == "none":
            with http.stream("GET", address, headers=headers) as answer:
                return outcome(answer)
        return outcome(http.request(method, address, headers=headers, data=form or None))


def outcome(answer: httpx.Response) -> str:
    where = answer.headers.get("location", "")
    if answer.status_code == 401 or where.startswith("/login"):
        return OUT
    if answer.status_code == 403:
        return NO
    return NONE if answer.status_code >= 400 else YES


@pytest.fixture
def scene(bench: Bench) -> Iterator[Scene]:
    found = Scene.of(bench)
    found.begin()
    yield found
    found.web.stop()


def house_of(scene: Scene, conn: psycopg.Connection[Any], cause: str) -> House:
    """Everything is made while the Client is well; then the cause stands in its row, and nothing else happens."""
    client_id = scene.new()
    talk = Talk(scene.installation, scene.make, scene.clock)
    people = {role: scene.make.user(client_id, role=UserRole(role)) for role in ROLES}
    with scene.installation.works.system() as work:
        api = credentials.add_api_token(work, client_id, "Exportación nocturna")
        link = credentials.link_for_user(work, people[AGENT])
    credentials.set_user_password(scene.installation.works, link, PASSWORD)
    tokens = {role: scene.make.user_session(client_id, user_id) for role, user_id in people.items()}
    values = said(scene, talk, client_id, tokens[AGENT]) | contracted(scene, client_id, tokens[OWNER])
    values["place"] = f"{scene.clock.now():{_FORMAT}}_{values['message_id']}"
    under(conn, client_id, cause, scene.clock.now())
    address = scene.sql("select email from ledger.authorized_user where id = :u", u=people[AGENT])
    return House(scene, cause, client_id, tokens, api, values, address)


def said(scene: Scene, talk: Talk, client_id: UUID, agent: str) -> dict[str, Any]:
    """A conversation with files, and replies in every state that an agent may decide of."""
    told = talk.begin(client_id, "¿Abren hoy?")
    values: dict[str, Any] = {"conversation_id": told.id, "connector_id": told.connector_id}
    values["message_id"] = talk.say(told, "¿A qué hora?")
    file = talk.send_file(told, b"\x89PNG\r\n\x1a\n" + b"\0" * 64, name="a.png", media_type="image/png")
    failed = talk.send_file(told, b"%PDF", name="a.pdf", media_type="application/pdf")
    scene.sql("update tenant.attachment set state = 'failed', failure = 'gone', stored_at = null, size = null"
              " where id = :f", f=failed)  # fmt: skip
    values |= {"attachment_id": file, "failed_file": failed}
    values["media"] = media_links.issue(scene.installation.keys.of(client_id), file, scene.clock.now())
    http = scene.web.browser(agent=agent)
    for name, status in (("queued_id", None), ("failed_id", Delivery.FAILED), ("unknown_id", Delivery.UNKNOWN)):
        reply = uuid7(scene.clock.advance(milliseconds=1))
        http.post(f"/inbox/c/{told.id}/replies", data={"reply_id": str(reply), "text": name})
        values[name] = scene.sql(
            "select id from tenant.message where client_id = :c and direction = 'out' order by id desc limit 1",
            c=client_id,
        )
        if status is not None:
            talk.settle(told, values[name], status)
    return values


def contracted(scene: Scene, client_id: UUID, owner: str) -> dict[str, Any]:
    """A login at a channel, an archive, an invoice, a notice, a person, a Plan to change to."""
    http, values = scene.web.browser(agent=owner), dict[str, Any]()
    login = http.post("/account/connectors/login", data={"channel": "messenger", "flavour": "page"}).text
    (values["state"],) = re.findall(r"[;&]state=([\w-]+)", login)
    values["consent_id"] = scene.sql("select id from platform.consent where client_id = :c", c=client_id)
    http.post("/account/export")
    values["job_id"] = scene.sql("select id from ledger.export_job where client_id = :c", c=client_id)
    values["invoice_id"] = scene.sql("select id from ledger.invoice where client_id = :c", c=client_id)
    values["notice_id"] = scene.papers.notice(client_id, delivered=True)
    values["user_id"] = scene.make.user(client_id)
    values["plan"] = scene.books.plan(200_000, seats=9).id
    values["version"] = scene.sql("select id from ledger.document_version limit 1")
    values["bot_token"] = scene.bot()["token"]
    return values


def under(conn: psycopg.Connection[Any], client_id: UUID, cause: str, now: Any) -> None:
    """The row of a cause, of an end or of a deletion, put there past every guard."""
    if cause != "none":
        cut(conn, client_id)
    given = {"c": client_id, "now": now, "cause": cause.removesuffix("_export"), "free": cause.endswith("_export")}
    if cause == "terminated":
        conn.execute(
            "update ledger.subscription set status = 'ended', ended_at = %(now)s, end_reason = 'cancelled'"
            " where client_id = %(c)s", given)  # fmt: skip
        conn.execute(
            "insert into ledger.termination (id, client_id, by_whom, ground, reason, notified_at, notified_by,"
            " effective_at, effected_at, refund_due) values (gen_random_uuid(), %(c)s, 'client', 'client_cancel', 'x',"
            " %(now)s, 'agent:x', %(now)s, %(now)s, false)", given)  # fmt: skip
    elif cause == "deleting":
        conn.execute(
            "insert into ledger.deletion (id, client_id, window_id, eligible_at, export_done, requested_at,"
            " requested_by, approved_by, approved_at, second_by, second_at, started_at) values (gen_random_uuid(),"
            " %(c)s, gen_random_uuid(), %(now)s, false, %(now)s, 'system', 'a', %(now)s, 'b', %(now)s, %(now)s)",
            given,
        )
    elif cause != "none":
        conn.execute(
            "insert into ledger.suspension (id, client_id, cause, subject_ref, clause, opened_at, opened_by, reason,"
            " allows_export, notice_id, invoice_id) values (gen_random_uuid(), %(c)s, %(cause)s, '', '15.1', %(now)s,"
            " 'x', 'una razón larga', %(free)s, gen_random_uuid(), gen_random_uuid())", given)  # fmt: skip


def cut(conn: psycopg.Connection[Any], client_id: UUID) -> None:
    """As every cause leaves the Connectors of a Client (Terms 2)."""
    conn.execute(
        "update tenant.connector set state = 'needs_reconfiguration', reason = 'suspended', secret_sealed = null"
        " where client_id = %s", [client_id])  # fmt: skip


def test_every_route_is_in_the_table(scene: Scene) -> None:
    answered = {(m, path) for m, path in surface.routes(scene.web.app) if not path.startswith("/admin")}
    assert sorted(path for _, path in answered - set(TABLE) if path not in NOBODYS) == []
    assert sorted(set(TABLE) - answered) == []


SHORT = ("nonpayment", "security")


@pytest.mark.parametrize(
    ("causes", "others"),
    [(SHORT, ()), pytest.param(CAUSES, CAUSES, marks=[pytest.mark.load, pytest.mark.timeout(600)])],
)
def test_every_route_does_what_the_matrix_says(
    scene: Scene, superuser: Endpoint, causes: tuple[str, ...], others: tuple[str, ...]
) -> None:
    """Owners under each of these causes; supervisors and agents too under those."""
    assert scene.installation.settings.database_url is not None
    url = scene.installation.settings.database_url.get_secret_value()
    wrong, asked = list[tuple[str, ...]](), 0
    with connect(superuser, url.rpartition("/")[2].partition("?")[0]) as conn:
        conn.execute("set session_replication_role = replica")
        for cause in causes:
            house = house_of(scene, conn, cause)
            http, before = scene.web.browser(), content(house)
            for role in ROLES if cause in others else (OWNER,):
                for (method, path), ask in TABLE.items():
                    if (ask.who != "person" and role != OWNER) or (
                        cause == "none" and role != OWNER and method != "GET"
                    ):
                        continue
                    asked += 1
                    met, wanted = house.ask(http, method, path, ask, role), ask.rule.outcome(cause, role)
                    if met != wanted:
                        wrong.append((cause, role, method, path, met, wanted))
            scene.clock.advance(minutes=30)  # what was tried from here before is forgotten
            signed_in = outcome(http.post("/login", data={"email": house.email, "password": PASSWORD}))
            if (signed_in == NO) != (cause in SHUT):
                wrong.append((cause, AGENT, "POST", "/login", signed_in, ""))
            if (content(house) == before) != (cause != "none"):
                wrong.append((cause, "what agents write changed", "", "", "", ""))
    tell(
        "P13 routes",
        f"{asked} requests: {len(TABLE)} routes, {len(causes)} causes, {len(wrong)} not as the matrix says",
    )
    assert wrong == [], "\n".join(map(str, wrong))


def content(house: House) -> object:
    """What nobody may write while the service is paused, and what nobody may ask of a channel."""
    tables = (
        "tenant.message",
        "tenant.draft",
        "tenant.conversation",
        "tenant.attachment",
        "platform.connector_request",
    )
    return [
        house.scene.sql(
            f"select count(*) || coalesce(string_agg(t.xmin::text, ',' order by t.xmin::text), '') from {table} t"
            " where client_id = :c",
            c=house.client_id,
        )
        for table in tables
    ]


def test_every_cause_blocks_what_the_matrix_says(scene: Scene, superuser: Endpoint) -> None:
    """By the view that every part of the product asks: login, inbox, send, ingest, export."""
    assert scene.installation.settings.database_url is not None
    url = scene.installation.settings.database_url.get_secret_value()
    nothing, paused, shut = (False,) * 5, (False, True, True, True, False), (True,) * 5
    with connect(superuser, url.rpartition("/")[2].partition("?")[0]) as conn:
        conn.execute("set session_replication_role = replica")
        for cause in CAUSES:
            client_id = scene.new()
            under(conn, client_id, cause, scene.clock.now())
            with scene.installation.database.session(Role.APP, client_id) as session:
                found = clients.access(session, client_id)
            wanted = nothing if cause == "none" else shut if cause in SHUT else paused
            wanted = (True, True, True, True, False) if cause == "legal_order_export" else wanted
            assert (found.login, found.inbox, found.send, found.ingest, found.export) == wanted, cause
