"""Long replies become several messages; what a person sees as one character stays in one of them."""

import pytest
import regex  # type: ignore[import-untyped]  # no stubs; only here, as the judge of Unicode's clusters
from hypothesis import given, settings
from hypothesis import strategies as st

from konectus.domain.channels import TEXT_LIMIT, Channel, text_length
from konectus.domain.splitting import borders, split_text

FAMILY, FLAG, SKIN, ACCENTS = "👨‍👩‍👧‍👦", "🇲🇽", "👍🏽", "n\u0303\u0301"
PIECES = [
    FAMILY,
    FLAG,
    SKIN,
    ACCENTS,
    "क्षि",
    "각",
    "한",
    "\r\n",
    " ",
    "\n\n",
    "a",
    "ñ",
    "palabra ",
    "Fin. ",
    "🏴󠁧󠁢󠁷󠁬󠁳󠁿",
    "ก็",
    "\u0600١",
]
TEXTS = st.one_of(st.lists(st.sampled_from(PIECES), max_size=60).map("".join), st.text(max_size=60))


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_characters_end_only_where_unicode_lets_them_end(text: str) -> None:
    assert set(borders(text)) <= {found.end() for found in regex.finditer(r"\X", text)}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(list(Channel)), TEXTS, st.integers(1, 90))
def test_parts_fit_lose_nothing_but_space_and_break_no_character(channel: Channel, text: str, times: int) -> None:
    long = text * times
    parts = split_text(channel, long)
    assert all(text_length(channel, part) <= TEXT_LIMIT[channel] for part in parts)
    assert "".join("".join(parts).split()) == "".join(long.split())
    whole = {0, *borders(long)}
    place = 0
    for part in parts if long.strip() else []:
        place = long.index(part, place)
        assert {place, place + len(part)} <= whole
        place += len(part)


@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("sign", [FAMILY, FLAG, SKIN, ACCENTS])
def test_emoji_at_the_border_goes_whole_into_the_next_part(channel: Channel, sign: str) -> None:
    room = TEXT_LIMIT[channel] - text_length(channel, sign) + 1
    first, second = split_text(channel, "x" * room + sign)
    assert (first, second) == ("x" * room, sign)


def test_text_is_cut_between_paragraphs_sentences_or_words_where_there_are_any() -> None:
    first, second = split_text(Channel.INSTAGRAM, f"{'a' * 700}\n\n{'b' * 700}")
    assert (first, second) == ("a" * 700, "b" * 700)
    first, second = split_text(Channel.INSTAGRAM, f"{'a' * 600}. {'b b ' * 200}")
    assert first == f"{'a' * 600}."
    parts = split_text(Channel.INSTAGRAM, "palabra " * 300)
    assert all(set(part.split()) == {"palabra"} for part in parts)


def test_one_character_longer_than_a_message_is_cut_between_its_accents() -> None:
    parts = split_text(Channel.MESSENGER, "o" + "\u0301" * 4500)
    assert [len(part) for part in parts] == [2000, 2000, 501]


def test_short_text_stays_as_it_was_written() -> None:
    assert split_text(Channel.TELEGRAM, "  hola \n") == ["  hola \n"]
