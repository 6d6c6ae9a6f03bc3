"""An obligation: one SMT-LIB script that must be unsatisfiable."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pagestate.check.smtlib import HEAD, TAIL, Script


@dataclass(frozen=True, slots=True)
class Obligation:
    """One script that must be unsatisfiable; ``file`` is its name in a certificate.

    ``shared`` are declarations and definitions, which assert nothing, and which other scripts have
    with the same text; ``body`` is what it asserts.  ``step`` is the step in a role that it is
    about, as the hints of an invariant name it ("" if none).
    """

    file: str
    title: str
    shared: tuple[str, ...]
    body: str
    step: str = ""

    @property
    def text(self) -> str:
        """The whole script, which any solver reads."""
        return "".join((HEAD, *self.shared, self.body, TAIL))


def obligation(title: str, script: Script, step: str = "") -> Obligation:
    """A script that is complete, without the name of its file."""
    return Obligation("", title, tuple(script.shared), script.body(), step)


def numbered(made: Sequence[Obligation]) -> tuple[Obligation, ...]:
    """The obligations with the names of their files."""
    counted = enumerate(made, 1)
    return tuple(replace(o, file=f"{n:04d}-{_slug(o.title)}.smt2") for n, o in counted)


def _slug(title: str) -> str:
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in title)[:80]
