"""Which conversation each loaded page of the inbox shows: it alone needs that thread live. Telling is the hub's."""

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from uuid import UUID

from konectus import ids

HEADER = "X-Inbox-Tab"
_MOST = 10_000


@dataclass(frozen=True, eq=False)
class Opening:
    """One showing of a conversation, None for none; showing the same one again is another Opening."""

    conversation_id: UUID | None = None


NOTHING = Opening()


@dataclass(eq=False)
class Tabs:
    """The loaded pages of one web process, by person and name. Routes write from their threads."""

    _shown: "OrderedDict[tuple[UUID, str], Opening]" = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def load(self, user_id: UUID, conversation_id: UUID | None) -> str:
        """A page is written; returns its name. What was loaded longest ago is forgotten."""
        name = ids.token()
        with self._lock:
            self._shown[user_id, name] = Opening(conversation_id)
            while len(self._shown) > _MOST:
                self._shown.popitem(last=False)
        return name

    def show(self, user_id: UUID, name: str, conversation_id: UUID) -> None:
        """A page turns to a conversation. A name that is none of the person's is passed over."""
        with self._lock:
            if (user_id, name) in self._shown:
                self._shown[user_id, name] = Opening(conversation_id)
                self._shown.move_to_end((user_id, name))

    def shown(self, user_id: UUID, name: str) -> Opening | None:
        """What a page shows; None for one that is forgotten or another process'. Without a name nothing is shown."""
        return self._shown.get((user_id, name)) if name else NOTHING
