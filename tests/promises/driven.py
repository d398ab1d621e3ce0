"""Every request that changes something, prepared so that it succeeds: the people's half, and what both halves share.

A drive sets its scene through services and returns the request; what the request leaves behind is judged elsewhere.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pyotp
from pydantic import SecretStr

from backoffice.admin import site
from backoffice.app import Beside
from konectus.domain.channels import AttachmentKind, Channel
from konectus.domain.connectors import ConnectorState
from konectus.domain.conversations import Delivery
from konectus.domain.roles import StaffRole, UserRole
from konectus.domain.signed_requests import grantor
from konectus.ids import uuid7
from konectus.services import connectors, credentials, documents, registration, terminations
from konectus.services.changes import Wanted
from konectus.services.connectors import Granted, NewConnector
from konectus.services.installation import Installation
from konectus.services.work import Actor
from konectus.store.models.clients import PlanVersion
from reports.export import builder
from tests.backoffice.account.test_connectors import MESSENGER, consented, dialog_of
from tests.backoffice.admin.books import Books as Papers
from tests.backoffice.conftest import Web
from tests.backoffice.mailbox import Mailbox
from tests.backoffice.people import Talk, Told
from tests.backoffice.test_callbacks import signed
from tests.backoffice.test_signup import form as signup_form
from tests.support.books import Books
from tests.support.clock import ManualClock
from tests.support.connections import PAGE_APP, PERSON, Bench
from tests.support.factories import Factory

PASSWORD = "una frase bastante larga"
MAIL_SECRET, PAYMENT_SECRET = "a secret of the mail system", "a secret of the bank"
Act = Callable[[], httpx.Response]


@dataclass
class Scene:
    """One installation before a web process with everything mounted; `secrets` is what no entry may tell."""

    bench: Bench
    web: Web
    clock: ManualClock
    secrets: set[str] = field(default_factory=lambda: {PASSWORD})
    _numbers: int = 0
    _plan: PlanVersion | None = None

    @classmethod
    def of(cls, bench: Bench) -> "Scene":
        settings = bench.installation.settings.model_copy(
            update={
                "environment": "demo",
                "mail_webhook_secret": SecretStr(MAIL_SECRET),
                "payment_webhook_secret": SecretStr(PAYMENT_SECRET),
            }
        )
        clock = bench.installation.clock
        assert isinstance(clock, ManualClock)
        installation = replace(bench.installation, settings=settings)
        web = Web(installation, Factory(installation), clock, Beside(mounts=(site.mount,)))
        return cls(bench, web, clock)

    @property
    def installation(self) -> Installation:
        return self.web.installation

    @property
    def make(self) -> Factory:
        return self.web.make

    @property
    def books(self) -> Books:
        return Books(self.installation, self.clock)

    @property
    def papers(self) -> Papers:
        return Papers(self.installation)

    @property
    def client_id(self) -> UUID:
        """The Client of the bench, whose channels are the simulator's."""
        return self.bench.desk.client_id

    def begin(self) -> None:
        """The Terms are published, and the bench's Client has accepted them."""
        self.web.start()
        with self.installation.works.system() as work:
            documents.publish_terms(work)
        self.accepts(self.client_id)

    def accepts(self, client_id: UUID) -> None:
        with self.installation.works.system() as work:
            documents.accept_on_paper(work, client_id)

    def new(self, *, accepted: bool = True) -> UUID:
        """Another Client, with a seat for whoever comes and a debt."""
        self._plan = self._plan or self.books.plan(seats=5)
        client_id = self.books.client(self._plan)
        if accepted:
            self.accepts(client_id)
        return client_id

    def bot(self) -> Any:
        found = self.bench.bot(username=f"lumbre{self.number()}_bot")
        self.secrets.add(found["token"])
        return found

    def connected(self, channel: Channel, account: Mapping[str, Any]) -> UUID:
        """A Connector of the bench's Client whose token the channel took, granted by one person."""
        by = None if channel is Channel.TELEGRAM else grantor(self.installation.keys.hashing(), PAGE_APP.id, PERSON)
        app = None if channel is Channel.TELEGRAM else PAGE_APP.name
        new = NewConnector(
            channel=channel, account_id=account["id"], secret=account["token"], app=app, granted=Granted(by=by)
        )
        with self.installation.works.system() as work:
            found = connectors.connect(work, self.client_id, new)
            work.session.flush()  # settle reads it back
            connectors.settle(work, self.client_id, found, ConnectorState.CONNECTED)
        return found

    def page(self) -> Any:
        name = f"lumbre{self.number()}"
        found = self.bench.page(name=name, instagram={"username": name})
        self.secrets.add(found["token"])
        return found

    def number(self) -> int:
        self._numbers += 1
        return self._numbers

    def email(self) -> str:
        return f"persona{self.number()}@nueva.example"

    def email_of(self, client_id: UUID, user_id: UUID) -> str:
        query = "select email from ledger.authorized_user where id = :u and client_id = :c"
        return str(self.sql(query, u=user_id, c=client_id))

    def owner(self, client_id: UUID | None = None) -> httpx.Client:
        return self.web.agent_of(client_id or self.client_id, role=UserRole.OWNER)

    def sql(self, statement: str, **values: object) -> Any:
        return self.bench.desk.sql(statement, **values)

    def told(self) -> Told:
        """Somebody has written to a Client."""
        return Talk(self.installation, self.make, self.clock).begin(self.new(), "¿Abren hoy?")

    def invited(self) -> tuple[UUID, UUID, str]:
        """A Client, a person of it who has not answered yet, and the link that was sent."""
        client_id = self.new()
        with self.installation.works.system() as work:
            user = registration.add_user(work, client_id, self.email(), "Zoë Ñandú", UserRole.AGENT)
            work.session.flush()  # the link points at it
            link = credentials.link_for_user(work, user.id)
        self.secrets.add(link)
        return client_id, user.id, link


def owner_posts(path: str, **data: str) -> Callable[[Scene], Act]:
    """A form that needs nothing but an owner."""

    def drive(scene: Scene) -> Act:
        owner = scene.owner(scene.new())
        return lambda: owner.post(path, data=data)

    return drive


def invite(scene: Scene) -> Act:
    owner, given = scene.owner(scene.new()), {"name": "Zoë Ñandú", "role": "agent", "relation": "employee"}
    return lambda: owner.post("/account/people", data=given | {"email": scene.email()})


def of_person(path: str, **data: str) -> Callable[[Scene], Act]:
    def drive(scene: Scene) -> Act:
        client_id, user_id, _ = scene.invited()
        owner = scene.owner(client_id)
        return lambda: owner.post(f"/account/people/{user_id}/{path}", data=data)

    return drive


def change_plan(scene: Scene) -> Act:
    client_id, bigger = scene.new(), scene.books.plan(200_000, seats=5)
    owner = scene.owner(client_id)
    return lambda: owner.post("/account/plan/change", data={"plan": str(bigger.id)})


def withdraw_change(scene: Scene) -> Act:
    client_id, smaller = scene.new(), scene.books.plan(50_000, seats=5)
    owner = scene.owner(client_id)
    scene.books.ask(client_id, Wanted(smaller.id))
    return lambda: owner.post("/account/plan/withdraw")


def withdraw_cancel(scene: Scene) -> Act:
    client_id = scene.new()
    owner = scene.owner(client_id)
    with scene.installation.works.tenant(client_id, Actor("agent", "x", "Dueña")) as work:
        terminations.cancel(work, client_id)
    return lambda: owner.post("/account/cancel/withdraw")


def accept_terms(scene: Scene) -> Act:
    owner = scene.owner(scene.new(accepted=False))
    with scene.installation.works.system() as work:
        version = documents.terms_in_force(work).id
    return lambda: owner.post("/account/documents/accept", data={"version": str(version), "accepted": "true"})


def download(scene: Scene) -> Act:
    client_id = scene.new()
    owner = scene.owner(client_id)
    owner.post("/account/export")
    job_id = scene.sql("select id from ledger.export_job where client_id = :c", c=client_id)
    assert builder.build(scene.installation, job_id) == "ready"
    return lambda: owner.post(f"/account/export/{job_id}/download")


def read_notice(scene: Scene) -> Act:
    client_id = scene.new()
    owner, found = scene.owner(client_id), scene.papers.notice(client_id, delivered=True)
    return lambda: owner.post(f"/account/notices/{found}/read")


def begin_login(scene: Scene) -> Act:
    owner = scene.owner()
    return lambda: owner.post("/account/connectors/login", data=MESSENGER)


def pick_account(scene: Scene) -> Act:
    page, owner = scene.page(), scene.owner()
    picking = consented(owner, MESSENGER)
    scene.bench.turn(2)
    return lambda: owner.post(picking, data={"account": f"messenger:{page['id']}"})


def give_bot(scene: Scene) -> Act:
    bot, owner = scene.bot(), scene.owner()
    return lambda: owner.post("/account/connectors/telegram", data={"token": bot["token"]})


def of_connector(verb: str) -> Callable[[Scene], Act]:
    def drive(scene: Scene) -> Act:
        bot, owner = scene.bot(), scene.owner()
        connector_id = scene.connected(Channel.TELEGRAM, bot)
        return lambda: owner.post(f"/account/connectors/{connector_id}/{verb}")

    return drive


def of_thread(path: str, **data: str) -> Callable[[Scene], Act]:
    def drive(scene: Scene) -> Act:
        told = scene.told()
        agent = scene.web.agent_of(told.client_id)
        if path == "reopen":
            agent.post(f"/inbox/c/{told.id}/close")
        return lambda: agent.post(f"/inbox/c/{told.id}/{path}", data=data)

    return drive


def of_part(verb: str, status: Delivery | None, **data: str) -> Callable[[Scene], Act]:
    """What an agent decides of a reply that was queued, failed or is not known of."""

    def drive(scene: Scene) -> Act:
        told = scene.told()
        agent, reply = scene.web.agent_of(told.client_id), str(uuid7(scene.clock.now()))
        agent.post(f"/inbox/c/{told.id}/replies", data={"reply_id": reply, "text": "Sí, hasta las ocho"})
        part = scene.sql("select id from tenant.message where conversation_id = :c and direction = 'out'", c=told.id)
        if status is not None:
            Talk(scene.installation, scene.make, scene.clock).settle(told, part, status)
        return lambda: agent.post(f"/inbox/c/{told.id}/parts/{part}/{verb}", data=data)

    return drive


def reply(scene: Scene) -> Act:
    told = scene.told()
    agent = scene.web.agent_of(told.client_id)
    given = {"reply_id": str(uuid7(scene.clock.now())), "text": "Sí, hasta las ocho"}
    return lambda: agent.post(f"/inbox/c/{told.id}/replies", data=given)


def fetch_again(scene: Scene) -> Act:
    told = scene.told()
    talk = Talk(scene.installation, scene.make, scene.clock)
    file = talk.send_file(told, b"%PDF", name="a.pdf", media_type="application/pdf", kind=AttachmentKind.FILE)
    scene.sql(
        "update tenant.attachment set state = 'failed', failure = 'gone', stored_at = null, size = null where id = :f",
        f=file,
    )
    agent = scene.web.agent_of(told.client_id)
    return lambda: agent.post(f"/inbox/c/{told.id}/files/{file}/retry")


def person_signs_in(scene: Scene) -> Act:
    client_id, user_id, link = scene.invited()
    credentials.set_user_password(scene.installation.works, link, PASSWORD)
    address = scene.email_of(client_id, user_id)
    return lambda: scene.web.browser().post("/login", data={"email": address, "password": PASSWORD})


def person_signs_out(scene: Scene) -> Act:
    agent = scene.web.agent_of(scene.new())
    return lambda: agent.post("/logout")


def demo_person(scene: Scene) -> Act:
    http = scene.web.browser()
    (offered, *_) = re.findall(r'name="person" value="([^"]+)"', http.get("/login").text)
    return lambda: http.post("/login/demo", data={"person": offered})


def answers_link(path: str) -> Callable[[Scene], Act]:
    def drive(scene: Scene) -> Act:
        _, _, link = scene.invited()
        return lambda: scene.web.browser().post(f"/{path}/{link}", data={"password": PASSWORD})

    return drive


def signs_up(scene: Scene) -> Act:
    scene.make.plan(code="inicia", seats=3)
    http, address = scene.web.browser(), scene.email()
    given = signup_form(http, email=address)

    def act() -> httpx.Response:
        answer = http.post("/signup", data=given)
        scene.secrets.add(Mailbox(scene.installation).link(address).rpartition("/")[2])
        return answer

    return act


def forgets(scene: Scene) -> Act:
    client_id, user_id, link = scene.invited()
    credentials.set_user_password(scene.installation.works, link, PASSWORD)
    address = scene.email_of(client_id, user_id)

    def act() -> httpx.Response:
        answer = scene.web.browser().post("/reset", data={"email": address})
        scene.secrets.add(Mailbox(scene.installation).link(address).rpartition("/")[2])
        return answer

    return act


def staff_link(scene: Scene) -> tuple[str, UUID, str]:
    address = f"personal{scene.number()}@nueva.example"
    with scene.installation.works.system() as work:
        person = registration.add_staff(work, address, "Elena Ruiz", StaffRole.SUPPORT)
        work.session.flush()  # the link points at it
        link = credentials.link_for_staff(work, person.id)
    scene.secrets.add(link)
    return address, person.id, link


def staff_answers_link(scene: Scene) -> Act:
    _, _, link = staff_link(scene)
    return lambda: scene.web.browser().post(f"/admin/login/link/{link}", data={"password": PASSWORD})


def staff_signs_in(scene: Scene) -> Act:
    address, _, link = staff_link(scene)
    factor = credentials.set_staff_password(scene.installation.works, link, PASSWORD)
    scene.secrets.add(factor.secret)
    given = {"email": address, "password": PASSWORD, "code": pyotp.TOTP(factor.secret).at(scene.clock.now())}
    return lambda: scene.web.browser().post("/admin/login", data=given)


def staff_signs_out(scene: Scene) -> Act:
    person = scene.web.staff_as(StaffRole.SUPPORT)
    return lambda: person.post("/admin/logout")


def demo_staff(scene: Scene) -> Act:
    staff_id = scene.make.staff(role=StaffRole.SUPPORT)
    return lambda: scene.web.browser().post("/admin/login/demo", data={"person": str(staff_id)})


def meta_form(purpose: str) -> Callable[[Scene], Act]:
    def drive(scene: Scene) -> Act:
        scene.connected(Channel.MESSENGER, scene.page())
        url = f"{scene.web.url}/webhooks/meta/demo/{purpose}"
        # Said at another instant each time, so that no call is the repetition of another.
        said = signed(issued_at=1_795_370_000 + scene.number())
        return lambda: httpx.post(url, data={"signed_request": said}, timeout=20)

    return drive


def comes_back(scene: Scene) -> Act:
    scene.page()
    owner = scene.owner()
    there = httpx.get(dialog_of(owner, MESSENGER))
    back = urlsplit(there.headers["location"])
    return lambda: owner.get(f"{back.path}?{back.query}")


def provider_posts(scene: Scene, path: str, body: Mapping[str, Any], secret: str) -> httpx.Response:
    content = json.dumps(body).encode()
    mark = f"sha256={hmac.digest(secret.encode(), content, hashlib.sha256).hex()}"
    headers = {"X-Konectus-Signature": mark, "content-type": "application/json"}
    return httpx.post(f"{scene.web.url}{path}", content=content, headers=headers, timeout=20)


def bank_tells(scene: Scene) -> Act:
    client_id, name = scene.new(), f"spei-{scene.number()}"
    payment = {"reference": name, "method": "spei", "currency": "MXN", "amount_cents": 116_000}
    payment |= {"client_id": str(client_id), "paid_at": scene.clock.now().isoformat()}
    body = {"id": name, "type": "payment.succeeded", "provider": "banco", "payment": payment}
    return lambda: provider_posts(scene, "/webhooks/payments", body, PAYMENT_SECRET)


def mail_arrives(scene: Scene) -> Act:
    notice_id, name = scene.papers.notice(scene.new()), f"<aviso{scene.number()}@konectus.example>"
    scene.sql("update ledger.notice set provider_message_id = :name where id = :id", name=name, id=notice_id)
    event = {"id": f"mail-{scene.number()}", "kind": "delivered", "message_id": name}
    event["occurred_at"] = scene.clock.now().isoformat()
    return lambda: provider_posts(scene, "/webhooks/mail", {"events": [event]}, MAIL_SECRET)


NOTHING: frozenset[str] = frozenset()  # no audited table: Client Content, sessions, what was read, counters


def leaves(*actions: str) -> frozenset[str]:
    return frozenset(actions)


# Route → what it leaves in the audit trail, and how it is made to succeed.
PEOPLE: Mapping[str, tuple[frozenset[str], Callable[[Scene], Act]]] = {
    "/account/people": (leaves("user.added"), invite),
    "/account/people/{user_id}/again": (NOTHING, of_person("again")),
    "/account/people/{user_id}/role": (leaves("user.role_changed"), of_person("role", role="supervisor")),
    "/account/people/{user_id}/deactivate": (leaves("user.deactivated"), of_person("deactivate")),
    "/account/plan/change": (leaves("subscription_change.asked"), change_plan),
    "/account/plan/withdraw": (leaves("subscription_change.withdrawn"), withdraw_change),
    "/account/cancel": (
        leaves("termination.announced"),
        owner_posts("/account/cancel", when="period", understood="true"),
    ),
    "/account/cancel/withdraw": (leaves("termination.withdrawn"), withdraw_cancel),
    "/account/documents/accept": (leaves("document.accepted"), accept_terms),
    "/account/export": (leaves("export.requested"), owner_posts("/account/export")),
    "/account/export/{job_id}/download": (leaves("export.downloaded"), download),
    "/account/notices/{notice_id}/read": (NOTHING, read_notice),
    "/account/connectors/login": (NOTHING, begin_login),
    "/account/connectors/logins/{consent_id}": (leaves("connector.connecting"), pick_account),
    "/account/connectors/telegram": (leaves("connector.connecting"), give_bot),
    "/account/connectors/{connector_id}/check": (NOTHING, of_connector("check")),
    "/account/connectors/{connector_id}/again": (NOTHING, of_connector("again")),
    "/account/connectors/{connector_id}/disconnect": (leaves("connector.disconnecting"), of_connector("disconnect")),
    "/inbox/found": (NOTHING, owner_posts("/inbox/found", words="hola")),
    "/inbox/c/{conversation_id}/replies": (NOTHING, reply),
    "/inbox/c/{conversation_id}/parts/{message_id}/cancel": (NOTHING, of_part("cancel", None)),
    "/inbox/c/{conversation_id}/parts/{message_id}/retry": (NOTHING, of_part("retry", Delivery.FAILED)),
    "/inbox/c/{conversation_id}/parts/{message_id}/decide": (
        NOTHING,
        of_part("decide", Delivery.UNKNOWN, outcome="arrived"),
    ),
    "/inbox/c/{conversation_id}/files/{attachment_id}/retry": (NOTHING, fetch_again),
    "/inbox/c/{conversation_id}/draft": (NOTHING, of_thread("draft", text="Ahora mismo")),
    "/inbox/c/{conversation_id}/read": (NOTHING, of_thread("read")),
    "/inbox/c/{conversation_id}/assign": (NOTHING, of_thread("assign", to="")),
    "/inbox/c/{conversation_id}/close": (NOTHING, of_thread("close")),
    "/inbox/c/{conversation_id}/reopen": (NOTHING, of_thread("reopen")),
    "/login": (NOTHING, person_signs_in),
    "/login/demo": (NOTHING, demo_person),
    "/logout": (NOTHING, person_signs_out),
    "/admin/login": (NOTHING, staff_signs_in),
    "/admin/login/demo": (leaves("staff.credentials_set"), demo_staff),
    "/admin/logout": (NOTHING, staff_signs_out),
    "/admin/login/link/{token}": (leaves("staff.credentials_set"), staff_answers_link),
    "/invite/{token}": (leaves("user.password_set"), answers_link("invite")),
    "/reset/{token}": (leaves("user.password_set"), answers_link("reset")),
    "/reset": (NOTHING, forgets),
    "/signup": (leaves("client.registered", "user.added", "subscription.started"), signs_up),
    "/webhooks/mail": (NOTHING, mail_arrives),
    "/webhooks/payments": (leaves("payment.recorded", "invoice.paid"), bank_tells),
    "/webhooks/meta/{app}/deauthorize": (leaves("connector.revoked"), meta_form("deauthorize")),
    "/webhooks/meta/{app}/data-deletion": (leaves("connector.disconnecting"), meta_form("data-deletion")),
    "/connect/{channel}/callback": (NOTHING, comes_back),
}
