"""Signed passes: what they open, for whom, until when. Nothing is stored: none can be taken back: keep them short."""

import base64
import binascii
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

from konectus.errors import Unauthenticated

# An analyst's ticket to a dashboard that runs alone: the web process hands it out, the dashboard's gate reads it.
DASHBOARD = "dashboard"
DASHBOARD_COOKIE = "__Host-konectus-dashboard"
DASHBOARD_DOOR = "/tickets/dashboard"
DASHBOARD_LASTS = timedelta(minutes=10)


class PassRefused(Unauthenticated):
    """Forged, for another purpose, or over."""

    code = "pass_refused"


def issue(secret: str, purpose: str, holder: str, until: datetime) -> str:
    """A pass for one purpose and holder, good before `until`; safe in a URL and in a cookie."""
    said = json.dumps([holder, int(until.timestamp())], separators=(",", ":")).encode()
    return f"{_text(said)}.{_text(_seal(secret, purpose, said))}"


def read(secret: str, purpose: str, given: str, now: datetime) -> str:
    """The holder of a pass. Raises PassRefused."""
    try:
        said, seal = (_bytes(part) for part in given.split("."))
        if not hmac.compare_digest(seal, _seal(secret, purpose, said)):
            raise PassRefused
        holder, until = json.loads(said)
    except (ValueError, binascii.Error):
        raise PassRefused from None
    if now >= datetime.fromtimestamp(until, UTC):
        raise PassRefused
    return str(holder)


def _seal(secret: str, purpose: str, said: bytes) -> bytes:
    key = hmac.digest(secret.encode(), f"pass {purpose}".encode(), hashlib.sha256)
    return hmac.digest(key, said, hashlib.sha256)


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
