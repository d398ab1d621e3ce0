"""The Python files of the repository, parsed once, as the architecture tests see them."""

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).parents[2]
PRODUCT = ("konectus", "backoffice", "ingestion", "reports", "dashboard", "scheduler.py")
EVERYTHING = (*PRODUCT, "alembic", "tests", "docs")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One file: its place in the repository with forward slashes, its tree, its comments by line."""

    place: str
    tree: ast.Module
    comments: dict[int, str]
    length: int

    @classmethod
    def of(cls, place: str, text: str) -> "Source":
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        comments = {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}
        return cls(place, ast.parse(text), comments, len(text.splitlines()))

    def is_in(self, *places: str) -> bool:
        """Whether the file is one of these, or under one of these folders."""
        return any(self.place == place or self.place.startswith(place + "/") for place in places)

    def calls(self) -> Iterator[tuple[ast.Call, str]]:
        """Every call with its dotted name, as far as it has one: `session.flush`, `func.now`, `text`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield node, dotted(node.func)

    def functions(self) -> Iterator[Function]:
        for node in ast.walk(self.tree):
            if isinstance(node, Function):
                yield node


def dotted(node: ast.expr) -> str:
    """The name of an expression, with `?` for what is computed: `make().flush` is `?.flush`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return "?"


@cache
def sources(*tops: str) -> tuple[Source, ...]:
    """Every file of these top folders and files, in order."""
    found = [path for top in tops for path in _python_files(PROJECT / top)]
    return tuple(Source.of(path.relative_to(PROJECT).as_posix(), path.read_text(encoding="utf-8")) for path in found)


def _python_files(top: Path) -> list[Path]:
    return sorted(top.rglob("*.py")) if top.is_dir() else [top] if top.exists() else []
