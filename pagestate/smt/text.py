"""SMT-LIB text handed to a fresh solver."""

import z3


class BadText(Exception):
    """The text is not SMT-LIB that the solver reads; the message is the solver's."""


def satisfiable(text: str, milliseconds: int = 60_000) -> bool | None:
    """Whether the assertions in ``text`` can hold together; None if undecided in time.

    Every call has a context and a solver of its own.  Raises BadText.
    """
    context = z3.Context()
    solver = z3.Solver(ctx=context)
    solver.set("timeout", milliseconds)
    solver.set("rlimit", 0)  # a bound on the search is not one on the check of its result
    try:
        solver.from_string(text)
    except z3.Z3Exception as error:
        raise BadText(str(error)) from error
    if len(solver.assertions()) == 0:
        raise BadText("nothing is asserted")
    found = solver.check()
    return None if found == z3.unknown else bool(found == z3.sat)
