"""What a variant of a model does without: tests, locks, the atomicity of blocks.

A variant is the same source under other rules, so it is compiled and executed like any model:

* an *ignored* test is still made, and comes out either way;
* a lock that is gone is neither taken nor released, and guards nothing;
* where a variant gets to without the lock that guards a field, it may write the field all the same;
* a block that is *cut* is no longer one step: its statements are, and a statement that reads or
  writes several cells is cut into its accesses.  So is a statement that was one step only because a
  lock that is gone guards its fields.
"""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pagestate.core.expr import Expr
from pagestate.core.span import Span


@dataclass(frozen=True, slots=True)
class Changes:
    """A variant: the tests ignored and the blocks cut, by where they stand, and the locks gone."""

    ignored: frozenset[Span] = frozenset()
    cut: frozenset[Span] = frozenset()
    unlocked: frozenset[str] = frozenset()


NOTHING = Changes()
"""The model as it is."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Where statements are cut into their accesses.

    ``blocks`` are the atomic functions and blocks that are cut; ``fields`` the fields whose reads
    and writes are accesses, ``freed`` those of them whose lock is gone.
    """

    blocks: frozenset[Span] = frozenset()
    fields: frozenset[str] = frozenset()
    freed: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether anything is cut."""
        return bool(self.blocks or self.freed)

    def inside(self, span: Span) -> bool:
        """Whether ``span`` lies in a block that is cut."""
        return any(
            b.file == span.file and b.line <= span.line and span.end_line <= b.end_line
            for b in self.blocks
        )


WHOLE = Cut()
"""Nothing is cut."""

PlaceKind: TypeAlias = Literal["test", "atomic", "kept"]


@dataclass(frozen=True, slots=True)
class Place:
    """A piece of a model's source that an execution depends on.

    A ``test``; a function or block that is ``atomic``; in a variant, a statement that is ``kept``
    as one step although it reads or writes several cells.  ``function`` is where it stands (or what
    it is), ``src`` the kernel function.
    """

    kind: PlaceKind
    span: Span
    function: str
    src: str = ""


@dataclass(frozen=True, slots=True)
class Met:
    """A place that a step comes by: the term of a test, the accesses of an atomic block."""

    place: Place
    term: Expr | None = field(default=None, compare=False)
    accesses: int = 0
