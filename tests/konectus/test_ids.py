"""Identifiers sort by their instant and are version 7."""

from datetime import UTC, datetime, timedelta

from konectus.ids import token, uuid7, uuid7s

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


def test_identifiers_made_together_are_those_of_their_instants_and_all_differ() -> None:
    instants = [NOW + timedelta(seconds=number // 2) for number in range(1000)]
    made = uuid7s(instants)
    assert [one.int >> 64 for one in made] == [uuid7(at).int >> 64 for at in instants]
    assert len({one.int & (1 << 62) - 1 for one in made}) == 1000
    assert uuid7s([]) == []


def test_token_is_long_and_safe_in_a_url() -> None:
    assert len(token()) >= 43
    assert token().replace("-", "").replace("_", "").isalnum()
