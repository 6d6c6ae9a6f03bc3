"""Statements cut into their accesses, and atomic blocks into their statements.

In a variant that does not take a block for atomic, or that has no lock to guard some fields, every
read and write of a cell is a step of its own: what a statement reads is moved into locals before
it, in the order of evaluation, and only as far as Python would read it.  ``m.x[p] += 1`` becomes a
read and a write; ``any(...)`` and ``all(...)`` become loops over the members, in any order; a
``wait_until`` of several cells becomes a loop that reads them one by one.  What cannot be cut (a
derived predicate that reads several cells, ``count(...)``) stays one step, and the compiled variant
says so.
"""

import ast
import copy
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from pagestate.lang.changes import Cut
from pagestate.lang.functions import Function
from pagestate.lang.source import (
    Source,
    build_source,
    definition,
    forget_names,
    node_span,
    source_of,
)
from pagestate.lang.statements import bug_on, choose, either, wait_until, warn_on

Placed = TypeVar("Placed", bound=ast.AST)


def is_cut(function: Function, cut: Cut) -> bool:
    """Whether an atomic function is to be executed statement by statement."""
    if not cut.blocks or function.kind != "atomic":
        return False
    file, node = definition(function.fn)
    return node_span(file, node) in cut.blocks


def cut_source(declared: Function, cut: Cut) -> Source:
    """The source of a thread, an inline function or a cut one, as ``cut`` says.

    Raises ModelError PS204, PS218, PS219.
    """
    stepwise = declared.kind in ("thread", "inline") or is_cut(declared, cut)
    return _cut(declared.fn, cut) if cut and stepwise else source_of(declared.fn)


@cache
def _cut(fn: Callable[..., Any], cut: Cut) -> Source:
    file, node = definition(fn)
    kind = "inline" if node_span(file, node) in cut.blocks else ""

    def prepare(source: Source, body: list[ast.stmt]) -> list[ast.stmt]:
        return _opened(copy.deepcopy(body), source, cut)

    made = build_source(fn, file, node, kind, prepare)
    made.tree.body = _Cutter(made, cut).block(made.tree.body)
    forget_names(made)
    return made


def _opened(body: list[ast.stmt], source: Source, cut: Cut) -> list[ast.stmt]:
    """``body`` with the statements of cut blocks in place of the blocks."""
    found = list[ast.stmt]()
    for stmt in body:
        for name in ("body", "orelse"):
            if hasattr(stmt, name):
                setattr(stmt, name, _opened(getattr(stmt, name), source, cut))
        inside = isinstance(stmt, ast.With) and source.span(stmt) in cut.blocks
        found += stmt.body if inside and isinstance(stmt, ast.With) else [stmt]
    return found


class _Cutter:
    """Cuts the statements of one function; what it adds stands where the statement stood."""

    def __init__(self, source: Source, cut: Cut) -> None:
        self.source, self.cut = source, cut
        self.count = 0
        self.scans = {n.lineno for n in ast.walk(source.tree) if isinstance(n, ast.For)}

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        return [new for stmt in body for new in self.statement(stmt)]

    def statement(self, stmt: ast.stmt) -> list[ast.stmt]:
        match stmt:
            case ast.If(test=test, body=body, orelse=orelse):
                before, test = self.lifted(stmt, test)
                made = ast.If(test, self.block(body), self.block(orelse))
                return [*before, ast.copy_location(made, stmt)]
            case ast.While(test=test, body=body):
                before, test = self.lifted(stmt, test)
                inner = self.block(body)
                if not before:
                    return [ast.copy_location(ast.While(test, inner, []), stmt)]
                leave = self.placed(ast.If(_not(test), [self.placed(ast.Break(), test)], []), test)
                inner = [*before, leave, *inner]
                return [
                    self.placed(ast.While(self.placed(ast.Constant(True), stmt), inner, []), stmt)
                ]
            case ast.For(target=target, iter=over, body=body):
                return [ast.copy_location(ast.For(target, over, self.block(body), []), stmt)]
            case ast.Assign(targets=[target], value=value) if not self.is_choice(value):
                if self.accesses(target) + self.accesses(value) < 2 or not self.concerns(stmt):
                    return [stmt]
                before = list[ast.stmt]()
                if not isinstance(target, ast.Name) or self.accesses(value) > 1:
                    value = self.lift(value, before)
                return [
                    *before,
                    ast.copy_location(ast.Assign([self.place(target, before)], value), stmt),
                ]
            case ast.AugAssign(target=target, op=op, value=value):
                return self.augmented(stmt, target, op, value)
            case ast.Return(value=ast.expr() as value):
                before, value = self.lifted(stmt, value)
                return [*before, ast.copy_location(ast.Return(value), stmt)]
            case ast.Expr(value=ast.Call(func=func, args=[test]) as call):
                known = self.source.lookup(func)
                if known not in (wait_until, bug_on, warn_on):
                    return [stmt]
                before, test = self.lifted(stmt, test)
                if not before:
                    return [stmt]
                if known is wait_until:
                    leave = self.placed(ast.If(test, [self.placed(ast.Break(), test)], []), test)
                    loop = ast.While(self.placed(ast.Constant(True), stmt), [*before, leave], [])
                    return [self.placed(loop, stmt)]
                said = ast.copy_location(ast.Call(call.func, [test], []), call)
                return [*before, ast.copy_location(ast.Expr(said), stmt)]
            case _:
                return [stmt]

    def augmented(
        self, stmt: ast.stmt, target: ast.expr, op: ast.operator, value: ast.expr
    ) -> list[ast.stmt]:
        """``target += value``: read, then write."""
        shared = not isinstance(target, ast.Name) and self.accesses(target) > 0
        if not self.concerns(stmt) or (not shared and self.accesses(value) < 2):
            return [stmt]
        before = list[ast.stmt]()
        target = self.place(target, before)
        old: ast.expr = _load(target)
        if shared:
            old = self.kept(old, before)
        value = self.lift(value, before)
        changed = self.placed(ast.BinOp(old, op, value), stmt)
        return [*before, self.placed(ast.Assign([target], changed), stmt)]

    def place(self, target: ast.expr, before: list[ast.stmt]) -> ast.expr:
        """What is assigned to, its index read before."""
        if isinstance(target, ast.Subscript) and self.accesses(target.slice):
            index = self.lift(target.slice, before)
            return ast.copy_location(ast.Subscript(target.value, index, ast.Store()), target)
        return target

    def lifted(self, stmt: ast.stmt, test: ast.expr) -> tuple[list[ast.stmt], ast.expr]:
        """A condition or value that is cut if it makes several accesses."""
        before = list[ast.stmt]()
        if self.accesses(test) > 1 and self.concerns(test):
            test = self.lift(test, before)
        return before, test

    # ----------------------------------------------------------------------- what is cut

    def concerns(self, node: ast.AST) -> bool:
        """Whether ``node`` is in a block that is cut, or touches a field whose lock is gone."""
        return self.cut.inside(self.source.span(node)) or any(
            self.field(n) in self.cut.freed for n in ast.walk(node)
        )

    def field(self, node: ast.AST) -> str:
        """The field of the state that ``node`` names, if it does and that is an access."""
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == self.source.state
            and node.attr in self.cut.fields
        ):
            return node.attr
        return ""

    def accesses(self, node: ast.AST) -> int:
        """How many accesses an expression makes, at least; two stand for several."""
        if isinstance(node, ast.Call) and self.is_unit(node):
            return 1 if self.quantifier(node) is None else 2
        if self.field(node):
            return 1
        return sum(self.accesses(child) for child in ast.iter_child_nodes(node))

    def is_unit(self, node: ast.Call) -> bool:
        """Whether a call reads the state: a quantifier, or a predicate or function of the model."""
        state = self.source.state
        return any(isinstance(n, ast.Name) and n.id == state for n in ast.walk(node))

    def is_choice(self, node: ast.expr) -> bool:
        """``choose(...)`` or ``either()``."""
        return isinstance(node, ast.Call) and self.source.lookup(node.func) in (choose, either)

    def quantifier(self, node: ast.Call) -> tuple[bool, ast.GeneratorExp] | None:
        """Of ``any(...)`` and ``all(...)`` about fields: what decides it, and over what it goes."""
        known, args = self.source.lookup(node.func), node.args
        if known not in (any, all) or len(args) != 1 or not isinstance(args[0], ast.GeneratorExp):
            return None
        body = [args[0].elt, *args[0].generators[0].ifs]
        return (known is any, args[0]) if any(self.accesses(n) for n in body) else None

    # ----------------------------------------------------------------------- reads, one by one

    def lift(self, node: ast.expr, before: list[ast.stmt]) -> ast.expr:
        """``node`` without accesses; ``before`` gets the statements that make them."""
        if not self.accesses(node):
            return node
        match node:
            case ast.BoolOp(op=op, values=values):
                return self.shortened(node, op, values, before)
            case ast.IfExp(test=test, body=a, orelse=b):
                name = self.fresh()
                test = self.lift(test, before)
                first, other = list[ast.stmt](), list[ast.stmt]()
                first.append(self.assign(name, self.lift(a, first), a))
                other.append(self.assign(name, self.lift(b, other), b))
                before.append(self.placed(ast.If(test, first, other), node))
                return self.placed(ast.Name(name, ast.Load()), node)
            case ast.Call() if self.quantifier(node) is not None and self.alone(node):
                return self.scanned(node, before)
            case ast.Call():
                return self.kept(node, before)
            case ast.Attribute():
                return self.kept(node, before)
            case ast.Subscript(value=value, slice=index) if self.field(value):
                index = self.lift(index, before)
                read = ast.copy_location(ast.Subscript(value, index, ast.Load()), node)
                return self.kept(read, before)
            case ast.UnaryOp(op=unary, operand=operand):
                made: ast.expr = ast.UnaryOp(unary, self.lift(operand, before))
            case ast.BinOp(left=left, op=binary, right=right):
                left = self.lift(left, before)
                made = ast.BinOp(left, binary, self.lift(right, before))
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                left = self.lift(left, before)
                made = ast.Compare(left, ops, [self.lift(c, before) for c in comparators])
            case _:
                return self.kept(node, before)
        return ast.copy_location(made, node)

    def shortened(
        self, node: ast.expr, op: ast.boolop, values: list[ast.expr], before: list[ast.stmt]
    ) -> ast.expr:
        """``a and b``: ``b`` is read only where ``a`` has not decided."""
        name = self.fresh()
        stmts = before
        for number, value in enumerate(values):
            stmts.append(self.assign(name, self.lift(value, stmts), value))
            if number + 1 < len(values):
                more = list[ast.stmt]()
                so_far: ast.expr = self.placed(ast.Name(name, ast.Load()), value)
                if isinstance(op, ast.Or):
                    so_far = _not(so_far)
                stmts.append(self.placed(ast.If(so_far, more, []), value))
                stmts = more
        return self.placed(ast.Name(name, ast.Load()), node)

    def alone(self, node: ast.Call) -> bool:
        """Whether no other loop stands on the line of a quantifier; loops go by their lines."""
        clause = node.args[0].generators if isinstance(node.args[0], ast.GeneratorExp) else []
        single = len(clause) == 1 and isinstance(clause[0].target, ast.Name)
        return single and node.lineno not in self.scans

    def scanned(self, node: ast.Call, before: list[ast.stmt]) -> ast.expr:
        """``any(...)`` as a loop that ends where it is decided."""
        found = self.quantifier(node)
        assert found is not None
        wanted, generator = found
        self.scans.add(node.lineno)
        clause, name, member = generator.generators[0], self.fresh(), self.fresh()
        assert isinstance(clause.target, ast.Name)
        renamed = _Renamed(clause.target.id, member)
        hit: ast.expr = renamed.visit(copy.deepcopy(generator.elt))
        if not wanted:
            hit = _not(hit)
        inner = list[ast.stmt]()
        decided = [self.assign(name, ast.Constant(wanted), node), self.placed(ast.Break(), node)]
        body = inner
        for test in clause.ifs:
            more = list[ast.stmt]()
            condition = self.lift(renamed.visit(copy.deepcopy(test)), body)
            body.append(self.placed(ast.If(condition, more, []), test))
            body = more
        body.append(self.placed(ast.If(self.lift(hit, body), decided, []), generator.elt))
        target = self.placed(ast.Name(member, ast.Store()), clause.target)
        before.append(self.assign(name, ast.Constant(not wanted), node))
        before.append(self.placed(ast.For(target, clause.iter, inner, []), node))
        return self.placed(ast.Name(name, ast.Load()), node)

    def kept(self, node: ast.expr, before: list[ast.stmt]) -> ast.expr:
        """``node`` read into a local before the statement."""
        name = self.fresh()
        before.append(self.assign(name, node, node))
        return self.placed(ast.Name(name, ast.Load()), node)

    def fresh(self) -> str:
        self.count += 1
        return f"_at{self.count}"

    def assign(self, name: str, value: ast.expr, where: ast.AST) -> ast.stmt:
        target = self.placed(ast.Name(name, ast.Store()), where)
        return self.placed(ast.Assign([target], self.placed(value, where)), where)

    def placed(self, node: Placed, where: ast.AST) -> Placed:
        """``node`` standing where ``where`` stands, unless it has a place."""
        return node if hasattr(node, "lineno") else ast.copy_location(node, where)


class _Renamed(ast.NodeTransformer):
    """Another name for the member of a quantifier."""

    def __init__(self, old: str, new: str) -> None:
        self.old, self.new = old, new

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id != self.old:
            return node
        return ast.copy_location(ast.Name(self.new, node.ctx), node)


def _not(node: ast.expr) -> ast.expr:
    return ast.copy_location(ast.UnaryOp(ast.Not(), node), node)


def _load(node: ast.expr) -> ast.expr:
    """An assignment's target as something to read."""
    made = copy.copy(node)
    if isinstance(made, ast.Subscript | ast.Attribute | ast.Name):
        made.ctx = ast.Load()
    return made
