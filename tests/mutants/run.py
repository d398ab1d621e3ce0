"""`python -m tests.mutants.run [NAME...]`: each patch here breaks a promise of the Terms, and a test must say so.

The tree is copied; patches are applied to the copy one at a time. One that no longer applies, or that no test notices,
ends this with 1. `--by directed` and `--by machine` ask a part of these tests alone.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from konectus.clock import monotonic

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
PATCHES = sorted(HERE.glob("*.patch"))
MACHINE = "tests/konectus/services/test_lifecycle_machine.py"
DIRECTED = ("tests/konectus/services/test_time_travel.py", "tests/journeys/test_two_invoices.py")
# What is directed at the deadlines and causes comes first: it says in a second what the model says in many.
TESTS = {"all": (*DIRECTED, MACHINE), "directed": DIRECTED, "machine": (MACHINE,)}
LEFT_OUT = (".git", ".venv", ".*_cache", ".hypothesis", ".benchmarks", "__pycache__", ".coverage", "data")
LONGEST = 900


class Unusable(Exception):
    """A patch or the tree is not what this expects: nothing can be said of it."""


@dataclass(frozen=True)
class Tree:
    """The copy."""

    folder: Path
    tests: tuple[str, ...]

    def killer(self) -> str | None:
        """The first test that fails, None where all pass. Raises Unusable where they do not run to a verdict."""
        options = ["-q", "-x", "-p", "no:randomly", "-p", "no:cacheprovider", "-m", "not load", "--tb=line"]
        wanted = [sys.executable, "-m", "pytest", *options, *self.tests]
        ran = subprocess.run(wanted, cwd=self.folder, capture_output=True, text=True, timeout=LONGEST, check=False)
        failed = re.search(r"^FAILED (\S+)", ran.stdout, re.MULTILINE)
        if ran.returncode == 1 and failed is not None:
            return failed[1]
        if ran.returncode == 0:
            return None
        raise Unusable(f"the tests ended with {ran.returncode}:\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}")

    @contextmanager
    def broken(self, patch: Path) -> Iterator[None]:
        self._apply(patch)
        try:
            yield
        finally:
            self._apply(patch, "--reverse")

    def _apply(self, patch: Path, *more: str) -> None:
        git = shutil.which("git")
        if git is None:
            raise Unusable("git is needed to apply patches")
        done = subprocess.run(
            [git, "apply", "--whitespace=nowarn", *more, str(patch)],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise Unusable(f"{patch.name} does not apply: {done.stderr.strip()}")


def verdict(tree: Tree, patch: Path) -> tuple[bool, str]:
    """Whether a patch was noticed, and a line about it."""
    started = monotonic()
    try:
        with tree.broken(patch):
            killer = tree.killer()
    except (Unusable, subprocess.TimeoutExpired) as trouble:
        return False, f"UNUSABLE  {patch.stem}: {trouble}"
    seconds = f"{monotonic() - started:.0f} s"
    if killer is None:
        return False, f"SURVIVED  {patch.stem} ({seconds})"
    return True, f"killed    {patch.stem} ({seconds}) by {killer}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("names", nargs="*", help="of patches; all where none is named")
    parser.add_argument("--by", choices=sorted(TESTS), default="all", help="which tests are asked")
    given = parser.parse_args()
    patches = [one for one in PATCHES if not given.names or one.stem in given.names]
    if not patches:
        say("there is no such patch")
        return 1
    with tempfile.TemporaryDirectory(prefix="konectus-mutants-") as scratch:
        tree = Tree(Path(scratch) / "tree", TESTS[given.by])
        shutil.copytree(PROJECT, tree.folder, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
        killer = tree.killer()
        if killer is not None:
            say(f"without any patch {killer} fails already")
            return 1
        survivors = 0
        for patch in patches:
            noticed, line = verdict(tree, patch)
            survivors += not noticed
            say(line)
    return 1 if survivors else 0


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
