"""The symbolic meaning of the statements inside one step.

A step is executed on terms: branches fork it, writes are collected over the state before it, and
a write that can leave its sort, a ``bug_on`` or a broken lock rule splits off a faulting path.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pagestate.core.expr import (
    FALSE,
    TRUE,
    Expr,
    Lit,
    Param,
    add,
    conj,
    eq,
    neg,
    sub,
    walk,
)
from pagestate.core.sorts import (
    BOOL,
    CountSort,
    DataSort,
    IntSort,
    RefSort,
    Sort,
)
from pagestate.core.system import Write
from pagestate.lang.bulk import bulk
from pagestate.lang.changes import NOTHING, Met, Place
from pagestate.lang.diagnostics import ModelError
from pagestate.lang.faults import CRASH, LOCKING, RANGE, UNDERFLOW, out_of_sort
from pagestate.lang.functions import Atomic, Function, atomic
from pagestate.lang.layout import Layout
from pagestate.lang.outcomes import decided, is_ignored, leaves, outcome_key
from pagestate.lang.scope import (
    Scope,
    Step,
    bad_call,
    field_of,
    is_binder,
    is_state,
    read,
    with_local,
)
from pagestate.lang.source import Source, source_of
from pagestate.lang.state import DataSpec, data_sort
from pagestate.lang.statements import LOCK_OPERATIONS
from pagestate.lang.terms import binder_of, condition, member, over, term
from pagestate.lang.texts import fill, show


@dataclass(frozen=True, slots=True)
class Returned:
    """The outcome of a body that met a ``return``."""

    value: Expr | None


Outcome = Returned | None


@dataclass(frozen=True)
class Executor:
    """Executes statements of one step.

    ``scope_name`` is the call the function is executed in, ``lookup`` and ``resolve`` give the
    value and the name of a local there; ``held`` are the locks the thread holds;
    ``in_atomic``: several accesses are allowed; ``thread`` is who executes.
    """

    layout: Layout
    valuation: Mapping[str, bool | str | int]
    source: Source
    thread: str
    scope_name: str
    held: frozenset[str]
    lookup: Callable[[Step, str, str], Expr | None]
    resolve: Callable[[str, str], str]
    queued_locks: frozenset[str]
    in_atomic: bool = False
    outermost: bool = True
    inside: tuple[Source, ...] = ()

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
        for param in step.params:  # the same member was named before
            if eq(value, param) in step.cond:
                return param
        sort = value.sort.index if isinstance(value.sort, RefSort) else value.sort
        if any(is_binder(t) for t in walk(value)):
            raise self.error(
                "PS206",
                "this index depends on the member of a quantifier",
                node,
                "quantify over what it names too: any(... for q in m.pages if m.f[p] == q)",
            )
        if isinstance(value.sort, RefSort):
            none = conj(*step.cond, eq(value, Lit(None, value.sort)))
            step.nones.append((tuple(step.params), value, none))
        name = node.id if isinstance(node, ast.Name) else "index"
        used = {self.thread, *(p.name for p in step.params)}
        while name in used:
            name += "'"
        param = Param(name, sort)
        step.params.append(param)
        step.cond.append(eq(value, param))
        if isinstance(node, ast.Name) and self.lookup(step, self.scope_name, node.id) == value:
            step.env[self.qualify(node.id)] = param
        return param

    def qualify(self, name: str) -> str:
        """The name of a local among all locals of the thread."""
        return self.resolve(self.scope_name, name)

    def is_local(self, name: str) -> bool:
        """Whether the function being executed has a local (or argument) of this name."""
        return name in self.source.locals

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
                before = len(step.touched)
                bulk(self, body, inner, binder, TRUE)
                step.touched.extend(step.touched[before:][:1])  # of every member
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
        inner, inverted = without_not(test)
        if self.builtin(inner) == "either":
            made: Expr = self.choice(step, f"either:{inner.lineno}", BOOL, inner)
            made = neg(made) if inverted else made
        else:
            made = self.decide(self.scope(step), test)
        found = list[tuple[bool, Step]]()
        for outcome, assumed in ((True, made), (False, neg(made))):
            path = step.copy()
            if path.assume(assumed):
                found.append((outcome, path))
        return found

    def decide(self, scope: Scope, test: ast.expr) -> Expr:
        """The term of a test, in a variant that ignores it a choice of the step."""
        return decided(scope, test, lambda key, node: self.choice(scope.step, key, BOOL, node))

    def builtin(self, node: ast.AST) -> str:
        """The name of the language function a call calls, or nothing."""
        if not isinstance(node, ast.Call):
            return ""
        callee = self.source.lookup(node.func)
        module = getattr(callee, "__module__", "")
        return (
            callee.__name__
            if module == "pagestate.lang.statements"
            and callable(callee)
            and (hasattr(callee, "__name__"))
            else ""
        )

    def chosen_already(self, node: ast.expr, step: Step, stmt: ast.stmt | None = None) -> bool:
        """Whether ``node`` is a choice that this step has made: a loop came round without a step.

        Then the step ends here, before the choice is made again.
        """
        inner, _ = without_not(node)
        scope = self.scope(step)
        made = {p.name for p in step.params}
        if any(is_ignored(scope, n) and outcome_key(n) in made for n in leaves(node)):
            return True
        if self.builtin(inner) not in ("choose", "either"):
            return False
        key = f"either:{inner.lineno}"
        if isinstance(stmt, ast.Assign) and isinstance(stmt.targets[0], ast.Name):
            key = f"{stmt.targets[0].id}:{inner.lineno}"
        return any(p.name == key for p in step.params)

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
            step.cond.extend(self.decide(inner, test) for test in tests)
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
        cut = self.layout.cut
        if ghost and not self.in_atomic and not cut.inside(self.source.span(node)):
            raise self.error(
                "PS211",
                f"ghost field {name!r} is written outside an atomic step",
                node,
                "update it together with the step it describes: @atomic or with atomic()",
            )
        if guard and guard not in self.held and self.layout.changes == NOTHING:
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

    # ---------------------------------------------------------------------------- calls

    def call(self, node: ast.Call, step: Step) -> list[tuple[Step, Expr | None]]:
        """A call statement, or the call of an atomic function: paths and results."""
        name = self.builtin(node)
        callee = self.source.lookup(node.func)
        if name in LOCK_OPERATIONS:
            raise self.error("PS207", "a lock operation is a step of its own", node)
        if name in ("bug_on", "warn_on", "wait_until"):
            if len(node.args) != 1:
                raise self.error("PS218", f"{name}() takes one condition", node)
            return [(s, None) for s in self.test(name, node.args[0], step)]
        if name == "expect_dead":
            step.expect_dead = self.reason(node)
            return [(step, None)]
        if isinstance(callee, Function) and callee.kind == "atomic":
            return self.atomic_call(callee, node, step)
        if isinstance(callee, Function) and callee.kind == "inline":
            raise self.error(
                "PS207",
                f"{callee.name} is @inline: it takes several steps, not one",
                node,
                "make it @atomic, or call it outside the atomic region",
            )
        raise bad_call(self.scope(step), node)

    def reason(self, node: ast.Call) -> str:
        """The words given to ``expect_dead``."""
        match node.args:
            case [ast.Constant(value=str(why))] if why.strip():
                return why.strip()
            case _:
                hint = 'expect_dead("why nobody gets here")'
                raise self.error("PS218", "expect_dead() takes the reason", node, hint)

    def test(self, name: str, test: ast.expr, step: Step) -> list[Step]:
        """``bug_on``, ``warn_on``, ``wait_until``."""
        if name == "wait_until":
            made = self.decide(self.scope(step), test)
            written = any(w.var in self.layout.fields for w in step.writes)
            if self.in_atomic and (written or step.note):
                raise self.error("PS207", "wait_until must come first in an atomic step", test)
            locks = self.layout.locks
            asleep = [n for n in sorted(self.held) if n in locks and locks[n].kind == "spinlock"]
            if asleep:
                return [self.broken(step, f"sleeping while holding {asleep[0]}")]
            return [step] if step.assume(made) else []
        made = condition(self.scope(step), test)
        hit, missed = step.copy(), step
        paths = list[Step]()
        if hit.assume(made):
            if name == "bug_on":
                hit.fault, hit.note = CRASH, f"BUG_ON({ast.unparse(test)})"
            else:
                hit.note = "WARN"
            paths.append(hit)
        if missed.assume(neg(made)):
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
        if source is self.source or source in self.inside:
            raise self.error("PS208", f"{callee.name} calls itself", node)
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
        inner = replace(self, source=source, scope_name=name, in_atomic=True, outermost=False,
            inside=(*self.inside, self.source),
        )  # fmt: skip
        for (arg, _), value in zip(source.args, values, strict=True):
            step.env[inner.qualify(arg)] = value
        results = list[tuple[Step, Expr | None]]()
        for path, outcome in inner.body(source.tree.body, step):
            for local in [n for n in path.env if n.startswith(name + ".")]:
                del path.env[local]
            if self.outermost and not self.in_atomic:
                place = Place("atomic", source.span(source.tree), callee.name, callee.src)
                path.met.append(Met(place, accesses=len(path.touched) - before))
            path.touched[before:] = [f"{callee.name}()"]
            results.append((path, outcome.value if outcome else None))
        return results

    def argument(self, step: Step, node: ast.expr) -> Expr:
        """An argument's value; it may be none."""
        return term(self.scope(step), node)

    # ---------------------------------------------------------------------------- locks


def without_not(test: ast.expr) -> tuple[ast.expr, bool]:
    """A test without leading ``not``s, and whether they invert it."""
    inverted = False
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inverted, test = not inverted, test.operand
    return test, inverted
