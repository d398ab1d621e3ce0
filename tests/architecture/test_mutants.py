"""Every patch that `make mutants` applies still fits the tree: one that does not proves nothing any more."""

import subprocess
from pathlib import Path

import pytest

from tests.mutants.run import PATCHES, PROJECT


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.stem)
def test_a_broken_rule_can_be_tried(patch: Path) -> None:
    done = subprocess.run(["git", "apply", "--check", patch], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_nine_rules_are_broken() -> None:
    assert len(PATCHES) == 9
