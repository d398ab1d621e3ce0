"""The settings a command runs with: the environment's, and in a demo's folder those the demo wrote down."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from konectus.errors import Conflict
from konectus.settings import PREFIX, Settings

# Written by `konectus demo`, so that other commands in the same folder speak of the same demo.
DEMO_FILE = "demo.json"


class DemoFolder(Conflict):
    """The data folder holds a demo, or an installation that is none."""

    code = "demo_folder"


def load() -> Settings:
    """The settings of a command beside a running installation. Raises SettingsError in one line."""
    return Settings.load(environment(os.environ))


def load_to_serve() -> Settings:
    """The settings of a process that serves: never those of a demo, whose pages sign anybody in."""
    settings = Settings.load(os.environ)
    if settings.environment != "demo" and (settings.data_dir / DEMO_FILE).exists():
        raise DemoFolder(
            f"{settings.data_dir} holds a demo: start it with konectus demo, or set {PREFIX}DATA_DIR to another folder"
        )
    return settings


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """The environment with what the demo of this folder wrote down beneath; an explicit ENVIRONMENT keeps it out."""
    if f"{PREFIX}ENVIRONMENT" in given:
        return dict(given)
    return {**demo(Path(given.get(f"{PREFIX}DATA_DIR", ".konectus"))), **given}


def demo(data_dir: Path) -> dict[str, str]:
    """What the demo of this folder runs with; empty where there is none."""
    try:
        found: dict[str, str] = json.loads((data_dir / DEMO_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found
