"""Names that people read and type again: of a business, of a person. What else a field asks for is its service's."""

import unicodedata

# Zero width, or turning the direction of what follows: two names that look alike would not be the same (Trojan Source).
_UNSEEN = frozenset("\u200b\u200e\u200f\u061c\ufeff") | {
    chr(c) for c in (*range(0x202A, 0x202F), *range(0x2060, 0x206A))
}
_NEVER = ("Cc", "Cs", "Co")


def is_name(text: str, longest: int) -> bool:
    """Whether it is of a fit length, shows something, and has no sign that nobody sees or that turns what is read.

    Joiners within scripts (U+200C, U+200D) are letters' business and stay.
    """
    if not 0 < len(text) <= longest or any(c in _UNSEEN or unicodedata.category(c) in _NEVER for c in text):
        return False
    return any(unicodedata.category(c)[0] not in "CZ" for c in text)
