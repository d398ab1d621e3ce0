"""Asks the child (`drawing`) for small pictures, one at a time; a child that dies or is slow costs one picture."""

import contextlib
import logging
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from typing import IO

from ingestion.attachments.drawing import FORMATS, HEADER, LENGTH, Drawn
from konectus.domain.channels import AttachmentKind

log = logging.getLogger(__name__)

_DRAWN = frozenset(f"image/{name.lower()}" for name in FORMATS)
_KINDS = frozenset({AttachmentKind.IMAGE, AttachmentKind.STICKER, AttachmentKind.FILE})
_SECONDS = 10.0
# A picture of 480 pixels has a few dozen kilobytes.
_MOST_BYTES = 4 << 20


def has_preview(kind: AttachmentKind, media_type: str) -> bool:
    return kind in _KINDS and media_type in _DRAWN


@dataclass
class Previews:
    """Threads may ask at once; they wait for each other, since one child decodes one image."""

    command: tuple[str, ...] = (sys.executable, "-m", "ingestion.attachments.drawing")
    seconds: float = _SECONDS
    _child: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    _closed: bool = field(default=False, init=False)

    def draw(self, content: bytes) -> Drawn | None:
        """The small picture, None where there is none. Never raises: a file is whole without one."""
        with self._lock:
            if self._closed:
                return None
            try:
                return self._asked(content)
            except (OSError, ValueError) as trouble:
                log.warning("no preview", extra={"reason": type(trouble).__name__})
                self._end()
                return None

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._end()

    def _asked(self, content: bytes) -> Drawn | None:
        child = self._running()
        assert child.stdin is not None
        assert child.stdout is not None
        # Killing it ends the read below, whatever it hangs in.
        watchdog = threading.Timer(self.seconds, child.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            child.stdin.write(LENGTH.pack(len(content)) + content)
            child.stdin.flush()  # the child waits for it
            width, height, length = HEADER.unpack(_exactly(child.stdout, HEADER.size))
            if length > _MOST_BYTES:
                raise ValueError("too large for a preview")
            return Drawn(width, height, _exactly(child.stdout, length)) if length else None
        finally:
            watchdog.cancel()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self._end()
            # Nothing of our environment: a decoder led astray must not find the master key there.
            self._child = subprocess.Popen(  # noqa: S603 - our own module, no shell, nothing of a stranger in the command
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"PYTHONPATH": os.pathsep.join(sys.path)},
            )
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        for pipe in (child.stdin, child.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        child.wait()


def _exactly(pipe: IO[bytes], length: int) -> bytes:
    """Raises ValueError where the child ended before it had answered."""
    found = pipe.read(length)
    if len(found) != length:
        raise ValueError("the child is gone")
    return found
