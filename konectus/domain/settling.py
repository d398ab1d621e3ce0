"""Which money pays which invoice: the oldest due first, until either is used up. Values in, shares out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

D = TypeVar("D")
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Share(Generic[D, S]):
    """So many cents of one source pay so much of one debt."""

    debt: D
    source: S
    cents: int


def allocate(debts: Sequence[tuple[D, int]], sources: Sequence[tuple[S, int]]) -> list[Share[D, S]]:
    """Pay debts in their order from sources in theirs; what is left of a source stays credit."""
    shares: list[Share[D, S]] = []
    left = [cents for _, cents in sources]
    at = 0
    for debt, owed in debts:
        due = owed
        while due > 0 and at < len(left):
            part = min(due, left[at])
            if part > 0:
                shares.append(Share(debt, sources[at][0], part))
            due -= part
            left[at] -= part
            at += left[at] == 0
    return shares
