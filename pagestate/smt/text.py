"""SMT-LIB text handed to a fresh solver."""

import z3


class BadText(Exception):
    """The text is not SMT-LIB that the solver reads; the message is the solver's."""


class Reader:
    """Reads texts one after the other, each with a solver of its own.

    What they share is the memory that terms live in, which takes longer to set up than most texts
    take to refute.
    """

    def __init__(self, milliseconds: int = 60_000) -> None:
        self._context = z3.Context()
        self._milliseconds = milliseconds

    def satisfiable(self, text: str) -> bool | None:
        """Whether the assertions in ``text`` can hold together; None if undecided in time.

        Raises BadText.
        """
        solver = z3.SimpleSolver(ctx=self._context)
        solver.set("timeout", self._milliseconds)
        solver.set("rlimit", 0)  # a bound on the search is not one on the check of its result
        try:
            solver.from_string(text)
        except z3.Z3Exception as error:
            raise BadText(str(error)) from error
        if len(solver.assertions()) == 0:
            raise BadText("nothing is asserted")
        found = solver.check()
        return None if found == z3.unknown else bool(found == z3.sat)
