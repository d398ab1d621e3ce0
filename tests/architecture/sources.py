"""The Python files of the repository, parsed once, as the architecture tests see them."""

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

PROJECT = Path(__file__).parents[2]
PRODUCT = ("konectus", "backoffice", "ingestion", "reports", "dashboard", "scheduler.py")
EVERYTHING = (*PRODUCT, "alembic", "tests", "docs")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One file: its place in the repository with forward slashes, its tree, its comments by line."""

    place: str
    text: str

    @classmethod
    def of(cls, place: str, text: str) -> "Source":
        return cls(place, text)

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree: most rules look at all of them."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def comments(self) -> dict[int, str]:
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}

    @property
    def length(self) -> int:
        return len(self.text.splitlines())

    def is_in(self, *places: str) -> bool:
        """Whether the file is one of these, or under one of these folders."""
        return any(self.place == place or self.place.startswith(place + "/") for place in places)

    def calls(self) -> Iterator[tuple[ast.Call, str]]:
        """Every call with its dotted name, as far as it has one: `session.flush`, `func.now`, `text`."""
        for node in self.nodes:
            if isinstance(node, ast.Call):
                yield node, dotted(node.func)

    def functions(self) -> Iterator[Function]:
        for node in self.nodes:
            if isinstance(node, Function):
                yield node


def dotted(node: ast.expr) -> str:
    """The name of an expression, with `?` for what is computed: `make().flush` is `?.flush`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return "?"


def sources(*tops: str) -> tuple[Source, ...]:
    """Every file of these top folders and files, in order."""
    return tuple(_source(path) for top in tops for path in _python_files(PROJECT / top))


@cache
def _source(path: Path) -> Source:
    return Source.of(path.relative_to(PROJECT).as_posix(), path.read_text(encoding="utf-8"))


@cache
def _python_files(top: Path) -> tuple[Path, ...]:
    return tuple(sorted(top.rglob("*.py"))) if top.is_dir() else (top,) if top.exists() else ()
