"""A thread as control points and the steps between them.

The control state of a thread is what is left to do: a stack of statement lists, loops and calls,
and the locks held.  From a control state the statements are executed symbolically until the next
one that touches shared state would begin: that is where another thread can run, and the next
control state.  Statements that touch only locals belong to the step before them; choices (thread
arguments, ``choose``, ``either``, the next member of a scan) belong to the step after.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from pagestate.core.expr import FALSE, TRUE, Expr, Lit, Param, Read, forall, implies, lt, neg
from pagestate.core.sorts import BOOL, IndexSort, RefSort, Sort
from pagestate.core.system import Write
from pagestate.lang.changes import Met, Place
from pagestate.lang.control import (
    Acquire,
    Call,
    Control,
    Following,
    Frame,
    Held,
    Loop,
    Scan,
    Seq,
    Transition,
    seen_name,
    sequence,
)
from pagestate.lang.cutting import cut_source, is_cut
from pagestate.lang.diagnostics import ModelError
from pagestate.lang.faults import CRASH, LOCKING
from pagestate.lang.functions import Function, ThreadDecl
from pagestate.lang.here import Here, calls
from pagestate.lang.layout import Layout
from pagestate.lang.locking import acquire_path, held_after, lock_of, lock_paths, queue_path
from pagestate.lang.names import Names
from pagestate.lang.outcomes import is_ignored, leaves
from pagestate.lang.scope import Step, bound
from pagestate.lang.source import Source
from pagestate.lang.state import data_sort
from pagestate.lang.statements import LOCK_OPERATIONS
from pagestate.lang.steps import Executor
from pagestate.lang.terms import over, term
from pagestate.lang.texts import fill, is_temporary, plain_text, show

FUEL = 300
"""How many statements one step may execute before the loop is called endless."""


@dataclass
class Machine:
    """Explores the control states of one thread.

    ``scans`` are the visited sets of its loops, ``readers`` the locks that some thread takes for
    reading; ``ordered``: scans go by number instead of in any order.
    """

    decl: ThreadDecl
    layout: Layout
    valuation: Mapping[str, bool | str | int]
    names: Names
    scans: dict[str, IndexSort]
    readers: set[str]
    ordered: bool = False
    done: list[Transition] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.source = cut_source(self.decl, self.layout.cut)

    @property
    def start(self) -> Control:
        """Where the thread begins."""
        return Control((Seq(tuple(self.source.tree.body), 0, self.source, ""),))

    def executor(self, source: Source, scope: str, held: Held) -> Executor:
        """Who executes the statements of ``source`` inside ``scope``."""
        return Executor(
            self.layout,
            self.valuation,
            source,
            self.decl.name,
            scope,
            held,
            self.names.lookup,
            self.names.qualify,
            frozenset(self.readers),
        )

    # ------------------------------------------------------------------------------ exploring

    def explore(self) -> list[Transition]:
        """All transitions reachable from the start."""
        todo, seen = [self.start], {self.start}
        while todo:
            control = todo.pop()
            for transition in self.steps(control):
                self.done.append(transition)
                self.names.record(transition.step, self.source)
                target = transition.target
                if target is not None and target not in seen:
                    seen.add(target)
                    todo.append(target)
        return self.done

    def steps(self, control: Control) -> Iterator[Transition]:
        """The transitions from one control state."""
        step = Step()
        if control == self.start:
            for name, hint in self.source.args:
                step.env[name] = self.argument(step, name, hint)
        stack = [(step, control.frames, control.held, 0)]
        nones = dict[Expr, Step]()
        while stack:
            step, frames, held, fuel = stack.pop()
            if fuel > FUEL:
                node = step.node or self.source.tree
                raise ModelError(
                    "PS215",
                    "this loop may go round without taking a step",
                    (step.source or self.source).span(node),
                    "a step touches shared state; a loop over locals only never lets others run",
                )
            for params, value, condition in step.nones:
                if condition != FALSE and self.names.may_be_none(value):
                    note = "none used as an index"
                    nones.setdefault(
                        condition,
                        replace(
                            step,
                            cond=[condition],
                            params=list(params),
                            writes=[],
                            env={},
                            fault=CRASH,
                            note=note,
                            nones=[],
                        ),
                    )
            step.nones.clear()
            if step.fault:
                yield Transition(control, None, step)
            elif not frames:
                if held:
                    why = f"{self.decl.name} ends while holding {', '.join(sorted(held))}"
                    yield Transition(control, None, replace(step, fault=LOCKING, note=why))
                else:
                    yield Transition(control, None, step)
            else:
                following = self.advance(step, frames, held)
                if following is None:
                    yield Transition(control, Control(frames, held), step)
                else:
                    stack.extend((s, f, h, fuel + 1) for s, f, h in reversed(following))
        yield from (Transition(control, None, fault) for fault in nones.values())

    def argument(self, step: Step, name: str, hint: object) -> Param:
        """A thread argument: any value of its sort."""
        try:
            sort: Sort = data_sort(hint)
        except ModelError:
            raise ModelError(
                "PS218",
                f"argument {name!r} of {self.decl.name} needs a sort as its annotation",
                self.source.span(self.source.tree.args.args[0]),
                "an Index class, bool, or an Enum class",
            ) from None
        param = Param(name, sort.index if isinstance(sort, RefSort) else sort)
        step.params.append(param)
        return param

    # ------------------------------------------------------------------------------ statements

    def advance(self, step: Step, frames: tuple[Frame, ...], held: Held) -> Following | None:
        """One statement further; None where the next statement belongs to another step."""
        top, rest = frames[0], frames[1:]
        match top:
            case Call():
                if top.target is not None:
                    raise ModelError(
                        "PS206",
                        f"{top.callee.name} may end without returning a value",
                        top.callee.span(top.callee.tree),
                    )
                return [(step, rest, held)]
            case Loop(node=node, source=source, scope=scope):
                here = Here(self.executor(source, scope, held), step, rest, frames, held)
                return self.test(node.test, here, sequence(node.body, source, scope, frames), rest)
            case Scan():
                return self.scan(top, step, frames, held)
            case Acquire(source=source, scope=scope):
                here = Here(self.executor(source, scope, held), step, rest, frames, held)
                return None if step.accessed else self.acquire(top, here)
            case Seq(stmts=stmts, at=at, source=source, scope=scope):
                after = (replace(top, at=at + 1), *rest) if at + 1 < len(stmts) else rest
                here = Here(self.executor(source, scope, held), step, after, frames, held)
                return self.statement(stmts[at], here)

    def test(
        self,
        test: ast.expr,
        here: Here,
        then: tuple[Frame, ...],
        otherwise: tuple[Frame, ...],
    ) -> Following | None:
        """A branch of the control flow."""
        step = here.step
        before, choosing = len(step.touched), len(step.params)
        if here.executor.chosen_already(test, step):
            return None
        paths = here.executor.branch(test, step.copy())
        made = any(len(p.params) > choosing for _, p in paths)
        free = any(is_ignored(here.executor.scope(step), leaf) for leaf in leaves(test))
        shared = any(len(p.touched) > before for _, p in paths)
        if (shared or made) and step.accessed:
            return None
        for decided, path in paths:
            outcome = f" -> {str(decided).lower()}"
            if shared:
                text = self.text(here, test, path) + outcome
                self.enter(here, path, test, text)
            elif isinstance(test, ast.Name) and here.executor.qualify(test.id) == path.asked:
                path.text += outcome
            elif free and not path.text:
                shown = "result" if is_temporary(test) else self.text(here, test, path)
                path.text = shown + outcome
        return [(path, then if decided else otherwise, here.held) for decided, path in paths]

    def enter(self, here: Here, step: Step, node: ast.stmt | ast.expr, text: str) -> None:
        """Make ``node`` the shared access of ``step``.  Raises PS203 if it is more than one."""
        executor, touched = here.executor, step.touched[len(here.step.touched) :]
        guards = [self.guard_of(name) for name in touched]
        guarded = all(g is not None and g in executor.held for g in guards)
        calls = 0
        if not isinstance(node, ast.With):  # what was moved out of the statement and is an access
            temporaries = [n for n in ast.walk(node) if is_temporary(n)]
            calls = sum(isinstance(n, ast.Name) and n.id[1:].isdigit() for n in temporaries)
        if len(touched) + calls > 1 and not guarded and self.stays_whole(touched, executor, node):
            place = Place("kept", executor.source.span(node), executor.source.name)
            step.met.append(Met(place, accesses=len(touched) + calls))
        elif len(touched) + calls > 1 and not guarded:
            names = ", ".join(dict.fromkeys(touched))
            raise executor.error(
                "PS203",
                f"this step touches more than one shared cell ({names})",
                node,
                "split it, or say that it is atomic: @atomic, `with atomic():`, a lock that "
                "guards the fields",
            )
        step.accessed = True
        step.text = step.text or text
        step.node, step.source = node, executor.source
        calls_around = [f for f in reversed(here.frames) if isinstance(f, Call)]
        if not step.src:
            step.src = next((f.src for f in reversed(calls_around) if f.src), self.decl.src)
        shown = [(self.source, ""), *((f.callee, f.scope) for f in calls_around)]
        step.calls = tuple(self.names.call_text(step, source, scope) for source, scope in shown)

    def stays_whole(self, touched: list[str], executor: Executor, node: ast.AST) -> bool:
        """Whether ``node`` was to be cut, and could not be: it stays one step."""
        cut = self.layout.cut
        return cut.inside(executor.source.span(node)) or any(n in cut.freed for n in touched)

    def inlined(self, source: Source, node: ast.expr) -> bool:
        """Whether ``node`` calls a function whose statements are steps of the caller."""
        callee = source.lookup(node.func) if isinstance(node, ast.Call) else None
        return isinstance(callee, Function) and (
            callee.kind == "inline" or is_cut(callee, self.layout.cut)
        )

    def text(self, here: Here, node: ast.stmt | ast.expr, step: Step) -> str:
        """The text of a statement or test at this point of a step."""
        source, scope = here.executor.source, here.executor.scope_name
        return plain_text(source, lambda name: self.names.lookup(step, scope, name), node)

    def guard_of(self, name: str) -> str | None:
        """The lock that guards a field, if any."""
        info = self.layout.fields.get(name)
        return info.guard if info else None

    def statement(self, stmt: ast.stmt, here: Here) -> Following | None:
        """One statement of a sequence."""
        executor, step, after = here.executor, here.step, here.after
        source, scope = executor.source, executor.scope_name
        if step.node is None:
            step.node, step.source = stmt, source
        match stmt:
            case ast.If(test=test, body=body, orelse=orelse):
                then = sequence(body, source, scope, after)
                return self.test(test, here, then, sequence(orelse, source, scope, after))
            case ast.While():
                return here.then(step, (Loop(stmt, source, scope), *after))
            case ast.For():
                sort = over(executor.scope(step), stmt.iter)
                self.scans[seen_name(stmt, scope)] = sort
                return here.then(step, (Scan(stmt, source, scope), *after))
            case ast.Break() | ast.Continue():
                return here.then(step, self.leave(stmt, here))
            case ast.Return(value=value):
                return self.return_(value, here)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call) if self.inlined(
                source, call
            ):
                return self.call(call, executor.qualify(name), here)
            case ast.Expr(value=ast.Call() as call) if self.inlined(source, call):
                return self.call(call, None, here)
            case ast.Expr(value=ast.Call() as call) if executor.builtin(call) in LOCK_OPERATIONS:
                if self.is_gone(executor, call):
                    return here.then(step)
                return None if step.accessed else self.lock(call, here)
            case ast.With(items=[item]) if executor.is_atomic_block(item.context_expr):
                return None if step.accessed else self.block(stmt, here)
            case ast.With() | ast.Assign() | ast.AugAssign() | ast.Pass() | ast.Expr():
                return self.simple(stmt, here)
            case _:
                raise executor.unsupported(stmt)

    def simple(self, stmt: ast.stmt, here: Here) -> Following | None:
        """An assignment or a call: local, a choice, or the shared access of the step."""
        executor, step = here.executor, here.step
        value = stmt.value if isinstance(stmt, ast.Assign | ast.Expr) else None
        atomic_call = value is not None and calls(executor.source, value, "atomic")
        builtin = "" if value is None else executor.builtin(value)
        if step.accessed and (atomic_call or builtin in ("choose", "either", "wait_until")):
            return None
        if value is not None and executor.chosen_already(value, step, stmt):
            return None
        trial, before = step.copy(), len(step.touched)
        if not step.accessed:
            trial.text = ""
        paths = [path for path, _ in executor.statement(stmt, trial)]
        shared = builtin == "wait_until" or any(len(p.touched) > before for p in paths)
        if step.accessed and shared:
            return None
        if shared:
            for path in paths:
                self.enter(here, path, stmt, self.text(here, stmt, path))
                if atomic_call and isinstance(stmt, ast.Assign) and not path.fault:
                    target = ast.unparse(stmt.targets[0])
                    result = self.names.lookup(path, executor.scope_name, target)
                    if isinstance(result, Lit | Param):
                        path.text += f" -> {show(result)}"
                    else:
                        path.asked = executor.qualify(target)
        return [(path, here.after, here.held) for path in paths]

    def block(self, stmt: ast.With, here: Here) -> Following:
        """``with atomic():`` is one step."""
        executor, step = here.executor, here.step
        call = stmt.items[0].context_expr
        assert isinstance(call, ast.Call)
        say = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else ""
        src = next((k.value.value for k in call.keywords if isinstance(k.value, ast.Constant)), "")
        before, found = len(step.touched), Following()
        for path, outcome in replace(executor, in_atomic=True).body(stmt.body, step.copy()):
            if outcome is not None:
                raise executor.error("PS207", "no return from inside an atomic block", stmt)
            place = Place("atomic", executor.source.span(stmt), executor.source.name,
                str(src) or executor.source.src)  # fmt: skip
            path.met.append(Met(place, accesses=len(path.touched) - before))
            path.touched[before:] = ["atomic"]
            names = dict[str, Expr]()
            for name in executor.source.locals:
                value = self.names.lookup(path, executor.scope_name, name)
                if value is not None:
                    names[name] = value
            path.text = fill(str(say) or self.text(here, stmt.body[0], step), names)
            path.src = str(src) or path.src
            self.enter(here, path, stmt, path.text)
            found += here.then(path)
        return found

    def call(self, call: ast.Call, target: str | None, here: Here) -> Following:
        """Enter an inline function: its arguments become locals of its own."""
        executor, step = here.executor, here.step
        callee: Function = executor.source.lookup(call.func)
        source = cut_source(callee, self.layout.cut)
        site = f"{callee.name}@{call.lineno}:{call.col_offset}"
        scope = f"{executor.scope_name}/{site}".lstrip("/")
        if any(isinstance(f, Call) and f.callee.tree is source.tree for f in here.after):
            raise executor.error("PS208", f"{callee.name} calls itself", call)
        if len(call.args) != len(source.args) + 1:
            raise executor.error(
                "PS218", f"{callee.name} takes the state and {len(source.args)} more", call
            )
        before = len(step.touched)
        inner = self.executor(source, scope, here.held)
        stored = source.assigned
        for (name, _), arg in zip(source.args, call.args[1:], strict=True):
            value = executor.argument(step, arg)
            if isinstance(arg, ast.Name) and executor.is_local(arg.id) and name not in stored:
                self.names.aliases[f"{scope}.{name}"] = executor.qualify(arg.id)
            else:
                step.env[inner.qualify(name)] = value
        if len(step.touched) > before:
            raise executor.error(
                "PS203", "an argument reads shared state: that is a step of its own", call
            )
        inside = (Call(source, scope, target, callee.src), *here.after)
        return here.then(step, sequence(source.tree.body, source, scope, inside))

    def return_(self, value: ast.expr | None, here: Here) -> Following | None:
        """``return``: leave loops and the call; the result goes to the caller's local."""
        executor, path = here.executor, here.step.copy()
        result = None
        if value is not None:
            result = term(executor.scope(path), value)
            if len(path.touched) > len(here.step.touched):
                if path.accessed:
                    return None
                self.enter(here, path, value, self.text(here, value, path))
        rest = here.after
        while rest and not isinstance(rest[0], Call):
            if isinstance(rest[0], Scan):
                self.forget(rest[0], path)
            rest = rest[1:]
        if rest:
            call = rest[0]
            assert isinstance(call, Call)
            if call.target is not None:
                if result is None:
                    node = value or executor.source.tree
                    raise executor.error("PS206", f"{call.callee.name} returns no value here", node)
                path.env[call.target] = result
            rest = rest[1:]
        return here.then(path, rest)

    def leave(self, stmt: ast.Break | ast.Continue, here: Here) -> tuple[Frame, ...]:
        """``break`` and ``continue``."""
        rest = here.after
        while rest and not isinstance(rest[0], Loop | Scan):
            rest = rest[1:]
        if isinstance(stmt, ast.Continue):
            return rest
        if isinstance(rest[0], Scan):
            self.forget(rest[0], here.step)
        return rest[1:]

    # ------------------------------------------------------------------------------ scans

    def scan(
        self, top: Scan, step: Step, frames: tuple[Frame, ...], held: Held
    ) -> Following | None:
        """The head of a loop over members: pick one not visited yet, or leave."""
        node = top.node
        executor = self.executor(top.source, top.scope, held)
        if not isinstance(node.target, ast.Name):
            raise executor.error("PS209", "a loop needs a single name", node.target)
        key = f"{node.target.id}:{node.lineno}"
        if step.accessed or any(p.name == key for p in step.params):
            return None
        if step.node is None:
            step.node, step.source = node, top.source
        name = seen_name(node, top.scope)
        sort = self.scans[name]
        seen = self.names.var(name)
        chosen = step.copy()
        param = executor.choice(chosen, key, sort, node)
        again = any(w.var == seen and w.binders for w in step.writes)  # left in this very step
        ready = again or chosen.assume(neg(Read(seen, (*self.names.mine, param), BOOL)))
        if self.ordered:
            earlier = bound("earlier", node, sort)
            visited = FALSE if again else Read(seen, (*self.names.mine, earlier), BOOL)
            chosen.cond.append(forall(earlier, implies(lt(earlier, param), visited)))
        chosen.writes.append(Write(seen, (*self.names.mine, param), TRUE))
        chosen.env[executor.qualify(node.target.id)] = param
        binder = bound("member", node, sort)
        done = step.copy()
        done.cond.append(forall(binder, Read(seen, (*self.names.mine, binder), BOOL)))
        self.forget(top, done)
        body = sequence(node.body, top.source, top.scope, frames)
        found = [] if again else [(done, frames[1:], held)]
        return [(chosen, body, held), *found] if ready else found

    def forget(self, scan: Scan, step: Step) -> None:
        """Reset the visited set when a loop is left."""
        name = seen_name(scan.node, scan.scope)
        binder = bound("member", scan.node, self.scans[name])
        seen = self.names.var(name)
        step.writes = [w for w in step.writes if w.var != seen]
        step.writes.append(Write(seen, (*self.names.mine, binder), FALSE, (binder,)))

    # ------------------------------------------------------------------------------ locks

    def is_gone(self, executor: Executor, call: ast.Call) -> bool:
        """Whether this variant does without the lock that a call takes or releases."""
        lock = call.args[0] if call.args else None
        return isinstance(lock, ast.Attribute) and lock.attr in self.layout.changes.unlocked

    def lock(self, call: ast.Call, here: Here) -> Following:
        """A lock operation is a step; a writer that has to wait queues first."""
        executor, step = here.executor, here.step
        operation = executor.builtin(call)
        info = lock_of(executor, operation, call, step)
        if operation == "down_read" and info.name not in self.readers:
            self.readers.add(info.name)
            self.names.changed = True
        found = Following()
        for path in lock_paths(executor, operation, info, step.copy()):
            self.enter(here, path, call, path.text)
            found.append((path, here.after, held_after(operation, info.name, here.held)))
        if operation == "down_write" and info.name in self.readers:
            waiting = queue_path(info, step)
            if waiting is not None:
                self.enter(here, waiting, call, f"down_write({info.name}) queues")
                frame = Acquire(info, call, executor.source, executor.scope_name)
                found += here.then(waiting, (frame, *here.after))
        return found

    def acquire(self, top: Acquire, here: Here) -> Following:
        """The queued writer gets the lock."""
        path = acquire_path(self.decl.name, top.lock, here.step)
        if path is None:
            return []
        self.enter(here, path, top.node, f"down_write({top.lock.name})")
        return [(path, here.after, here.held | {top.lock.name})]
