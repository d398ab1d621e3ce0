"""The states of a Connector."""

import pytest

from konectus.domain.connectors import ConnectorState, WrongStep, require_step

S = ConnectorState


def test_disconnected_connector_never_becomes_connected_by_itself() -> None:
    for then in S:
        if then in (S.PENDING_AUTH, S.REMOVED):
            require_step(S.NEEDS_RECONFIGURATION, then)
            continue
        with pytest.raises(WrongStep):
            require_step(S.NEEDS_RECONFIGURATION, then)


def test_suspension_can_stop_a_connector_in_every_live_state() -> None:
    for now in (S.PENDING_AUTH, S.CONNECTED, S.DEGRADED):
        require_step(now, S.DISCONNECTING)


def test_removed_connector_is_the_end() -> None:
    for then in S:
        with pytest.raises(WrongStep) as refusal:
            require_step(S.REMOVED, then)
        assert refusal.value.facts["now"] is S.REMOVED
