"""What is a word: the same rule for the texts that are indexed and for what is looked for. Hashing is not here.

Case, accents and compatibility forms are folded. Scripts that set no space between words go by single signs and by
pairs; a number that is written in groups is also one number; an emoji is a word.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# A text of many megabytes must not become an index row of many megabytes.
MOST_WORDS = 800
MOST_WANTED = 10
LONGEST = 64
# Beginnings of names: from three letters on (engine.md 5), up to as many as anybody types.
SHORTEST_BEGINNING = 3
LONGEST_BEGINNING = 24
MOST_BEGINNINGS = 200
EXCERPT = 160

# Vowel signs and the like belong to their word, though Python counts only letters and digits.
_SIGNS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u0900-\u0963\u0966-\u0dff"
)
_JOINED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17d3\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uff66-\uff9f\U00020000-\U0003ffff"
)
_EMOJI = (
    "\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299"
    "\U0001f000-\U0001f3fa\U0001f400-\U0001faff"
)
_WORD = re.compile(f"(?P<joined>[{_JOINED}]+)|(?P<emoji>[{_EMOJI}])|(?:(?![{_JOINED}])[^\\W_][{_SIGNS}]*)+")
_MARKS = re.compile("[\u0300-\u036f]")
_GROUPED = re.compile(r"(?<!\w)[0-9]+(?:[ .()\-\u00a0\u202f]{1,3}[0-9]+)+(?!\w)")
# A telephone number without its country; what is shorter than a number of a house is no number in groups.
_SUBSCRIBER = 10
_SHORTEST_NUMBER = 7
_LONGEST_NUMBER = 24


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A piece of a text, and the spans in it of the words that were looked for."""

    text: str
    marks: tuple[tuple[int, int], ...]


def fold(text: str) -> str:
    """Without case, accents and compatibility forms: `Ñandú`, `ñandu` and `NANDU` are one word."""
    if text.isascii():
        return text.lower()
    bare = _MARKS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    return unicodedata.normalize("NFC", _MARKS.sub("", bare.casefold()))


def words(text: str) -> list[str]:
    """What a text is found by, each once, in its order; at most MOST_WORDS."""
    found: dict[str, None] = {}
    plain = unicodedata.normalize("NFC", text)
    for _, _, kind, word in _spans(plain):
        found.update(dict.fromkeys(_indexed(kind, word)))
        if len(found) >= MOST_WORDS:
            break
    for group in _GROUPED.finditer(plain):
        found.update(dict.fromkeys(_numbers(group[0])))
    return list(found)[:MOST_WORDS]


def wanted(text: str) -> list[str]:
    """The words of a search, all of which a message must hold; none where there is nothing to look for."""
    plain = unicodedata.normalize("NFC", text)
    found: dict[str, None] = {}
    groups = [group for group in _GROUPED.finditer(plain) if _is_one_number(group[0])]
    for group in groups:
        found[_numbers(group[0])[-1]] = None
    for start, _, kind, word in _spans(plain):
        if not any(group.start() <= start < group.end() for group in groups):
            found.update(dict.fromkeys(_looked_for(kind, word)))
    return list(found)[:MOST_WANTED]


def beginnings(*names: str) -> list[str]:
    """What a person is found by while their name is typed: each word's beginnings, and a short word as a whole."""
    found: dict[str, None] = {}
    for name in names:
        for _, _, kind, word in _spans(unicodedata.normalize("NFC", name)):
            if kind == "word":
                longest = min(len(word), LONGEST_BEGINNING)
                found.update(dict.fromkeys(word[:n] for n in range(SHORTEST_BEGINNING, longest + 1)))
            found.update(dict.fromkeys(_indexed(kind, word) if kind != "word" else [word[:LONGEST_BEGINNING]]))
    return list(found)[:MOST_BEGINNINGS]


def wanted_beginnings(text: str) -> list[str]:
    """The beginnings of a search for people. One or two letters count when nothing longer is there."""
    found: dict[str, None] = {}
    for _, _, kind, word in _spans(unicodedata.normalize("NFC", text)):
        found.update(dict.fromkeys(_looked_for(kind, word) if kind != "word" else [word[:LONGEST_BEGINNING]]))
    long = [word for word in found if len(word) >= SHORTEST_BEGINNING or not word.isascii()]
    return (long or list(found))[:MOST_WANTED]


def excerpt(text: str, looked_for: Sequence[str], longest: int = EXCERPT) -> Excerpt:
    """The piece of a text around its first word that was looked for; the beginning where none is in sight."""
    plain = unicodedata.normalize("NFC", text)
    hits = [(start, end) for start, end, kind, word in _spans(plain) if _is_hit(kind, word, looked_for)]
    hits += [group.span() for group in _GROUPED.finditer(plain) if not set(_numbers(group[0])).isdisjoint(looked_for)]
    hits.sort()
    begin = _begin(plain, hits[0][0] if hits else 0, longest)
    end = min(len(plain), begin + longest)
    lead = "…" if begin else ""
    shift = len(lead) - begin
    marks = tuple((a + shift, b + shift) for a, b in hits if a >= begin and b <= end)
    return Excerpt(lead + plain[begin:end] + ("…" if end < len(plain) else ""), marks)


def _begin(text: str, hit: int, longest: int) -> int:
    """Where to cut so that a hit has a third of the piece before it, at a space where there is one near."""
    if hit + longest // 3 < longest or len(text) <= longest:
        return 0
    begin = hit - longest // 3
    space = text.find(" ", begin, hit)
    return space + 1 if space >= 0 else begin


def _spans(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Start, end, kind (word, joined, emoji) and folded form of what stands in a text."""
    for found in _WORD.finditer(text):
        yield found.start(), found.end(), found.lastgroup or "word", fold(found[0])[:LONGEST]


def _indexed(kind: str, word: str) -> list[str]:
    return [*word, *_pairs(word)] if kind == "joined" else [word] if word else []


def _looked_for(kind: str, word: str) -> list[str]:
    return (_pairs(word) or list(word)) if kind == "joined" else [word] if word else []


def _pairs(word: str) -> list[str]:
    return [word[at : at + 2] for at in range(len(word) - 1)]


def _is_hit(kind: str, word: str, looked_for: Sequence[str]) -> bool:
    return not set(_indexed(kind, word)).isdisjoint(looked_for)


def _numbers(group: str) -> list[str]:
    """A number in groups as one; where it is longer than a subscriber's number, its end too, which comes last."""
    whole = "".join(sign for sign in group if sign.isdigit())
    if len(whole) > _LONGEST_NUMBER:
        return []
    return [whole, whole[-_SUBSCRIBER:]] if len(whole) > _SUBSCRIBER else [whole]


def _is_one_number(group: str) -> bool:
    parts = re.findall(r"[0-9]+", group)
    together = sum(map(len, parts))
    return _SHORTEST_NUMBER <= together <= _LONGEST_NUMBER and max(map(len, parts)) < _SHORTEST_NUMBER
