"""`konectus demo`: everything on one machine with invented Clients, played channels and one-click sign-ins."""

import json
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from konectus.cli import instances, supervisor
from konectus.cli import settings as cli_settings
from konectus.cli.console import say, tell
from konectus.cli.database import closing, write_closed
from konectus.cli.instances import DataFolderClosed
from konectus.cli.programs import Program
from konectus.cli.seed.house import CLIENTS, STAFF, staff_email
from konectus.cli.settings import DEMO_FILE, DemoFolder
from konectus.cli.up import Running, Site, answers, run
from konectus.clock import monotonic
from konectus.errors import Conflict, Unavailable
from konectus.settings import PREFIX, Settings
from konectus.store.queries import demo_people, people
from konectus.store.roles import Role

APP = "demo"
APP_ID = "100000000001001"
PER_MINUTE = 6.0
_PORT = 8000
# The simulator's port stands this far above the web's.
_BESIDE = 10
_SIMULATOR_PATIENCE = 20.0
_PEOPLE = 4
# Stands where a seed ran to its end.
SEEDED_FILE = "seeded"


class NoDemoHere(Conflict):
    """The environment speaks of something that is no demo."""

    code = "no_demo_here"


class SeedFailed(Unavailable):
    code = "seed_failed"


def demo(
    clients: Annotated[
        int, typer.Option(min=1, max=20_000, help="invented Clients, at the first start; try 15 and 200")
    ] = CLIENTS,
    port: Annotated[int | None, typer.Option(min=1, max=65_000, help="the web's port; KONECTUS_PORT, 8000")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="KONECTUS_DATA_DIR, .konectus")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="no live traffic after the start")] = False,
) -> None:
    """Start all of it with live traffic; Ctrl-C stops it. The second start finds everything as it was."""
    began = monotonic()
    variables = _variables(os.environ, port, data_dir)
    environ = {**{name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}, **variables}
    settings = Settings.load(environ)
    _require_own_folder(settings.data_dir)
    simulator = _simulator(settings)

    def check() -> None:
        instances.require_port(settings.port + _BESIDE, "--port (the simulator's stands ten above it)")
        write_closed(settings.data_dir / DEMO_FILE, json.dumps(variables, indent=1))

    def play(running: Running) -> None:
        if not _seed(running, clients):
            return
        if not quiet:
            _start_players(settings)
        _announce(settings, monotonic() - began)

    run(Site(settings, environ, 1, settings.data_dir / "logs", (simulator,), check), play)


def _variables(given: Mapping[str, str], port: int | None, data_dir: Path | None) -> dict[str, str]:
    """The demo's settings. Secrets are made at the first start and kept."""
    if given.get(f"{PREFIX}ENVIRONMENT", "demo") != "demo":
        raise NoDemoHere(f"{PREFIX}ENVIRONMENT says this is no demo: unset it, or set it to demo")
    folder = (data_dir or Path(given.get(f"{PREFIX}DATA_DIR", ".konectus"))).absolute()
    before = cli_settings.demo(folder)
    kept = {name: value for name, value in given.items() if name == f"{PREFIX}DATABASE_URL"}
    wish = given.get(f"{PREFIX}PORT") or before.get(f"{PREFIX}PORT") or str(_PORT)
    web = port or Settings.load({f"{PREFIX}PORT": wish}).port
    base = f"http://127.0.0.1:{web + _BESIDE}"
    made = {
        "ENVIRONMENT": "demo",
        "DATA_DIR": str(folder),
        "PORT": str(web),
        "PUBLIC_URL": f"http://localhost:{web}",
        "SECRET_KEY": before.get(f"{PREFIX}SECRET_KEY") or secrets.token_hex(32),
        "META_APPS": before.get(f"{PREFIX}META_APPS") or _app(),
        "SIMULATOR_URL": base,
        "META_GRAPH_URL": f"{base}/graph",
        "META_LOGIN_URL": f"{base}/login",
        "INSTAGRAM_GRAPH_URL": f"{base}/instagram-graph",
        "INSTAGRAM_API_URL": f"{base}/instagram-api",
        "INSTAGRAM_LOGIN_URL": f"{base}/instagram-login",
        "TELEGRAM_API_URL": f"{base}/telegram",
    }
    return kept | {f"{PREFIX}{name}": value for name, value in made.items()}


def _app() -> str:
    app = {"name": APP, "id": APP_ID, "secrets": [secrets.token_hex(16)], "verify_token": secrets.token_hex(16)}
    return json.dumps([app | {"flavour": "page"}])


def _require_own_folder(data_dir: Path) -> None:
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = {path.name for path in data_dir.iterdir()}
    except OSError as error:
        raise DataFolderClosed(
            f"cannot use the data folder {data_dir}: {error.strerror}; "
            "give it to the user who starts konectus, or choose another with --data-dir"
        ) from None
    if "postgresql" in found and DEMO_FILE not in found:
        raise DemoFolder(f"{data_dir} holds an installation that is no demo: choose another folder with --data-dir")


def _simulator(settings: Settings) -> Program:
    folder = settings.data_dir
    given = ("--port", str(_simulator_port(settings)), "--webhooks", f"http://127.0.0.1:{settings.port}")
    kept = ("--clock-file", str(folder / "clock"), "--state-file", str(folder / "simulator.state"))
    return Program("simulator", ("-m", "ingestion.simulator", *given, *kept))


def _seed(running: Running, clients: int) -> bool:
    """Run `konectus seed` beside the processes, which are looked after meanwhile; False when we are asked to stop."""
    _await_simulator(running)
    marker = running.site.settings.data_dir / SEEDED_FILE
    if marker.exists() and _has_staff(running.site.settings):
        return True
    arguments = ("-m", "konectus.cli", "seed", "--clients", str(clients))
    process = supervisor.spawn(arguments, running.site.environ, sys.stderr)
    try:
        while process.poll() is None:
            if running.rest(0.05):
                return False
    finally:
        supervisor.end([process], 1.0)
    if process.returncode != 0:
        raise SeedFailed(f"the demo could not be filled, see above and {running.site.logs}")
    marker.touch()
    return True


def _has_staff(settings: Settings) -> bool:
    with closing(settings) as installation, installation.database.session(Role.WORKER) as session:
        return people.staff_by_email(session, staff_email(STAFF[0][2])) is not None


def _await_simulator(running: Running) -> None:
    deadline = monotonic() + _SIMULATOR_PATIENCE
    while not answers(_simulator_port(running.site.settings), "GET", "/sim/healthz"):
        if monotonic() > deadline:
            raise SeedFailed(f"the channel simulator does not answer; see {running.site.logs}")
        if running.rest(0.05):
            return


def _start_players(settings: Settings) -> None:
    wish = {"accounts": None, "per_minute": PER_MINUTE}
    if not answers(_simulator_port(settings), "POST", "/sim/players/start", wish):
        tell("no live traffic: the simulator refused to start it")


def _simulator_port(settings: Settings) -> int:
    return settings.port + _BESIDE


def _standing(user: demo_people.DemoUser) -> str:
    return f" ({user.standing.replace('_', ' ')})" if user.standing else ""


def _announce(settings: Settings, seconds: float) -> None:
    with closing(settings) as installation, installation.database.session(Role.WORKER) as session:
        users = demo_people.users(session, _PEOPLE)
        staff = [person for role, _, name in STAFF if (person := people.staff_by_email(session, staff_email(name)))]
    web = settings.public_url
    say(f"ready in {seconds:.0f} s")
    say()
    say(f"  {web}/login         a Client's people, one click each:")
    for user in users:
        say(f"      {user.login.role:<11} {user.login.name}, {user.client_name}{_standing(user)}")
    say(f"  {web}/admin/login   Konectus's staff and analysts, one click each:")
    for person in staff:
        say(f"      {person.role:<11} {person.name}")
    say()
    say(f"  {web}/inbox  {web}/admin  {web}/dashboard")
    say(f"  channel simulator {settings.simulator_url}   logs {settings.data_dir / 'logs'}")
    say("  Ctrl-C stops it")
