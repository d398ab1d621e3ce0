"""Trouble on demand: which account misbehaves, how, how often. What a channel then answers is in its own file."""

from dataclasses import dataclass, field
from typing import Literal

from ingestion.simulator.state import Json
from konectus.errors import NotFound

Trouble = Literal[
    "server_error", "transient", "timeout", "drop_after_applying", "expired_token", "rate_limited", "slow",
    "permission_lost", "restricted", "sent_anyway", "no_echo", "gone", "error", "html", "garbage", "wrong_shape",
    "huge", "redirect", "endless", "trickle", "no_length",
]  # fmt: skip
ANY = "*"
# An answer of 200 that is none: a page, half an object, a list, 10 MB.
SPOILED = ("html", "garbage", "wrong_shape", "huge")
# These do what was asked and only then spoil the answer.
AFTER = ("drop_after_applying", "sent_anyway", "slow", "no_echo", *SPOILED)


@dataclass
class Fault:
    """`error` answers with code, subcode, status, message and parameters; `redirect` sends to `location`."""

    id: str
    channel: str
    account: str
    fault: Trouble
    times: int | None = 1
    method: str | None = None
    retry_after: int = 35
    seconds: float = 2.0
    code: int | None = None
    subcode: int | None = None
    status: int | None = None
    message: str = ""
    is_transient: bool = False
    parameters: Json = field(default_factory=dict)
    location: str = ""

    def fits(self, channel: str, account: str, method: str) -> bool:
        return self.channel == channel and self.account in {account, ANY} and self.method in {None, method}


@dataclass
class Faults:
    active: list[Fault] = field(default_factory=list)
    made: int = 0

    def add(self, fault: Fault) -> Fault:
        self.made += 1
        fault.id = f"f{self.made}"
        self.active.append(fault)
        return fault

    def take(self, channel: str, account: str, method: str) -> Fault | None:
        """The first fault that fits, used up by one."""
        fault = next((f for f in self.active if f.fits(channel, account, method)), None)
        if fault is not None and fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self.active.remove(fault)
        return fault

    def clear(self, fault_id: str | None = None) -> None:
        """End one fault, or all of them."""
        if fault_id is not None and all(f.id != fault_id for f in self.active):
            raise NotFound(f"no active fault {fault_id!r}")
        self.active = [f for f in self.active if fault_id not in {None, f.id}]
