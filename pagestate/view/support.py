"""What decides the value of a term in a state: the cells that give it the value it has."""

from collections.abc import Iterable

from pagestate.core.evaluate import Binding, evaluate, values
from pagestate.core.expr import Expr, Op, Quant, Read, children
from pagestate.core.sorts import Sizes
from pagestate.core.trace import CellName, State


def support(
    term: Expr, state: State, sizes: Sizes, binding: Binding, after: State | None = None
) -> frozenset[tuple[CellName, bool]]:
    """Cells whose values give ``term`` its value, each with whether it is read after the step.

    Of a conjunction that fails only the parts that fail, of a conditional only the branch taken,
    and of a quantifier only the members that decide it.
    """
    found = set[tuple[CellName, bool]]()

    def value(e: Expr, binding: Binding) -> object:
        return evaluate(e, state, sizes, binding, after)

    def chosen(parts: Iterable[tuple[Expr, Binding]], truth: bool) -> None:
        """The parts of that truth, or all where there is none."""
        each = list(parts)
        deciding = [(e, b) for e, b in each if bool(value(e, b)) == truth]
        for e, b in deciding or each:
            go(e, b)

    def go(e: Expr, binding: Binding) -> None:
        match e:
            case Read(var=var, index=index, primed=primed):
                where = tuple(evaluate(i, state, sizes, binding, after) for i in index)
                found.add(((var, tuple(n for n in where if isinstance(n, int))), primed))
                for i in index:
                    go(i, binding)
            case Op(op=("and" | "or") as op, args=args):
                chosen(((a, binding) for a in args), op == "or")
            case Op(op="ite", args=(test, yes, no)):
                go(test, binding)
                go(yes if value(test, binding) else no, binding)
            case Quant(kind=kind, binder=binder, body=body):
                bound = ((body, {**binding, binder.name: v}) for v in values(binder.sort, sizes))
                if kind == "count":
                    for inner, more in bound:
                        go(inner, more)
                else:
                    chosen(bound, kind == "any")
            case _:
                for child in children(e):
                    go(child, binding)

    go(term, binding)
    return frozenset(found)
