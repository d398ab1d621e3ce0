"""Who signed a body of Meta."""

import hashlib
import hmac

import pytest

from ingestion.channels.meta import signatures

BODY = b'{"object":"page","text":"\\u00e4"}'


def signed(secret: bytes, body: bytes = BODY) -> str:
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("secret", [b"old", b"new"])
def test_both_secrets_are_good_during_a_rotation(secret: bytes) -> None:
    assert signatures.is_signed(BODY, signed(secret), [b"old", b"new"])


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        signed(b"other"),
        signed(b"old", BODY + b" "),
        signed(b"old").upper(),
        signed(b"old").removeprefix("sha256="),
        "sha1=" + hmac.new(b"old", BODY, hashlib.sha1).hexdigest(),
        "sha256=ñ",
        signed(b""),
    ],
)
def test_everything_else_is_not_signed(header: str | None) -> None:
    assert not signatures.is_signed(BODY, header, [b"old", b""])


def test_without_a_secret_nothing_is_signed() -> None:
    assert not signatures.is_signed(BODY, signed(b"old"), [])
    assert not signatures.is_signed(BODY, signed(b""), [b""])
    assert not signatures.is_same("", "")


@pytest.mark.parametrize("form", ["", ".", "a.b", "á.é", "!!.??", "x" * 1000])
def test_signed_request_that_is_none_is_refused(form: str) -> None:
    assert signatures.open_request(form, [b"secret"]) is None
