"""The import contracts of pyproject.toml, which `lint-imports` runs too."""

import subprocess
import sys
from pathlib import Path


def test_import_contracts_are_kept() -> None:
    # A process of its own: within this one it would disable every logger that exists by then.
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([command, "--no-cache", "--no-logo"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
