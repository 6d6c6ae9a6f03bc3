"""A bug of the kernel as a check: the broken variant violates a property, the fixed one does not.

A library declares its bugs in the modules of its package ``bugs``, each with a list ``BUGS``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pagestate.schedule.items import Schedule
from pagestate.schedule.watch import Watch


@dataclass(frozen=True)
class Variant:
    """A model (by the name it is shipped under, or by path) under a valuation, at given sizes.

    ``scenario`` may be empty for a model without scenarios; switches and sizes that are not named
    have the model's defaults.
    """

    model: str
    scenario: str = ""
    switches: Mapping[str, bool | str | int] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)

    def settings(self) -> dict[str, str]:
        """The switches as they are written on the command line."""
        return {
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in self.switches.items()
        }

    def __str__(self) -> str:
        parts = [self.model, *([f"scenario {self.scenario}"] if self.scenario else [])]
        parts += [f"{n}={v}" for n, v in self.settings().items()]
        parts += [f"{n}s:{v}" for n, v in self.sizes.items()]
        return ", ".join(parts)


@dataclass(frozen=True)
class Bug:
    """One bug, and what is to be found out about it.

    ``id`` and ``title`` as in the literature, ``fix`` the commit or version that fixed it (empty:
    none), ``source`` where it is described.  ``prop`` is violated in ``broken``; with ``setup``,
    in executions that begin with that schedule, by at most ``at_most`` steps after it that change
    what ``watch`` sees.  ``fixed`` holds ``prop`` in every execution (None: nothing does).
    """

    id: str
    title: str
    prop: str
    broken: Variant
    fixed: Variant | None
    fix: str = ""
    source: str = ""
    setup: Schedule | None = None
    at_most: int | None = None
    watch: Watch | None = None
    note: str = ""


def sorted_bugs(bugs: Sequence[Bug]) -> list[Bug]:
    """By kind and number: H1, H1D, H2, H10, N1."""

    def key(bug: Bug) -> tuple[str, int, str]:
        head = bug.id.rstrip("0123456789") if bug.id[-1:].isdigit() else bug.id[:1]
        digits = "".join(c for c in bug.id[len(head) :] if c.isdigit())
        return head, int(digits or 0), bug.id

    return sorted(bugs, key=key)
