"""Rewrites a model's functions to plain Python that runs one step at a time.

The same syntax trees as in :mod:`pagestate.lang.machine`, by another road: statements keep their
line numbers, so that a debugger stops in the user's file.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pagestate.lang.compile import Compiled
from pagestate.lang.cutting import cut_source, is_cut
from pagestate.lang.declare import Switch
from pagestate.lang.functions import Atomic, Function, atomic
from pagestate.lang.layout import Layout
from pagestate.lang.outcomes import outcome_key
from pagestate.lang.runtime import Boundary, Runtime
from pagestate.lang.source import Source, source_of
from pagestate.lang.state import DataSpec, Index, Members, members
from pagestate.lang.statements import (
    LOCK_OPERATIONS,
    bug_on,
    choose,
    either,
    expect_dead,
    idle,
    wait_until,
    warn_on,
)

RT, BOUNDARY = "__runtime", "__Boundary"


@dataclass
class Library:
    """The compiled functions of one running model; ``idle`` tells threads that are not at work."""

    compiled: Compiled
    runtime: Runtime
    sizes: Mapping[str, int]
    layout: Layout
    readers: frozenset[str]
    idle: Callable[[str], bool]
    made: dict[tuple[int, bool], Callable[..., Any]] = field(default_factory=dict)

    def function(self, declared: Function, stepwise: bool = True) -> Callable[..., Any]:
        """The runnable form of a declared function; threads and inlines become generators.

        So do atomic functions that are cut, where they are called ``stepwise``.
        """
        cut = stepwise and is_cut(declared, self.layout.cut)
        key = (id(declared.fn), cut)
        if key not in self.made:
            if cut or declared.kind in ("thread", "inline"):
                self.made[key] = self.rewritten(cut_source(declared, self.layout.cut), True)
            else:
                run = self.build(declared.fn, declared.kind)
                self.made[key] = self.guarded(run) if declared.kind == "atomic" else run
        return self.made[key]

    def guarded(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """An atomic function: one access, however many it makes inside."""
        runtime = self.runtime

        def call(*args: Any) -> Any:
            runtime.touch()
            runtime.depth += 1
            try:
                return run(*args)
            finally:
                runtime.depth -= 1

        return call

    def build(self, fn: Callable[..., Any], kind: str) -> Callable[..., Any]:
        """Rewrite and compile one function."""
        return self.rewritten(source_of(fn), kind in ("inline", "thread"))

    def rewritten(self, source: Source, steps: bool) -> Callable[..., Any]:
        """Rewrite and compile a source; with ``steps`` it becomes a generator."""
        body_of = [_copied(stmt) for stmt in source.tree.body]
        names: dict[str, Any] = {**source.names, RT: self.runtime, BOUNDARY: Boundary}
        rewriter = _Rewriter(self, source, names, steps)
        body = rewriter.block(body_of)
        if rewriter.steps:
            never = ast.If(ast.Constant(False), [ast.Expr(ast.Yield(None))], [])
            body.append(never)
        arguments = ast.arguments(
            posonlyargs=[],
            args=[ast.arg(a.arg) for a in source.tree.args.args],
            kwonlyargs=[],
            kw_defaults=[],
            defaults=[],
        )
        function = ast.FunctionDef(source.name, arguments, body or [ast.Pass()], [], None)
        ast.copy_location(function, source.tree)
        module = ast.Module([function], [])
        _place(module, source.tree)
        exec(compile(module, source.file, "exec"), names)
        made: Callable[..., Any] = names[source.name]
        return made

    def members(self, cls: type[Index]) -> Members[Index]:
        """All members of an index class."""
        return Members(cls, self.sizes.get(cls.__name__.lower(), 0))


Node = TypeVar("Node", bound=ast.AST)


def _copied(node: Node) -> Node:
    """A copy of a tree; several times as fast as the general ``copy.deepcopy``."""
    new = type(node).__new__(type(node))
    for name, value in vars(node).items():
        if isinstance(value, ast.AST):
            value = _copied(value)
        elif isinstance(value, list):
            value = [_copied(v) if isinstance(v, ast.AST) else v for v in value]
        setattr(new, name, value)
    return new


def _place(node: ast.AST, default: ast.AST) -> None:
    """Give new nodes the position of the statement around them."""
    for child in ast.iter_child_nodes(node):
        if not hasattr(child, "lineno") and "lineno" in child._attributes:
            ast.copy_location(child, default)
        _place(child, child if hasattr(child, "lineno") else default)


class _Rewriter(ast.NodeTransformer):
    """Rewrites a body: names of the model to runnable ones, statements to retriable steps."""

    def __init__(
        self, library: Library, source: Source, names: dict[str, Any], steps: bool
    ) -> None:
        self.library, self.source, self.names, self.steps = library, source, names, steps
        self.count = 0
        self.locals = {a.arg for a in source.tree.args.args} | source.assigned

    def fresh(self, value: Any = None) -> str:
        """A new name, bound to ``value``."""
        self.count += 1
        name = f"__v{self.count}"
        if value is not None:
            self.names[name] = value
        return name

    # ------------------------------------------------------------------------- names

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if isinstance(node.ctx, ast.Load) and node.id not in self.locals:
            return self.resolved(node)
        return node

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        outside = self.locals
        bound = {
            n.id for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)
        }
        self.locals = outside | bound
        found = self.generic_visit(node)
        self.locals = outside
        return found

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        root: ast.expr = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and root.id not in self.locals:
            return self.resolved(node)
        return self.generic_visit(node)

    def resolved(self, node: ast.expr) -> ast.AST:
        """A global name: functions of the model and switches are replaced."""
        value = self.source.lookup(node)
        if isinstance(value, Switch) and value.name in self.library.compiled.valuation:
            chosen = self.library.compiled.valuation[value.name]
            return ast.copy_location(ast.Constant(chosen), node)
        if isinstance(value, Function):
            return self.named(self.library.function(value, self.steps), node)
        return node

    def named(self, value: Any, node: ast.AST) -> ast.Name:
        """A reference to a runtime object."""
        return ast.copy_location(ast.Name(self.fresh(value), ast.Load()), node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        callee = self.source.lookup(node.func) if self.is_global(node.func) else None
        runtime = self.library.runtime
        simple = {wait_until: runtime.wait_until, bug_on: runtime.bug_on, warn_on: runtime.warn_on}
        for known, runs in simple.items():
            if callee is known:
                tests = [self.loose(a) for a in node.args] if known is wait_until else node.args
                args = [self.visit(a) for a in tests]
                return ast.copy_location(ast.Call(self.named(runs, node), args, []), node)
        if callee is idle:
            name = getattr(self.source.lookup(node.args[0]), "name", "")
            args = [ast.Constant(name)]
            return ast.copy_location(ast.Call(self.named(self.library.idle, node), args, []), node)
        if callee is members:
            args = [self.visit(a) for a in node.args]
            call = ast.Call(self.named(self.library.members, node), args, [])
            return ast.copy_location(call, node)
        if callee is either:
            return self.choice(f"either:{node.lineno}", ast.Tuple(
                [ast.Constant(False), ast.Constant(True)], ast.Load()
            ), node)  # fmt: skip
        name = getattr(callee, "__name__", "")
        if name in LOCK_OPERATIONS and callee is not None:
            verb = LOCK_OPERATIONS[name][1]
            taken = node.args[0]
            if isinstance(taken, ast.Attribute) and (
                taken.attr in self.library.layout.changes.unlocked
            ):
                return ast.copy_location(ast.Constant(None), node)
            lock = self.visit(node.args[0])
            if name == "down_write":
                has = isinstance(node.args[0], ast.Attribute) and (
                    node.args[0].attr in self.library.readers
                )
                write = ast.Attribute(lock, "lock_write", ast.Load())
                return ast.YieldFrom(ast.Call(write, [ast.Constant(has)], []))
            return ast.copy_location(ast.Call(ast.Attribute(lock, verb, ast.Load()), [], []), node)
        return self.generic_visit(node)

    def is_global(self, node: ast.expr) -> bool:
        root = node
        while isinstance(root, ast.Attribute):
            root = root.value
        return isinstance(root, ast.Name) and root.id not in self.locals

    def choice(self, key: str, options: ast.expr, node: ast.AST) -> ast.Call:
        """A call of ``runtime.choose``."""
        function = self.named(self.library.runtime.choose, node)
        return ast.copy_location(ast.Call(function, [ast.Constant(key), options], []), node)

    # ------------------------------------------------------------------------- statements

    def block(self, body: "list[ast.stmt]") -> list[ast.stmt]:
        """Statements rewritten one by one."""
        return [new for stmt in body for new in self.statement(stmt)]

    def statement(self, stmt: ast.stmt) -> list[ast.stmt]:
        """One statement; in threads and inlines each becomes retriable."""
        match stmt:
            case ast.If(test=test, body=body, orelse=orelse):
                before, name = self.tested(test)
                then, other = self.block(body) or [ast.Pass()], self.block(orelse)
                return [*before, ast.copy_location(ast.If(name, then, other), stmt)]
            case ast.While(test=test, body=body):
                before, name = self.tested(test)
                leave = ast.If(ast.UnaryOp(ast.Not(), name), [ast.Break()], [])
                inner = [*before, leave, *self.block(body)]
                return [ast.copy_location(ast.While(ast.Constant(True), inner, []), stmt)]
            case ast.For(target=target, iter=over, body=body) if self.steps:
                return self.scan(stmt, target, over, body)
            case ast.For(target=target, iter=over, body=body):
                loop = ast.For(target, self.visit(over), self.block(body) or [ast.Pass()], [])
                return [ast.copy_location(loop, stmt)]
            case ast.With(body=body, items=[item]) if self.is_atomic(item.context_expr):
                return self.atomic_block(stmt, body)
            case ast.Return(value=ast.expr() as value):
                before, name = self.tested(value)
                return [*before, ast.copy_location(ast.Return(name), stmt)]
            case ast.Assign(targets=[ast.Name() as target], value=ast.Call() as call) if (
                self.is_global(call.func) and self.source.lookup(call.func) in (choose, either)
            ):
                key = f"{target.id}:{call.lineno}"
                booleans = ast.Tuple([ast.Constant(False), ast.Constant(True)], ast.Load())
                offered = call.args[0] if call.args else None
                shared = isinstance(offered, ast.GeneratorExp) and any(
                    self.reads(test) for test in offered.generators[0].ifs
                )
                options = booleans if offered is None else self.options(offered)
                chosen = self.choice(key, options, call)
                chosen.args.append(ast.Constant(shared))
                assign = ast.Assign([target], chosen)
                return self.retried(ast.copy_location(assign, stmt))
            case ast.Assign(targets=targets, value=ast.Call() as call) if self.inline(call):
                value = ast.YieldFrom(self.visit(call))
                return [ast.copy_location(ast.Assign(targets, value), stmt)]
            case ast.Expr(value=ast.Call() as call) if self.inline(call):
                return [ast.copy_location(ast.Expr(ast.YieldFrom(self.visit(call))), stmt)]
            case ast.Expr(value=ast.Call(func=func)) if self.source.lookup(func) is expect_dead:
                return []
            case ast.Break() | ast.Continue() | ast.Pass() | ast.Return():
                return [stmt]
            case _:
                return self.retried(self.visit(stmt))

    def reads(self, node: ast.AST) -> bool:
        """Whether an expression reads the state, in this valuation of the switches."""
        if isinstance(node, ast.BoolOp):
            for value in node.values:
                switch = self.source.lookup(value)
                chosen = self.library.compiled.valuation.get(getattr(switch, "name", ""))
                if isinstance(switch, Switch) and chosen == isinstance(node.op, ast.Or):
                    return False
                if self.reads(value):
                    return True
            return False
        if isinstance(node, ast.Name):
            return node.id == self.source.state
        return any(self.reads(child) for child in ast.iter_child_nodes(node))

    def options(self, node: ast.expr) -> ast.expr:
        """What ``choose`` chooses from, as something to iterate over."""
        found = self.source.lookup(node) if self.is_global(node) else None
        if isinstance(node, ast.GeneratorExp):
            for clause in node.generators:
                clause.ifs = [self.loose(test) for test in clause.ifs]
        if isinstance(found, DataSpec):
            sort = found.sort
            low, high = getattr(sort, "lo", 0), getattr(sort, "hi", 0)
            return self.named(range(low, high + 1), node)
        made = self.visit(node)
        assert isinstance(made, ast.expr)
        return made

    def inline(self, call: ast.Call) -> bool:
        """Whether a call is to an inline function."""
        callee = self.source.lookup(call.func) if self.is_global(call.func) else None
        if not isinstance(callee, Function):
            return False
        return callee.kind == "inline" or (self.steps and is_cut(callee, self.library.layout.cut))

    def is_atomic(self, node: ast.expr) -> bool:
        """Whether ``node`` is ``atomic(...)``."""
        return isinstance(node, ast.Call) and self.source.lookup(node.func) in (atomic, Atomic)

    def tested(self, test: ast.expr) -> tuple[list[ast.stmt], ast.expr]:
        """A test evaluated into a name of its own, so that it can be retried."""
        new = self.visit(self.loose(test))
        if not self.steps:
            return [], new
        name = self.fresh()
        assign = ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], new), test)
        return self.retried(assign), ast.copy_location(ast.Name(name, ast.Load()), test)

    def loose(self, test: ast.expr) -> ast.expr:
        """A test in which what this variant ignores comes out as the schedule says."""
        if not self.library.layout.changes.ignored:
            return test
        match test:
            case ast.BoolOp(op=op, values=values):
                return ast.copy_location(ast.BoolOp(op, [self.loose(v) for v in values]), test)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return ast.copy_location(ast.UnaryOp(ast.Not(), self.loose(operand)), test)
            case _ if self.source.span(test) in self.library.layout.changes.ignored:
                outcome = self.named(self.library.runtime.outcome, test)
                key = ast.Constant(outcome_key(test))
                return ast.copy_location(ast.Call(outcome, [key, test], []), test)
            case _:
                return test

    def retried(self, stmt: ast.stmt) -> list[ast.stmt]:
        """``stmt``, run again after a pause if it did not belong to the step."""
        if not self.steps:
            return [stmt]
        begin = ast.Expr(
            ast.Call(ast.Attribute(ast.Name(RT, ast.Load()), "begin", ast.Load()), [], [])
        )
        handler = ast.ExceptHandler(
            ast.Name(BOUNDARY, ast.Load()), None, [ast.Expr(ast.Yield(None))]
        )
        attempt = ast.Try([stmt], [handler], [ast.Break()], [])
        loop = ast.While(ast.Constant(True), [begin, attempt], [])
        return [ast.copy_location(loop, stmt)]

    def scan(
        self, stmt: ast.For, target: ast.expr, over: ast.expr, body: "list[ast.stmt]"
    ) -> list[ast.stmt]:
        """A loop over members, one visited member per iteration, as the schedule picks them."""
        assert isinstance(target, ast.Name)
        seen = self.fresh()
        fresh_set = ast.Assign(
            [ast.Name(seen, ast.Store())],
            ast.Set([ast.Starred(ast.Tuple([], ast.Load()), ast.Load())]),
        )
        pick = ast.Call(
            self.named(self.library.runtime.pick, stmt),
            [
                ast.Constant(f"{target.id}:{stmt.lineno}"),
                self.visit(over),
                ast.Name(seen, ast.Load()),
            ],
            [],
        )
        assign = ast.copy_location(ast.Assign([target], pick), stmt)
        nothing = ast.Compare(ast.Name(target.id, ast.Load()), [ast.Is()], [ast.Constant(None)])
        leave = ast.If(nothing, [ast.Break()], [])
        inner = [*self.retried(assign), leave, *self.block(body)]
        loop = ast.copy_location(ast.While(ast.Constant(True), inner, []), stmt)
        return [ast.copy_location(fresh_set, stmt), loop]

    def atomic_block(self, stmt: ast.With, body: "list[ast.stmt]") -> list[ast.stmt]:
        """``with atomic():`` as one retriable statement."""
        steps, self.steps = self.steps, False
        inner = self.block(body)
        self.steps = steps
        if not steps:
            return inner
        runtime = ast.Name(RT, ast.Load())
        touch = ast.Expr(ast.Call(ast.Attribute(runtime, "touch", ast.Load()), [], []))
        depth = ast.Attribute(runtime, "depth", ast.Store())
        enter = ast.AugAssign(depth, ast.Add(), ast.Constant(1))
        leave = ast.AugAssign(depth, ast.Sub(), ast.Constant(1))
        block = ast.If(ast.Constant(True), [touch, enter, ast.Try(inner, [], [], [leave])], [])
        return self.retried(ast.copy_location(block, stmt))
