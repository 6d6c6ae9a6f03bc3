"""The syntax trees of a model's functions, brought into a simpler shape.

Calls to ``@inline`` and ``@atomic`` functions are moved out of expressions into assignments to
temporaries of their own, in evaluation order; a ``while`` whose test has such a call becomes a
loop with the test inside.  Line numbers stay the user's.
"""

import ast
import builtins
import copy
import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from pagestate.core.span import Span
from pagestate.lang.diagnostics import ModelError
from pagestate.lang.functions import Function, atomic
from pagestate.lang.statements import bug_on, wait_until, warn_on


@dataclass(frozen=True, eq=False)
class Source:
    """A function of a model: normalised body, the names it sees, its parameters.

    ``state`` is the name of the first parameter; ``args`` are the others with their types.
    """

    name: str
    file: str
    tree: ast.FunctionDef
    names: Mapping[str, Any]
    state: str
    args: tuple[tuple[str, Any], ...]

    @property
    def locals(self) -> frozenset[str]:
        """The names the function assigns, and its arguments."""
        return self.assigned | {name for name, _ in self.args}

    @property
    def src(self) -> str:
        """The kernel function that it models, as far as it says so."""
        src = getattr(self.names.get(self.name), "src", "")
        return src if isinstance(src, str) else ""

    def varies(self, node: ast.AST) -> bool:
        """Whether ``node`` is about the state, locals or members; else it is about constants."""
        return _varies(self, node)

    @cached_property
    def bound(self) -> frozenset[str]:
        """The names that quantifiers and choices bind."""
        return frozenset(
            n.id
            for generator in ast.walk(self.tree)
            if isinstance(generator, ast.comprehension)
            for n in ast.walk(generator.target)
            if isinstance(n, ast.Name)
        )

    @cached_property
    def assigned(self) -> frozenset[str]:
        """The names the function assigns; what a quantifier binds is not among them."""
        bound = {
            id(n)
            for generator in ast.walk(self.tree)
            if isinstance(generator, ast.comprehension)
            for n in ast.walk(generator.target)
        }
        return frozenset(
            n.id
            for n in ast.walk(self.tree)
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and id(n) not in bound
        )

    def span(self, node: ast.AST) -> Span:
        """Where ``node`` stands."""
        return node_span(self.file, node)

    def lookup(self, node: ast.AST) -> Any:
        """The object a name or dotted name refers to, or None."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        if isinstance(node, ast.Attribute):
            base = self.lookup(node.value)
            return None if base is None else getattr(base, node.attr, None)
        return None


def node_span(file: str, node: ast.AST) -> Span:
    """The span of a node that has a position."""
    line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
    end_line = getattr(node, "end_lineno", None) or line
    end_column = getattr(node, "end_col_offset", None)
    return Span(file, line, column, end_line, column if end_column is None else end_column + 1)


@cache
def _functions(text: str) -> Mapping[tuple[str, int], ast.FunctionDef]:
    """The functions in a file, by name and first line (that of the first decorator)."""
    return {
        (node.name, min([node.lineno, *(d.lineno for d in node.decorator_list)])): node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
    }


def source_of(fn: Callable[..., Any]) -> Source:
    """The source of a declared function.  Raises ModelError PS219, PS218."""
    file, node = definition(fn)
    return _source(fn, file, node)


def definition(fn: Callable[..., Any]) -> tuple[str, ast.FunctionDef]:
    """The file and the syntax tree of a declared function.  Raises ModelError PS219."""
    file = fn.__code__.co_filename
    try:
        functions = _functions(Path(file).read_text(encoding="utf-8"))
    except (OSError, SyntaxError) as error:
        raise ModelError("PS219", f"no source for {fn.__name__}: {error}") from None
    node = functions.get((fn.__name__, fn.__code__.co_firstlineno))
    if node is None:
        raise ModelError("PS219", f"no source for {fn.__name__} in {file}")
    return file, node


@cache
def _varies(source: Source, node: ast.AST) -> bool:
    return any(
        isinstance(n, ast.Name)
        and (n.id in source.locals or n.id == source.state or n.id in source.bound)
        for n in ast.walk(node)
    )


@cache
def _source(fn: Callable[..., Any], file: str, node: ast.FunctionDef) -> Source:
    return build_source(fn, file, node)


def build_source(
    fn: Callable[..., Any],
    file: str,
    node: ast.FunctionDef,
    kind: str = "",
    prepare: Callable[[Source, list[ast.stmt]], list[ast.stmt]] = lambda source, body: body,
) -> Source:
    """Make a source, as if the function were of ``kind`` (none: of its own).

    ``prepare`` changes the body before it is normalised.  Raises ModelError PS204, PS218.
    """
    closure = inspect.getclosurevars(fn).nonlocals
    names = {**vars(builtins), **fn.__globals__, **closure}
    span = node_span(file, node)
    plain = node.args
    if plain.vararg or plain.kwarg or plain.kwonlyargs or plain.defaults or not plain.args:
        raise ModelError(
            "PS218",
            f"{fn.__name__} must take the state and plain arguments",
            Span(file, span.line, span.column, span.line, span.column + 4),
            "no defaults, no *args, no keyword-only arguments",
        )
    try:
        hints = typing.get_type_hints(fn, localns=dict(closure))
    except NameError as error:
        raise ModelError("PS204", f"annotation of {fn.__name__}: {error}", span) from None
    args = tuple((a.arg, hints.get(a.arg)) for a in plain.args[1:])
    body = [s for s in node.body if not _is_docstring(s)]
    fresh = ast.FunctionDef(
        name=node.name, args=node.args, body=body, decorator_list=[], returns=None
    )
    ast.copy_location(fresh, node)
    found = Source(fn.__name__, file, fresh, names, plain.args[0].arg, args)
    _check_calls(found)
    own = getattr(names.get(fn.__name__), "kind", "")
    kind = kind or (own if isinstance(own, str) else "")
    fresh.body = _Normaliser(found, kind).block(prepare(found, body))
    forget_names(found)
    return found


def forget_names(source: Source) -> None:
    """Look for the names of a source again: its body is another one."""
    vars(source).pop("assigned", None)


def _check_calls(source: Source) -> None:
    """Arguments are given by position.  Raises PS218."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and source.lookup(node.func) is not atomic:
            starred = next((a for a in node.args if isinstance(a, ast.Starred)), None)
            wrong = starred or (node.keywords[0].value if node.keywords else None)
            if wrong is not None:
                raise ModelError(
                    "PS218",
                    "an argument that is not given by position",
                    source.span(wrong),
                    "write the arguments in the order of the declaration",
                )


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _tests_none(node: ast.AST) -> bool:
    return any(
        isinstance(n, ast.Compare) and any(_is_none(c) for c in (n.left, *n.comparators))
        for n in ast.walk(node)
    )


def _is_docstring(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


class _Normaliser:
    """Moves calls of model functions, and what is read only on a condition, out of expressions."""

    def __init__(self, source: Source, kind: str) -> None:
        self.source = source
        self.steps = kind in ("thread", "inline")
        self.in_atomic = kind == "atomic"
        self.count = 0
        self.locals = source.locals

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        return [new for stmt in body for new in self.statement(stmt)]

    def statement(self, stmt: ast.stmt) -> list[ast.stmt]:
        match stmt:
            case ast.If(test=test, body=body, orelse=orelse):
                before, test = self.hoist(test)
                new = ast.If(test=test, body=self.block(body), orelse=self.block(orelse))
                return [*before, ast.copy_location(new, stmt)]
            case ast.While(test=test, body=body, orelse=[]):
                before, test = self.hoist(test)
                if not before:
                    loop = ast.While(test=test, body=self.block(body), orelse=[])
                    return [ast.copy_location(loop, stmt)]
                leave = ast.If(
                    test=ast.copy_location(ast.UnaryOp(ast.Not(), test), test),
                    body=[ast.copy_location(ast.Break(), test)],
                    orelse=[],
                )
                inner = [*before, ast.copy_location(leave, test), *self.block(body)]
                always = ast.copy_location(ast.Constant(True), stmt)
                return [ast.copy_location(ast.While(test=always, body=inner, orelse=[]), stmt)]
            case ast.For(target=target, iter=over, body=body, orelse=[]):
                scan = ast.For(target=target, iter=over, body=self.block(body), orelse=[])
                return [ast.copy_location(scan, stmt)]
            case ast.While() | ast.For():
                raise ModelError(
                    "PS209",
                    "a loop with an else part",
                    self.source.span(stmt.orelse[0]),
                    "put the statements behind the loop; they run after a break as well",
                )
            case ast.With(items=items, body=body):
                outside, self.in_atomic = self.in_atomic, True
                new_with = ast.With(items=items, body=self.block(body))
                self.in_atomic = outside
                return [ast.copy_location(new_with, stmt)]
            case ast.Expr(value=ast.Call(func=func, args=[arg]) as call) if (
                self.source.lookup(func) in (wait_until, bug_on, warn_on)
                and isinstance(arg, ast.BoolOp)
                and self.split_at(arg)
            ):
                return self.guarded_call(stmt, call, arg)
            case ast.Return(value=ast.expr() as value):
                before, value = self.hoist(value)
                return [*before, ast.copy_location(ast.Return(value), stmt)]
            case ast.Assign(targets=targets, value=value) if not self.is_call(value):
                before, value = self.hoist(value)
                return [*before, ast.copy_location(ast.Assign(targets, value), stmt)]
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                assign = ast.copy_location(ast.Assign([target], value), stmt)
                return self.statement(assign)
            case ast.AugAssign(target=target, op=op, value=value):
                before, value = self.hoist(value)
                return [*before, ast.copy_location(ast.AugAssign(target, op, value), stmt)]
            case ast.Expr(value=value) if not self.is_call(value):
                before, value = self.hoist(value)
                return [*before, ast.copy_location(ast.Expr(value), stmt)]
            case _:
                return [stmt]

    def is_call(self, node: ast.AST) -> bool:
        """A call of an inline or atomic function of the model."""
        if not isinstance(node, ast.Call):
            return False
        callee = self.source.lookup(node.func)
        return isinstance(callee, Function) and callee.kind in ("inline", "atomic")

    def split_at(self, node: ast.BoolOp) -> int:
        """Where ``node`` must be split so that the rest is read only if it has to be (0: nowhere).

        Outside atomic steps: after the part about locals alone, because only the rest makes the
        statement an access.  Inside: after a test for none, because the rest may use the member.
        """
        values = node.values
        if any(self.is_call(n) for v in values for n in ast.walk(v)):
            return 0
        first = next((i for i, v in enumerate(values) if self.about_state(v)), 0)
        if self.in_atomic:
            tests = [i for i, v in enumerate(values[:-1], 1) if _tests_none(v)]
            return tests[0] if tests else 0
        if not self.steps or not any(self.about_locals(v) for v in values[:first]):
            return 0
        return first

    def splits(self, node: ast.IfExp) -> bool:
        """Whether a conditional expression becomes an ``if``."""
        parts = (node.body, node.orelse)
        if not (self.steps or self.in_atomic) or any(self.is_call(n) for n in ast.walk(node)):
            return False
        if self.in_atomic and _tests_none(node.test):
            return True
        if not self.about_state(node.test) and self.about_locals(node.test):
            return any(self.about_state(p) or _is_none(p) for p in parts)
        return any(_is_none(p) for p in parts) and not any(self.about_state(p) for p in parts)

    def about_state(self, node: ast.AST) -> bool:
        """Whether ``node`` mentions the state."""
        return any(isinstance(n, ast.Name) and n.id == self.source.state for n in ast.walk(node))

    def about_locals(self, node: ast.AST) -> bool:
        """Whether ``node`` mentions a local."""
        return any(isinstance(n, ast.Name) and n.id in self.locals for n in ast.walk(node))

    def halves(self, node: ast.BoolOp) -> tuple[ast.expr, ast.expr]:
        """``node`` as two operands."""
        at = self.split_at(node)

        def joined(values: list[ast.expr]) -> ast.expr:
            if len(values) == 1:
                return values[0]
            return ast.copy_location(ast.BoolOp(node.op, values), values[0])

        return joined(node.values[:at]), joined(node.values[at:])

    def guarded_call(self, stmt: ast.stmt, call: ast.Call, arg: ast.BoolOp) -> list[ast.stmt]:
        """``wait_until(a and b)`` where ``b`` may be read only if ``a`` holds."""
        first, rest = self.halves(arg)

        def again(condition: ast.expr) -> ast.stmt:
            made = ast.copy_location(ast.Call(call.func, [condition], []), call)
            return ast.copy_location(ast.Expr(made), stmt)

        then, other = again(rest), again(copy.deepcopy(first))
        if isinstance(arg.op, ast.Or):
            then, other = other, then
        return self.statement(ast.copy_location(ast.If(first, [then], [other]), stmt))

    def chosen(
        self, node: ast.expr, test: ast.expr, a: ast.expr, b: ast.expr, before: list[ast.stmt]
    ) -> ast.expr:
        """``a if test else b`` by an ``if`` before the statement, into a temporary."""
        self.count += 1
        reads = any(self.about_state(part) for part in (test, a, b))
        name = f"_{self.count}" if reads else f"_if{self.count}"

        def set_to(value: ast.expr) -> list[ast.stmt]:
            target = ast.copy_location(ast.Name(name, ast.Store()), value)
            return self.statement(ast.copy_location(ast.Assign([target], value), value))

        branch = ast.If(test=test, body=[], orelse=[])
        first = self.statement(ast.copy_location(branch, node))
        made = first[-1]
        assert isinstance(made, ast.If)
        made.body, made.orelse = set_to(a), set_to(b)
        before.extend(first)
        return ast.copy_location(ast.Name(name, ast.Load()), node)

    def hoist(self, node: ast.expr) -> tuple[list[ast.stmt], ast.expr]:
        """``node`` without model calls, and the assignments to make before it."""
        before = list[ast.stmt]()
        return before, self._hoist(node, before, conditional=False)

    def _after(
        self, earlier: ast.expr, node: ast.expr, before: list[ast.stmt], conditional: bool
    ) -> ast.expr:
        """An operand behind another: its calls must not overtake what the other reads."""
        made = len(before)
        found = self._hoist(node, before, conditional)
        if len(before) > made and self.about_state(earlier):
            raise ModelError(
                "PS210",
                "this call is made after another part of the expression has read the state",
                self.source.span(node),
                "assign what is read first to a local variable",
            )
        return found

    def _hoist(self, node: ast.expr, before: list[ast.stmt], conditional: bool) -> ast.expr:
        if self.is_call(node):
            if conditional:
                raise ModelError(
                    "PS210",
                    "this call is made only if an earlier part of the expression says so",
                    self.source.span(node),
                    "write it as nested ifs, so that the order of the steps is visible",
                )
            self.count += 1
            name = f"_{self.count}"
            target = ast.copy_location(ast.Name(name, ast.Store()), node)
            before.append(ast.copy_location(ast.Assign([target], node), node))
            return ast.copy_location(ast.Name(name, ast.Load()), node)
        match node:
            case ast.BoolOp(op=op) if not conditional and self.split_at(node):
                first, rest = self.halves(node)
                stop = ast.copy_location(ast.Constant(isinstance(op, ast.Or)), first)
                a, b = (stop, rest) if isinstance(op, ast.Or) else (rest, stop)
                return self.chosen(node, first, a, b, before)
            case ast.IfExp(test=test, body=a, orelse=b) if not conditional and self.splits(node):
                return self.chosen(node, test, a, b, before)
            case ast.BoolOp(op=op, values=values):
                parts = [self._hoist(v, before, conditional or i > 0) for i, v in enumerate(values)]
                return ast.copy_location(ast.BoolOp(op, parts), node)
            case ast.IfExp(test=test, body=a, orelse=b):
                new = ast.IfExp(
                    self._hoist(test, before, conditional),
                    self._hoist(a, before, True),
                    self._hoist(b, before, True),
                )
                return ast.copy_location(new, node)
            case ast.UnaryOp(op=unary, operand=operand):
                inner = self._hoist(operand, before, conditional)
                return ast.copy_location(ast.UnaryOp(unary, inner), node)
            case ast.BinOp(left=left, op=binary, right=right):
                a = self._hoist(left, before, conditional)
                b = self._after(a, right, before, conditional)
                return ast.copy_location(ast.BinOp(a, binary, b), node)
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                first = self._hoist(left, before, conditional)
                others = list[ast.expr]()
                for comparator in comparators:
                    others.append(
                        self._after([first, *others][-1], comparator, before, conditional)
                    )
                return ast.copy_location(ast.Compare(first, ops, others), node)
            case _:
                for child in ast.walk(node):
                    if self.is_call(child):
                        raise ModelError(
                            "PS210",
                            "a call of a model function in the middle of an expression",
                            self.source.span(child),
                            "assign its result to a local variable first",
                        )
                return node
