"""Real conversations of the leading Clients, through the doors: persons write at the simulator, which signs and
delivers; the worker stores; agents answer through the inbox service; the sender sends.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from uuid import UUID

from konectus.cli.connectors import await_request
from konectus.cli.console import Advance
from konectus.cli.seed.businesses import Business
from konectus.cli.seed.dialogues import DIALOGUES, Dialogue
from konectus.cli.seed.house import SEEDER
from konectus.cli.seed.persons import Place, Simulator
from konectus.clock import monotonic
from konectus.domain.channels import Channel
from konectus.domain.suspension import Cause
from konectus.errors import Unavailable
from konectus.ids import uuid7
from konectus.services import connectors, inbox, suspensions
from konectus.services.connectors import NewConnector
from konectus.services.installation import Installation
from konectus.services.work import Actor
from konectus.store.queries import connectors as held
from konectus.store.queries import inbox as lists
from konectus.store.queries import people, profiles, threads, usage
from konectus.store.roles import Role

PATIENCE = 90.0
_POLL = 0.1
REASON = "Meta reportó envíos masivos no solicitados desde su página (uso aceptable)"


class Stalled(Unavailable):
    """What went in did not come out in time."""

    code = "seed_stalled"


@dataclass
class Play:
    """One person's dialogue at one account; `said` counts the turns that are over."""

    client_id: UUID
    place: Place
    dialogue: Dialogue
    ago: timedelta
    person: str = "new"
    said: int = 0
    conversation_id: UUID | None = None

    @property
    def is_over(self) -> bool:
        return self.said >= len(self.dialogue)

    @property
    def opening(self) -> str:
        """The first words of the person, by which the conversation is found again."""
        line = self.dialogue[0][0]
        return line.partition("] ")[2] if line.startswith("[") else line


@dataclass
class Stage:
    """Everything a seed of conversations needs."""

    installation: Installation
    simulator: Simulator
    random: Random
    plays: list[Play] = field(default_factory=list)

    def connect(self, client_id: UUID, business: Business, app: str) -> list[Place]:
        """Connect every account of a Client that is not connected yet."""
        places = self.simulator.register(business, app)
        with self.installation.works.system(SEEDER) as work:
            known = {(row.channel, row.account_id) for row in held.of_client(work.session, client_id)}
        for place in places:
            if (place.channel, place.account) not in known:
                self._connect(client_id, business, place)
        return places

    def cast(self, client_id: UUID, business: Business, places: Sequence[Place]) -> None:
        """Plan one person for each dialogue, spread over the accounts and the last hours."""
        for number, dialogue in enumerate(DIALOGUES[business.script]):
            for offset in range(2):
                place = places[(number + offset) % len(places)]
                if offset == 1 and (len(places) == 1 or number % 2):
                    continue
                ago = timedelta(minutes=self.random.randrange(20, 19 * 60))
                self.plays.append(Play(client_id, place, dialogue, ago))

    def play(self, advance: Advance) -> None:
        """Turn by turn: all persons write, all agents answer, until every dialogue is over."""
        while any(not play.is_over for play in self.plays):
            self._persons_write(advance)
            self._find_conversations()
            self._agents_answer(advance)
        self._tidy()

    def _connect(self, client_id: UUID, business: Business, place: Place) -> None:
        new = NewConnector(
            channel=place.channel,
            account_id=place.account,
            secret=place.token,
            app=place.app,
            name=business.trade_name,
        )
        with self.installation.works.system(SEEDER) as work:
            connector_id = connectors.connect(work, client_id, new)
        await_request(self.installation, connector_id, PATIENCE)

    def _persons_write(self, advance: Advance) -> None:
        expected = self._counted()
        for play in self._waiting(0):
            at = self.installation.clock.now() - (play.ago if play.said == 0 else timedelta())
            for line in play.dialogue[play.said]:
                play.person = self.simulator.say(play.person, play.place, line, at)
                at += timedelta(seconds=self.random.randrange(4, 50)) if play.said == 0 else timedelta()
                expected[play.client_id] = expected.get(play.client_id, 0) + 1
            play.said += 1
            advance(1)
        self.simulator.settle(PATIENCE)
        _await("the messages that persons wrote", lambda: self._nothing_waits() and _covers(self._counted(), expected))

    def _agents_answer(self, advance: Advance) -> None:
        for play in self._waiting(1):
            agent = self._agent(play.client_id)
            with self.installation.works.tenant(play.client_id, Actor("agent", str(agent.user_id), agent.name)) as work:
                if play.conversation_id is None:
                    raise Stalled(f"no conversation of {play.place.channel} begins with «{play.opening}»")
                for line in play.dialogue[play.said]:
                    new = inbox.NewReply(uuid7(work.now), play.conversation_id, agent.user_id, line)
                    inbox.reply(work, new)
                inbox.assign(work, play.conversation_id, agent.user_id)
            play.said += 1
            advance(1)
        _await("the answers to be sent", self._nothing_unsent)

    def _waiting(self, who: int) -> Iterator[Play]:
        """Dialogues whose next turn is the person's (0) or the agent's (1)."""
        return (play for play in self.plays if not play.is_over and play.said % 2 == who)

    def _find_conversations(self) -> None:
        """Each person's conversation by the channel and the words they began with."""
        for client_id in {play.client_id for play in self.plays if play.conversation_id is None}:
            openings = self._openings(client_id)
            for play in self.plays:
                if play.client_id == client_id and play.conversation_id is None:
                    play.conversation_id = openings.get((play.place.channel, play.opening))

    def _openings(self, client_id: UUID) -> dict[tuple[Channel, str], UUID]:
        keys = self.installation.keys.of(client_id)
        found: dict[tuple[Channel, str], UUID] = {}
        with self.installation.database.session(Role.APP, client_id) as session:
            nobody = UUID(int=0)
            for row in lists.list_page(session, keys, lists.ListFilter(user_id=nobody, limit=200)):
                for message in threads.thread_page(session, keys, row.id):
                    found.setdefault((row.channel, message.text), row.id)
        return found

    def _tidy(self) -> None:
        """Agents close what is settled."""
        for play in self.plays:
            if len(play.dialogue) % 2 == 0 and play.conversation_id is not None and self.random.random() < 0.4:  # noqa: PLR2004 - two in five
                agent = self._agent(play.client_id)
                actor = Actor("agent", str(agent.user_id), agent.name)
                with self.installation.works.tenant(play.client_id, actor) as work:
                    inbox.close(work, play.conversation_id)

    def _agent(self, client_id: UUID) -> profiles.Colleague:
        with self.installation.database.session(Role.WORKER) as session:
            return self.random.choice(profiles.colleagues(session, client_id))

    def _counted(self) -> dict[UUID, int]:
        with self.installation.database.session(Role.WORKER) as session:
            return usage.message_counts(session)

    def _nothing_waits(self) -> bool:
        with self.installation.database.session(Role.WORKER) as session:
            return usage.unprocessed(session) == 0

    def _nothing_unsent(self) -> bool:
        with self.installation.database.session(Role.WORKER) as session:
            return usage.unsent(session) == 0


def suspend_one(installation: Installation, client_id: UUID, by_email: str) -> None:
    """A person of the staff suspends the Client by hand, once and never again."""
    with installation.database.session(Role.WORKER) as session:
        if usage.was_ever_suspended(session, client_id):
            return
        staff = people.staff_by_email(session, by_email)
    if staff is not None:
        actor = Actor("staff", str(staff.id), staff.name)
        with installation.works.staff(actor) as work:
            suspensions.suspend_by_hand(work, client_id, Cause.AUP, REASON)


def _covers(found: dict[UUID, int], expected: dict[UUID, int]) -> bool:
    return all(found.get(client_id, 0) >= count for client_id, count in expected.items())


def _await(what: str, holds: Callable[[], bool]) -> None:
    deadline = monotonic() + PATIENCE
    while not holds():
        if monotonic() > deadline:
            raise Stalled(f"{what} did not arrive within {PATIENCE:g} s; are worker and sender running?")
        time.sleep(_POLL)
