"""Random small systems in the normal form of the core, for comparing engines.

Every number written stays in its sort by construction, except that counters may pass the bound of
the instance.
"""

from dataclasses import dataclass

from hypothesis import strategies as st

from pagestate.core.expr import (
    Expr,
    Lit,
    Param,
    Quant,
    Read,
    Size,
    add,
    conj,
    disj,
    eq,
    ite,
    le,
    lit,
    lt,
    neg,
    sub,
)
from pagestate.core.property import Property
from pagestate.core.sorts import (
    BOOL,
    COUNT,
    BoolSort,
    CountSort,
    DataSort,
    EnumSort,
    IndexSort,
    IntSort,
    RefSort,
    Sizes,
    default_value,
)
from pagestate.core.system import Action, StateVar, System, Write

COLOUR = EnumSort("colour", ("red", "green", "blue"))
SMALL = IntSort(-1, 2)


@dataclass(frozen=True, slots=True)
class Instance:
    """A system, properties and sizes."""

    system: System
    properties: tuple[Property, ...]
    sizes: Sizes


@dataclass(frozen=True, slots=True)
class Scope:
    """What a term may mention."""

    variables: tuple[StateVar, ...]
    members: tuple[Param, ...]
    sorts: tuple[IndexSort, ...]
    primed: bool = False
    literals: bool = False

    def reads(self, sort: DataSort) -> list[Expr]:
        """Every read of ``sort`` with indices from the scope."""
        found = list[Expr]()
        for var in self.variables:
            if var.sort != sort:
                continue
            for index in self.indices(var):
                found.append(Read(var.name, index, var.sort))
                if self.primed:
                    found.append(Read(var.name, index, var.sort, True))
        return found

    def indices(self, var: StateVar) -> list[tuple[Expr, ...]]:
        """Every index of the variable that the scope can express."""
        found: list[tuple[Expr, ...]] = [()]
        for dim in var.dims:
            mine: list[Expr] = [p for p in self.members if p.sort == dim]
            if self.literals:
                mine.append(Lit(0, dim))
            found = [(*head, m) for head in found for m in mine]
        return found


@st.composite
def terms(draw: st.DrawFn, scope: Scope, sort: DataSort, depth: int = 1) -> Expr:
    """A term of ``sort``; numbers stay between 0 (or the sort's low end) and its high end."""
    options = scope.reads(sort)
    match sort:
        case BoolSort():
            return draw(conditions(scope, depth))
        case EnumSort(members=members):
            options += [Lit(m, sort) for m in members]
        case IntSort(lo=lo, hi=hi):
            options += [Lit(v, sort) for v in range(lo, hi + 1)]
        case CountSort():
            options += [Lit(v, COUNT) for v in range(2)]
        case RefSort(index=index):
            options.append(Lit(None, sort))
            options += [p for p in scope.members if p.sort == index]
            if scope.literals:
                options.append(Lit(0, sort))
    term = draw(st.sampled_from(options))
    if depth and draw(st.integers(0, 3)) == 0:
        return ite(draw(conditions(scope, depth - 1)), term, draw(st.sampled_from(options)))
    return term


@st.composite
def conditions(draw: st.DrawFn, scope: Scope, depth: int = 2) -> Expr:
    """A boolean term."""
    if depth == 0 or draw(st.integers(0, 2)) == 0:
        return draw(atoms(scope))
    match draw(st.sampled_from(("not", "and", "or", "iff", "quant", "quant", "count"))):
        case "not":
            return neg(draw(conditions(scope, depth - 1)))
        case "and":
            return conj(draw(conditions(scope, depth - 1)), draw(conditions(scope, depth - 1)))
        case "or":
            return disj(draw(conditions(scope, depth - 1)), draw(conditions(scope, depth - 1)))
        case "iff":
            return eq(draw(conditions(scope, depth - 1)), draw(conditions(scope, depth - 1)))
        case kind:
            binder = Param(f"b{depth}_{len(scope.members)}", draw(st.sampled_from(scope.sorts)))
            inner = Scope(
                scope.variables,
                (*scope.members, binder),
                scope.sorts,
                scope.primed,
                scope.literals,
            )
            body = draw(conditions(inner, depth - 1))
            if kind == "quant":
                return Quant(draw(st.sampled_from(("all", "any"))), binder, body)
            number = Quant("count", binder, body)
            limit: Expr = Size(binder.sort) if draw(st.booleans()) else lit(draw(st.integers(0, 2)))
            return draw(st.sampled_from((eq(number, limit), lt(number, limit))))


@st.composite
def atoms(draw: st.DrawFn, scope: Scope) -> Expr:
    """A comparison or a boolean read."""
    options = scope.reads(BOOL)
    for var in scope.variables:
        same = scope.reads(var.sort)
        if not same or isinstance(var.sort, BoolSort):
            continue
        a = draw(st.sampled_from(same))
        b = draw(terms(scope, var.sort, 0))
        options.append(eq(a, b))
        if isinstance(var.sort, IntSort | CountSort):
            options += [lt(a, b), le(add(a, lit(1)), b), le(b, sub(a, lit(1)))]
    options += [eq(a, b) for a in scope.members for b in scope.members if a.sort == b.sort]
    return draw(st.sampled_from(options)) if options else lit(draw(st.booleans()))


@st.composite
def likely(draw: st.DrawFn, scope: Scope) -> Expr:
    """A condition that holds more often than not."""
    return disj(*(draw(conditions(scope, k)) for k in (2, 2, 1, 0)))


@st.composite
def writes(draw: st.DrawFn, scope: Scope, var: StateVar) -> tuple[Write, Expr]:
    """A write of ``var``, and the condition that keeps its value in the sort."""
    where, binders = lit(True), tuple[Param, ...]()
    if var.dims and (not scope.indices(var) or draw(st.integers(0, 2)) == 0):
        binders = tuple(Param(f"w{k}", d) for k, d in enumerate(var.dims))
        scope = Scope(
            scope.variables, (*scope.members, *binders), scope.sorts, False, scope.literals
        )
        index: tuple[Expr, ...] = binders
        where = draw(conditions(scope, 1))
    else:
        index = draw(st.sampled_from(scope.indices(var)))
    old = Read(var.name, index, var.sort)
    step = draw(st.sampled_from(("set", "up", "down")))
    if step == "set" or not isinstance(var.sort, CountSort | IntSort):
        return Write(var.name, index, draw(terms(scope, var.sort)), binders, where), lit(True)
    low = var.sort.lo if isinstance(var.sort, IntSort) else 0
    if step == "down":
        fits, value = lt(lit(low), old), sub(old, lit(1))
    else:
        fits, value = (
            lt(old, lit(var.sort.hi)) if isinstance(var.sort, IntSort) else lit(True),
            add(old, lit(1)),
        )
    if binders:
        return Write(var.name, index, value, binders, conj(where, fits)), lit(True)
    return Write(var.name, index, value), fits


@st.composite
def actions(draw: st.DrawFn, number: int, scope: Scope) -> Action:
    """An action with up to two parameters that writes each variable at most once."""
    count = draw(st.integers(0, 2))
    params = tuple(Param(f"p{k}", draw(st.sampled_from(scope.sorts))) for k in range(count))
    scope = Scope(scope.variables, params, scope.sorts, False, scope.literals)
    guard = disj(draw(conditions(scope)), draw(conditions(scope, 1)), draw(atoms(scope)))
    chosen = draw(st.lists(st.sampled_from(scope.variables), min_size=1, max_size=3, unique=True))
    made = list[Write]()
    for var in chosen:
        write, fits = draw(writes(scope, var))
        made.append(write)
        guard = conj(guard, fits)
    return Action(f"a{number}", guard, tuple(made), params)


@st.composite
def instances(draw: st.DrawFn, flat: bool = False) -> Instance:
    """A system with one or two index sorts, properties of every kind, and small sizes.

    ``flat``: no references, no named members, and at most one index, so that all is symmetric.
    """
    literals = not flat and draw(st.booleans())
    sorts = (IndexSort("page"), IndexSort("cpu"))[: draw(st.integers(1, 2))]
    kinds: list[DataSort] = [BOOL, BOOL, COLOUR, SMALL, COUNT, RefSort(sorts[0])]
    if flat or draw(st.booleans()):
        kinds.remove(RefSort(sorts[0]))
    variables = list[StateVar]()
    for k in range(draw(st.integers(2, 4))):
        sort = draw(st.sampled_from(kinds))
        one, other = (sorts[0],), (sorts[-1],)
        dims = draw(st.sampled_from(((), one, one, one, other, one if flat else (*one, *other))))
        free = draw(st.integers(0, 4)) == 0
        init = None if free else default_value(sort)
        prefix = dims[0].name if dims else "v"
        variables.append(StateVar(f"{prefix}{k}", dims, sort, init, free))
    scope = Scope(tuple(variables), (), sorts, False, literals)
    free_only = Scope(tuple(v for v in variables if v.free), (), sorts, False, literals)
    weak = disj(draw(conditions(free_only)), draw(conditions(free_only)))
    init_term = weak if free_only.variables else lit(True)
    moves = tuple(draw(actions(k, scope)) for k in range(draw(st.integers(2, 4))))
    step = Scope(scope.variables, (), sorts, True, literals)
    properties = (
        Property("always", "always", draw(likely(scope))),
        Property("step", "step", draw(likely(step))),
        Property("goal", "reachable", neg(draw(likely(scope)))),
        Property("goal2", "reachable", neg(draw(likely(scope)))),
    )
    system = System("random", sorts, tuple(variables), moves, init=init_term)
    sizes = {s.name: draw(st.integers(1, 3)) for s in sorts}
    return Instance(system, properties, Sizes(sizes, draw(st.integers(1, 2))))
