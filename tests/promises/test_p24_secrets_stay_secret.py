"""P24: after traffic with every kind of trouble no secret, name or text stands in anything that was written.

Then a Meta app's secret is rotated while events go on: nothing is lost, and the old one opens nothing any more.
"""

import asyncio
import hashlib
import hmac
import itertools
import json
import random
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import httpx
import pyotp
import pytest

from konectus.domain.channels import Channel
from konectus.domain.roles import StaffRole, UserRole
from konectus.services import connectors, credentials, registration
from konectus.store.roles import Role, password
from tests.promises.clicks import Agents
from tests.promises.figures import tell
from tests.promises.office import Account, Office, apps
from tests.promises.searching import Search, plant, uproot
from tests.support.processes import until

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]
DOOR = "/webhooks/meta/demo"
CHANNELS = (Channel.MESSENGER, Channel.INSTAGRAM, Channel.TELEGRAM)
# Calls in which Meta's own documents put a token into the address (channels.md 1.5).
BY_DESIGN = (b"/debug_token", b"/oauth/access_token", b"/access_token", b"/refresh_access_token")


def invented(what: str) -> str:
    """Something nobody else writes."""
    return f"{what} {secrets.token_hex(10)}"


@dataclass
class Planted:
    """Secrets that open something, and words that are somebody's."""

    secrets: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    @property
    def all(self) -> dict[str, str]:
        return self.secrets | self.words


@dataclass
class House:
    """One Client with accounts of all channels, its owner, its program, and somebody of the staff."""

    office: Office
    client_id: UUID
    accounts: list[Account]
    agents: Agents
    planted: Planted

    @property
    def url(self) -> str:
        return self.office.site.url

    @property
    def token(self) -> str:
        return self.planted.secrets["API token"]


@pytest.fixture
def house(office: Office) -> House:
    client_id = office.make.client().id
    accounts = office.accounts(client_id, *CHANNELS)
    agents = Agents(office, client_id, random.Random(24))  # noqa: S311 reason: repeatable clicks
    planted = Planted({name: str(value) for name, value in vars(office.secrets).items()})
    planted.secrets |= {f"token of {one.channel}": one.token for one in accounts}
    # The part of a bot's token that is no id opens it as well.
    planted.secrets["secret half of a bot's token"] = accounts[-1].token.partition(":")[2]
    planted.secrets["session of an agent"] = agents.headers["Cookie"].partition("=")[2]
    master = bytes.fromhex(office.secrets.master_key)
    planted.secrets |= {f"password of {role}": password(master, role) for role in Role}
    with office.installation.works.system() as work:
        planted.secrets["API token"] = credentials.add_api_token(work, client_id, "contabilidad")
    words = {"name of a person": "Zenobia", "text of a person": "me duele", "text of an agent": "tómese dos"}
    planted.words = {name: invented(value) for name, value in words.items()}
    planted.words["text that is no event"] = invented("basura")
    return House(office, client_id, accounts, agents, planted)


def test_nothing_that_was_written_tells_a_secret_or_a_word(house: House) -> None:
    people_talk(house)
    people_sign_in(house)
    programs_call(house)
    strangers_knock(house)
    channels_misbehave(house)
    the_database_goes_away(house)
    house.office.peace()
    rest(house)

    until(lambda: the_words_are_there(house), seconds=30, what="a program reads every word")
    assert found_anywhere(house) == {}
    assert in_addresses(house) == []
    assert_the_search_finds(house)


def people_talk(house: House) -> None:
    """Names and texts come in, answers go out, edits and withdrawals are heard."""
    name, text = house.planted.words["name of a person"], house.planted.words["text of a person"]
    for account in house.accounts:
        chats = house.office.chats(account, 1, words=text, name=name)
        house.agents.answer_all(chats, 2, words=house.planted.words["text of an agent"])
    house.agents.page("/inbox")
    house.agents.page(f"/inbox/c/{chats[0].conversation_id}")


def people_sign_in(house: House) -> None:
    """With the right password and a wrong one; the staff also with a code that is wrong."""
    works, planted = house.office.installation.works, house.planted.secrets
    for name in ("password of a user", "password of the staff", "password that is wrong"):
        planted[name] = f"{name} {secrets.token_hex(8)}"
    owner, chief = f"{secrets.token_hex(4)}@cliente.example", f"{secrets.token_hex(4)}@konectus.example"
    with works.system() as work:
        user = registration.add_user(work, house.client_id, owner, "Dueña", UserRole.OWNER)
        staff = registration.add_staff(work, chief, "Iñaki", StaffRole.ADMIN)
        work.session.flush()
        links = credentials.link_for_user(work, user.id), credentials.link_for_staff(work, staff.id)
    planted |= {"link of a user": links[0], "link of the staff": links[1]}
    credentials.set_user_password(works, links[0], planted["password of a user"])
    factor = credentials.set_staff_password(works, links[1], planted["password of the staff"])
    planted["second factor"] = factor.secret
    code = pyotp.TOTP(factor.secret).at(house.office.installation.clock.now())
    wrong, right = planted["password that is wrong"], planted["password of the staff"]
    with httpx.Client(base_url=house.url, headers={"Sec-Fetch-Site": "same-origin"}, timeout=20) as http:
        assert http.post("/login", data={"email": owner, "password": wrong}).status_code == 401
        assert http.post("/login", data={"email": owner, "password": planted["password of a user"]}).is_redirect
        assert http.post("/admin/login", data={"email": chief, "password": right, "code": "000000"}).status_code == 401
        entered = http.post("/admin/login", data={"email": chief, "password": right, "code": code})
        assert entered.is_redirect
        planted["session of the staff"] = entered.cookies["__Host-konectus-staff"]
        staffed = {"Cookie": f"__Host-konectus-staff={planted['session of the staff']}"}
        for page in ("/admin/", "/admin/events", f"/admin/clients/{house.client_id}"):
            http.get(page, headers=staffed, follow_redirects=True)


def programs_call(house: House) -> None:
    """With a token that is right, revoked, wrong, or in the address where it does not belong."""
    planted = house.planted.secrets
    with house.office.installation.works.system() as work:
        planted["API token that is revoked"] = credentials.add_api_token(work, house.client_id, "vieja")
    with httpx.Client(base_url=house.url, timeout=20) as http:
        for token in (house.token, planted["API token that is revoked"][:-1], planted["session of an agent"]):
            http.get("/api/v1/messages", headers={"Authorization": f"Bearer {token}"})
        http.get("/api/v1/messages", params={"access_token": house.token})
        http.get("/api/v1/messages", params={"after": house.token}, headers={"Authorization": f"Bearer {house.token}"})
        assert http.get("/metrics", headers={"Authorization": f"Bearer {planted['metrics_token']}"}).is_success
        http.get("/metrics", params={"token": planted["metrics_token"]})


def strangers_knock(house: House) -> None:
    """Refused webhooks with secrets in the query, in headers and in bodies; and signed ones that are no event."""
    planted, bot = house.planted, house.accounts[-1]
    page = house.accounts[0]
    body = json.dumps({"object": "page", "text": planted.words["text that is no event"], "token": page.token}).encode()
    query = {"access_token": page.token, "hub.verify_token": planted.secrets["verify_token"], "s": bot.token}
    query |= {"secret": planted.secrets["new_app"], "hub.mode": "unknown", "hub.challenge": "1"}
    with httpx.Client(base_url=house.url, timeout=20) as http:
        assert http.post(DOOR, params=query, content=body).status_code == 401
        assert http.post(DOOR, content=body, headers={"X-Hub-Signature-256": page.token}).status_code == 401
        assert http.get(DOOR, params=query).status_code == 403
        hook = f"/webhooks/telegram/{bot.connector_id}"
        headers = {"X-Telegram-Bot-Api-Secret-Token": bot.token}
        assert http.post(hook, params={"token": bot.token}, content=body, headers=headers).status_code == 401
        assert http.get(f"/bot{bot.token}/getMe").status_code == 404
        words = planted.words["text that is no event"]
        for junk in (body, body[:-1], words.encode(), b'["' + words.encode() + b'"]'):
            headers = {"X-Hub-Signature-256": signature(house.office.secrets.new_app, junk)}
            assert http.post(DOOR, content=junk, headers=headers).status_code == 200


def channels_misbehave(house: House) -> None:
    """Every answer that is none, dead tokens, checks and a comparison of history that meet them."""
    for account in house.accounts:
        for kind in ("timeout", "html", "garbage", "server_error", "drop_after_applying"):
            house.office.trouble(account, kind, seconds=0.3)
        chats = house.office.chats(account, 4)
        house.agents.answer_all(chats, 1, words=house.planted.words["text of an agent"], files=False)
    for account in (house.accounts[0], house.accounts[-1]):
        house.office.site.sim("tokens/expire", {"channel": account.channel, "account": account.id})
    for account in house.accounts:
        with house.office.installation.works.system() as work:
            connectors.check(work, house.client_id, account.connector_id)
        if account.channel is not Channel.TELEGRAM:
            with house.office.installation.works.system() as work:
                connectors.reconcile(work, house.client_id, account.connector_id)

    def asked() -> bool:
        return any(row.reason == "needs_reauth" for row in house.office.connectors(house.client_id))

    until(asked, seconds=30, what=house.office.told)


def the_database_goes_away(house: House) -> None:
    """Requests with secrets in them while it is down for a moment."""
    house.office.site.kill("postgresql")
    text = house.planted.words["text of a person"]
    body = json.dumps({"object": "page", "entry": [{"id": house.accounts[0].id, "time": 1, "messaging": [text]}]})
    headers = {"X-Hub-Signature-256": signature(house.office.secrets.new_app, body.encode())}
    secret = house.planted.secrets["password of a user"]
    with httpx.Client(base_url=house.url, headers={"Sec-Fetch-Site": "same-origin"}, timeout=20) as http:
        for _ in range(5):
            http.post(DOOR, content=body, headers=headers)
            http.get("/api/v1/messages", headers={"Authorization": f"Bearer {house.token}"})
            http.post("/login", data={"email": "nadie@cliente.example", "password": secret})
            http.get("/inbox", headers=house.agents.headers)
    until(house.office.site.is_ready, seconds=60, what=house.office.told)


def rest(house: House) -> None:
    """The log of events is worked off, so that what may go wrong in it has gone wrong."""

    def is_idle() -> bool:
        with house.office.installation.database.session(Role.WORKER) as session:
            waiting = "select count(*) from platform.webhook_event where processed_at is null"
            return session.connection().exec_driver_sql(waiting).scalar() == 0

    until(is_idle, seconds=60, what=house.office.told)


def the_words_are_there(house: House) -> bool:
    """The traffic was real: the Client's own program reads every word and no secret."""
    headers = {"Authorization": f"Bearer {house.token}", "Accept": "application/x-ndjson"}
    export = httpx.get(f"{house.url}/api/v1/messages", headers=headers, timeout=30).text
    contacts = httpx.get(f"{house.url}/api/v1/contacts", headers=headers, timeout=30).text
    search = Search(house.planted.all, house.office.site.folder)
    words = set(house.planted.words) - {"text that is no event"}
    return search.in_text(export + contacts) == words


def found_anywhere(house: House) -> dict[str, list[str]]:
    """Every place where something planted stands."""
    site, search = house.office.site, Search(house.planted.all, house.office.site.folder)
    logs = [*site.folder.glob("up*.log"), *(site.data_dir / "postgresql" / "log").iterdir()]
    assert all(log.stat().st_size for log in logs)
    assert len(logs) > 1, "the server keeps no log"
    rows, read = search.in_rows(site.data_dir)
    files = search.in_files(site.data_dir, *logs)
    headers = {"Authorization": f"Bearer {house.planted.secrets['metrics_token']}"}
    told = httpx.get(f"{site.url}/metrics", headers=headers).text + httpx.get(f"{site.url}/readyz").text
    told += httpx.get(f"{site.url}/openapi.json").text
    tell(
        "P24 search", f"{len(house.planted.all)} planted, {read} rows, {sum(log.stat().st_size for log in logs)} bytes"
    )
    return files | rows | {name: ["metrics"] for name in search.in_text(told)}


def in_addresses(house: House) -> list[bytes]:
    """Targets of calls that tell a secret: a bot's token in its path alone, Meta's where Meta says so."""
    search = Search(house.planted.secrets, house.office.site.folder)
    asked = house.office.asked()
    assert len(asked) > len(house.accounts) * 10
    bot = f"/telegram/bot{house.accounts[-1].token}/".encode()
    wrong = []
    for target in asked:
        path, _, query = target.partition(b"?")
        is_meta_call = any(path.endswith(known) for known in BY_DESIGN)
        told = query if target.startswith(bot) else b"" if is_meta_call else target
        wrong += [target] if search.in_text(told) else []
    return wrong


def assert_the_search_finds(house: House) -> None:
    """What is planted for the search is found in every form, in files and in rows: the search can fail."""
    folder, control = house.office.site.folder, {"control": invented("señuelo")}
    search, decoy = Search(control, folder), folder / "up.decoy.log"
    from_forms = {form for form in search.forms if decoy.write_bytes(b"x" + form + b"y") and search.in_files(decoy)}
    decoy.unlink()
    plant(house.office.site.data_dir, control["control"])
    try:
        assert from_forms == search.forms
        assert search.in_rows(house.office.site.data_dir)[0] == {"control": ["konectus public.planted"]}
        assert "control" in search.in_files(house.office.site.data_dir)
    finally:
        uproot(house.office.site.data_dir)


def signature(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@dataclass
class Stream:
    """Events of one Page, each sent until it was taken, as Meta does."""

    office: Office
    page: Account
    taken: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @asynccontextmanager
    async def flowing(self, *signing: str) -> AsyncIterator[None]:
        """Events signed with these secrets in turn, from a second before the block to a second after it."""
        self._stopping.clear()
        async with httpx.AsyncClient(base_url=self.office.site.url, timeout=10) as http:
            task = asyncio.create_task(self._flow(http, signing))
            await asyncio.sleep(1)
            yield
            await asyncio.sleep(1)
            self._stopping.set()
            await task

    async def _flow(self, http: httpx.AsyncClient, signing: Sequence[str]) -> None:
        for number in self._numbers:
            if self._stopping.is_set():
                return
            text = f"giro {number:05d}"
            answer = await self.deliver(http, text, signing[number % len(signing)])
            while answer is None:
                await asyncio.sleep(0.1)
                answer = await self.deliver(http, text, signing[number % len(signing)])
            self.taken.add(text) if answer == 200 else self.refused.append(f"{answer} {text}")
            await asyncio.sleep(0.02)

    async def deliver(self, http: httpx.AsyncClient, text: str, secret: str) -> int | None:
        """None where nobody answers, or asks to come again."""
        body = self._body(text)
        try:
            answer = await http.post(DOOR, content=body, headers={"X-Hub-Signature-256": signature(secret, body)})
        except httpx.HTTPError:
            return None
        return None if answer.status_code == 503 else answer.status_code

    def _body(self, text: str) -> bytes:
        at = round(self.office.installation.clock.now().timestamp() * 1000)
        said = {"mid": f"m_{text}", "text": text}
        item = {"sender": {"id": "7700"}, "recipient": {"id": self.page.id}, "timestamp": at, "message": said}
        entry = {"id": self.page.id, "time": at, "messaging": [item]}
        return json.dumps({"object": "page", "entry": [entry]}).encode()


def by_old_secret(office: Office) -> int:
    """How many events the second secret signed, as operators are told to watch it."""
    headers = {"Authorization": f"Bearer {office.secrets.metrics_token}"}
    told = httpx.get(f"{office.site.url}/metrics", headers=headers, timeout=20).text
    counts = [line.rpartition(" ")[2] for line in told.splitlines() if 'outcome="taken_by_secret_2"' in line]
    return sum(int(float(count)) for count in counts)


def test_a_secret_is_rotated_while_events_go_on_and_none_is_lost(office: Office) -> None:
    """docs/operate/connectors.md: the new one first and the old one second; then the old one is removed."""
    client_id, known = office.make.client().id, office.secrets
    (page,) = office.accounts(client_id, Channel.MESSENGER)
    stream = Stream(office, page)

    async def rotate() -> int | None:
        async with stream.flowing(known.old_app, known.new_app):
            pass
        under_two = len(stream.taken)
        assert by_old_secret(office) > 0
        async with stream.flowing(known.new_app):
            await asyncio.to_thread(office.restart, META_APPS=apps(known, known.new_app))
        tell("P24 rotation", f"{under_two} events under two secrets, {len(stream.taken) - under_two} over the restart")
        async with httpx.AsyncClient(base_url=office.site.url, timeout=10) as http:
            return await stream.deliver(http, "con la llave vieja", known.old_app)

    assert asyncio.run(rotate()) == 401
    assert stream.refused == []
    assert len(stream.taken) > 20
    until(lambda: {row.text for row in office.messages(client_id)} == stream.taken, seconds=30, what=office.told)
    # It goes on sending, with the proof of the new secret.
    agents = Agents(office, client_id, random.Random(25))  # noqa: S311 reason: repeatable clicks
    agents.answer_all(office.chats(page, 1), 1, files=False)
    until(lambda: len(office.received(page)) == 1, seconds=20, what=office.told)
