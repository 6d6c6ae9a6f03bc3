"""Aliases: the page locals of one thread that always name the same page become one reference.

Inlined functions have page parameters of their own, so a thread carries several references, of
which all that are set name one page.  Following the thread's steps label by label shows which are
set where; if that is a function of the label, and they never differ, one reference is enough: each
of them is that reference at the labels where it is set, and none elsewhere.  Parameters of a step
that stand for the same page become one.  A thread that does hold two pages is left alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from pagestate.core.counting import conjuncts, fold_pages
from pagestate.core.expr import (
    FALSE,
    TRUE,
    Expr,
    Lit,
    Op,
    Param,
    Read,
    conj,
    disj,
    eq,
    ite,
    substitute,
    transform,
)
from pagestate.core.property import Property
from pagestate.core.sorts import IndexSort, RefSort
from pagestate.core.system import Action, StateVar, System, Thread, Write

Held: TypeAlias = frozenset[str]


@dataclass(frozen=True, slots=True)
class Renamed:
    """An action of the merged system: the original, and which parameter stands for another."""

    original: Action
    action: Action
    aliases: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Holder:
    """Where ``condition`` (on a thread's label) holds, the reference ``name`` is not none."""

    name: str
    condition: Expr


@dataclass(frozen=True, slots=True)
class _Merge:
    """The references of one thread that become ``one``; ``held`` says which are set where."""

    thread: Thread
    control: StateVar
    refs: tuple[StateVar, ...]
    one: StateVar
    held: Mapping[str, Held]

    @property
    def names(self) -> frozenset[str]:
        """The references that go."""
        return frozenset(v.name for v in self.refs)


def merge(
    system: System, properties: tuple[Property, ...]
) -> tuple[System, tuple[Property, ...], tuple[Renamed, ...], tuple[Holder, ...]]:
    """The system with one reference per thread and sort, where that is the same.

    The third part goes with the actions of the new system, in order; the fourth says where the
    references are set.
    """
    holders = list[Holder]()
    renamed = tuple(Renamed(a, a) for a in system.actions)
    for thread in system.threads:
        for sort in system.sorts:
            found = _mergeable(system, thread, sort)
            if found is not None:
                renamed = tuple(_rename(found, r) for r in renamed)
                system = _merged(system, found, renamed)
                properties = tuple(
                    replace(p, formula=_outside(found, p.formula)) for p in properties
                )
                holders.append(Holder(found.one.name, _set_at(found)))
    return system, properties, renamed, tuple(holders)


def _set_at(merged: _Merge) -> Expr:
    control = Read(merged.control.name, (), merged.control.sort)
    labels = [label for label, held in merged.held.items() if held]
    return disj(*(eq(control, Lit(label, merged.control.sort)) for label in labels))


def _mergeable(system: System, thread: Thread, sort: IndexSort) -> _Merge | None:
    refs = tuple(
        v
        for v in system.variables
        if v.thread == thread.name and v.sort == RefSort(sort) and v.dims == ()
        and v.init is None and not v.free
    )  # fmt: skip
    if thread.index is not None or sort.ordered or not refs:
        return None
    control = system.variable(thread.control)
    names = frozenset(v.name for v in refs)
    writers = [a for a in system.actions if any(w.var in names | {control.name} for w in a.writes)]
    if any(a.thread != thread.name for a in writers) or control.init != thread.start:
        return None
    if any(_label_of(a, control.name) is None for a in writers):
        return None
    one = min(refs, key=lambda v: len(v.name))
    merged = _Merge(thread, control, refs, one, {})
    held = _follow(system, merged)
    return None if held is None else replace(merged, held=held)


def _follow(system: System, merged: _Merge) -> dict[str, Held] | None:
    """Which references are set at each label; None where that or the page is not determined."""
    own = [a for a in system.actions if a.thread == merged.thread.name]
    held: dict[str, Held] = {merged.thread.start: frozenset()}
    todo = [merged.thread.start]
    while todo:
        label = todo.pop()
        for action in own:
            step = _Step.of(merged, action, label, held[label])
            if step is None:
                continue
            end = step.end()
            if end is None:
                return None
            target, now, _ = end
            if target not in held:
                held[target] = now
                todo.append(target)
            elif held[target] != now:
                return None
    return held


@dataclass(frozen=True, slots=True)
class _Step:
    """An action at one label, with the references replaced by the parameter for the page held."""

    merged: _Merge
    label: str
    action: Action
    page: Param | None
    aliases: tuple[tuple[str, str], ...]
    held: Held

    @staticmethod
    def of(merged: _Merge, action: Action, label: str, held: Held) -> "_Step | None":
        """None if the action cannot be taken at ``label``."""
        page = _anchor(action, held)

        def put(e: Expr) -> Expr:
            return fold_pages(transform(e, lambda x: _at_label(merged, x, label, held, page)))

        action = replace(
            action,
            guard=put(action.guard),
            writes=tuple(replace(w, value=put(w.value), where=put(w.where)) for w in action.writes),
        )
        aliases = list[tuple[str, str]]()
        while (pair := _same(action)) is not None:
            gone, stays = pair if pair[0] != page else (pair[1], pair[0])
            aliases.append((gone.name, stays.name))
            action = _unify(action, gone, stays)
        if action.guard == FALSE:
            return None
        return _Step(merged, label, action, page, tuple(aliases), held)

    def end(self) -> tuple[str, Held, Expr | None] | None:
        """The label after it, the references then set, and their page; None if not determined."""
        target = self.label
        news: dict[str, Expr | None] = dict.fromkeys(self.held)
        for write in self.action.writes:
            if write.var not in self.merged.names and write.var != self.merged.control.name:
                continue
            if write.where != TRUE or not isinstance(write.value, Lit | Param | Read):
                return None
            if write.var == self.merged.control.name:
                if not isinstance(write.value, Lit):
                    return None
                target = str(write.value.value)
            else:
                news[write.var] = write.value
        kept = _one(self.merged)
        here = kept if self.page is None else self.page
        pages = {n: here if v is None else v for n, v in news.items()}
        now = {n: v for n, v in pages.items() if not (isinstance(v, Lit) and v.value is None)}
        values = set(now.values())
        if len(values) > 1 or any(isinstance(v, Read) and v != kept for v in values):
            return None
        return target, frozenset(now), next(iter(values), None)


def _one(merged: _Merge) -> Read:
    return Read(merged.one.name, (), merged.one.sort)


def _at_label(merged: _Merge, e: Expr, label: str, held: Held, page: Param | None) -> Expr | None:
    if not isinstance(e, Read) or e.primed:
        return None
    if e.var == merged.control.name:
        return Lit(label, e.sort, e.span)
    if e.var not in merged.names:
        return None
    if e.var not in held:
        return Lit(None, e.sort, e.span)
    return page if page is not None else _one(merged)


def _anchor(action: Action, held: Held) -> Param | None:
    for part in conjuncts(action.guard):
        match part:
            case (
                Op(op="eq", args=(Read(var=var), Param() as page))
                | Op(op="eq", args=(Param() as page, Read(var=var)))
            ) if var in held and page in action.params:
                return page
            case _:
                pass
    return None


def _same(action: Action) -> tuple[Param, Param] | None:
    """Two parameters that the guard says are the same page."""
    for part in conjuncts(action.guard):
        match part:
            case Op(op="eq", args=(Param(sort=IndexSort()) as a, Param() as b)):
                if a in action.params and b in action.params:
                    return a, b
            case _:
                pass
    return None


def _unify(action: Action, gone: Param, stays: Param) -> Action:
    binding: dict[Param, Expr] = {gone: stays}

    def put(e: Expr) -> Expr:
        return substitute(e, binding)

    return replace(
        action,
        guard=put(action.guard),
        params=tuple(p for p in action.params if p != gone),
        writes=tuple(
            replace(w, index=tuple(put(i) for i in w.index), value=put(w.value), where=put(w.where))
            for w in action.writes
        ),
    )


def _rename(merged: _Merge, renamed: Renamed) -> Renamed:
    action = renamed.action
    if action.thread != merged.thread.name:
        return replace(renamed, action=_from_outside(merged, action))
    label = _label_of(action, merged.control.name)
    if label is None:
        return replace(renamed, action=_from_outside(merged, action))
    held = merged.held.get(label)
    step = None if held is None else _Step.of(merged, action, label, held)
    end = None if step is None else step.end()
    if step is None or end is None:  # no state is at the label, or the guard is false there
        return replace(renamed, action=replace(action, guard=FALSE, writes=()))
    _, now, page = end
    control = Read(merged.control.name, (), merged.control.sort)
    guard = conj(eq(control, Lit(label, merged.control.sort)), step.action.guard)
    if held and step.page is not None:
        guard = conj(guard, eq(_one(merged), step.page))
    writes = [w for w in step.action.writes if w.var not in merged.names]
    here = _one(merged) if step.page is None else step.page
    before: Expr | None = here if held else None
    after = page if now else None
    if after != before:
        value = Lit(None, merged.one.sort) if after is None else after
        writes.append(Write(merged.one.name, (), value))
    made = replace(step.action, guard=guard, writes=tuple(writes))
    return Renamed(renamed.original, made, (*renamed.aliases, *step.aliases))


def _label_of(action: Action, control: str) -> str | None:
    for part in conjuncts(action.guard):
        match part:
            case Op(op="eq", args=(Read(var=var), Lit(value=value))) if var == control:
                return str(value)
            case _:
                pass
    return None


def _outside(merged: _Merge, term: Expr) -> Expr:
    """``term`` with each reference said by its label."""

    def visit(e: Expr) -> Expr | None:
        if not isinstance(e, Read) or e.var not in merged.names:
            return None
        control = Read(merged.control.name, (), merged.control.sort, e.primed)
        places = [label for label, held in merged.held.items() if e.var in held]
        here = disj(*(eq(control, Lit(label, merged.control.sort)) for label in places))
        one = replace(_one(merged), primed=e.primed)
        return ite(here, one, Lit(None, e.sort))

    return transform(term, visit)


def _from_outside(merged: _Merge, action: Action) -> Action:
    return replace(
        action,
        guard=_outside(merged, action.guard),
        writes=tuple(
            replace(w, value=_outside(merged, w.value), where=_outside(merged, w.where))
            for w in action.writes
        ),
    )


def _merged(system: System, merged: _Merge, renamed: tuple[Renamed, ...]) -> System:
    gone = merged.names - {merged.one.name}
    live = {
        label: (*(n for n in names if n not in merged.names),
                *((merged.one.name,) if merged.held.get(label) else ()))
        for label, names in merged.thread.live.items()
    }  # fmt: skip
    thread = replace(merged.thread, live=live)
    return replace(
        system,
        variables=tuple(v for v in system.variables if v.name not in gone),
        actions=tuple(r.action for r in renamed),
        threads=tuple(thread if t.name == thread.name else t for t in system.threads),
        init=_outside(merged, system.init),
    )
