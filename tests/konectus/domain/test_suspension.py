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


@pytest.mark.parametrize("cause", list(Cause))
def test_what_follows_from_facts_is_never_opened_by_hand(cause: Cause) -> None:
    if cause in (Cause.AUP, Cause.LEGAL_ORDER, Cause.SECURITY):
        require_by_hand(cause)
    else:
        with pytest.raises(NotByHand):
            require_by_hand(cause)


@given(st.lists(st.sampled_from(Cause), unique=True), st.sampled_from(Cause))
def test_one_cause_more_never_opens_anything(causes: list[Cause], another: Cause) -> None:
    before, after = access(causes), access([*causes, another])
    for right in ("login", "inbox", "send", "ingest", "export"):
        assert getattr(after, right) >= getattr(before, right)
    assert access(causes).is_open == (not causes)


def test_windows_begin_with_non_payment_and_an_ended_trial_alone() -> None:
    """Misuse, an order or a security risk never lead to a deletion by themselves (lifecycle.md 2, #10)."""
    starting = {cause for cause, policy in POLICIES.items() if policy.starts_window}
    assert starting == {Cause.NONPAYMENT, Cause.TRIAL_EXPIRED}
    assert not any(POLICIES[cause].export for cause in starting)


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
