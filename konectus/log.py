"""Logs of every process: one JSON object a line, secrets and personal values taken out. What to log is the callers'.

An exception is told by its type, its places in the code and, when it is one of ours, its message: texts of other
exceptions quote values of rows.
"""

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from konectus.errors import KonectusError

HIDDEN: Final = "[hidden]"

# Names of facts whose value never enters a line, wherever the name stands in it.
_SECRET_NAMES = re.compile(
    r"token|secret|password|passwd|authorization|cookie|signature|api_?key|master_?key|body|payload|text|email|phone",
    re.IGNORECASE,
)
_PATTERNS: Final = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), rf"\1 {HIDDEN}"),
    (re.compile(r"(\w+://[^:/@\s]*):[^@\s]+@"), rf"\1:{HIDDEN}@"),
    (re.compile(r"\b(bot)?(\d{5,}):[\w-]{20,}"), rf"\1\2:{HIDDEN}"),
    (re.compile(r"(?i)([\w.-]*(?:token|secret|password|code|signature|proof)=)[^&\s\"']+"), rf"\1{HIDDEN}"),
    (re.compile(r"\bsha(?:1|256)=[0-9a-fA-F]+"), f"sha256={HIDDEN}"),
    (re.compile(r"\b(__Host-[\w-]+=)[^;\s]+"), rf"\1{HIDDEN}"),
    (re.compile(r"\bEAA\w{12,}|\bIGQ[\w-]{12,}|\bkx_[\w-]{12,}"), HIDDEN),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
    # One-time links, session tokens, keys in hex: nothing of ours that one may read is one word of forty.
    (re.compile(r"[A-Za-z0-9_-]{40,}"), HIDDEN),
)
_OWN_FIELDS: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}
_MOST_FRAMES = 12


def configure(process: str, level: str, stream: TextIO | None = None) -> None:
    """Send every logger of this process to `stream` (standard error) as JSON lines, from `level` on."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JSONLines(process))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    # httpx tells every address it calls, with the tokens in them; psycopg.pool every retry.
    for chatty in ("httpx", "httpcore", "apscheduler", "alembic", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


class JSONLines(logging.Formatter):
    """A record as one line of JSON; facts given with `extra` become fields of it."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process,
            "pid": record.process,
            "logger": record.name,
            "event": redact(record.getMessage()),
        }
        facts = {name: value for name, value in vars(record).items() if name not in _OWN_FIELDS}
        line |= {name: _hide(name, value) for name, value in facts.items() if name not in line}
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _told(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def redact(text: str) -> str:
    """The text without anything that looks like a secret or an address."""
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def _hide(name: str, value: object) -> object:
    if _SECRET_NAMES.search(name):
        return HIDDEN
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, dict):
        return {str(key): _hide(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_hide(name, inner) for inner in value]
    return redact(str(value))


def _told(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]
    told: dict[str, Any] = {
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    if isinstance(error, KonectusError):
        told |= {"code": error.code, "words": redact(str(error))}
    sqlstate = getattr(getattr(error, "orig", error), "sqlstate", None)
    if sqlstate:
        told["sqlstate"] = sqlstate
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        told["because"] = f"{type(cause).__module__}.{type(cause).__qualname__}"
    return told
