"""Mail as files: one .eml for each message, readable for our user alone. The embedded default; nothing leaves."""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from konectus.mail.port import Answer, Envelope, Outcome

_PLAIN = re.compile(r"[\w.+-]+")


@dataclass(frozen=True)
class DirectoryMail:
    """`proves_delivery`: whether a written file counts as arrived, which it does where nobody outside is meant."""

    folder: Path
    proves_delivery: bool

    def hand_over(self, envelope: Envelope) -> Answer:
        """Write the file once: a name that is there is this message, handed over before."""
        target = self.folder / f"{_name(envelope)}.eml"
        draft = target.with_suffix(f".{os.getpid()}")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(envelope.data)
                    file.flush()
                    os.fsync(descriptor)
                _place(draft, target)
            finally:
                draft.unlink(missing_ok=True)
        except OSError as trouble:
            return Answer(Outcome.DEFERRED, f"{self.folder}: {trouble.strerror}")
        return Answer(Outcome.ACCEPTED, target.name, self.proves_delivery)

    def ask_to_stop(self) -> None:
        """A file is written at once."""


def _place(draft: Path, target: Path) -> None:
    """A link fails where the name is taken, which a rename would not."""
    try:
        os.link(draft, target)
    except FileExistsError:
        return


def _name(envelope: Envelope) -> str:
    local = envelope.message_id.strip("<>").partition("@")[0]
    if _PLAIN.fullmatch(local) and not local.startswith("."):
        return local[:120]
    return hashlib.sha256(envelope.data).hexdigest()[:32]
