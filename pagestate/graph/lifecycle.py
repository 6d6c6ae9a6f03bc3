"""The life of one page: what it shows, and who moves it from there.

Every state of the instance shows the page in one abstract state (``Watch.show``: a few words); the
steps between states that show it differently are the edges.  So each edge is a step that some
execution takes; that two edges follow each other does not mean that one execution takes both.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pagestate.core.sorts import Sizes
from pagestate.graph.picture import Node, Picture, edges_of, numbers_of
from pagestate.graph.reach import Reached
from pagestate.lang.compile import Compiled
from pagestate.lang.diagnostics import ModelError, near
from pagestate.lang.layout import layout_of
from pagestate.lang.state import Lifecycle, index_sort
from pagestate.schedule.watch import Watch, bind


def lifecycle_graph(
    compiled: Compiled, sizes: Sizes, reached: Reached, watch: Watch, member: int = 0
) -> Picture:
    """The abstract states of one member of ``watch.sort``.  Raises ModelError PS205, PS303."""
    bound = bind(watch, compiled, sizes)
    names = [bound.words(member, reached.state(n)) for n in range(len(reached.states))]
    numbers = numbers_of(names)
    place = [numbers[name] for name in names]
    nodes = tuple(
        Node(name, names.count(name), name in names[: reached.initial]) for name in numbers
    )
    edges = edges_of(
        (place[m.source], place[m.target], m.action)
        for m in reached.moves
        if place[m.source] != place[m.target]
    )
    return Picture(f"the life of {watch.sort} {member}", nodes, edges)


def watch_of(compiled: Compiled, sort: str = "") -> Watch | None:
    """How the model itself tells the states of a member (of ``sort``, if given), if it does."""
    found = getattr(compiled.model.state, "lifecycle", None)
    if not isinstance(found, Lifecycle) or (sort and index_sort(found.of).name != sort):
        return None
    return Watch(found.fields, found.show, index_sort(found.of).name)


def plain_watch(compiled: Compiled, sort: str, fields: Sequence[str] = ()) -> Watch:
    """A watch that says the values of some fields, else of all that ``sort`` has and no property
    alone reads: ``offline, refcount 1``.  Raises ModelError PS205 where there is none."""
    names = [
        v.name
        for v in compiled.system.variables
        if v.thread is None and [d.name for d in v.dims] == [sort] and not v.ghost
    ]
    if not fields and not names:
        hint = near(sort, sorted({d.name for v in compiled.system.variables for d in v.dims}))
        raise ModelError("PS205", f"no field is kept per {sort}", hint=hint)
    known = layout_of(compiled.model).names()
    for name in fields:
        if name not in known:
            raise ModelError("PS205", f"the state has no field {name!r}", hint=near(name, known))
    return Watch(tuple(fields) or tuple(names), plain_words, sort)


def plain_words(values: Mapping[str, Any]) -> str:
    """The conjunction of what is true, set or not zero."""
    found = list[str]()
    for name, value in values.items():
        if value is True:
            found.append(name)
        elif isinstance(value, bool) or value in (None, 0):
            continue
        else:
            text = str(value).lower() if isinstance(value, str) else str(value)
            found.append(f"{name} {text}")
    return ", ".join(found) or "nothing set"
