"""Agents who click Send through HTTP as the page does, and what became of every click, told by the other side's ledger.

A click's id is made before its first try and stays until a server has answered: double clicks, two tabs and reloads
repeat it. What each person really got is the simulator's to tell.
"""

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import httpx

from konectus.domain.conversations import Delivery
from konectus.ids import uuid7
from konectus.store.queries.thread_rows import MessageRow
from tests.promises.office import COOKIE, Account, Chat, Office

ARRIVED = (Delivery.SENT, Delivery.DELIVERED, Delivery.READ)
WAITING = (Delivery.QUEUED, Delivery.SENDING)
WAYS = ("once", "double click", "two tabs", "reload", "impatient")
_IMPATIENT = 0.02
_SERVER_TROUBLE = 500


@dataclass(frozen=True)
class Click:
    """One reply: its id, to whom, and its parts as the person will see them."""

    id: UUID
    chat: Chat
    number: int
    text: str
    file: bytes | None = None

    @property
    def parts(self) -> list[str]:
        files = [hashlib.sha256(self.file).hexdigest()] if self.file else []
        return [self.text, *files]

    @property
    def form(self) -> list[tuple[str, tuple[str | None, bytes, str]]]:
        fields = [("reply_id", str(self.id)), ("text", self.text)]
        form = [(name, (None, value.encode(), "text/plain")) for name, value in fields]
        return form + ([("files", ("nota.pdf", self.file, "application/pdf"))] if self.file else [])


@dataclass
class Agents:
    """Agents of one Client at their pages; remembers every click and every answer that is no answer."""

    office: Office
    client_id: UUID
    rng: random.Random
    clicks: list[Click] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    repeats: int = 0
    _token: str = ""

    def __post_init__(self) -> None:
        make = self.office.make
        self._token = make.user_session(self.client_id, make.user(self.client_id))

    @property
    def headers(self) -> dict[str, str]:
        return {"Cookie": f"{COOKIE}={self._token}", "Sec-Fetch-Site": "same-origin", "HX-Request": "true"}

    def page(self, path: str) -> str:
        answer = httpx.get(f"{self.office.site.url}{path}", headers=self.headers, timeout=20)
        assert answer.is_success, answer.status_code
        return answer.text

    def answer_all(self, chats: Sequence[Chat], times: int, *, words: str = "va", files: bool = True) -> None:
        """Every conversation gets so many replies, one after another; conversations at the same time."""
        asyncio.run(self.answer(chats, times, words=words, files=files))

    async def answer(self, chats: Sequence[Chat], times: int, *, words: str = "va", files: bool = True) -> None:
        async with httpx.AsyncClient(headers=self.headers, timeout=20) as http:
            await asyncio.gather(*(self._converse(http, chat, times, words, files) for chat in chats))

    async def _converse(self, http: httpx.AsyncClient, chat: Chat, times: int, words: str, files: bool) -> None:  # noqa: FBT001 reason: passed on
        for _ in range(times):
            number = len(self.clicks)
            mark = f"{words} {number:05d} {chat.person}"
            file = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + mark.encode() if files and number % 3 == 0 else None
            click = Click(uuid7(self.office.installation.clock.now()), chat, number, mark, file)
            self.clicks.append(click)
            await self._send(http, click, self.rng.choice(WAYS))
            await asyncio.sleep(self.rng.uniform(0, 0.2))

    async def _send(self, http: httpx.AsyncClient, click: Click, way: str) -> None:
        """Until a server has taken it, as the page does."""
        if way == "impatient":
            await self._post(http, click, _IMPATIENT)
        while True:
            tries = 2 if way in ("double click", "two tabs") else 1
            taken = await asyncio.gather(*(self._post(http, click) for _ in range(tries)))
            self.repeats += tries - 1
            if any(taken):
                break
            await asyncio.sleep(0.3)
        if way == "reload":
            self.repeats += 1
            await self._post(http, click)

    async def _post(self, http: httpx.AsyncClient, click: Click, patience: float = 20) -> bool:
        url = f"{self.office.site.url}/inbox/c/{click.chat.conversation_id}/replies"
        try:
            answer = await http.post(url, files=click.form, timeout=patience)
        except httpx.HTTPError:
            return False
        if not answer.is_success and answer.status_code < _SERVER_TROUBLE:
            self.refusals.append(f"{answer.status_code} {answer.text[:200]}")
            return True
        return answer.is_success

    def parts(self) -> dict[str, MessageRow]:
        """What we hold of every part, by what the person would see of it."""
        rows: dict[UUID, list[MessageRow]] = {}
        for row in self.office.messages(self.client_id):
            if row.reply_id is not None:
                rows.setdefault(row.reply_id, []).append(row)
        held: dict[str, MessageRow] = {}
        for click in self.clicks:
            theirs = sorted(rows.pop(click.id, []), key=lambda row: row.part or 0)
            assert len(theirs) == len(click.parts), f"{click.text}: {len(theirs)} parts are held"
            held |= dict(zip(click.parts, theirs, strict=True))
        assert not rows, "a reply that nobody clicked"
        return held

    def verdict(self) -> "Verdict":
        accounts = {click.chat.account for click in self.clicks}
        return judged(self.clicks, self.parts(), {chat_of(one): seen(self.office, one) for one in accounts})


@dataclass(frozen=True)
class Verdict:
    """Every list is a broken promise, named by the part's text; the counts are for the figures."""

    twice: list[str]
    misdirected: list[str]
    failed_but_received: list[str]
    sent_but_not_received: list[str]
    stuck: list[str]
    out_of_order: list[str]
    unresolved: list[str]
    counts: Counter[str]

    @property
    def is_kept(self) -> bool:
        return not any((
            self.twice, self.misdirected, self.failed_but_received, self.sent_but_not_received, self.stuck,
            self.out_of_order,
        ))  # fmt: skip

    def __str__(self) -> str:
        broken = {name: value for name, value in vars(self).items() if value and name != "counts"}
        return f"{dict(self.counts)} {broken or ''}".strip()


def chat_of(account: Account) -> str:
    return f"{account.channel}:{account.id}"


def seen(office: Office, account: Account) -> list[tuple[str, str]]:
    """Who got what from the account, in order: the text, or of a file the hash of its bytes."""
    return [
        (told["person"], told["attachments"][0]["sha256"] if told["attachments"] else told["text"])
        for told in office.received(account)
    ]


def judged(clicks: Sequence[Click], held: dict[str, MessageRow], ledger: dict[str, list[tuple[str, str]]]) -> Verdict:
    """The states we show against what people got."""
    meant = {(chat_of(c.chat.account), c.chat.person, part) for c in clicks for part in c.parts}
    got = Counter((account, person, part) for account, told in ledger.items() for person, part in told)
    received = {part for _, _, part in got}
    by_state = {state: [part for part, row in held.items() if row.status is state] for state in Delivery}
    arrived = [part for state in ARRIVED for part in by_state[state]]
    return Verdict(
        twice=[part for (_, _, part), times in got.items() if times > 1],
        misdirected=[str(one) for one in got if one not in meant],
        failed_but_received=[part for part in by_state[Delivery.FAILED] if part in received],
        sent_but_not_received=[part for part in arrived if part not in received],
        stuck=[f"{part} {row.status}" for part, row in held.items() if row.status in WAITING],
        out_of_order=_out_of_order(clicks, ledger),
        unresolved=[part for part in by_state[Delivery.UNKNOWN] if part in received],
        counts=Counter({str(state): len(parts) for state, parts in by_state.items() if parts})
        + Counter({"received": len(got)}),
    )


def _out_of_order(clicks: Sequence[Click], ledger: dict[str, list[tuple[str, str]]]) -> list[str]:
    """People whose parts came in another order than they were clicked; what did not come leaves a gap."""
    places = {part: place for place, part in enumerate(part for click in clicks for part in click.parts)}
    wrong = []
    for account, told in ledger.items():
        for person in {person for person, _ in told}:
            order = [places.get(part, -1) for who, part in told if who == person]
            if order != sorted(order):
                wrong.append(f"{account} {person} {order}")
    return wrong
