"""The tests of a model: the conditions that decide where a thread goes, one by one.

``if a or not b:`` makes two tests, ``a`` and ``b``.  In a variant that ignores a test it is still
made, and its outcome is a choice of the step, as if by ``either()``; so the variant can do all that
the model can, and what holds of it holds whatever the test says.
"""

import ast
from collections.abc import Callable, Iterator

from pagestate.core.expr import FALSE, TRUE, Expr, Param, at, conj, disj, neg
from pagestate.lang.changes import Met, Place
from pagestate.lang.scope import Scope
from pagestate.lang.source import Source
from pagestate.lang.terms import condition

OUTCOME = "outcome:"
"""How the names of choices begin that stand for the outcome of an ignored test."""


def leaves(test: ast.expr) -> Iterator[ast.expr]:
    """The single conditions of a test: its operands below ``and``, ``or`` and ``not``."""
    match test:
        case ast.BoolOp(values=values):
            for value in values:
                yield from leaves(value)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield from leaves(operand)
        case _:
            yield test


def outcome_key(leaf: ast.expr) -> str:
    """The name of the choice that stands for the outcome of an ignored test."""
    return f"{OUTCOME}{leaf.lineno}.{leaf.col_offset}"


def is_ignored(scope: Scope, leaf: ast.expr) -> bool:
    """Whether this variant ignores a single condition."""
    ignored = scope.layout.changes.ignored
    return bool(ignored) and scope.source.span(leaf) in ignored and scope.source.varies(leaf)


def decided(scope: Scope, test: ast.expr, choice: Callable[[str, ast.AST], Param]) -> Expr:
    """The term of a test; ``choice`` makes the outcome of one that is ignored.

    Each single condition is noted among the places that the step comes by.
    """
    match test:
        case ast.BoolOp(op=op, values=values):
            parts = list[Expr]()
            stop = FALSE if isinstance(op, ast.And) else TRUE
            for value in values:
                parts.append(decided(scope, value, choice))
                if parts[-1] == stop:
                    break
            made = conj(*parts) if isinstance(op, ast.And) else disj(*parts)
            return at(made, scope.source.span(test))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return at(neg(decided(scope, operand, choice)), scope.source.span(test))
        case _:
            return _single(scope, test, choice)


def _single(scope: Scope, leaf: ast.expr, choice: Callable[[str, ast.AST], Param]) -> Expr:
    made = condition(scope, leaf)
    if not scope.source.varies(leaf):  # about switches alone
        return made
    scope.step.met.append(Met(place_of(scope.source, leaf), made))
    return choice(outcome_key(leaf), leaf) if is_ignored(scope, leaf) else made


def place_of(source: Source, leaf: ast.expr) -> Place:
    """Where a test stands."""
    return Place("test", source.span(leaf), source.name, source.src)
