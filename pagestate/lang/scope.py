"""Where an expression of a step is evaluated: the step so far, the names in reach."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import FunctionType
from typing import Any

from pagestate.core.expr import (
    FALSE,
    Expr,
    Op,
    Param,
    Read,
    conj,
    eq,
    ite,
    substitute,
)
from pagestate.core.sorts import Sort
from pagestate.core.system import Write
from pagestate.lang.changes import Met
from pagestate.lang.diagnostics import ModelError, near
from pagestate.lang.functions import Function
from pagestate.lang.layout import FieldInfo, Layout
from pagestate.lang.source import Source


@dataclass
class Step:
    """One path through a step, while it is being executed symbolically.

    ``env`` holds the locals changed so far (qualified names), ``writes`` the stores so far,
    ``cond`` the branch conditions, ``params`` the choices made, all over the state before it.
    ``touched`` lists the accesses to shared fields (a quantifier over them counts twice).
    ``nones`` says with which choices which value, if none, was used as an index, and when.
    ``asked`` is the local that got the result of the step's atomic call, if that is not constant.
    ``takes`` is the lock that is acquired; ``expect_dead`` why the step may never be taken; ``met``
    are the places of the source that it depends on.
    """

    env: dict[str, Expr] = field(default_factory=dict)
    cond: list[Expr] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    params: list[Param] = field(default_factory=list)
    accessed: bool = False
    touched: list[str] = field(default_factory=list)
    nones: list[tuple[tuple[Param, ...], Expr, Expr]] = field(default_factory=list)
    met: list[Met] = field(default_factory=list)
    fault: str = ""
    note: str = ""
    text: str = ""
    asked: str = ""
    takes: str = ""
    expect_dead: str = ""
    node: ast.AST | None = None
    source: Source | None = None
    src: str = ""
    calls: tuple[str, ...] = ()

    def copy(self) -> "Step":
        """An independent copy, for a branch."""
        return replace(
            self,
            env=dict(self.env),
            cond=list(self.cond),
            writes=list(self.writes),
            params=list(self.params),
            touched=list(self.touched),
            nones=list(self.nones),
            met=list(self.met),
        )

    def assume(self, condition: Expr) -> bool:
        """Add a branch condition; false if the path is now impossible."""
        self.cond.append(condition)
        return conj(*self.cond) != FALSE


@dataclass(frozen=True)
class Scope:
    """Where an expression is evaluated: its function, how to find locals, the valuation.

    ``local`` gives the term of a local name, or None.  ``primed`` names the state parameter whose
    reads are those after the step (step properties).  ``ghosts``: ghost fields may be read.
    ``bulk``: the member and the fields of the quantified update around the expression.
    ``calling``: the derived predicates being put in.  ``idle``: what ``idle(thread)`` means, by the
    name of the thread (in properties only).
    """

    source: Source
    layout: Layout
    valuation: Mapping[str, bool | str | int]
    step: Step
    local: Callable[[str], Expr | None]
    anchor: Callable[[Expr, ast.AST], Expr]
    ghosts: bool = False
    primed: str = ""
    bulk: tuple[Param, frozenset[str]] | None = None
    calling: tuple[ast.AST, ...] = ()
    idle: Mapping[str, Expr] = field(default_factory=dict)

    def error(self, code: str, message: str, node: ast.AST, hint: str = "") -> ModelError:
        """A diagnostic at ``node``."""
        return ModelError(code, message, self.source.span(node), hint)


def bad_call(scope: Scope, node: ast.Call) -> ModelError:
    """The diagnostic for a call that means nothing in the language."""
    callee = scope.source.lookup(node.func)
    if callee is None and isinstance(node.func, ast.Name):
        known = [n for n, value in scope.source.names.items() if isinstance(value, Function)]
        name = node.func.id
        return scope.error("PS204", f"unknown function {name!r}", node.func, near(name, known))
    if isinstance(callee, FunctionType) and not callee.__module__.startswith("pagestate.lang"):
        return scope.error(
            "PS202",
            f"{callee.__name__}() is a plain Python function",
            node,
            "decorate it: @atomic (one step), @inline (its steps are the caller's), @derived",
        )
    return scope.error(
        "PS202",
        "this call is outside the language",
        node,
        "see docs/language.md for what a model can call",
    )


def is_state(scope: Scope, node: ast.AST) -> bool:
    """Whether ``node`` is the state parameter (or one of the two of a step property)."""
    return isinstance(node, ast.Name) and node.id in (scope.source.state, scope.primed)


def field_of(scope: Scope, node: ast.expr) -> tuple[FieldInfo, ast.expr | None] | None:
    """The field that ``m.f`` or ``m.f[p]`` names, and its index.  Raises PS205, PS206."""
    index: ast.expr | None = None
    target = node
    if isinstance(node, ast.Subscript):
        target, index = node.value, node.slice
    if not isinstance(target, ast.Attribute) or not is_state(scope, target.value):
        return None
    info = scope.layout.fields.get(target.attr)
    if info is None:
        if target.attr in scope.layout.members or target.attr in scope.layout.derived:
            return None
        if target.attr in scope.layout.locks:
            raise scope.error("PS202", f"{target.attr!r} is a lock; use the lock functions", node)
        raise scope.error(
            "PS205",
            f"the state has no field {target.attr!r}",
            node,
            near(target.attr, scope.layout.names()),
        )
    if (index is None) != (info.index is None):
        wanted = f"needs an index: {info.name}[{info.index}]" if info.index else "has no index"
        raise scope.error("PS206", f"field {info.name!r} {wanted}", node)
    return info, index


def read(step: Step, info_name: str, index: tuple[Expr, ...], sort: Any, primed: bool) -> Expr:
    """The value of a cell at this point of the step: earlier writes of the step seen."""
    value: Expr = Read(info_name, index, sort, primed)
    if primed:
        return value
    for write in step.writes:
        if write.var != info_name:
            continue
        if write.binders:
            binding: dict[Param, Expr] = dict(zip(write.binders, index, strict=True))
            value = ite(substitute(write.where, binding), substitute(write.value, binding), value)
        else:
            same = conj(*(eq(i, j) for i, j in zip(index, write.index, strict=True)))
            value = ite(same, write.value, value)
    if isinstance(value, Op) and value.op == "ite":  # of a value and what was there: the field's
        value = replace(value, sort=sort)
    return value


def bound(name: str, node: ast.AST, sort: Sort) -> Param:
    """The variable of a quantifier, named apart from all choices of a step."""
    return Param(f"{name}:{getattr(node, 'lineno', 0)}:{getattr(node, 'col_offset', 0)}", sort)


def is_binder(term: Expr) -> bool:
    """Whether ``term`` is a variable of a quantifier."""
    return isinstance(term, Param) and term.name.count(":") == 2


def with_local(scope: Scope, target: ast.expr, value: Expr) -> Scope:
    """The scope with one more name bound."""
    assert isinstance(target, ast.Name)
    outer = scope.local
    return replace(scope, local=lambda n: value if n == target.id else outer(n))
