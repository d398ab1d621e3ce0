"""What counts as signed: the exact body, the scheme and a secret that exists."""

import hashlib
import hmac

import pytest

from backoffice.callbacks import signed

BODY = b'{"id": "evt_1"}'


def signature(secret: str, body: bytes = BODY) -> str:
    return signed.SCHEME + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_the_bodys_own_signature_counts_and_no_other() -> None:
    assert signed.is_signed(BODY, signature("s3cret"), "s3cret")
    for header in (signature("other"), signature("s3cret", BODY + b" "), signature("s3cret")[7:], "", "sha256="):
        assert not signed.is_signed(BODY, header, "s3cret"), header


@pytest.mark.parametrize("header", [signature(""), "", "sha256="])
def test_an_empty_secret_signs_nothing(header: str) -> None:
    """KONECTUS_PAYMENT_WEBHOOK_SECRET= in an environment file would let everybody book payments."""
    assert not signed.is_signed(BODY, header, "")
