"""The symbolic meaning of the statements inside one step.

A step is executed on terms: branches fork it, writes are collected over the state before it, and
a write that can leave its sort, a ``bug_on`` or a broken lock rule splits off a faulting path.
"""

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pagestate.core.expr import (
    FALSE,
    TRUE,
    Expr,
    Lit,
    Op,
    Param,
    Read,
    add,
    conj,
    disj,
    eq,
    lit,
    lt,
    neg,
    sub,
)
from pagestate.core.sorts import (
    BOOL,
    COUNT,
    CountSort,
    DataSort,
    EnumSort,
    IndexSort,
    IntSort,
    RefSort,
    Sort,
)
from pagestate.core.system import Write
from pagestate.lang.declare import LOCK_OPERATIONS, Atomic, DataSpec, Function, atomic, data_sort
from pagestate.lang.diagnostics import ModelError
from pagestate.lang.layout import FREE_LOCK, Layout, LockInfo
from pagestate.lang.source import Source, source_of
from pagestate.lang.terms import (
    Scope,
    Step,
    binder_of,
    condition,
    field_of,
    is_state,
    member,
    near,
    over,
    read,
    term,
    with_local,
)

UNDERFLOW, RANGE, CRASH, LOCKING = "underflow", "out_of_range", "crash", "lock_rule"
FAULTS: Mapping[str, tuple[str, str]] = {
    UNDERFLOW: ("no_underflow", "no counter is decremented below zero"),
    RANGE: ("in_range", "no bounded integer leaves its range"),
    CRASH: ("no_crash", "no bug_on() is hit"),
    LOCKING: ("lock_rules", "locks are released by their holder, nothing sleeps in atomic context"),
}
"""For each kind of fault: the name and title of the built-in property it violates."""


@dataclass(frozen=True, slots=True)
class Returned:
    """The outcome of a body that met a ``return``."""

    value: Expr | None


Outcome = Returned | None


@dataclass(frozen=True)
class Executor:
    """Executes statements of one step.

    ``local_name`` qualifies a local of the function being executed; ``held`` are the locks the
    thread holds; ``in_atomic``: several accesses are allowed; ``thread`` is who executes.
    """

    layout: Layout
    valuation: Mapping[str, bool | str | int]
    source: Source
    thread: str
    thread_sort: IndexSort | None
    scope_name: str
    held: frozenset[str]
    lookup: Callable[[Step, str, str], Expr | None]
    queued_locks: frozenset[str]
    in_atomic: bool = False
    outermost: bool = True

    # ---------------------------------------------------------------------------- expressions

    def scope(self, step: Step) -> Scope:
        """The scope for an expression at this point of ``step``."""
        return Scope(
            self.source,
            self.layout,
            self.valuation,
            step,
            lambda name: self.lookup(step, self.scope_name, name),
            lambda value, node: self.anchor(step, value, node),
        )

    def anchor(self, step: Step, value: Expr, node: ast.AST) -> Expr:
        """A parameter equal to an index-valued term: what fields are indexed with."""
        if isinstance(value, Param):
            return value
        assert isinstance(value.sort, RefSort)
        name = node.id if isinstance(node, ast.Name) else "index"
        used = {p.name for p in step.params}
        while name in used:
            name += "'"
        param = Param(name, value.sort.index)
        step.params.append(param)
        step.cond.append(eq(value, param))
        if isinstance(node, ast.Name):
            step.env[self.qualify(node.id)] = param
        return param

    def qualify(self, name: str) -> str:
        """The name of a local among all locals of the thread."""
        return f"{self.scope_name}.{name}" if self.scope_name else name

    def error(self, code: str, message: str, node: ast.AST, hint: str = "") -> ModelError:
        """A diagnostic at ``node``."""
        return ModelError(code, message, self.source.span(node), hint)

    # ---------------------------------------------------------------------------- statements

    def body(self, stmts: "list[ast.stmt]", step: Step) -> list[tuple[Step, Outcome]]:
        """Execute statements one after the other, in one step."""
        paths: list[tuple[Step, Outcome]] = [(step, None)]
        for stmt in stmts:
            after = list[tuple[Step, Outcome]]()
            for path, outcome in paths:
                if outcome is not None or path.fault:
                    after.append((path, outcome))
                else:
                    after.extend(self.statement(stmt, path))
            paths = after
        return paths

    def statement(self, stmt: ast.stmt, step: Step) -> list[tuple[Step, Outcome]]:
        """Execute one statement as (part of) the step."""
        match stmt:
            case ast.Pass():
                return [(step, None)]
            case ast.Expr(value=ast.Call() as call):
                return [(s, None) for s, _ in self.call(call, step)]
            case ast.Expr(value=ast.Constant(value=str())):
                return [(step, None)]
            case ast.Assign(targets=[target], value=value):
                return [(s, None) for s in self.assign(target, value, step)]
            case ast.AugAssign(target=target, op=ast.Add() | ast.Sub() as op, value=value):
                return [(s, None) for s in self.augment(target, op, value, step)]
            case ast.If(test=test, body=body, orelse=orelse):
                paths = list[tuple[Step, Outcome]]()
                for decided, path in self.branch(test, step):
                    paths.extend(self.body(body if decided else orelse, path))
                return paths
            case ast.Return(value=None):
                return [(step, Returned(None))]
            case ast.Return(value=ast.expr() as value):
                return [(step, Returned(term(self.scope(step), value)))]
            case ast.For(target=target, iter=over_, body=body):
                scope = self.scope(step)
                binder = binder_of(scope, target, over(scope, over_))
                inner = with_local(scope, target, binder)
                self.bulk(body, inner, binder, TRUE, step)
                return self.checked(step, [])
            case ast.With(items=[item], body=body) if self.is_atomic_block(item.context_expr):
                return self.body(body, step)
            case ast.While():
                raise self.error("PS209", "no while loop inside a step", stmt)
            case _:
                raise self.unsupported(stmt)

    def unsupported(self, stmt: ast.stmt) -> ModelError:
        """The diagnostic for a statement outside the language."""
        return self.error(
            "PS201",
            f"{type(stmt).__name__} is outside the language",
            stmt,
            "see docs/language.md for the statements a thread can use",
        )

    def is_atomic_block(self, node: ast.expr) -> bool:
        """Whether ``node`` is ``atomic(...)`` of a ``with``."""
        return isinstance(node, ast.Call) and self.source.lookup(node.func) in (atomic, Atomic)

    def branch(self, test: ast.expr, step: Step) -> list[tuple[bool, Step]]:
        """The possible outcomes of a test; ``either()`` has both."""
        inverted = False
        inner = test
        while isinstance(inner, ast.UnaryOp) and isinstance(inner.op, ast.Not):
            inverted, inner = not inverted, inner.operand
        if self.builtin(inner) == "either":
            decided: Expr = self.choice(step, f"either:{inner.lineno}", BOOL, inner)
            decided = neg(decided) if inverted else decided
        else:
            decided = condition(self.scope(step), test)
        found = list[tuple[bool, Step]]()
        for outcome, assumed in ((True, decided), (False, neg(decided))):
            path = step.copy()
            if path.assume(assumed):
                found.append((outcome, path))
        return found

    def builtin(self, node: ast.AST) -> str:
        """The name of the language function a call calls, or nothing."""
        if not isinstance(node, ast.Call):
            return ""
        callee = self.source.lookup(node.func)
        module = getattr(callee, "__module__", "")
        return (
            callee.__name__
            if module == "pagestate.lang.declare"
            and callable(callee)
            and (hasattr(callee, "__name__"))
            else ""
        )

    def choice(self, step: Step, name: str, sort: Sort, node: ast.AST) -> Param:
        """A fresh parameter of the step: a choice nobody controls."""
        if any(p.name == name for p in step.params):
            raise self.error("PS217", f"choice {name!r} is made twice in one step", node)
        param = Param(name, sort)
        step.params.append(param)
        return param

    def assign(self, target: ast.expr, value: ast.expr, step: Step) -> list[Step]:
        """``target = value``: a local, a field, or the result of a call."""
        if isinstance(value, ast.Call):
            name = self.builtin(value)
            if name in ("choose", "either"):
                return self.choose(target, value, name, step)
            callee = self.source.lookup(value.func)
            if isinstance(callee, Function) and callee.kind == "atomic":
                paths = list[Step]()
                for path, result in self.call(value, step):
                    if path.fault:
                        paths.append(path)
                        continue
                    if result is None:
                        raise self.error("PS206", f"{callee.name} returns no value", value)
                    paths.extend(self.store(target, result, path))
                return paths
        return self.store(target, term(self.scope(step), value), step)

    def choose(self, target: ast.expr, call: ast.Call, name: str, step: Step) -> list[Step]:
        """``x = choose(...)`` or ``x = either()``."""
        if not isinstance(target, ast.Name):
            raise self.error("PS202", "the result of a choice must be assigned to a local", target)
        key = f"{target.id}:{call.lineno}"
        if name == "either":
            return self.store(target, self.choice(step, key, BOOL, call), step)
        if len(call.args) != 1:
            raise self.error("PS218", "choose() takes one argument", call)
        options, scope = call.args[0], self.scope(step)
        tests: list[ast.expr] = []
        if isinstance(options, ast.GeneratorExp) and len(options.generators) == 1:
            clause = options.generators[0]
            named = isinstance(options.elt, ast.Name) and isinstance(clause.target, ast.Name)
            if not named or ast.unparse(options.elt) != ast.unparse(clause.target):
                raise self.error("PS202", "write choose(p for p in ... if ...)", options)
            options, tests = clause.iter, clause.ifs
            param = self.choice(step, key, self.options(options, scope), call)
            inner = with_local(scope, clause.target, param)
            step.cond.extend(condition(inner, test) for test in tests)
        else:
            param = self.choice(step, key, self.options(options, scope), call)
        return self.store(target, param, step)

    def options(self, node: ast.expr, scope: Scope) -> Sort:
        """The sort of what ``choose`` chooses from."""
        if isinstance(node, ast.Call) and self.source.lookup(node.func) is range:
            bounds = [a.value if isinstance(a, ast.Constant) else None for a in node.args]
            numbers = [b for b in bounds if isinstance(b, int)]
            if len(numbers) == len(bounds) and len(numbers) in (1, 2) and numbers[-1] > 0:
                low = numbers[0] if len(numbers) == 2 else 0
                return IntSort(low, numbers[-1] - 1)
            raise self.error("PS202", "range() needs one or two literal bounds here", node)
        cls = self.source.lookup(node)
        if isinstance(cls, type):
            return data_sort(cls)
        if isinstance(cls, DataSpec):
            return cls.sort
        return over(scope, node)

    def store(self, target: ast.expr, value: Expr, step: Step) -> list[Step]:
        """Write a value to a local or a field, faults split off."""
        if isinstance(target, ast.Name):
            step.env[self.qualify(target.id)] = value
            return [step]
        found = field_of(self.scope(step), target)
        if found is None:
            raise self.error("PS202", "only locals and fields of the state can be assigned", target)
        info, index_node = found
        self.may_write(info.name, info.ghost, info.guard, target)
        where: tuple[Expr, ...] = ()
        if index_node is not None:
            where = (member(self.scope(step), index_node, info.index),)
        value = self.fit(value, info.sort, target)
        self.touch(step, info.name, info.ghost)
        write = Write(info.name, where, value)
        bad = out_of_sort(info.sort, value)
        return [s for s, _ in self.checked(step, [(bad, info.sort, info.name)], write)]

    def touch(self, step: Step, name: str, ghost: bool) -> None:
        """Record an access to a shared field."""
        if not ghost:
            step.touched.append(name)

    def may_write(self, name: str, ghost: bool, guard: str | None, node: ast.AST) -> None:
        """Check the rules on who writes what.  Raises PS211, PS212."""
        if ghost and not self.in_atomic:
            raise self.error(
                "PS211",
                f"ghost field {name!r} is written outside an atomic step",
                node,
                "update it together with the step it describes: @atomic or with atomic()",
            )
        if guard and guard not in self.held:
            raise self.error(
                "PS212",
                f"{name!r} is declared as guarded by {guard!r}, which is not held here",
                node,
                f"take {guard!r} before, or drop the field from the lock's guards",
            )

    def fit(self, value: Expr, sort: DataSort, node: ast.AST) -> Expr:
        """``value`` as a value of ``sort``.  Raises PS206."""
        numeric = isinstance(value.sort, CountSort | IntSort)
        if isinstance(sort, CountSort | IntSort) and numeric:
            return value
        if isinstance(sort, RefSort):
            if isinstance(value, Lit) and value.value is None:
                return Lit(None, sort)
            if value.sort in (sort, sort.index):
                return value
        if value.sort == sort:
            return value
        raise self.error("PS206", f"{value.sort} assigned to {sort}", node)

    def augment(
        self, target: ast.expr, op: ast.operator, value: ast.expr, step: Step
    ) -> list[Step]:
        """``target += value``: a read and a write."""
        scope = self.scope(step)
        if isinstance(target, ast.Name):
            old: Expr | None = scope.local(target.id)
            if old is None:
                raise self.error("PS213", f"{target.id!r} has no value yet", target)
        else:
            found = field_of(scope, target)
            if found is None:
                raise self.error("PS202", "only locals and fields can be assigned", target)
            info, index_node = found
            self.may_write(info.name, info.ghost, info.guard, target)
            self.touch(step, info.name, info.ghost)
            index = () if index_node is None else (member(scope, index_node, info.index),)
            old = read(step, info.name, index, info.sort, False)
        if not isinstance(old.sort, CountSort | IntSort):
            raise self.error("PS206", f"a number is needed here, this is {old.sort}", target)
        change = term(scope, value)
        return self.store(target, (add if isinstance(op, ast.Add) else sub)(old, change), step)

    def checked(
        self,
        step: Step,
        checks: list[tuple[Expr, DataSort, str]],
        write: Write | None = None,
    ) -> list[tuple[Step, Outcome]]:
        """The step with ``write`` done, and the faulting paths that ``checks`` split off."""
        paths = list[tuple[Step, Outcome]]()
        for bad, sort, name in checks:
            if bad != FALSE:
                kind = UNDERFLOW if isinstance(sort, CountSort) else RANGE
                broken = step.copy()
                if broken.assume(bad):
                    broken.fault, broken.note = kind, f"{kind} of {name}"
                    paths.append((broken, None))
                if not step.assume(neg(bad)):
                    return paths
        if write is not None:
            step.writes.append(write)
        return [(step, None), *paths]

    # ---------------------------------------------------------------------------- bulk updates

    def bulk(
        self, stmts: "list[ast.stmt]", scope: Scope, binder: Param, where: Expr, step: Step
    ) -> None:
        """``for p in m.pages: m.f[p] = ...`` inside a step: simultaneous quantified updates."""
        for stmt in stmts:
            match stmt:
                case ast.Pass():
                    pass
                case ast.If(test=test, body=body, orelse=orelse):
                    decided = condition(scope, test)
                    if decided != FALSE:
                        self.bulk(body, scope, binder, conj(where, decided), step)
                    if decided != TRUE:
                        self.bulk(orelse, scope, binder, conj(where, neg(decided)), step)
                case ast.Assign(targets=[target], value=value):
                    self.bulk_store(target, None, value, scope, binder, where)
                case ast.AugAssign(target=target, op=ast.Add() | ast.Sub() as op, value=value):
                    self.bulk_store(target, op, value, scope, binder, where)
                case _:
                    raise self.error(
                        "PS209",
                        "a loop inside a step can only assign fields at its own index",
                        stmt,
                        "outside atomic regions every iteration is a step of its own",
                    )

    def bulk_store(
        self,
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
            raise self.error(
                "PS209", "a loop inside a step can only assign fields at its own index", target
            )
        info = found[0]
        self.may_write(info.name, info.ghost, info.guard, target)
        step = scope.step
        self.touch(step, info.name, info.ghost)
        old = read(step, info.name, (binder,), info.sort, False)
        new = term(scope, value)
        if op is not None:
            new = (add if isinstance(op, ast.Add) else sub)(old, new)
        new = self.fit(new, info.sort, target)
        bad = out_of_sort(info.sort, new)
        if bad != FALSE:
            raise self.error(
                "PS209",
                f"a quantified update of {info.name!r} could leave its sort",
                target,
                "use assignments of constants, or a loop with a step per member",
            )
        step.writes.append(Write(info.name, (binder,), new, (binder,), where))

    # ---------------------------------------------------------------------------- calls

    def call(self, node: ast.Call, step: Step) -> list[tuple[Step, Expr | None]]:
        """A call statement, or the call of an atomic function: paths and results."""
        name = self.builtin(node)
        callee = self.source.lookup(node.func)
        if name in LOCK_OPERATIONS:
            return [(s, None) for s in self.lock(name, node, step)]
        if name in ("bug_on", "warn_on", "wait_until"):
            if len(node.args) != 1:
                raise self.error("PS218", f"{name}() takes one condition", node)
            return [(s, None) for s in self.test(name, node.args[0], step)]
        if isinstance(callee, Function) and callee.kind == "atomic":
            return self.atomic_call(callee, node, step)
        if isinstance(callee, Function) and callee.kind == "inline":
            raise self.error(
                "PS207",
                f"{callee.name} is @inline: it takes several steps, not one",
                node,
                "make it @atomic, or call it outside the atomic region",
            )
        raise self.error("PS202", "this call is outside the language", node)

    def test(self, name: str, test: ast.expr, step: Step) -> list[Step]:
        """``bug_on``, ``warn_on``, ``wait_until``."""
        decided = condition(self.scope(step), test)
        if name == "wait_until":
            if self.in_atomic and (step.writes or step.note):
                raise self.error("PS207", "wait_until must come first in an atomic step", test)
            asleep = [lock for lock in self.held if self.layout.locks[lock].kind == "spinlock"]
            if asleep:
                return [self.broken(step, f"sleeping while holding {asleep[0]}")]
            return [step] if step.assume(decided) else []
        hit, missed = step.copy(), step
        paths = list[Step]()
        if hit.assume(decided):
            if name == "bug_on":
                hit.fault, hit.note = CRASH, f"BUG_ON({ast.unparse(test)})"
            else:
                hit.note = "WARN"
            paths.append(hit)
        if missed.assume(neg(decided)):
            paths.append(missed)
        return paths

    def broken(self, step: Step, why: str) -> Step:
        """The path on which a lock rule is broken."""
        step.fault, step.note = LOCKING, why
        return step

    def atomic_call(
        self, callee: Function, node: ast.Call, step: Step
    ) -> list[tuple[Step, Expr | None]]:
        """Execute an atomic function inside this step."""
        source = source_of(callee.fn)
        if len(node.args) != len(source.args) + 1 or not is_state(self.scope(step), node.args[0]):
            raise self.error(
                "PS218", f"{callee.name} takes the state and {len(source.args)} more", node
            )
        before = len(step.touched)
        values = [self.argument(step, arg) for arg in node.args[1:]]
        if len(step.touched) > before and not self.in_atomic:
            raise self.error(
                "PS203", "an argument reads shared state: that is a step of its own", node
            )
        if self.outermost:
            step.src = callee.src or step.src
            names = {name: value for (name, _), value in zip(source.args, values, strict=True)}
            shown = ", ".join(show(v) for v in values)
            step.text = fill(callee.say, names) if callee.say else f"{callee.name}({shown})"
        step.accessed = True
        name = f"{self.scope_name}/{callee.name}@{node.lineno}:{node.col_offset}".lstrip("/")
        inner = replace(self, source=source, scope_name=name, in_atomic=True, outermost=False)
        for (arg, _), value in zip(source.args, values, strict=True):
            step.env[inner.qualify(arg)] = value
        results = list[tuple[Step, Expr | None]]()
        for path, outcome in inner.body(source.tree.body, step):
            for local in [n for n in path.env if n.startswith(name + ".")]:
                del path.env[local]
            path.touched[before:] = [f"{callee.name}()"]
            results.append((path, outcome.value if outcome else None))
        return results

    def argument(self, step: Step, node: ast.expr) -> Expr:
        """An argument's value; index values become parameters, so that they can be shown."""
        value = term(self.scope(step), node)
        if isinstance(value.sort, RefSort) and not isinstance(value, Lit):
            return self.anchor(step, value, node)
        return value

    # ---------------------------------------------------------------------------- locks

    def lock(self, operation: str, node: ast.Call, step: Step) -> list[Step]:
        """A lock operation; which locks are held is known at every point of a thread."""
        if self.in_atomic:
            raise self.error("PS207", "a lock operation is a step of its own", node)
        info = self.lock_of(operation, node, step)
        step.touched.append(info.name)
        verb = LOCK_OPERATIONS[operation][1]
        step.text = f"{operation}({info.name})"
        owner = Read(info.name, (), info.sort)
        me, nobody = Lit(self.thread, info.sort), Lit(FREE_LOCK, info.sort)
        readers, queued = Read(info.readers, (), COUNT), Read(info.queued, (), COUNT)
        shared = info.name in self.queued_locks
        spinning = [n for n in self.held if self.layout.locks.get(n, info).kind == "spinlock"]
        if verb in ("lock", "lock_read") and info.kind != "spinlock" and spinning:
            return [self.broken(step, f"sleeping while holding {spinning[0]}")]
        if verb == "lock":
            free = conj(eq(owner, nobody), eq(readers, lit(0)) if shared else TRUE)
            step.writes.append(Write(info.name, (), me))
            return [step] if step.assume(free) else []
        if verb == "lock_read":
            step.writes.append(Write(info.readers, (), add(readers, lit(1))))
            free = conj(eq(owner, nobody), eq(queued, lit(0)))
            return [step] if step.assume(free) else []
        if verb == "unlock_read":
            if f"{info.name}(read)" not in self.held:
                return [self.broken(step, f"{info.name} is not held for reading")]
            step.assume(lt(lit(0), readers))
            step.writes.append(Write(info.readers, (), sub(readers, lit(1))))
            return [step]
        if info.name not in self.held:
            return [self.broken(step, f"{info.name} is released by a thread that does not hold it")]
        step.writes.append(Write(info.name, (), nobody))
        return [step]

    def lock_of(self, operation: str, node: ast.Call, step: Step) -> LockInfo:
        """The lock an operation works on.  Raises PS205, PS206."""
        argument = node.args[0] if len(node.args) == 1 else None
        if not isinstance(argument, ast.Attribute) or not is_state(
            self.scope(step), argument.value
        ):
            raise self.error("PS218", f"{operation}() takes a lock of the state", node)
        info = self.layout.locks.get(argument.attr)
        if info is None:
            hint = near(argument.attr, list(self.layout.locks))
            raise self.error("PS205", f"the state has no lock {argument.attr!r}", argument, hint)
        if info.kind != LOCK_OPERATIONS[operation][0]:
            raise self.error("PS206", f"{info.name} is a {info.kind}, not for {operation}()", node)
        return info


def held_after(operation: str, lock: str, held: frozenset[str]) -> frozenset[str]:
    """The locks held after a lock operation."""
    verb = LOCK_OPERATIONS[operation][1]
    name = f"{lock}(read)" if verb.endswith("_read") else lock
    return held | {name} if verb.startswith("lock") else held - {name}


def out_of_sort(sort: DataSort, value: Expr) -> Expr:
    """The condition under which ``value`` does not fit ``sort`` (too large a count aside)."""
    match sort:
        case CountSort():
            return _below(value, 0)
        case IntSort(lo=lo, hi=hi):
            if isinstance(value.sort, IntSort) and lo <= value.sort.lo and value.sort.hi <= hi:
                return FALSE
            return disj(_below(value, lo), lt(lit(hi), value))
        case _:
            return FALSE


def _below(value: Expr, low: int) -> Expr:
    match value:
        case Op(op="sub", args=(a, b)):
            return lt(a, add(b, lit(low)))
        case Op(op="add", args=args) if low == 0 and all(_natural(a) for a in args):
            return FALSE
        case _ if low == 0 and _natural(value):
            return FALSE
        case _:
            return lt(value, lit(low))


def _natural(value: Expr) -> bool:
    match value:
        case Lit(value=number):
            return isinstance(number, int) and number >= 0
        case Read(sort=CountSort()):
            return True
        case Param(sort=IntSort(lo=lo)):
            return lo >= 0
        case _:
            return False


def show(value: Expr) -> str:
    """A value in the text of a step; ``{p}`` stands for a parameter's value."""
    match value:
        case Param(name=name, sort=IndexSort(name=sort)):
            return f"{sort} {{{name}}}"
        case Param(name=name):
            return f"{{{name}}}"
        case Lit(value=bool() as flag):
            return "true" if flag else "false"
        case Lit(value=number):
            return str(number)
        case Read(var=var):
            return var.rsplit(".", 1)[-1]
        case _:
            return "..."


def fill(text: str, names: Mapping[str, Expr]) -> str:
    """The text of a step with ``{name}`` of a local replaced by how its value is shown."""

    def shown(found: "re.Match[str]") -> str:
        value = names.get(found[1])
        return found[0] if value is None else show(value)

    return re.sub(r"\{(\w+)\}", shown, text)


def sort_of_local(old: Any, value: Expr) -> DataSort:
    """The sort of a local that held ``old`` (None: nothing yet) and now also ``value``."""
    sort = value.sort
    if isinstance(sort, IndexSort):
        sort = RefSort(sort)
    if old is None or old == sort:
        return sort
    if isinstance(old, IntSort) and isinstance(sort, IntSort):
        return IntSort(min(old.lo, sort.lo), max(old.hi, sort.hi))
    numbers = CountSort | IntSort
    if isinstance(old, numbers) and isinstance(sort, numbers):
        return COUNT
    if isinstance(old, EnumSort) and isinstance(sort, EnumSort) and old.name == sort.name:
        return old
    raise TypeError(f"{old} and {sort}")
