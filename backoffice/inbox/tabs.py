"""Which conversation each loaded page of the inbox shows: it alone needs that thread live. Telling is the hub's.

Page and stream may be served by different processes: a page that turns is told to all of them (`turned`, `hear`), and a
stream brings along what its page showed when it was loaded.
"""

import re
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from uuid import UUID

from konectus import ids

HEADER = "X-Inbox-Tab"
CHANNEL = "konectus_tabs"  # of NOTIFY: one for each page that turns, never one for a message
_MOST = 10_000
_TURNED = re.compile(
    r"(?P<user>[0-9a-f-]{36}) (?P<name>[\w-]{8,64}) (?P<conversation>[0-9a-f-]{36}) (?P<process>[\w-]{8,64})"
)


@dataclass(frozen=True, eq=False)
class Opening:
    """One showing of a conversation, None for none; showing the same one again is another Opening."""

    conversation_id: UUID | None = None


NOTHING = Opening()


@dataclass(eq=False)
class Tabs:
    """The loaded pages that one web process knows of, by person and name. Routes write from their threads."""

    process: str = field(default_factory=lambda: ids.token()[:16])
    _shown: "OrderedDict[tuple[UUID, str], Opening]" = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def load(self, user_id: UUID, conversation_id: UUID | None) -> str:
        """A page is written; returns its name."""
        name = ids.token()
        self._keep(user_id, name, Opening(conversation_id))
        return name

    def show(self, user_id: UUID, name: str, conversation_id: UUID) -> None:
        """A page turns to a conversation. A name that is none of the person's never finds a stream."""
        if name:
            self._keep(user_id, name, Opening(conversation_id))

    def hear(self, payload: str) -> None:
        """Another process tells of a page that turned."""
        found = _TURNED.fullmatch(payload)
        if found and found["process"] != self.process:
            self.show(UUID(found["user"]), found["name"], UUID(found["conversation"]))

    def turned(self, user_id: UUID, name: str, conversation_id: UUID) -> str:
        """What the other processes are told, ids alone; nothing for a name that is none of ours."""
        told = f"{user_id} {name} {conversation_id} {self.process}"
        return told if _TURNED.fullmatch(told) else ""

    def adopt(self, user_id: UUID, name: str, conversation_id: UUID | None) -> None:
        """A stream comes for a page that another process wrote; what is known of it already is newer."""
        if name and (user_id, name) not in self._shown:
            self._keep(user_id, name, Opening(conversation_id))

    def shown(self, user_id: UUID, name: str) -> Opening | None:
        """What a page shows; None for one that is forgotten. Without a name nothing is shown."""
        return self._shown.get((user_id, name)) if name else NOTHING

    def _keep(self, user_id: UUID, name: str, opening: Opening) -> None:
        """What was loaded or turned longest ago is forgotten."""
        with self._lock:
            self._shown[user_id, name] = opening
            self._shown.move_to_end((user_id, name))
            while len(self._shown) > _MOST:
                self._shown.popitem(last=False)
