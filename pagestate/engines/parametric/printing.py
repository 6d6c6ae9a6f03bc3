"""An invariant for people: laws first, then clauses grouped by what they are about."""

from collections.abc import Mapping, Sequence
from typing import assert_never

from pagestate.core.expr import Cell, Expr, Lit, Op, Param, Quant, Read, Size, children
from pagestate.core.sorts import BoolSort, Value
from pagestate.engines.parametric.laws import Law
from pagestate.engines.parametric.owners import Owners
from pagestate.engines.parametric.prove import Fact, Proof, Stuck
from pagestate.engines.parametric.table import Column, Cube, Table

_FEW = 3
_SIGNS = {"and": " and ", "or": " or ", "add": " + ", "eq": " = ", "lt": " < ", "le": " <= "}


def print_invariant(proof: Proof, laws: Sequence[Law], sums: Sequence[Owners]) -> str:
    """The facts of an inductive proof as text."""
    columns = {c.var.name: c for c in proof.table.columns}
    left = {f.formula for f in proof.facts if f.kind == "law"}
    lines = ["For every page:", "", "Properties"]
    lines += [f"  {f.name}" for f in proof.facts if f.kind in ("property", "step")]
    shown = [law for law in laws if law.formula in left]
    if shown:
        lines += ["", "Ledger laws"]
        lines += [f"  {show_law(law, columns)}" for law in shown]
    owned = [own for own in sums if own.formula in left]
    if owned:
        lines += ["", "At most one of"]
        lines += [f"  {', '.join(show(t) for t in own.terms)}" for own in owned]
    groups = dict[str, list[str]]()
    for fact in proof.facts:
        if fact.cube is not None:
            groups.setdefault(_group(fact, columns), []).append(show_cube(fact.cube, columns))
    for title in sorted(groups):
        lines += ["", title, *(f"  never {text}" for text in sorted(groups[title]))]
    return "\n".join(lines) + "\n"


def _group(fact: Fact, columns: dict[str, Column]) -> str:
    assert fact.cube is not None
    local = [columns[n].var for n in fact.cube if columns[n].var.dims]
    if not local:
        return "Globals"
    threads = sorted({v.thread for v in local if v.thread})
    if threads:
        return f"A page that {threads[0]} works on"
    crowds = sorted({v.name.partition("@")[0] for v in local if "@" in v.name})
    return f"A page and threads {crowds[0]}" if crowds else "A page"


def why(stuck: Stuck, table: Table) -> str:
    """Why a proof failed: the law that a step breaks, and the state in which it does."""
    columns = {c.var.name: c for c in table.columns}

    def law(fact: Fact) -> str:
        if fact.cube is not None:
            return f"'never {show_cube(fact.cube, columns)}'"
        return f"that {fact.name} is in range" if fact.kind == "range" else fact.name

    step = stuck.step.removesuffix("@actor").removesuffix("@bystander")
    of = " on another page" if stuck.step.endswith("@bystander") else ""
    facts = ", ".join(law(f) for f in stuck.facts[:_FEW])
    more = f" and {len(stuck.facts) - _FEW} more" if len(stuck.facts) > _FEW else ""
    before = " beside ".join(show_view(v, table.columns) for v in stuck.before)
    return f"no law keeps {facts}{more} when {step}{of} starts from {before}"


def show_view(values: Mapping[str, Value], columns: Sequence[Column]) -> str:
    """What a page and the globals look like, where that is not what comes first."""
    pairs = ((c, values[c.var.name]) for c in columns)
    told = (
        c.var.name if value is True else f"{c.var.name}={value}"
        for c, value in pairs
        if value and c.values[:1] != (value,)
    )
    return f"({', '.join(told)})"


def show_cube(cube: Cube, columns: dict[str, Column]) -> str:
    """A cube as a conjunction of tests."""
    return " & ".join(_literal(columns[n], codes) for n, codes in cube.items()) or "anything"


def _literal(column: Column, codes: frozenset[int]) -> str:
    name = column.var.name
    if column.numeric:
        low, high = min(codes), max(codes)
        parts = [f"{name} = {low}"] if low == high < column.many else []
        parts = parts or ([f"{name} >= {low}"] if low else [])
        parts += [f"{name} <= {high}"] if low < high < column.many else []
        gaps = sorted(frozenset(range(low, high)) - codes)
        return " & ".join([*parts, *(f"{name} != {k}" for k in gaps)])
    if isinstance(column.var.sort, BoolSort):
        return name if column.values[min(codes)] else f"!{name}"
    rest = frozenset(range(column.card)) - codes
    chosen, sign = (codes, "=") if len(codes) <= len(rest) else (rest, "!=")
    words = [str(column.values[c]) for c in sorted(chosen)]
    if len(words) == 1:
        return f"{name} {sign} {words[0]}"
    return f"{name} {'in' if sign == '=' else 'notin'} {{{', '.join(words)}}}"


def show_law(law: Law, columns: dict[str, Column]) -> str:
    """A law as an equation or bound, with its region."""
    parts = [f"{'-' if w < 0 else '+'} {_summand(t)}" for w, t in law.terms] or ["0"]
    text = f"{show(law.target)} {law.relation} {' '.join(parts).removeprefix('+ ')}"
    return text if law.where is None else f"{show_cube(law.where, columns)}: {text}"


def _summand(term: Expr) -> str:
    return f"[{show(term)}]" if isinstance(term.sort, BoolSort) else show(term)


def show(term: Expr) -> str:
    """A term in plain text; the page is left out."""
    match term:
        case Lit(value=value):
            return "none" if value is None else str(value).lower()
        case Param(name=name):
            return name
        case Read(var=var, primed=primed):
            return f"{var}'" if primed else var
        case Op(op="not", args=(inner,)):
            return f"!{show(inner)}"
        case Op(op="ite", args=(test, a, b)):
            return f"({show(a)} if {show(test)} else {show(b)})"
        case Op(op="sub", args=(a, b)):
            return f"({show(a)} - {show(b)})"
        case Op(op="or", args=[Op(op="eq", args=(Read() as read, Lit())), *_] as args) if all(
            isinstance(a, Op) and a.op == "eq" and a.args[0] == read for a in args
        ):
            return f"{show(read)} in {{{', '.join(show(children(a)[1]) for a in args)}}}"
        case Op(op=op, args=args):
            joined = _SIGNS[op].join(show(a) for a in args)
            return f"({joined})" if op == "or" else joined
        case Quant(kind=kind, binder=binder, body=body):
            return f"{kind} {binder.name}: {show(body)}"
        case Size(index=index):
            return f"number of {index}s"
        case Cell(number=number):
            return f"cell {number}"
        case _:
            assert_never(term)
