"""Solvers that refute the scripts of certificates; each is imported only when it is asked for.

The scripts of a certificate are read one after the other by one solver, which keeps what they
share: a script is its shared texts, then its body, then the question.  A shared text is read when
it first comes up, and only declares and defines, which is made sure of here; a body is read on top
of what is known, asked about, and taken back.  So what is refuted are the assertions of one script
alone, as if it were read from a file.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Protocol

SOLVERS = ("cvc5", "z3")
_ANSWERS = {"unsat": False, "sat": True, "unknown": None}
_DECLARE = ("(declare-const ", "(define-fun ")


class Refuter(Protocol):
    """Reads scripts of one certificate."""

    def satisfiable(self, shared: Sequence[str], body: str) -> bool | None:
        """Whether the assertions in ``body`` can hold together; None: undecided.

        Raises Unreadable.
        """


class NoSolver(Exception):
    """The solver is not installed; the message says how to get it."""


class Unreadable(Exception):
    """A script that the solver does not read, or that asserts nothing."""


def refuter_called(name: str) -> Refuter:
    """The solver ``name``, one of ``SOLVERS``, knowing nothing.  Raises NoSolver."""
    return _Session(_cvc5() if name == "cvc5" else _z3())


class Reader(Protocol):
    """A running solver.  It raises Unreadable, and is of no more use then."""

    def define(self, text: str) -> None:
        """Read declarations and definitions, and keep them."""

    def satisfiable(self, text: str) -> bool | None:
        """Whether the assertions in ``text`` can hold together; they are forgotten afterwards."""


class _Session:
    """A refuter that starts another reader after anything unexpected."""

    def __init__(self, start: Callable[[], Reader]) -> None:
        self._start = start
        self._reader: Reader | None = None
        self._known = set[str]()

    def satisfiable(self, shared: Sequence[str], body: str) -> bool | None:
        reader, self._reader = self._reader, None
        if reader is None:
            reader, self._known = self._start(), set()
        new = [text for text in shared if text not in self._known]
        if not all(line.startswith(_DECLARE) for text in new for line in text.splitlines()):
            raise Unreadable("what scripts share asserts something")
        reader.define("".join(new))
        self._known.update(new)
        answer = reader.satisfiable(body)
        self._reader = reader
        return answer


def _z3() -> Callable[[], Reader]:
    from pagestate.smt import text

    class Z3:
        def __init__(self) -> None:
            self._reader = text.Reader()

        def define(self, commands: str) -> None:
            try:
                self._reader.define(commands)
            except text.BadText as error:
                raise Unreadable(str(error)) from None

        def satisfiable(self, commands: str) -> bool | None:
            try:
                return self._reader.satisfiable(commands)
            except text.BadText as error:
                raise Unreadable(str(error)) from None

    return Z3


def _cvc5() -> Callable[[], Reader]:
    try:
        cvc5 = import_module("cvc5")
    except ImportError:
        raise NoSolver("cvc5 is not installed: pip install 'pagestate[certify]'") from None

    class Cvc5:
        def __init__(self) -> None:
            self._solver = cvc5.Solver()
            self._solver.setOption("incremental", "true")
            self._solver.setOption("tlimit-per", "60000")
            self._parser = cvc5.InputParser(self._solver)
            self._manager = self._parser.getSymbolManager()
            self.define("(set-logic QF_LIA)\n")

        def define(self, commands: str) -> None:
            if said := self._run(commands):
                raise Unreadable(f"the solver says {' '.join(said)}")

        def satisfiable(self, commands: str) -> bool | None:
            said = self._run(f"(push 1)\n{commands}(check-sat)\n(pop 1)\n")
            if len(said) != 1 or said[0] not in _ANSWERS:
                raise Unreadable(f"the solver says {' '.join(said) or 'nothing'}")
            return _ANSWERS[said[0]]

        def _run(self, commands: str) -> list[str]:
            said, language = list[str](), cvc5.InputLanguage.SMT_LIB_2_6
            try:
                self._parser.setStringInput(language, commands, "certificate")
                while not (command := self._parser.nextCommand()).isNull():
                    said += str(command.invoke(self._solver, self._manager) or "").splitlines()
            except RuntimeError as error:
                raise Unreadable(str(error)) from None
            return [line for line in said if line]

    return Cvc5
