"""A text that is longer than a channel takes, as several: at paragraph, sentence or word, never inside a character.

"Character" is what a person sees: an emoji with its skin and family, a letter with its accents, a flag. Borders are
those of Unicode's grapheme clusters (UAX 29) or fewer.
"""

import unicodedata
from collections.abc import Iterator

from konectus.domain.channels import TEXT_LIMIT, Channel, text_length

_JOINER = "\u200d"
_VIRAMA = 9
_MARKS = ("Mn", "Me", "Mc")
# Extend and SpacingMark that are no marks by category: ZWNJ, Thai and Lao AM, halfwidth voicing, skin tones, tags.
_TRAILING = frozenset("\u200c\u0e33\u0eb3\uff9e\uff9f") | {chr(c) for c in range(0x1F3FB, 0x1F400)}
_TAGS = range(0xE0020, 0xE0080)
_EMOJI = range(0x1F000, 0x1FC00)
_FLAGS = range(0x1F1E6, 0x1F200)
_LEADING_JAMO = (range(0x1100, 0x1160), range(0xA960, 0xA97D))
_FOLLOWING_JAMO = (range(0x1160, 0x1200), range(0xD7B0, 0xD7FC))
_HANGUL = (*_LEADING_JAMO, *_FOLLOWING_JAMO, range(0xAC00, 0xD7A4))
# Prepend: signs that stand before the letter they belong to. The category covers the Arabic and Kaithi ones.
_PREPENDED = frozenset("\u0d4e\u1cf5\u1cf6\U000111c2\U000111c3\U000113d1\U0001193f\U00011941\U00011f02") | {
    chr(c) for c in (*range(0x11A84, 0x11A8A), 0x11A3A, 0x11D46)
}
# Where a text is best cut, best first: between paragraphs, lines, sentences, words.
_BREAKS = ("\n\n", "\n", ". ", " ")
# A break so early that most of a part would be empty is no good break.
_LEAST_FULL = 0.5


def split_text(channel: Channel, text: str) -> list[str]:
    """The parts in order, each within the channel's limit; one part where it fits.

    Only white space at a cut is left out: everything else is in the parts as it was written.
    """
    limit, parts = TEXT_LIMIT[channel], []
    while text_length(channel, text) > limit:
        cut = _cut(channel, text, limit)
        head, text = text[:cut], _without_space(text[cut:])
        if head.strip():
            parts.append(head.rstrip())
    if text.strip() or not parts:
        parts.append(text)
    return parts


def _without_space(text: str) -> str:
    """Without leading characters that are white space and nothing else."""
    start = 0
    for border in borders(text):
        if not text[start:border].isspace():
            break
        start = border
    return text[start:]


def _cut(channel: Channel, text: str, limit: int) -> int:
    """Where the first part ends: at least one code point, at most what fits."""
    fitting: list[int] = []
    size = last = 0
    for border in borders(text):
        size += text_length(channel, text[last:border])
        if size > limit:
            break
        last = border
        fitting.append(border)
    if not fitting:
        return _inside(channel, text, limit)
    known, least = set(fitting), int(last * _LEAST_FULL)
    for sign in _BREAKS:
        found = text.rfind(sign, least, last + len(sign) - 1)
        if (end := found + len(sign.rstrip(" "))) in known and found > 0:
            return end
    return last


def _inside(channel: Channel, text: str, limit: int) -> int:
    """One character of a thousand accents: only there is a cut between code points, which no channel can avoid."""
    size = 0
    for place, sign in enumerate(text):
        size += text_length(channel, sign)
        if size > limit:
            return max(place, 1)
    return len(text)


def borders(text: str) -> Iterator[int]:
    """The end of every character of a text."""
    flags, is_conjunct = 0, False
    for place in range(1, len(text)):
        before, after = text[place - 1], text[place]
        flags = flags + 1 if ord(before) in _FLAGS else 0
        # Marks may stand between the sign that makes a conjunct and the letter it binds.
        is_conjunct = unicodedata.combining(before) == _VIRAMA or (is_conjunct and _trails(before))
        is_flag = flags % 2 == 1 and ord(after) in _FLAGS
        if not (is_flag or _belongs(before, after) or (is_conjunct and not _is_control(after))):
            yield place
    if text:
        yield len(text)


def _belongs(before: str, after: str) -> bool:
    """Whether two code points are parts of one character. Rather once too often than once too rarely."""
    if before == "\r" and after == "\n":
        return True
    if _is_control(before) or _is_control(after):
        return False
    return _trails(after) or _leads(before) or _is_syllable(before, after)


def _trails(sign: str) -> bool:
    """A mark, or a sign unknown to Python's tables that is no emoji and may be a mark."""
    if sign == _JOINER or sign in _TRAILING or ord(sign) in _TAGS:
        return True
    return unicodedata.category(sign) in _MARKS or _is_unknown(sign)


def _is_unknown(sign: str) -> bool:
    return unicodedata.category(sign) == "Cn" and ord(sign) not in _EMOJI


def _leads(sign: str) -> bool:
    """A joiner, a sign that stands before its letter, or one that Python's tables do not know yet."""
    if sign == _JOINER or sign in _PREPENDED or _is_unknown(sign):
        return True
    return unicodedata.category(sign) == "Cf" and unicodedata.bidirectional(sign) in ("AN", "AL", "L")


def _is_syllable(before: str, after: str) -> bool:
    if not _within(before, _HANGUL):
        return False
    return _within(after, _FOLLOWING_JAMO) or (_within(before, _LEADING_JAMO) and _within(after, _HANGUL))


def _within(sign: str, ranges: tuple[range, ...]) -> bool:
    return any(ord(sign) in found for found in ranges)


def _is_control(sign: str) -> bool:
    return sign in "\r\n" or unicodedata.category(sign) in ("Cc", "Zl", "Zp")
