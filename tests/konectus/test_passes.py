"""A pass opens one door, for one holder, until its instant."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from konectus.passes import PassRefused, issue, read

NOW = datetime(2026, 11, 19, 18, tzinfo=UTC)
PASS = issue("secret", "door", "Tomás", NOW + timedelta(minutes=10))


def test_a_pass_names_its_holder_until_it_is_over() -> None:
    assert read("secret", "door", PASS, NOW + timedelta(minutes=9, seconds=59)) == "Tomás"
    with pytest.raises(PassRefused):
        read("secret", "door", PASS, NOW + timedelta(minutes=10))


def test_a_pass_opens_no_other_door_and_none_under_another_key() -> None:
    for secret, purpose in (("secret", "window"), ("other", "door")):
        with pytest.raises(PassRefused):
            read(secret, purpose, PASS, NOW)


@given(st.text(max_size=80))
def test_what_is_no_pass_is_refused(text: str) -> None:
    with pytest.raises(PassRefused):
        read("secret", "door", text, NOW)


@given(st.integers(0, len(PASS) - 1), st.sampled_from("ABab01-_."))
def test_a_pass_that_was_touched_is_refused(place: int, letter: str) -> None:
    touched = PASS[:place] + letter + PASS[place + 1 :]
    try:
        assert read("secret", "door", touched, NOW) == "Tomás"
    except PassRefused:
        assert touched != PASS
