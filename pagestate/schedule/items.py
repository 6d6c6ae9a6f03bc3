"""Schedules as they are written down: items, each a thread that runs alone up to a step.

    S, V = Actor("getter", 0), Actor("virtio_mem")
    Schedule("seed race", [
        V("alloc_contig_range", "rc1 off0 OWNED", page=0),
        S("get_page_unless_zero -> true", "rc2", page=0),
        V("__SetPageOffline", "off1", page=0),
        V("page_ref_dec", "rc1", page=0),
        ...
    ])

The words ("rc1 off0") are those of the schedule's :class:`~pagestate.schedule.watch.Watch`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from pagestate.core.sorts import Value
from pagestate.schedule.watch import Watch

Shown: TypeAlias = str | Mapping[int, str]
"""Words that members must show after a step: of the member that the item is about, or of each."""


@dataclass(frozen=True)
class Item:
    """Some threads run alone until one has done ``step``; without threads: the state as it is.

    ``step`` names the step as a trace shows it: its whole text (``put_page_testzero(page 0) ->
    true``), that without the result or without the members (``put_page_testzero -> true``,
    ``plugged = False``), its function alone, or its kernel function (``src``).  Where it is an
    ``@inline`` function, the item lasts until the thread has left it.  ``members`` says which
    member of an index sort the step is about; a step that mentions none is about any.

    Afterwards the members show the words of ``shows``, and cells have the values of ``then``
    (``{"refcount[1]": 2, "section_online": False}``).  ``choose`` fixes choices on the way, by the
    name of the local or argument that is chosen.  At most ``within`` steps are taken.
    """

    actors: tuple[tuple[str, int | None], ...]
    step: str
    shows: Shown = ""
    members: Mapping[str, int] = field(default_factory=dict)
    then: Mapping[str, Value] = field(default_factory=dict)
    choose: Mapping[str, Value] = field(default_factory=dict)
    within: int = 100

    def __str__(self) -> str:
        who = " or ".join(_name(*a) for a in self.actors)
        where = ", ".join(f"{sort} {number}" for sort, number in self.members.items())
        parts = [f"{who}: {self.step}" if who else "the state", where]
        text = " at ".join(p for p in parts if p)
        shown = self.shows if isinstance(self.shows, str) else dict(self.shows)
        return f"{text} -> {shown}" if shown else text


def _name(thread: str, member: int | None) -> str:
    return thread if member is None else f"{thread} {member}"


class Actor:
    """A thread, or a member of a replicated one (without a number: any of its members).

    Calling it makes an item; ``a | b`` is either of two.
    """

    def __init__(self, thread: str, member: int | None = None) -> None:
        self.who: tuple[tuple[str, int | None], ...] = ((thread, member),)

    def __or__(self, other: "Actor") -> "Actor":
        both = Actor("")
        both.who = (*self.who, *other.who)
        return both

    def __call__(
        self,
        step: str,
        shows: Shown = "",
        /,
        *,
        then: Mapping[str, Value] | None = None,
        choose: Mapping[str, Value] | None = None,
        within: int = 100,
        **members: int,
    ) -> Item:
        """This thread runs alone until it has done ``step``; see :class:`Item`."""
        return Item(self.who, step, shows, members, then or {}, choose or {}, within)


def showing(
    shows: Shown = "", /, *, then: Mapping[str, Value] | None = None, **members: int
) -> Item:
    """Nobody moves: the state at this point of a schedule is as said."""
    return Item((), "", shows, members, then or {})


@dataclass(frozen=True)
class Schedule:
    """Items one after another, from some initial state; ``watch`` gives their words a meaning."""

    name: str
    items: Sequence[Item]
    doc: str = ""
    watch: Watch | None = None

    def then(self, name: str, items: Sequence[Item], doc: str = "") -> "Schedule":
        """A schedule that goes on where this one ends."""
        return replace(self, name=name, items=(*self.items, *items), doc=doc)
