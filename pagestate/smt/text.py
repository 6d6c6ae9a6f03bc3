"""SMT-LIB texts that one solver reads one after the other."""

import z3


class BadText(Exception):
    """The text is not SMT-LIB that the solver reads; the message is the solver's."""


class Reader:
    """A solver that keeps definitions, and the assertions of one text at a time.

    Setting up a solver takes longer than most texts take to refute, and what texts share is read
    once.  After BadText it is of no more use.
    """

    def __init__(self, milliseconds: int = 60_000) -> None:
        self._solver = z3.SimpleSolver(ctx=z3.Context())
        self._solver.set("timeout", milliseconds)
        self._solver.set("rlimit", 0)  # a bound on the search is not one on the check of its result

    def define(self, text: str) -> None:
        """Read declarations and definitions, which are kept.  Raises BadText."""
        self._read(text)
        if len(self._solver.assertions()):
            raise BadText("a definition asserts something")

    def satisfiable(self, text: str) -> bool | None:
        """Whether the assertions in ``text`` can hold together; None if undecided in time.

        What it declares is forgotten with them.  Raises BadText.
        """
        self._solver.push()
        self._read(f"(push 1)\n{text}")
        if len(self._solver.assertions()) == 0:
            raise BadText("nothing is asserted")
        found = self._solver.check()
        self._solver.pop()
        self._read("(pop 1)\n")
        if len(self._solver.assertions()):
            raise BadText("an assertion was left behind")
        return None if found == z3.unknown else bool(found == z3.sat)

    def _read(self, text: str) -> None:
        try:
            self._solver.from_string(text)
        except z3.Z3Exception as error:
            raise BadText(str(error)) from error
