"""Rules that no linter knows, each a function from a file to the mistakes in it: line and words."""

import ast
import re
from collections.abc import Callable, Iterator

from tests.architecture.sources import Function, Source, dotted

Mistakes = Iterator[tuple[int, str]]
Rule = Callable[[Source], Mistakes]

CLOCK = "konectus/clock.py"
COMMITTER = "konectus/store/session.py"
SQL_PLACES = ("konectus/store", "konectus/stream", "backoffice/admin", "reports", "dashboard/data.py")
VAGUE = frozenset(
    {"util", "utils", "helper", "helpers", "common", "manager", "managers", "handler", "handlers", "misc"}
)
VAGUE_ENDINGS = ("_utils", "_helpers", "_manager", "_handler")

_READERS = frozenset({"now", "utcnow", "today", "time", "time_ns", "monotonic", "monotonic_ns", "uuid4"})
_SQL_CLOCKS = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp)\s*\(\s*\)"
    r"|\b(current_timestamp|current_date|current_time|localtimestamp|localtime)\b",
    re.IGNORECASE,
)
_SQL_CALLS = frozenset({"text", "DDL", "SQL", "execute", "exec_driver_sql", "literal_column"})
_STREAMS = frozenset({"file", "stdout", "stderr"})
_REASON = re.compile(r"#\s*\S")
_LATE = re.compile(r"#\s*late:\s*\S")
_SUPPRESSION = re.compile(
    r"#\s*(?:noqa(?![\w-])(?P<noqa>:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?|type:\s*ignore(?P<ignore>\[[^\]]+\])?)"
)


def clock_is_read_in_one_place(source: Source) -> Mistakes:
    """ruff bans the plain calls; these are the ways around it, and the database's own clock."""
    if source.place == CLOCK:
        return
    for call, name in source.calls():
        if name == "getattr" and _texts(call) & _READERS:
            yield call.lineno, "getattr reads a clock"
        elif name == "__import__":
            yield call.lineno, "__import__ hides an import"
        elif any(_SQL_CLOCKS.search(text) for text in _sql_of(call, name)):
            yield call.lineno, "the database's clock; pass the instant as a parameter"


def only_the_session_module_commits(source: Source) -> Mistakes:
    for call, name in source.calls():
        if name.endswith(".commit") and source.place != COMMITTER:
            yield call.lineno, f"{name}() outside {COMMITTER}"


def a_flush_says_why(source: Source) -> Mistakes:
    for call, name in source.calls():
        is_stream = name.split(".")[-2:-1] and name.split(".")[-2] in _STREAMS
        if name.endswith(".flush") and not is_stream and not _REASON.search(_comment(source, call)):
            yield call.lineno, f"{name}() without a trailing reason"


def sql_has_its_places(source: Source) -> Mistakes:
    if source.is_in(*SQL_PLACES):
        return
    for node in source.nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sqlalchemy":
            for alias in node.names:
                if alias.name in {"text", "select"}:
                    yield node.lineno, f"sqlalchemy.{alias.name} outside {', '.join(SQL_PLACES)}"
        elif isinstance(node, ast.Attribute) and dotted(node) in {"sqlalchemy.text", "sqlalchemy.select"}:
            yield node.lineno, f"{dotted(node)} outside {', '.join(SQL_PLACES)}"


def relationships_never_load_by_themselves(source: Source) -> Mistakes:
    for call, name in source.calls():
        if name.rsplit(".", 1)[-1] == "relationship":
            lazy = [word.value for word in call.keywords if word.arg == "lazy"]
            if not lazy or not isinstance(lazy[0], ast.Constant) or lazy[0].value != "raise":
                yield call.lineno, 'relationship without lazy="raise"'


def late_imports_say_why(source: Source) -> Mistakes:
    for function in source.functions():
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom) and not _LATE.search(_comment(source, node)):
                yield node.lineno, "import inside a function without `# late: why`"


def names_say_what_is_inside(source: Source) -> Mistakes:
    for part in source.place.removesuffix(".py").split("/"):
        if part in VAGUE or part.endswith(VAGUE_ENDINGS) or part == "base_service":
            yield 1, f"a module called {part}"


def packages_hold_a_docstring_or_nothing(source: Source) -> Mistakes:
    if source.place.endswith("/__init__.py") and any(not _is_docstring(node) for node in source.tree.body):
        yield 1, "code in __init__.py: whoever imports a child runs it"


def suppressions_say_what_and_why(source: Source) -> Mistakes:
    if _SUPPRESSION.search(source.text) is None:
        return
    for line, comment in source.comments.items():
        found = _SUPPRESSION.search(comment)
        if found is None:
            continue
        if not (found["noqa"] or found["ignore"]):
            yield line, "a suppression that names no code"
        elif not re.search(r"\w", _SUPPRESSION.sub("", comment)):
            yield line, "a suppression without a reason on its line"


def files_stay_short(source: Source) -> Mistakes:
    limit = 500 if source.is_in("tests") else 300
    if source.length > limit:
        yield limit, f"{source.length} lines, at most {limit}"


def functions_stay_short(source: Source) -> Mistakes:
    for function in source.functions():
        length = _last_line(function) - function.lineno + 1
        if length > 40:
            yield function.lineno, f"{function.name} has {length} lines, at most 40"


def _sql_of(call: ast.Call, name: str) -> set[str]:
    """The SQL that a call writes: its strings, or the function it names through `func`."""
    *before, last = name.split(".")
    if before[-1:] == ["func"]:
        return {f"{last}()"}
    return _texts(call) if last in _SQL_CALLS else set()


def _texts(call: ast.Call) -> set[str]:
    """The strings among the arguments of a call, also inside an f-string or a concatenation."""
    given = [*call.args, *(word.value for word in call.keywords)]
    inside = [node for argument in given if not _is_nested_call(argument) for node in ast.walk(argument)]
    return {node.value for node in inside if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def _is_nested_call(argument: ast.expr) -> bool:
    """Left to its own turn, unless it is a method of a string, such as format."""
    return isinstance(argument, ast.Call) and not isinstance(argument.func, ast.Attribute)


def _comment(source: Source, node: ast.expr | ast.stmt) -> str:
    return source.comments.get(node.lineno, "") + source.comments.get(node.end_lineno or node.lineno, "")


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _last_line(function: Function) -> int:
    return function.end_lineno or function.lineno
