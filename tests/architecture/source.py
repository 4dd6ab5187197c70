"""Our own source as syntax trees."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cli.generate import ROOT

PACKAGES = ("contracts", "regulation", "chassis", "services", "client", "cli", "deploy")


@dataclass(frozen=True)
class Module:
    path: Path
    """From the root of the project."""
    lines: int
    tree: ast.Module

    @property
    def package(self) -> str:
        return self.path.parts[0]

    def at(self, node: ast.expr | ast.stmt | ast.ExceptHandler) -> str:
        return f"{self.path}:{node.lineno}"

    def calls_of(self, module: str, name: str) -> Iterator[ast.Call]:
        """Calls of what was imported by ``from module import name``."""
        imported = any(
            isinstance(node, ast.ImportFrom) and node.module == module and name in {alias.name for alias in node.names}
            for node in ast.walk(self.tree)
        )
        defined = self.path.with_suffix("").parts == tuple(module.split("."))
        if imported or defined:
            yield from (node for node in self.calls() if isinstance(node.func, ast.Name) and node.func.id == name)

    def calls(self) -> Iterator[ast.Call]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))


@cache
def modules() -> tuple[Module, ...]:
    paths = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return tuple(_read(path) for path in paths)


def _read(path: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    return Module(path.relative_to(ROOT), len(text.splitlines()), ast.parse(text))
