"""Compares what Clients hold with what was acknowledged: lost, doubled, under a wrong Client, or not as it was told."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from konectus.services.installation import Installation
from tests.ingestion.stored import Stored
from tests.support.traffic_ledger import NEVER, Expected, Ledger

_SHOWN = 8


@dataclass
class Verdict:
    """Findings in words; all lists empty is what is promised."""

    told: int = 0
    held: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.foreign or self.differing)

    def __str__(self) -> str:
        counts = f"{self.told} told, {self.held} held"
        for name in ("lost", "doubled", "foreign", "differing"):
            found = getattr(self, name)
            counts += f"; {len(found)} {name}" + "".join(f"\n  {line}" for line in found[:_SHOWN])
        return counts


def judge(installation: Installation, ledger: Ledger, clients: Iterable[UUID]) -> Verdict:
    """All of these Clients, message by message."""
    verdict, expected, receipts = Verdict(), ledger.expected(), ledger.receipts()
    for client_id in clients:
        mine = expected.get(client_id, {})
        for (connector_id, _), message in mine.items():
            message.receive(*receipts.get((connector_id, message.person), (NEVER, NEVER)))
        _judge_client(verdict, Stored(installation, client_id), mine)
    return verdict


def _judge_client(verdict: Verdict, stored: Stored, expected: dict[tuple[UUID, str], Expected]) -> None:
    held = [((row["connector_id"], row["external_id"] or ""), row) for row in stored.shown()]
    names = {key: f"{key[1]} of {stored.client_id}" for key, _ in held} | {
        key: f"{key[1]} of {stored.client_id}" for key in expected
    }
    verdict.told += len(expected)
    verdict.held += len(held)
    verdict.doubled += [names[key] for key, times in Counter(key for key, _ in held).items() if times > 1]
    verdict.lost += [names[key] for key in expected.keys() - dict(held).keys()]
    verdict.foreign += [names[key] for key in dict(held).keys() - expected.keys()]
    for key, row in held:
        if key in expected and (difference := _difference(expected[key], row)):
            verdict.differing.append(f"{names[key]}: {difference}")


def _difference(expected: Expected, row: dict[str, Any]) -> str:
    """What is not as it was told, in words; nothing where all is well."""
    wanted = {
        "text": expected.text or None,
        "direction": expected.direction,
        "occurred_at": expected.at,
        "reactions": expected.emojis,
        "withdrawn": expected.withdrawn,
        "status": expected.status,
    }
    if expected.at == NEVER:
        del wanted["occurred_at"]
    found = {
        "text": row["text"] or None,
        "direction": row["direction"],
        "occurred_at": row["occurred_at"],
        "reactions": sorted(row["reactions"]),
        "withdrawn": row["deleted_at"] is not None,
        "status": row["status"],
    }
    return ", ".join(f"{k} {found[k]!r} instead of {wanted[k]!r}" for k in wanted if found[k] != wanted[k])
