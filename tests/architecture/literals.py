"""Which texts an argument can have, followed back to where they are written out."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from tests.architecture.source import Module, modules

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Place:
    """Where an expression stands: names are looked up from here."""

    module: Module
    function: Function | None


class UntraceableError(AssertionError):
    """A text that is not written out anywhere: nobody could look it up in the docs."""


def arguments_of(module: str, name: str, position: int) -> set[str]:
    """Every text that is given at ``position`` to what ``from module import name`` imports, in all our source."""
    return {
        text
        for source in modules()
        for call in source.calls_of(module, name)
        for text in texts(call.args[position], Place(source, _enclosing(source, call)))
    }


def texts(found: ast.expr, place: Place) -> Iterator[str]:
    match found:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=first, orelse=second):
            yield from texts(first, place)
            yield from texts(second, place)
        case ast.Dict(values=values):
            for value in values:
                yield from texts(value, place)
        case ast.Call(func=ast.Attribute(value=mapping, attr="get"), args=[_, default]):
            yield from texts(mapping, place)
            yield from texts(default, place)
        case ast.Name(id=name):
            sources = [*_assigned(name, place), *_passed(name, place)]
            if not sources:
                raise UntraceableError(f"{place.module.at(found)}: {name} is set nowhere that can be read here")
            for value, origin in sources:
                yield from texts(value, origin)
        case _:
            raise UntraceableError(f"{place.module.at(found)}: write the text out, found {ast.unparse(found)}")


def _assigned(name: str, place: Place) -> Iterator[tuple[ast.expr, Place]]:
    """What the name is set to in the function around, and at the head of the module."""
    for node in [*(ast.walk(place.function) if place.function else ()), *place.module.tree.body]:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        if value is not None and any(isinstance(target, ast.Name) and target.id == name for target in targets):
            yield value, place


def _passed(name: str, place: Place) -> Iterator[tuple[ast.expr, Place]]:
    """What callers give for a parameter of the function around."""
    function = place.function
    if function is None:
        return
    given = [argument.arg for argument in function.args.args if argument.arg != "self"]
    for module in modules() if name in given else ():
        for call in module.calls():
            called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", None)
            if called == function.name:
                named = {keyword.arg: keyword.value for keyword in call.keywords}
                value = named.get(name) or call.args[given.index(name)]
                yield value, Place(module, _enclosing(module, call))


def _enclosing(module: Module, call: ast.Call) -> Function | None:
    """The innermost function around the call."""
    around = [
        node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(part is call for part in ast.walk(node))
    ]
    return min(around, key=lambda function: (function.end_lineno or 0) - function.lineno, default=None)
