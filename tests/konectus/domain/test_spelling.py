"""Which names are taken."""

import pytest

from konectus.domain.spelling import is_name


@pytest.mark.parametrize(
    "name", ["Óptica Lucía", "Müller & Söhne, S.A. de C.V.", "寿司屋", "می‌خواهم", "a", "👩‍🔬 Lab", "x" * 200]
)
def test_a_name_of_any_script_is_taken(name: str) -> None:
    assert is_name(name, 200)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "\u200b",
        "Ta\u200bller",
        "\u202erellaT",
        "a\x07",
        "a\0b",
        "\ud800",
        "\u2066x\u2069",
        "\u200d",
        "x" * 201,
    ],
)
def test_a_name_that_hides_or_turns_what_is_read_is_not(name: str) -> None:
    assert not is_name(name, 200)
