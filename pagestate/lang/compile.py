"""From a model and a valuation of its switches to a core system and core properties."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pagestate.core import order
from pagestate.core.expr import TRUE, Expr, Lit, Read, conj, eq, neg
from pagestate.core.property import Property
from pagestate.core.sorts import BOOL, COUNT, EnumSort, IndexSort, default_value
from pagestate.core.system import (
    Action,
    StateVar,
    StepInfo,
    System,
    Thread,
    Write,
    index_sorts,
    terms_of,
)
from pagestate.core.verdict import Verdict
from pagestate.core.waiting import NO_FAULT, all_at, is_idle
from pagestate.lang.changes import Met, Place
from pagestate.lang.control import Control, Scan, Seq, Transition
from pagestate.lang.deadness import dead_behind
from pagestate.lang.declare import Model
from pagestate.lang.diagnostics import ModelError, near
from pagestate.lang.faults import FAULTS, may_be_negative
from pagestate.lang.fold import fold, fold_constants
from pagestate.lang.layout import Layout, layout_of, state_variables
from pagestate.lang.locals import liveness
from pagestate.lang.machine import Machine
from pagestate.lang.names import Names
from pagestate.lang.outcomes import OUTCOME
from pagestate.lang.properties import compile_property, deadlock_property, pure_scope
from pagestate.lang.scope import Step
from pagestate.lang.sharing import Locals, share
from pagestate.lang.terms import pure_body

_STILL = ""
"""Where the places are that steps without effect come by; such steps are no actions."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A model under one valuation: what the engines check.

    ``impossible`` are steps that were dropped because no execution can take them.  ``switches``
    are those that were looked at, ``places`` the tests, atomic blocks and, in a variant, statements
    kept whole that steps depend on.
    """

    model: Model
    valuation: Mapping[str, bool | str | int]
    system: System
    properties: tuple[Property, ...]
    expected: Mapping[str, tuple[Verdict, str]]
    impossible: tuple[Action, ...]
    switches: frozenset[str] = frozenset()
    places: tuple[Place, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The names of the variables."""
        return frozenset(v.name for v in self.system.variables)

    def ends(self, thread: str) -> tuple[str, str, str | None]:
        """A thread's control variable, its first label, and its last one if it has one."""
        found = self.system.thread(thread)
        return found.control, found.start, found.final


def valuation_of(model: Model, settings: Mapping[str, str]) -> dict[str, bool | str | int]:
    """All switches with their values.  Raises ModelError PS301, PS302."""
    switches = {s.name: s for s in model.declared_switches()}
    for name in settings:
        if name not in switches:
            raise ModelError(
                "PS301",
                f"model {model.name} has no switch {name!r}",
                hint=near(name, list(switches)) or "it has no switches",
            )
    return {
        name: s.parse(settings[name]) if name in settings else s.default
        for name, s in switches.items()
    }


def compile_model(
    model: Model, valuation: Mapping[str, bool | str | int], *, ordered_scans: bool = False
) -> Compiled:
    """Compile ``model``; ``ordered_scans``: loops visit members by number.  Raises ModelError."""
    for part in (model.whole, model):
        if part is not None:
            _check_names(part)
    layout = layout_of(model)
    valuation = _Asked(valuation)
    machines = _explore(model, layout, valuation, ordered_scans)
    shared = state_variables(layout, machines[0].readers if machines else set())
    faults = sorted({t.step.fault for m in machines for t in m.done if t.step.fault})
    fault = EnumSort("fault", (NO_FAULT, *faults))
    variables, actions, threads = list(shared), list[Action](), list[Thread]()
    met = dict[str, Sequence[Met]]()
    if faults:
        variables.append(StateVar("fault", (), fault, NO_FAULT))
    for machine in machines:
        made = _thread(machine, fault if faults else None, met)
        variables.extend(made[0])
        actions.extend(made[1])
        threads.append(made[2])
    conditions = (model.init, model.scenario.init if model.scenario else None)
    init = conj(*(pure_body(pure_scope(c, layout, valuation)) for c in conditions if c))
    sorts = {v.name: v.sort for v in variables if v.control}
    idle: dict[str, Expr] = dict.fromkeys(model.left_out(), TRUE)
    idle |= {t.name: all_at(t, sorts[t.control], is_idle(t)) for t in threads}
    properties = [
        deadlock_property(p, threads, actions, {v.name: v.sort for v in variables})
        if p.kind == "deadlock_free"
        else compile_property(p, layout, valuation, model, idle)
        for p in model.properties
    ]
    properties += [
        Property(
            FAULTS[kind][0],
            "always",
            neg(eq(Read("fault", (), fault), Lit(kind, fault))),
            title=FAULTS[kind][1],
            builtin=True,
        )
        for kind in faults
    ]
    used = _sorts_of(variables, actions, properties, model)
    system = System(
        model.name,
        used,
        tuple(variables),
        tuple(actions),
        tuple(threads),
        init,
        tuple(model.assumptions),
    )
    folded, rest, impossible = fold_constants(system, properties)
    if ordered_scans:
        folded, ranked = order.ordered(folded, tuple(rest))
        rest = list(ranked)
    defaults = {s.name: s.default for s in model.declared_switches()}
    expected = {
        e.name: (Verdict(e.verdict), e.reason)
        for e in model.expect
        if {**defaults, **e.when} == dict(valuation)
    }
    places = _places(folded, variables, met)
    return Compiled(
        model,
        dict(valuation),
        folded,
        tuple(rest),
        expected,
        impossible,
        frozenset(valuation.asked),
        places,
    )


class _Asked(dict[str, bool | str | int]):
    """Values of switches that remember which of them were asked for."""

    def __init__(self, values: Mapping[str, bool | str | int]) -> None:
        super().__init__(values)
        self.asked = set[str]()

    def __getitem__(self, name: str) -> bool | str | int:
        self.asked.add(name)
        return super().__getitem__(name)


def _places(
    system: System, variables: Sequence[StateVar], met: Mapping[str, Sequence[Met]]
) -> tuple[Place, ...]:
    """The places that the steps of ``system`` depend on, in the order of the source.

    A test whose outcome is the same wherever it is made decides nothing; an atomic block with one
    access is a step anyway.
    """
    kept = {v.name for v in system.variables}
    constant = {v.name: Lit(v.init, v.sort) for v in variables if v.name not in kept}
    found, outcomes = set[Place](), dict[Place, set[Expr]]()
    taken = (_STILL, *(action.name for action in system.actions))
    for one in (m for name in taken for m in met.get(name, ())):
        if one.term is not None:
            outcomes.setdefault(one.place, set()).add(fold(one.term, constant))
        elif one.accesses > 1:
            found.add(one.place)
    for place, terms in outcomes.items():
        if len(terms) > 1 or not isinstance(next(iter(terms)), Lit):
            found.add(place)
    return tuple(sorted(found, key=lambda p: (p.span.file, p.span.line, p.span.column, p.kind)))


def _check_names(model: Model) -> None:
    span = model.span if model.scenario is None else model.scenario.span
    for kind, names in (
        ("thread", [t.name for t in model.declared_threads()]),
        ("property", [p.name for p in model.properties]),
        ("switch", [s.name for s in model.declared_switches()]),
    ):
        twice = [n for n in names if names.count(n) > 1]
        if twice:
            raise ModelError("PS307", f"{kind} {twice[0]!r} is declared twice", span)
    rules = [name for name, _ in FAULTS.values()]
    for decl in model.properties:
        if decl.name in rules:
            raise ModelError(
                "PS307",
                f"property {decl.name!r} has the name of a built-in rule",
                span,
                f"every model has these: {', '.join(rules)}",
            )
    known = [p.name for p in model.properties] + rules
    switches = [s.name for s in model.declared_switches()]
    for expect in model.expect:
        if expect.name not in known:
            raise ModelError(
                "PS306",
                f"an expectation names {expect.name!r}, which is no property of {model.name}",
                span,
                near(expect.name, known),
            )
        for name in expect.when:
            if name not in switches:
                raise ModelError(
                    "PS301",
                    f"an expectation names switch {name!r}",
                    span,
                    near(name, switches),
                )
        if expect.verdict not in list(Verdict):
            raise ModelError("PS308", f"{expect.verdict!r} is no verdict", span)


def _explore(
    model: Model, layout: Layout, valuation: Mapping[str, bool | str | int], ordered: bool
) -> list[Machine]:
    """Explore all threads, again until the sorts of locals and the use of locks are settled."""
    readers = set[str]()
    known = {t.name: Names(t.name, t.replicated) for t in model.declared_threads()}
    while True:
        machines = [
            Machine(
                t,
                layout,
                valuation,
                Names(t.name, t.replicated, known[t.name].sorts, known[t.name].doubtful),
                {},
                readers,
                ordered,
            )
            for t in model.declared_threads()
        ]
        for machine in machines:
            machine.explore()
        if not any(m.names.changed for m in machines):
            return machines


def _labels(machine: Machine) -> dict[Control, str]:
    """A readable, unique label for every control state: function and line."""
    labels = dict[Control, str]()
    taken = set[str]()
    for transition in machine.done:
        for control in (transition.source, transition.target):
            if control is None or control in labels or not control.frames:
                continue
            if control == machine.start:
                label = "start"
            else:
                top = control.frames[0]
                node = top.stmts[top.at] if isinstance(top, Seq) else getattr(top, "node", None)
                source = getattr(top, "source", machine.source)
                line = getattr(node, "lineno", source.tree.lineno)
                mark = "next " if isinstance(top, Scan) else ""
                label = f"{mark}{source.name}:{line}"
            base, n = label, 2
            while label in taken:
                label, n = f"{base}#{n}", n + 1
            taken.add(label)
            labels[control] = label
    return labels


def _thread(
    machine: Machine, fault: EnumSort | None, met: dict[str, Sequence[Met]]
) -> tuple[list[StateVar], list[Action], Thread]:
    """The variables and actions of one thread; ``met`` gets the places each action comes by."""
    decl, me = machine.decl, machine.names.mine
    dims = (decl.replicated,) if decl.replicated else ()
    labels = _labels(machine)
    if machine.start not in labels:  # a thread with an empty body
        labels[machine.start] = "start"
    ends = not decl.repeat and any(t.target is None and not t.step.fault for t in machine.done)
    names = tuple(labels.values()) + (("end",) if ends else ())
    control_sort = EnumSort(f"{decl.name}.pc", names)
    control = Read(f"{decl.name}.pc", me, control_sort)
    needed = liveness(machine.done, machine.start, decl.name, machine.scans)
    for name in needed[machine.start]:
        where = machine.source.span(machine.source.tree)
        short = name.rsplit(".", 1)[-1]
        raise ModelError("PS213", f"local {short!r} may be read before it has a value", where)
    shared = share(Locals(machine.done, needed, machine.names.sorts, machine.scans), decl.name)
    live = shared.live
    home = "start" if decl.repeat else "end"
    me_params = () if machine.names.me is None else (machine.names.me,)
    actions = list[Action]()
    counts = dict[str, int]()
    why = dead_behind(machine.start, machine.done)
    for transition in shared.transitions:
        step, label = transition.step, labels[transition.source]
        target = home if transition.target is None else labels[transition.target]
        guard = [eq(control, Lit(label, control_sort))]
        if fault:
            guard.append(eq(Read("fault", (), fault), Lit(NO_FAULT, fault)))
        writes = list[Write]()
        if step.fault:
            assert fault is not None
            target = label
            writes.append(Write("fault", (), Lit(step.fault, fault)))
        else:
            writes.extend(step.writes)
            writes.extend(_local_writes(machine, transition, shared))
            if target != label:
                writes.append(Write(f"{decl.name}.pc", me, Lit(target, control_sort)))
        if not writes and not step.note:
            met[_STILL] = [*met.get(_STILL, ()), *step.met]
            continue
        counts[label] = counts.get(label, 0) + 1
        number = f"/{counts[label]}" if counts[label] > 1 else ""
        span = step.source.span(step.node) if step.source and step.node else None
        free = any(p.name.startswith(OUTCOME) for p in step.params)
        text = f"{step.text} (test ignored)" if free else step.text
        info = StepInfo(text, step.calls, label, target, span, step.src or decl.src, step.note)
        params = tuple(step.params)
        name = f"{decl.name}@{label}{number}"
        met[name] = step.met
        actions.append(
            Action(
                name,
                conj(*guard, *step.cond),
                tuple(writes),
                (*me_params, *params),
                decl.name,
                machine.names.me,
                info,
                why.get(transition.source, "") or step.expect_dead,
                "" if step.fault else step.takes,
            )
        )
    variables = [
        StateVar(f"{decl.name}.pc", dims, control_sort, "start", thread=decl.name, control=True)
    ]
    used = {name for names_ in live.values() for name in names_}
    for name, sort in shared.sorts.items():
        if name in used:
            variables.append(
                StateVar(machine.names.var(name), dims, sort, default_value(sort), thread=decl.name)
            )
    for name, index in shared.scans.items():
        variables.append(
            StateVar(machine.names.var(name), (*dims, index), BOOL, False, thread=decl.name)
        )
    scans = tuple(machine.names.var(n) for n in shared.scans)
    lives = {
        label: tuple(machine.names.var(n) for n in sorted(live.get(c, ()))) + scans
        for c, label in labels.items()
    }
    final = "end" if ends else None
    thread = Thread(
        decl.name,
        f"{decl.name}.pc",
        "start",
        names,
        decl.replicated,
        decl.repeat,
        final,
        lives,
        decl.src,
        {label: c.holds for c, label in labels.items()},
        decl.fair,
        decl.eager,
    )
    return variables, actions, thread


def _local_writes(machine: Machine, transition: Transition, found: Locals) -> list[Write]:
    """Locals that live on get their values, those that die their default."""
    step, live = transition.step, found.live
    after = live.get(transition.target, set()) if transition.target else set[str]()
    before = live.get(transition.source, set())
    writes = list[Write]()
    for name in sorted(after | before):
        var, sort = machine.names.var(name), found.sorts[name]
        old = Read(var, machine.names.mine, sort)
        if name in after:
            value = step.env.get(name, old)
            if isinstance(value, Lit) and value.value is None:
                value = Lit(None, sort)
        else:
            value = Lit(default_value(sort), sort)
        if name in after and sort == COUNT and may_be_negative(value, step.cond):
            raise ModelError(
                "PS206",
                f"local {name.rsplit('.', 1)[-1]!r} keeps a difference, which may be negative",
                step.source.span(step.node) if step.source and step.node else None,
                "compare before subtracting, or keep the two numbers",
            )
        if value != old and not _same_by_guard(step, old, value):
            writes.append(Write(var, machine.names.mine, value))
    return writes


def _same_by_guard(step: Step, old: Expr, value: Expr) -> bool:
    """Whether the step's condition already says that the local has this value."""
    return eq(old, value) in step.cond


def _sorts_of(
    variables: Sequence[StateVar],
    actions: Sequence[Action],
    properties: Sequence[Property],
    model: Model,
) -> tuple[IndexSort, ...]:
    found = dict[IndexSort, None]()
    for var in variables:
        found |= dict.fromkeys(var.dims)
    for action in actions:
        found |= dict.fromkeys(p.sort for p in action.params if isinstance(p.sort, IndexSort))
        for term in terms_of(action):
            found |= dict.fromkeys(index_sorts(term))
    for prop in properties:
        for term in prop.terms:
            found |= dict.fromkeys(index_sorts(term))
    for decl in model.declared_threads():
        if decl.replicated:
            found[decl.replicated] = None
    return tuple(sorted(found, key=lambda s: s.name))
