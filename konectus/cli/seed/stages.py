"""The stages of a seed, in order. Each looks whether it is done, so a second run changes nothing and an interrupted
one goes on. The command is in command.py, which stays cheap to import.
"""

import os
import subprocess
import sys
from random import Random
from uuid import UUID

from konectus.cli import settings as cli_settings
from konectus.cli.console import progress, tell
from konectus.cli.seed import accounts, conversations, stories
from konectus.cli.seed.accounts import Wanted
from konectus.cli.seed.businesses import SUSPENDED, Business
from konectus.cli.seed.conversations import Stage
from konectus.cli.seed.house import STAFF, staff_email
from konectus.cli.seed.persons import Simulator
from konectus.domain.roles import StaffRole
from konectus.errors import Unavailable
from konectus.services.installation import Installation
from konectus.store.queries import usage
from konectus.store.roles import Role


class NoReleases(Unavailable):
    code = "releases_failed"


def fill(installation: Installation, wanted: Wanted) -> bool:
    """All stages in order; whether the Clients were made now."""
    with progress(f"registering {wanted.clients} Clients with their figures", wanted.clients) as advance:
        made = accounts.register(installation, wanted, advance)
    releases = _start_releases()
    try:
        _converse(installation, wanted)
        stories.come_forward(installation, wanted.businesses())
    finally:
        with progress("computing the anonymous releases"):
            code = releases.wait()
    if code != 0:
        raise NoReleases("the releases failed, see above; konectus release build tries again")
    return made


def _start_releases() -> "subprocess.Popen[bytes]":
    """They need the other processor while conversations wait for the worker."""
    arguments = [sys.executable, "-m", "reports.release", "build"]
    return subprocess.Popen(arguments, env=cli_settings.environment(os.environ), stdout=subprocess.DEVNULL)


def _converse(installation: Installation, wanted: Wanted) -> None:
    settings = installation.settings
    if settings.simulator_url is None or not settings.meta_apps:
        tell("conversations go through the channel simulator, which konectus demo starts: left out")
        return
    app = settings.meta_apps[0]
    leading = _leading(installation, wanted)
    stage = Stage(installation, Simulator.at(settings.simulator_url), Random(wanted.seed))  # noqa: S311 - invented data
    stage.simulator.register_app(app)
    with installation.database.session(Role.WORKER) as session:
        talked = usage.message_counts(session)
    fresh = {client_id: business for client_id, business in leading.items() if client_id not in talked}
    with progress("connecting channels", len(fresh)) as advance:
        for client_id, business in fresh.items():
            stage.cast(client_id, business, stage.connect(client_id, business, app.name))
            advance(1)
    with progress("conversations", sum(len(play.dialogue) for play in stage.plays)) as advance:
        stage.play(advance)
    for client_id, business in leading.items():
        if business.script == SUSPENDED.script:
            conversations.suspend_one(installation, client_id, _trust())


def _leading(installation: Installation, wanted: Wanted) -> dict[UUID, Business]:
    chosen = {business.email: business for business in wanted.businesses() if business.script}
    with installation.database.session(Role.WORKER) as session:
        return {client_id: chosen[email] for email, client_id in usage.client_ids(session, list(chosen)).items()}


def _trust() -> str:
    return next(staff_email(name) for role, _, name in STAFF if role is StaffRole.TRUST)
