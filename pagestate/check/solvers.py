"""Solvers that refute the scripts of certificates; each is imported only when it is asked for."""

from collections.abc import Callable
from importlib import import_module
from typing import TypeAlias

SOLVERS = ("cvc5", "z3")

Satisfiable: TypeAlias = Callable[[str], bool | None]
"""Whether a script can be satisfied; None: undecided.  Raises Unreadable."""


class NoSolver(Exception):
    """The solver is not installed; the message says how to get it."""


class Unreadable(Exception):
    """A script that the solver does not read, or that asserts nothing."""


def solver_called(name: str) -> Satisfiable:
    """The solver ``name``, one of ``SOLVERS``.  Raises NoSolver."""
    return _cvc5() if name == "cvc5" else _z3()


def _z3() -> Satisfiable:
    from pagestate.smt.text import BadText, Reader

    reader = Reader()

    def satisfiable(text: str) -> bool | None:
        try:
            return reader.satisfiable(text)
        except BadText as error:
            raise Unreadable(str(error)) from None

    return satisfiable


def _cvc5() -> Satisfiable:
    try:
        cvc5 = import_module("cvc5")
    except ImportError:
        raise NoSolver("cvc5 is not installed: pip install 'pagestate[certify]'") from None

    def satisfiable(text: str) -> bool | None:
        solver = cvc5.Solver()
        solver.setOption("tlimit-per", "60000")
        parser = cvc5.InputParser(solver)
        parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "obligation")
        manager, said = parser.getSymbolManager(), list[str]()
        try:
            while not (command := parser.nextCommand()).isNull():
                if command.getCommandName() == "set-info":
                    continue  # what is expected is no part of the question
                said.append(str(command.invoke(solver, manager) or "").strip())
        except RuntimeError as error:
            raise Unreadable(str(error)) from None
        answers = [line for line in said if line]
        if len(answers) != 1 or answers[0] not in ("sat", "unsat", "unknown"):
            raise Unreadable(f"the solver says {' '.join(answers) or 'nothing'}")
        return None if answers[0] == "unknown" else answers[0] == "sat"

    return satisfiable
