"""The run's server is shared: an open transaction of another test holds back what programs are shown (decision 14)."""

from konectus.services.installation import Installation
from konectus.store.roles import Role
from tests.support.processes import until


def wait_for_open_transactions(installation: Installation) -> None:
    """Until every transaction that is open now, anywhere on the server, has ended."""
    now = _xid(installation, "pg_current_xact_id()")
    until(
        lambda: _xid(installation, "pg_snapshot_xmin(pg_current_snapshot())") > now, seconds=60, what="all have ended"
    )


def _xid(installation: Installation, function: str) -> int:
    with installation.database.session(Role.WORKER) as session:
        return int(session.connection().exec_driver_sql(f"select {function}::text::bigint").scalar_one())
