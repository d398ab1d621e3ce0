"""The cause matrix and access as the OR of what is open."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from konectus.domain.suspension import (
    POLICIES,
    Access,
    Cause,
    NotByHand,
    ReasonTooShort,
    SecondPersonNeeded,
    access,
    require_by_hand,
    require_may_lift,
    require_reason,
)


def test_client_without_open_causes_is_blocked_from_nothing() -> None:
    assert access([]) == Access()


def test_unpaid_client_can_sign_in_and_export_but_not_work() -> None:
    found = access([Cause.NONPAYMENT])
    assert (found.login, found.export) == (False, False)
    assert found.inbox
    assert found.send
    assert found.ingest


@given(st.lists(st.sampled_from(Cause), unique=True))
def test_access_blocks_exactly_what_some_open_cause_blocks(causes: list[Cause]) -> None:
    found = access(causes)
    for right in ("login", "inbox", "send", "ingest", "export"):
        assert getattr(found, right) == any(getattr(POLICIES[cause], right) for cause in causes)
    assert found.causes == tuple(causes)


@pytest.mark.parametrize("cause", [c for c in Cause if c is not Cause.AUP])
def test_only_misuse_is_opened_by_one_persons_hand(cause: Cause) -> None:
    require_by_hand(Cause.AUP)
    with pytest.raises(NotByHand):
        require_by_hand(cause)


def test_lifting_follows_the_matrix() -> None:
    require_may_lift(Cause.AUP)
    for cause in (Cause.NONPAYMENT, Cause.TRIAL_EXPIRED):
        with pytest.raises(NotByHand):
            require_may_lift(cause)
    for cause in (Cause.LEGAL_ORDER, Cause.SECURITY):
        with pytest.raises(SecondPersonNeeded):
            require_may_lift(cause)


def test_reason_of_blanks_is_no_reason() -> None:
    assert require_reason("  diez letras ") == "diez letras"
    with pytest.raises(ReasonTooShort):
        require_reason("corta" + " " * 20)
