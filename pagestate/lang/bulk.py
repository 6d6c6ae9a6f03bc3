"""Quantified updates: ``for p in m.pages: m.f[p] = ...`` inside a step."""

import ast
from dataclasses import replace
from typing import Protocol

from pagestate.core.expr import (
    FALSE,
    TRUE,
    Expr,
    Param,
    add,
    conj,
    neg,
    sub,
)
from pagestate.core.sorts import DataSort
from pagestate.core.system import Write
from pagestate.lang.diagnostics import ModelError
from pagestate.lang.faults import out_of_sort
from pagestate.lang.scope import Scope, Step, field_of, read
from pagestate.lang.terms import condition, term


class Writer(Protocol):
    """Who checks and records writes: the executor of a step."""

    def may_write(self, name: str, ghost: bool, guard: str | None, node: ast.AST) -> None:
        """Raises ModelError for a write against the rules."""
        ...

    def touch(self, step: Step, name: str, ghost: bool) -> None:
        """Record an access to a shared field."""
        ...

    def fit(self, value: Expr, sort: DataSort, node: ast.AST) -> Expr:
        """``value`` as a value of ``sort``.  Raises ModelError."""

    def error(self, code: str, message: str, node: ast.AST, hint: str = "") -> ModelError:
        """A diagnostic at ``node``."""


def bulk(
    writer: Writer,
    stmts: "list[ast.stmt]",
    scope: Scope,
    binder: Param,
    where: Expr,
) -> None:
    """``for p in m.pages: m.f[p] = ...`` inside a step: simultaneous quantified updates."""
    if scope.bulk is None:
        written = (
            node.attr
            for stmt in stmts
            for node in ast.walk(stmt)
            if isinstance(node, ast.Attribute) and _stored(stmt, node)
        )
        scope = replace(scope, bulk=(binder, frozenset(written)))
    for stmt in stmts:
        match stmt:
            case ast.Pass():
                pass
            case ast.If(test=test, body=body, orelse=orelse):
                decided = condition(scope, test)
                if decided != FALSE:
                    bulk(writer, body, scope, binder, conj(where, decided))
                if decided != TRUE:
                    bulk(writer, orelse, scope, binder, conj(where, neg(decided)))
            case ast.Assign(targets=[target], value=value):
                _store(writer, target, None, value, scope, binder, where)
            case ast.AugAssign(target=target, op=ast.Add() | ast.Sub() as op, value=value):
                _store(writer, target, op, value, scope, binder, where)
            case _:
                raise writer.error(
                    "PS209",
                    "a loop inside a step can only assign fields at its own index",
                    stmt,
                    "outside atomic regions every iteration is a step of its own",
                )


def _stored(stmt: ast.stmt, node: ast.Attribute) -> bool:
    """Whether ``stmt`` assigns to ``node`` or to an item of it."""
    return any(
        isinstance(n, ast.Subscript) and n.value is node and isinstance(n.ctx, ast.Store)
        for n in ast.walk(stmt)
    )


def _store(
    writer: Writer,
    target: ast.expr,
    op: ast.operator | None,
    value: ast.expr,
    scope: Scope,
    binder: Param,
    where: Expr,
) -> None:
    """One quantified update."""
    found = field_of(scope, target)
    index = None if found is None or found[1] is None else term(scope, found[1])
    if found is None or index != binder:
        raise writer.error(
            "PS209", "a loop inside a step can only assign fields at its own index", target
        )
    info = found[0]
    writer.may_write(info.name, info.ghost, info.guard, target)
    step = scope.step
    writer.touch(step, info.name, info.ghost)
    old = read(step, info.name, (binder,), info.sort, False)
    new = term(scope, value)
    if op is not None:
        new = (add if isinstance(op, ast.Add) else sub)(old, new)
    new = writer.fit(new, info.sort, target)
    bad = out_of_sort(info.sort, new)
    if bad != FALSE:
        raise writer.error(
            "PS209",
            f"a quantified update of {info.name!r} could leave its sort",
            target,
            "use assignments of constants, or a loop with a step per member",
        )
    step.writes.append(Write(info.name, (binder,), new, (binder,), where))
