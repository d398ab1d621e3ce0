"""The letters an installation sent: .eml files of its outbox, and the link in the newest one to somebody."""

import email
import re
import threading
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from pathlib import Path

from konectus.clock import monotonic
from konectus.services.installation import Installation

_LINK = re.compile(r"https?://\S+")
_PATIENCE = 5.0


@dataclass(frozen=True)
class Mailbox:
    installation: Installation

    @property
    def folder(self) -> Path:
        return self.installation.settings.data_dir / "outbox"

    def all_to(self, address: str) -> list[EmailMessage]:
        """Oldest first."""
        files = sorted(self.folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        found = [email.message_from_bytes(path.read_bytes(), policy=policy.default) for path in files]
        return [message for message in found if message["To"] == address]

    def wait(self, address: str, count: int = 1) -> EmailMessage:
        """The newest letter to an address once there are so many; letters leave after the page was answered."""
        until = monotonic() + _PATIENCE
        while len(self.all_to(address)) < count and monotonic() < until:
            threading.Event().wait(0.02)
        found = self.all_to(address)
        assert len(found) == count, [message["Subject"] for message in found]
        return found[-1]

    def link(self, address: str, count: int = 1) -> str:
        """The path of the link in it."""
        found = _LINK.search(text_of(self.wait(address, count)))
        assert found is not None
        return "/" + found[0].split("/", 3)[3]


def text_of(message: EmailMessage) -> str:
    content = message.get_content()
    assert isinstance(content, str)
    return content
