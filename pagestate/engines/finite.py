"""What engines of one size have in common: facts of an instance, laws in its vocabulary."""

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from pagestate.core.expr import (
    Cell,
    Expr,
    Lit,
    Op,
    Param,
    Quant,
    Read,
    Size,
    children,
    neg,
    transform,
)
from pagestate.core.ground import GroundSystem
from pagestate.core.invariant import FiniteInvariant
from pagestate.core.property import Property
from pagestate.core.sorts import CountSort, IndexSort, RefSort
from pagestate.core.system import System
from pagestate.core.verdict import Answer
from pagestate.smt.relation import Escape

_SIGNS = {"and": " and ", "or": " or ", "add": " + ", "eq": " = ", "lt": " < ", "le": " <= "}


def fact_of(prop: Property) -> Expr:
    """What has to hold always: of a ``reachable`` property that the goal does not."""
    return neg(prop.formula) if prop.kind == "reachable" else prop.formula


def starts_anyhow(system: System) -> str:
    """A counter whose initial value is free, so that no bound holds from the start ("": none)."""
    free = (v.name for v in system.variables if v.free and isinstance(v.sort, CountSort))
    return next(free, "")


def escaped(answer: Answer, depth: int, escape: Escape) -> Answer:
    """The answer that a step after ``depth`` steps can leave the sorts."""
    action = escape.action.action.name
    if escape.overflow:
        reason = f"bound of {escape.variable} too small: {action} after {steps_of(depth)}"
        return replace(answer, reason=reason, overflow=escape.variable)
    reason = f"{action} after {steps_of(depth)} takes {escape.variable} out of its sort"
    return replace(answer, reason=reason)


def steps_of(number: int) -> str:
    """So many steps, in words."""
    return "1 step" if number == 1 else f"{number} steps"


def named(ground: GroundSystem, law: Expr) -> Expr:
    """A ground term with its cells called by variable and members."""
    dims = {v.name: v.dims for v in ground.system.variables}

    def visit(e: Expr) -> Expr | None:
        if not isinstance(e, Cell):
            return None
        var, where = ground.cells[e.number].name
        index = tuple(Lit(i, d) for i, d in zip(where, dims[var], strict=True))
        return Read(var, index, e.sort, e.primed)

    return transform(law, visit)


def invariant_of(
    ground: GroundSystem,
    properties: Iterable[Property],
    laws: Iterable[Expr],
    depth: int = 1,
    distinct: bool = False,
) -> FiniteInvariant:
    """The certificate that ``properties`` and ``laws`` (closed or ground terms) are inductive."""
    names = tuple(p.name for p in properties)
    said = tuple(named(ground, law) for law in laws)
    sizes = ", ".join(f"{name}={size}" for name, size in sorted(ground.sizes.index.items()))
    lines = [f"For {sizes}:" if sizes else "For the one instance:", "", "Properties"]
    lines += [f"  {name}" for name in names]
    if said:
        lines += ["", "Laws", *sorted(f"  {_line(law)}" for law in said)]
    if depth > 1:
        apart = ", no two of them equal," if distinct else ""
        lines += ["", f"They hold after {depth} states in a row{apart} in which they hold."]
    text = "\n".join(lines) + "\n"
    return FiniteInvariant(names, said, ground.sizes.count_bound, depth, distinct, text)


def _line(law: Expr) -> str:
    """A law as one line; what it says of all members, of which no two are equal, in front."""
    binders = list[Param]()
    while isinstance(law, Quant) and law.kind == "all":
        binders.append(law.binder)
        law = law.body
    if not binders:
        return show(law)
    parts = law.args if isinstance(law, Op) and law.op == "or" else (law,)
    same = [p for p in parts if isinstance(p, Op) and p.op == "eq" and set(p.args) <= set(binders)]
    said = " or ".join(show(part) for part in parts if part not in same)
    apart = " (no two equal)" if same else ""
    return f"for each {', '.join(b.name for b in binders)}{apart}: {said}"


def show(term: Expr) -> str:
    """A term about named members in plain text."""
    match term:
        case Lit(value=None):
            return "none"
        case Lit(value=value, sort=IndexSort() | RefSort() as sort):
            return f"{sort.name if isinstance(sort, IndexSort) else sort.index.name} {value}"
        case Lit(value=value):
            return str(value).lower() if isinstance(value, bool) else str(value)
        case Param(name=name):
            return name
        case Read(var=var, index=index, primed=primed):
            where = f"[{', '.join(show(i) for i in index)}]" if index else ""
            return f"{var}{where}{chr(39) if primed else ''}"
        case Op(op="not", args=(Op(op="eq", args=(a, b)),)):
            return f"{show(a)} != {show(b)}"
        case Op(op="not", args=(inner,)):
            return f"not {show(inner)}"
        case Op(op="ite", args=(test, a, b)):
            if (a, b) == (Lit(1, a.sort), Lit(0, b.sort)):
                return f"[{show(test)}]"
            return f"({show(a)} if {show(test)} else {show(b)})"
        case Op(op="sub", args=(a, b)):
            return f"({show(a)} - {show(b)})"
        case Op(op=op):
            joined = _SIGNS[op].join(show(a) for a in children(term))
            return f"({joined})" if op == "or" else joined
        case Quant(kind=kind, binder=binder, body=body):
            return f"{kind}({show(body)} for {binder.name})"
        case Size(index=index_sort):
            return f"number of {index_sort}s"
        case Cell(number=number):
            return f"cell {number}"
        case _:
            assert_never(term)
