"""A typed name against the one expected: the same or not, and in one line what to mend."""

import unicodedata

from konectus.i18n import gettext


def mismatch(expected: str, typed: str) -> str:
    """Empty where it is the same name; blanks, signs nobody sees and the way accents are encoded do not count."""
    wanted, given = _words(expected), _words(typed)
    if wanted == given:
        return ""
    if not given:
        return gettext("Type the Client's name")
    if len(given) < len(wanted) and wanted[: len(given)] == given:
        return gettext("“{words}” is missing at the end", words=" ".join(wanted[len(given) :]))
    if len(given) > len(wanted) and given[: len(wanted)] == wanted:
        return gettext("“{words}” at the end is too much", words=" ".join(given[len(wanted) :]))
    pairs = zip(wanted, given, strict=False)
    return next(_difference(right, wrong) for right, wrong in pairs if right != wrong)


def _words(text: str) -> list[str]:
    """Without controls and marks of direction (category C): a name full of them could never be typed."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(c for c in composed if c.isspace() or not unicodedata.category(c).startswith("C")).split()


def _difference(right: str, wrong: str) -> str:
    if right.casefold() == wrong.casefold():
        return gettext("Upper and lower case differ in “{word}”", word=right)
    if _plain(right) == _plain(wrong):
        if _accents(wrong) < _accents(right):
            return gettext("The accent in “{word}” is missing", word=right)
        return gettext("The accent in “{word}” is another one", word=right)
    return gettext("“{word}” does not match; it is “{right}”", word=wrong, right=right)


def _plain(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c)).casefold()


def _accents(word: str) -> int:
    return sum(1 for c in unicodedata.normalize("NFD", word) if unicodedata.combining(c))
