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
_ANSWERS = {"unsat": False, "sat": True, "unknown": None, "timeout": None}
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


class Shell(Protocol):
    """A running solver: reads commands and gives its answers, a line each.  Raises Unreadable."""

    def __call__(self, commands: str) -> Sequence[str]: ...


class _Session:
    """A refuter that starts its solver again after anything unexpected."""

    def __init__(self, start: Callable[[], Shell]) -> None:
        self._start = start
        self._shell: Shell | None = None
        self._known = set[str]()

    def satisfiable(self, shared: Sequence[str], body: str) -> bool | None:
        if self._shell is None:
            self._shell, self._known = self._start(), set()
        shell, self._shell = self._shell, None
        new = [text for text in shared if text not in self._known]
        for text in new:
            if not all(line.startswith(_DECLARE) for line in text.splitlines()):
                raise Unreadable("what scripts share asserts something")
        said = shell(f"{''.join(new)}(push 1)\n{body}(check-sat)\n(pop 1)\n")
        if len(said) != 1 or said[0] not in _ANSWERS:
            raise Unreadable(f"the solver says {' '.join(said) or 'nothing'}")
        self._known.update(new)
        self._shell = shell
        return _ANSWERS[said[0]]


def _z3() -> Callable[[], Shell]:
    from pagestate.smt.text import Shell as Z3

    return Z3


def _cvc5() -> Callable[[], Shell]:
    try:
        cvc5 = import_module("cvc5")
    except ImportError:
        raise NoSolver("cvc5 is not installed: pip install 'pagestate[certify]'") from None

    def start() -> Shell:
        solver = cvc5.Solver()
        solver.setOption("incremental", "true")
        solver.setOption("tlimit-per", "60000")
        parser = cvc5.InputParser(solver)
        parser.setIncrementalStringInput(cvc5.InputLanguage.SMT_LIB_2_6, "certificate")
        manager = parser.getSymbolManager()

        def shell(commands: str) -> Sequence[str]:
            parser.appendIncrementalStringInput(commands)
            said = list[str]()
            try:
                while not (command := parser.nextCommand()).isNull():
                    said += str(command.invoke(solver, manager) or "").split("\n")
            except RuntimeError as error:
                raise Unreadable(str(error)) from None
            return [line for line in said if line]

        shell("(set-logic QF_LIA)\n")
        return shell

    return start
