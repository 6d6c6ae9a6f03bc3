"""What a step keeps by the look of it: facts that held before and need no solver to hold after.

Most facts have nothing to do with most steps: a fact about some labels of a thread says nothing
where the thread stands at none of them before and after.  Constants alone show that.  A fact is
read as a disjunction, and a condition about one truth value or enumeration alone as the set of the
values that make it true.  A fact that held before a step holds after it if

* the step sets a variable to a constant that makes a disjunct true; or
* no disjunct that was true before can have become false: each one reads nothing that the step
  writes, or is about a variable alone and false wherever the guard holds, or reads what is written
  in conditions about a variable alone only, which constants show to be as true after as before.

Nothing else is concluded, and what is not understood counts as read, written and unknown.  This is
the certificate's own reading of steps; the proof engine has another.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pagestate.core.expr import TRUE, Expr, Lit, Op, Param, Read, children, neg, walk
from pagestate.core.sorts import BoolSort, EnumSort, Sort, Value
from pagestate.core.system import Action, StateVar

Variables: TypeAlias = Mapping[str, StateVar]
_Values: TypeAlias = frozenset[Value]


@dataclass(frozen=True, slots=True)
class Clause:
    """A fact as a disjunction: that a variable of ``alone`` has one of these values, or the rest.

    ``inside`` are the conditions about one variable alone that the rest is made of, ``rest`` what
    it reads outside of them; ``reads`` is everything.
    """

    alone: Mapping[str, _Values]
    inside: Mapping[str, frozenset[_Values]]
    rest: frozenset[str]
    reads: frozenset[str]


@dataclass(frozen=True, slots=True)
class Change:
    """What a step says of the globals and of one page.

    Where it is taken a variable of ``before`` has one of these values; it may change ``written``,
    and after it a variable of ``after`` has this value.
    """

    before: Mapping[str, _Values]
    written: frozenset[str]
    after: Mapping[str, Value]


def clause_of(fact: Expr, variables: Variables) -> Clause:
    """A fact about one page and one state as a disjunction."""
    alone, inside, rest = dict[str, _Values](), dict[str, frozenset[_Values]](), set[str]()

    def visit(e: Expr) -> None:
        found = _alone(e, variables)
        if found is not None:
            name, values = found
            inside[name] = inside.get(name, frozenset()) | {values}
        elif isinstance(e, Read):
            rest.add(e.var)
        else:
            for child in children(e):
                visit(child)

    for part in _parts(fact, "or"):
        found = _alone(part, variables)
        if found is None:
            visit(part)
        else:
            name, values = found
            alone[name] = alone.get(name, frozenset()) | values
    return Clause(alone, inside, frozenset(rest), frozenset({*alone, *inside, *rest}))


def change_of(action: Action, acted: Sequence[Param], variables: Variables) -> Change:
    """What ``action`` says of the page that ``acted`` stand for; of another page, if there is none.

    The indices of guard and writes are parameters of the action, or binders.
    """
    before = dict[str, _Values]()
    for part in _parts(action.guard, "and"):
        found = _alone(part, variables)
        here = all(t.index == () or t.index[0] in acted for t in walk(part) if isinstance(t, Read))
        if found is not None and here:
            name, values = found
            before[name] = before.get(name, values) & values
    written, after = set[str](), dict[str, Value]()
    for write in action.writes:
        for_all, here = write.binders == write.index, bool({*write.index} & {*acted})
        one = not write.binders and len(write.index) == 1 and write.index[0] in action.params
        if one and not here:
            continue  # another page
        written.add(write.var)
        after.pop(write.var, None)
        sure = write.where == TRUE and (for_all or (here and not write.binders))
        if sure and isinstance(write.value, Lit) and write.value.sort == variables[write.var].sort:
            after[write.var] = write.value.value
    return Change(before, frozenset(written), after)


def kept(clause: Clause, change: Change) -> bool:
    """Whether a fact that held before the step holds after it for certain; False if in doubt."""
    touched = change.written & clause.reads
    if not touched:
        return True
    for name in touched & clause.alone.keys() & change.after.keys():
        if change.after[name] in clause.alone[name]:
            return True
    return not touched & clause.rest and all(
        name in change.before
        and not change.before[name] & clause.alone.get(name, frozenset())
        and all(_same(name, values, change) for values in clause.inside.get(name, ()))
        for name in touched
    )


def _same(name: str, values: _Values, change: Change) -> bool:
    """Whether a variable has one of ``values`` after the step just if it had one before."""
    if name not in change.after:
        return False
    before = change.before[name]
    return before <= values if change.after[name] in values else not before & values


def _parts(e: Expr, op: str) -> Iterator[Expr]:
    """The disjuncts (``op`` is "or") or conjuncts ("and") of a condition."""
    match e:
        case Op(op=found, args=args) if found == op:
            for part in args:
                yield from _parts(part, op)
        case Op(op="not", args=(Op(op="and" | "or" as found, args=args),)) if found != op:
            for part in args:
                yield from _parts(neg(part), op)
        case _:
            yield e


def _alone(e: Expr, variables: Variables) -> tuple[str, _Values] | None:
    """The variable and its values that make a condition true, if it is about one alone.

    Only terms of the variable's own sort count: the same word may mean another value elsewhere.
    """
    match e:
        case Read(var=name, sort=BoolSort(), primed=False) if _own(e, variables):
            return name, frozenset({True})
        case Op(
            op="eq",
            args=(
                Read(var=name, sort=EnumSort(members=members) as sort, primed=False) as read,
                Lit(value=value) as constant,
            ),
        ):
            fits = _own(read, variables) and constant.sort == sort and value in members
            return (name, frozenset({value})) if fits else None
        case Op(op="not", args=(inner,)):
            found = _alone(inner, variables)
            return found and (found[0], _all(variables[found[0]].sort) - found[1])
        case Op(op="and" | "or", args=args):
            parts = [_alone(part, variables) for part in args]
            known = [part for part in parts if part is not None]
            if not known or len(known) < len(parts) or len({name for name, _ in known}) > 1:
                return None
            sets = [values for _, values in known]
            joined = frozenset.union if e.op == "or" else frozenset.intersection
            return known[0][0], joined(*sets)
        case _:
            return None


def _own(read: Read, variables: Variables) -> bool:
    return read.var in variables and read.sort == variables[read.var].sort


def _all(sort: Sort) -> _Values:
    return frozenset(sort.members) if isinstance(sort, EnumSort) else frozenset({False, True})
