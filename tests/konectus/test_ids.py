"""Identifiers sort by their instant and are version 7."""

from datetime import UTC, datetime, timedelta

from konectus.ids import token, uuid7

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_later_identifier_sorts_after_an_earlier_one() -> None:
    assert uuid7(NOW) < uuid7(NOW + timedelta(microseconds=1)) < uuid7(NOW + timedelta(milliseconds=1))


def test_identifier_is_a_version_7_of_the_standard_variant() -> None:
    found = uuid7(NOW)
    assert found.version == 7
    assert found.variant == "specified in RFC 4122"
    assert int(found) >> 80 == int(NOW.timestamp() * 1000)


def test_identifiers_of_one_instant_differ() -> None:
    assert len({uuid7(NOW) for _ in range(1000)}) == 1000


def test_token_is_long_and_safe_in_a_url() -> None:
    assert len(token()) >= 43
    assert token().replace("-", "").replace("_", "").isalnum()
