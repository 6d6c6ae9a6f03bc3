"""Everything that was found out about the assumptions of one model or scenario."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pagestate.check.outcome import Exit, gravest
from pagestate.core.verdict import PROOFS, Result, Verdict
from pagestate.lang.compile import Compiled
from pagestate.needs.base import ASKED, Base
from pagestate.needs.candidate import word
from pagestate.needs.decide import Proved
from pagestate.needs.row import Row


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer: ``base`` is what holds of the model itself, ``rows`` what became of it.

    ``idle`` counts the other values of switches that the system does not look at, ``assumptions``
    are those of the proof; ``errors`` are internal errors.
    """

    model: str
    scenario: str
    switches: dict[str, bool | str | int]
    base: Base
    rows: tuple[Row, ...]
    idle: int
    assumptions: tuple[str, ...]
    errors: tuple[str, ...] = ()
    interrupted: bool = False

    @property
    def proofs(self) -> tuple[Result, ...]:
        """The properties asked for that hold."""
        return tuple(r for r in self.base.results if r.verdict in PROOFS)

    @property
    def same(self) -> int:
        """How many assumptions make no difference to the system."""
        return self.idle + sum(r.need == "same" for r in self.rows)

    def to_json(self) -> dict[str, Any]:
        """As one JSON object."""
        return {
            "model": self.model,
            "scenario": self.scenario,
            "switches": self.switches,
            "properties": [
                {"name": r.name, "verdict": r.verdict.value, "scope": r.scope, "reason": r.reason}
                for r in self.base.results
            ],
            "rules": sorted(_rules(self.base.proved, self.base.results)),
            "needs": [row.to_json() for row in self.rows if row.need != "same"],
            "no_difference": self.same,
            "assumptions": list(self.assumptions),
            "interrupted": self.interrupted,
            "errors": list(self.errors),
        }


def _rules(proved: Proved | None, results: Sequence[Result]) -> frozenset[str]:
    """The built-in rules that were proved besides the properties asked for."""
    if proved is None:
        return frozenset()
    return (proved.any_size | proved.finite) - {r.name for r in results}


def idle_values(compiled: Compiled) -> int:
    """How many other values there are of switches that nothing looks at."""
    switches = compiled.model.declared_switches()
    return sum(len(s.choices) - 1 for s in switches if s.name not in compiled.switches)


def settings_of(compiled: Compiled) -> str:
    """The switches whose values differ from the model's defaults, as on the command line."""
    defaults = {s.name: s.default for s in compiled.model.declared_switches()}
    given = compiled.valuation.items()
    return " ".join(f"{n}={word(v)}" for n, v in given if v != defaults[n])


def exit_code(answers: Sequence[Answer], *, usage_error: bool = False) -> Exit:
    """The exit code: 0 when every assumption is decided, 3 where one (or the proof) is not.

    A property that is violated by the model itself asks for nothing; where no other is proved, 1.
    """
    codes = {code for a in answers for code in _codes(a)} or {Exit.NOTHING}
    if usage_error:
        codes.add(Exit.USAGE)
    return gravest(codes)


def _codes(answer: Answer) -> set[Exit]:
    codes = set[Exit]()
    if answer.interrupted:
        codes.add(Exit.INTERRUPTED)
    if answer.errors or answer.base.errors:
        codes.add(Exit.INTERNAL)
    if any(r.verdict not in PROOFS | {Verdict.VIOLATED} for r in answer.base.results):
        codes.add(Exit.INCONCLUSIVE)
    if any(row.need == "unknown" for row in answer.rows):
        codes.add(Exit.INCONCLUSIVE)
    if answer.proofs:
        codes.add(Exit.OK)
    elif any(r.verdict == Verdict.VIOLATED for r in answer.base.results):
        codes.add(Exit.FAILED)
    return codes


__all__ = ["ASKED", "Answer", "exit_code", "idle_values", "settings_of"]
