"""A paper that a Client hands in (Terms 5.1): what it is by its bytes, what it may be called, how much is taken."""

import unicodedata

from konectus.errors import Invalid

MOST_BYTES = 10 * 1024 * 1024
# For one request of the staff; a further request takes as many again.
MOST_PAPERS = 10
# How long a Client that was asked has before a person of the staff looks at it; nothing is paused because of it.
DAYS_TO_SEND = 15
ENDINGS = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}
_SAME = {"image/jpeg": (".jpg", ".jpeg")}
_LONGEST_NAME = 120
# Where a whole file of its kind ends; programs append a little behind it.
_TAIL = 4096


class PaperRefused(Invalid):
    """This file is not taken; `why` is one of empty, too_big, kind, known."""

    code = "paper_refused"


def require_kind(content: bytes) -> str:
    """What the bytes are, whatever their name says. Raises PaperRefused for all but a whole PDF, JPEG or PNG."""
    if not content:
        raise PaperRefused("the file is empty", why="empty")
    if len(content) > MOST_BYTES:
        raise PaperRefused(f"at most {MOST_BYTES} bytes", why="too_big")
    tail = content[-_TAIL:]
    whole = {
        "application/pdf": content.startswith(b"%PDF-") and b"%%EOF" in tail,
        "image/jpeg": content.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in tail,
        "image/png": content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR" and b"IEND" in tail,
    }
    found = next((kind for kind, fits in whole.items() if fits), None)
    if found is None:
        raise PaperRefused("a PDF, a JPEG or a PNG", why="kind")
    return found


def name_of(told: str, media_type: str) -> str:
    """A name that is safe to show and to save: no folders, no invisible signs, the ending of what it really is."""
    last = told.replace("\\", "/").rpartition("/")[2]
    plain = "".join(c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c)[0] not in "CZ" or c == " ")
    ending = ENDINGS[media_type]
    if plain.lower().endswith(_SAME.get(media_type, (ending,))):
        plain = plain.rpartition(".")[0]
    stem = plain.strip(" .")[:_LONGEST_NAME].strip(" .")
    return (stem or "documento") + ending
