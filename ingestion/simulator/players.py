"""End Contacts who write and answer by themselves, by the scripts of scripts_es. They act only through acts."""

import asyncio
import re
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from ingestion.simulator import acts
from ingestion.simulator.attachments import Wanted, is_offered
from ingestion.simulator.scripts_es import FILLINGS, NUDGES, PLACE, SCRIPTS, Script
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Account, Json, Message, Thread
from ingestion.simulator.tuning import Traffic

# Seconds, before the pace: how long people take to type, to look at an answer, to write back, to lose patience.
_TYPING = (1.5, 5.0)
_BEFORE_READING = (1.0, 6.0)
_BEFORE_ANSWERING = (2.0, 9.0)
_SECOND_THOUGHT = (3.0, 8.0)
_PATIENCE = (120.0, 240.0)
_JITTER = (0.5, 1.5)
_MARK = re.compile(r"^\[(\w+)(?: ([^\]]+))?\]\s*(.*)$", re.DOTALL)
_FILES = {"foto": "image", "archivo": "file", "voz": "voice", "sticker": "sticker", "ubicación": "location"}


@dataclass
class Play:
    """One person in the middle of one script."""

    thread: Thread
    script: Script
    words: tuple[object, ...]
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    last_said: str = ""
    last_heard: str = ""


class Players:
    """Starts conversations at a rate and plays each one to its end."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.traffic = Traffic()
        self.counts: Counter[str] = Counter()
        self._plays: dict[int, Play] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        stage.listeners.append(self.hear)

    async def start(self, traffic: Traffic) -> None:
        """Play over these accounts from now on, instead of whatever was played before."""
        await self.stop()
        self.traffic = traffic
        self._go(self._begin_conversations())

    async def stop(self) -> None:
        """Nobody says anything any more."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._plays.clear()

    def told(self) -> Json:
        waiting = sum(not play.answered.is_set() for play in self._plays.values())
        named = ("started", "finished", "said", "nudged")
        return {"running": bool(self._tasks), "waiting_for_reply": waiting, **{n: self.counts[n] for n in named}}

    def _go(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _begin_conversations(self) -> None:
        mint, every = self.stage.world.mint, 60.0 / self.traffic.per_minute
        while True:
            number = self.counts["started"]
            account = self.stage.world.account(*mint.pick(self.traffic.accounts, "where", number))
            thread = self._somebody(account, number)
            if self.stage.world.is_connected(account) and id(thread) not in self._plays:
                self._go(self._play(thread, ("play", number)))
            self.counts["started"] += 1
            await self.stage.sleep(every * mint.between(*_JITTER, "every", number))

    def _somebody(self, account: Account, number: int) -> Thread:
        """One of the few persons who write to this account; made when first needed."""
        world, theirs = (
            self.stage.world,
            [
                t
                for t in self.stage.world.threads_of(account)
                if not t.blocked and t.group is None and t.connection is None
            ],
        )
        if len(theirs) < self.traffic.persons:
            return world.thread(account, world.invent_person())
        return world.mint.pick(theirs, "who", number)

    async def _play(self, thread: Thread, words: tuple[object, ...]) -> None:
        scripts = SCRIPTS.get(thread.account.business, SCRIPTS["tienda"])
        await self.perform(thread, self.stage.world.mint.pick(scripts, *words, "script"), words)

    async def perform(self, thread: Thread, script: Script, words: tuple[object, ...]) -> None:
        """Play one script in a thread until it ends or nobody answers."""
        play = Play(thread, script, words)
        self._plays[id(thread)] = play
        try:
            for turn, lines in enumerate(play.script):
                play.answered.clear()
                for index, line in enumerate(lines):
                    await self._say(play, line, (*words, turn, index))
                if turn + 1 < len(play.script) and not await self._wait_for_answer(play, (*words, turn)):
                    break
            self.counts["finished"] += 1
        finally:
            self._plays.pop(id(thread), None)

    async def _wait_for_answer(self, play: Play, words: tuple[object, ...]) -> bool:
        """True when the business answered, then read and thought about; False after one nudge in vain."""
        for attempt in ("first", "second"):
            try:
                await asyncio.wait_for(play.answered.wait(), self._seconds(_PATIENCE, *words, attempt))
            except TimeoutError:
                if attempt == "first":
                    self.counts["nudged"] += 1
                    await self._write(play, self.stage.world.mint.pick(NUDGES, *words), [])
                continue
            await self._pause(_BEFORE_READING, *words, "read")
            acts.read(self.stage, play.thread)
            await self._pause(_BEFORE_ANSWERING, *words, "answer")
            return True
        return False

    async def _say(self, play: Play, line: str, words: tuple[object, ...]) -> None:
        await self._pause(_TYPING, *words, "typing")
        mark, given, text = parted(self._filled(play, line, words))
        if mark == "ubicación" and not is_offered(play.thread, _FILES[mark]):
            mark, text = "", self._filled(play, PLACE, words)
        if mark in {"corrige", "borra", "reacción"}:
            await self._second_thought(play, mark, given or text, words)
        elif mark == "historia":
            await self._write(play, text, [], story=play.thread.account.channel != "telegram")
        else:
            await self._write(play, text, [Wanted(_FILES[mark])] if mark else [])

    async def _write(self, play: Play, text: str, wanted: list[Wanted], *, story: bool = False) -> None:
        """Telegram takes text and file together, the others as people send them there: one after the other."""
        self.counts["said"] += 1
        if wanted and text and play.thread.account.channel != "telegram":
            acts.say(self.stage, play.thread, acts.Words("", wanted))
            wanted = []
        message, _ = acts.say(self.stage, play.thread, acts.Words(text, wanted, story=story))
        play.last_said = message.id

    async def _second_thought(self, play: Play, mark: str, given: str, words: tuple[object, ...]) -> None:
        await self._pause(_SECOND_THOUGHT, *words, "thought")
        if mark == "reacción" and play.last_heard:
            acts.react(self.stage, play.thread, play.last_heard, given)
        elif mark == "corrige":
            acts.edit(self.stage, play.thread, play.last_said, given)
        elif mark == "borra":
            acts.unsend(self.stage, play.thread, play.last_said)

    def _filled(self, play: Play, line: str, words: tuple[object, ...]) -> str:
        """One variant of the line, its braces filled the same way through the whole script."""
        mint = self.stage.world.mint
        chosen = mint.pick(line.split("|"), *words, "variant").strip()
        filled = {name: mint.pick(options, *play.words, name) for name, options in FILLINGS.items()}
        return chosen.format(nombre=play.thread.person.first_name, **filled)

    def hear(self, thread: Thread, message: Message) -> None:
        """The business said something: who waits for it goes on, who had finished reads it some time."""
        play = self._plays.get(id(thread))
        if play is not None:
            play.last_heard = message.id
            play.answered.set()
        elif self._tasks:
            self._go(self._read_some_time(thread, message))

    async def _read_some_time(self, thread: Thread, message: Message) -> None:
        await self._pause(_BEFORE_READING, "after", message.id)
        acts.read(self.stage, thread)

    def _seconds(self, span: tuple[float, float], *words: object) -> float:
        return self.stage.world.mint.between(*span, *words) * self.traffic.pace

    async def _pause(self, span: tuple[float, float], *words: object) -> None:
        await self.stage.sleep(self._seconds(span, *words))


def parted(line: str) -> tuple[str, str, str]:
    """Mark, what stands in it beside its name, and the text behind."""
    found = _MARK.match(line)
    return (found[1], found[2] or "", found[3]) if found else ("", "", line)
