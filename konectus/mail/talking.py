"""How long one conversation with a mail server lasts at most, and how a stop breaks it off: at once where nothing was
handed over yet, which is certain; else after a while, since the server may be about to take the message.

Every wait inside a conversation has its own end (`smtp`); this bounds the sum of them, and a server that answers a byte
at a time. Looking up the server's name is bounded by the machine's resolver alone.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

# Relays answer within seconds; RFC 5321 lets them take minutes, in which nobody could stop.
WHOLE = 60.0
# What is left to a server that holds the whole message, once a stop is asked for (P31: 12 s for everything).
AT_STOP = 8.0


class BrokenOff(OSError):
    """It was to stop before the message was handed over."""


@dataclass
class Talk:
    """One conversation. What breaks it off is another thread's."""

    _timer: threading.Timer | None = None
    _line: socket.socket | None = None
    _gives_text: bool = False
    _is_over: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def within(self, seconds: float) -> None:
        """Break it off after that long from now."""
        timer = threading.Timer(seconds, self.break_off)
        timer.daemon = True
        with self._lock:
            before, self._timer = self._timer, timer
        if before is not None:
            before.cancel()
        timer.start()

    def over(self, line: socket.socket) -> None:
        """It goes over this connection, whatever is wrapped around it. Raises BrokenOff."""
        with self._lock:
            if self._is_over:
                raise BrokenOff
            self._line = line.dup()

    def give_text(self) -> None:
        """From here on the server may take the message. Raises BrokenOff."""
        with self._lock:
            if self._is_over:
                raise BrokenOff
            self._gives_text = True

    def ask_to_stop(self) -> None:
        """At once, unless the server may be taking the message."""
        with self._lock:
            waits = self._gives_text
        if waits:
            self.within(AT_STOP)
        else:
            self.break_off(unless_text=True)

    def break_off(self, *, unless_text: bool = False) -> None:
        """Whoever waits for the server hears that it hung up."""
        with self._lock:
            if unless_text and self._gives_text:
                return  # it was handed over this very moment: the other end of it is near
            self._is_over = True
            if self._line is not None:
                with contextlib.suppress(OSError):
                    self._line.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            if self._line is not None:
                self._line.close()
            self._line, self._is_over = None, True


@dataclass
class Talks:
    """The conversations of one process that are under way."""

    whole: float = WHOLE
    _open: dict[int, Talk] = field(default_factory=dict)
    _stopping: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextlib.contextmanager
    def one(self) -> Iterator[Talk]:
        """One from its beginning to its end."""
        talk = Talk()
        with self._lock:
            self._open[id(talk)] = talk
            seconds = min(self.whole, AT_STOP) if self._stopping else self.whole
        talk.within(seconds)
        try:
            yield talk
        finally:
            talk.end()
            with self._lock:
                del self._open[id(talk)]

    def ask_to_stop(self) -> None:
        """Those under way end soon, and those that begin are short."""
        with self._lock:
            self._stopping = True
            found = list(self._open.values())
        for talk in found:
            talk.ask_to_stop()
