"""What stands beside a message or attachment, read out of its JSON. Strangers wrote it: readers take anything."""

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

Facts = Mapping[str, object]
_LONGEST_URL = 2048


def read(text: str | None) -> Facts:
    """The object of a JSON text; an empty one for everything else."""
    try:
        return an_object(json.loads(text)) if text else {}
    except ValueError:
        return {}


def an_object(value: object) -> Facts:
    return value if isinstance(value, dict) else {}


def a_list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def words(value: object) -> str:
    """A text or a number as words; nothing for anything else."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def first(*values: object) -> str:
    """The first of several places that says something."""
    return next((text for text in map(words, values) if text), "")


def address(value: object) -> str:
    """A web address one may offer to open; nothing for what is relative, too long or of another scheme."""
    text = words(value)
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return text if parts.scheme in ("https", "http") and parts.netloc and len(text) <= _LONGEST_URL else ""
