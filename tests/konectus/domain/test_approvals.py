"""Who opens, who decides, and what an approval is bound to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from konectus.domain.approvals import (
    MAY_DECIDE,
    Action,
    Command,
    NotYourRole,
    SamePerson,
    as_json,
    bound_to,
    require_another,
    require_may_decide,
    require_may_open,
)
from konectus.domain.roles import MAY_SUSPEND, StaffRole
from konectus.domain.suspension import BY_HAND, Cause

HOLD = Command(Action.RELEASE_HOLD, ("hold", "7"), {"why": "ñ"})
words = st.text(max_size=20)


def test_every_action_has_deciders_and_no_analyst_or_support_among_them() -> None:
    assert set(MAY_DECIDE) == set(Action)
    for action, roles in MAY_DECIDE.items():
        assert roles, action
        assert not roles & {StaffRole.ANALYST, StaffRole.SUPPORT}


@pytest.mark.parametrize("role", list(StaffRole))
def test_causes_by_hand_are_opened_by_the_roles_of_the_sheet(role: StaffRole) -> None:
    allowed = {
        Cause.AUP: {StaffRole.ADMIN, StaffRole.TRUST, StaffRole.LEGAL},
        Cause.SECURITY: {StaffRole.ADMIN, StaffRole.TRUST},
        Cause.LEGAL_ORDER: {StaffRole.ADMIN, StaffRole.LEGAL},
    }
    assert set(allowed) == set(BY_HAND)
    for cause, roles in allowed.items():
        assert roles <= MAY_SUSPEND
        if role in roles:
            require_may_open(cause, role)
        else:
            with pytest.raises(NotYourRole):
                require_may_open(cause, role)


def test_deletion_after_an_export_is_decided_by_legal_alone() -> None:
    require_may_decide(Action.DELETE_EXPORTED, StaffRole.LEGAL)
    require_may_decide(Action.DELETE, StaffRole.ADMIN)
    for role in (StaffRole.ADMIN, None):
        with pytest.raises(NotYourRole):
            require_may_decide(Action.DELETE_EXPORTED, role)


def test_causes_that_follow_from_facts_are_opened_by_no_role() -> None:
    for cause in (Cause.NONPAYMENT, Cause.TRIAL_EXPIRED):
        with pytest.raises(NotYourRole):
            require_may_open(cause, StaffRole.ADMIN)


def test_second_person_is_another_one() -> None:
    require_another("staff:1", "staff:2")
    with pytest.raises(SamePerson):
        require_another("staff:1", "staff:1")


def test_approval_is_bound_to_every_part_of_the_command_and_to_the_facts() -> None:
    others = [
        Command(Action.DELETE, ("hold", "7"), {"why": "ñ"}),
        Command(Action.RELEASE_HOLD, ("hold", "8"), {"why": "ñ"}),
        Command(Action.RELEASE_HOLD, ("client", "7"), {"why": "ñ"}),
        Command(Action.RELEASE_HOLD, ("hold", "7"), {"why": "n"}),
        Command(Action.RELEASE_HOLD, ("hold", "7"), {"why": "ñ", "more": 1}),
    ]
    hashes = {bound_to(one, "facts") for one in [HOLD, *others]} | {bound_to(HOLD, "other facts")}
    assert len(hashes) == len(others) + 2
    assert as_json(HOLD) == {"action": "hold.release", "kind": "hold", "id": "7", "args": {"why": "ñ"}}


@given(st.dictionaries(words, st.one_of(st.integers(), words)), words)
def test_order_of_arguments_does_not_matter(args: dict[str, object], seen: str) -> None:
    turned = dict(reversed(args.items()))
    one, other = (Command(Action.REFUND, ("refund", "1"), given) for given in (args, turned))
    assert bound_to(one, seen) == bound_to(other, seen)
