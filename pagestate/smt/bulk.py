"""Operations on many Z3 terms at once, without a Python object for every argument.

z3py looks up and compares the sorts of all arguments of a call; for a query with hundreds of
assumptions that takes longer than the query.  The callers guarantee what it would have checked:
all terms are of sort bool (of a substitution: pairwise of one sort) and of one context.
"""

from array import array
from collections.abc import Iterable, Sequence
from ctypes import Array

import z3

Bools = Sequence[z3.BoolRef]


def either(terms: Bools) -> z3.BoolRef:
    """The disjunction of at least one term."""
    if len(terms) == 1:
        return terms[0]
    context = terms[0].ctx
    return z3.BoolRef(z3.Z3_mk_or(context.ref(), len(terms), _array(terms)), context)


def both(terms: Bools) -> z3.BoolRef:
    """The conjunction of at least one term."""
    if len(terms) == 1:
        return terms[0]
    context = terms[0].ctx
    return z3.BoolRef(z3.Z3_mk_and(context.ref(), len(terms), _array(terms)), context)


def negation(term: z3.BoolRef) -> z3.BoolRef:
    """The negation."""
    return z3.BoolRef(z3.Z3_mk_not(term.ctx.ref(), term.as_ast()), term.ctx)


def state(solver: z3.Solver, term: z3.BoolRef) -> None:
    """Assert one term."""
    z3.Z3_solver_assert(solver.ctx.ref(), solver.solver, term.as_ast())


def check(solver: z3.Solver, assumptions: Bools) -> z3.CheckSatResult:
    """Whether the assertions can hold together with ``assumptions``."""
    count = len(assumptions)
    found = z3.Z3_solver_check_assumptions(
        solver.ctx.ref(), solver.solver, count, _array(assumptions)
    )
    return z3.CheckSatResult(found)


def check_marks(solver: z3.Solver, marks: Iterable[int]) -> z3.CheckSatResult:
    """The same for terms given by their addresses (``as_ast().value``), which somebody holds."""
    addresses = array("Q", marks)
    terms = (z3.Ast * len(addresses)).from_buffer(addresses) if addresses else None
    found = z3.Z3_solver_check_assumptions(solver.ctx.ref(), solver.solver, len(addresses), terms)
    return z3.CheckSatResult(found)


class Renaming:
    """Terms put in the place of others, all at once."""

    def __init__(self, pairs: Sequence[tuple[z3.ExprRef, z3.ExprRef]]) -> None:
        self._kept = tuple(pairs)  # the arrays hold no reference of their own
        self._old = _array([old for old, _ in pairs])
        self._new = _array([new for _, new in pairs])

    def __call__(self, term: z3.BoolRef) -> z3.BoolRef:
        """``term`` with every old term replaced by its new one."""
        count = len(self._kept)
        if not count:
            return term
        context = term.ctx
        made = z3.Z3_substitute(context.ref(), term.as_ast(), count, self._old, self._new)
        return z3.BoolRef(made, context)


def _array(terms: Sequence[z3.ExprRef]) -> Array[z3.Ast]:
    return (z3.Ast * len(terms))(*[term.ast for term in terms])
