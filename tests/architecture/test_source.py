import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import Module, modules

FUNCTION_LINES_MAX = 50
FILE_LINES_MAX = 400
_CATCH_ALLS = {"Exception", "BaseException"}


def test_no_file_is_longer_than_one_can_keep_in_mind() -> None:
    long = [f"{module.path}: {module.lines} lines" for module in modules() if module.lines > FILE_LINES_MAX]
    assert not long, f"more than {FILE_LINES_MAX} lines: {long}; part them by what they decide"


def test_no_function_is_longer_than_one_can_see_at_once() -> None:
    long = [
        f"{module.at(function)} {function.name}: {lines} lines"
        for module in modules()
        for function in ast.walk(module.tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES_MAX
    ]
    assert not long, f"more than {FUNCTION_LINES_MAX} lines: {long}; branches stay in the caller, leaves go below"


def test_only_the_chassis_decides_what_follows_a_mistake() -> None:
    found = [place for module in modules() if module.package != "chassis" for place in _swallowed(module)]
    assert not found, f"catches everything: {found}; name what can go wrong, let the rest pass to the chassis"


def _swallowed(module: Module) -> Iterator[str]:
    """Catch-alls that do not raise again what they caught."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ExceptHandler) and _catches_all(node.type):
            last = node.body[-1]
            if not (isinstance(last, ast.Raise) and last.exc is None):
                yield module.at(node)


def _catches_all(kind: ast.expr | None) -> bool:
    if isinstance(kind, ast.Tuple):
        return any(_catches_all(part) for part in kind.elts)
    return kind is None or (isinstance(kind, ast.Name) and kind.id in _CATCH_ALLS)


@pytest.mark.parametrize(
    ("handler", "swallows"),
    [
        ("except Exception: pass", True),
        ("except: pass", True),
        ("except (OSError, Exception): log()", True),
        ("except BaseException as error: raise Other from error", True),
        ("except BaseException: clean(); raise", False),
        ("except (OSError, ValueError): pass", False),
    ],
)
def test_a_catch_all_is_one_that_does_not_raise_again(handler: str, *, swallows: bool) -> None:
    tree = ast.parse(f"try: act()\n{handler}")
    assert bool(list(_swallowed(Module(Path("example.py"), 2, tree)))) == swallows
