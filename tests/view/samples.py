"""Hand-made traces for the tests of the renderers."""

from collections.abc import Mapping

from pagestate.core.sorts import Value
from pagestate.core.span import Span
from pagestate.core.trace import CellName, Step, Trace, VarInfo

PAGE_FIELDS = (
    VarInfo("refcount", ("page",), "count"),
    VarInfo("offline", ("page",), "bool"),
    VarInfo("buddy", ("page",), "bool"),
    VarInfo("plugged", ("page",), "bool"),
)


def run(
    start: Mapping[CellName, Value], moves: list[tuple[Step, dict[CellName, Value]]]
) -> tuple[tuple[Mapping[CellName, Value], ...], tuple[Step, ...]]:
    """The states and steps of a trace from its start state and what each step changes."""
    states = [dict(start)]
    for _, changes in moves:
        states.append(states[-1] | changes)
    return tuple(states), tuple(step for step, _ in moves)


def race_2019(violation: bool = True) -> Trace:
    """The race of 2019: a getter holds the reference that the driver leaves behind."""
    p = "page 0"
    put = (f"put_page({p})",)
    hide = (f"virtio_mem_set_fake_offline({p})",)

    def getter(action: str, calls: tuple[str, ...] = (), **more) -> Step:
        return Step("getter", 0, f"getter.{action}", f"{action}({p})", calls, **more)

    def unplug(action: str, calls: tuple[str, ...] = (), **more) -> Step:
        return Step("unplug", None, f"unplug.{action}", f"{action}({p})", calls, **more)

    variables = (
        *PAGE_FIELDS,
        VarInfo("owner_holds", ("page",), "bool", ghost=True),
        VarInfo("getter_page", ("getter",), "page or none", thread="getter"),
        VarInfo("getter_pc", ("getter",), "getter labels", thread="getter", control=True),
        VarInfo("unplug_pc", (), "unplug labels", thread="unplug", control=True),
    )
    start: dict[CellName, Value] = {
        ("refcount", (0,)): 1,
        ("offline", (0,)): False,
        ("buddy", (0,)): False,
        ("plugged", (0,)): True,
        ("owner_holds", (0,)): True,
        ("getter_page", (0,)): None,
        ("getter_pc", (0,)): "start",
        ("unplug_pc", ()): "start",
    }
    states, steps = run(
        start,
        [
            (
                getter(
                    "get_page_unless_zero",
                    label="start",
                    target="got",
                    picks={"getter": 0, "page": 0},
                    args={"page": 0},
                    span=Span("race.py", 12, 8, 12, 39),
                    src="include/linux/mm.h: get_page_unless_zero",
                ),
                {
                    ("refcount", (0,)): 2,
                    ("getter_page", (0,)): 0,
                    ("getter_pc", (0,)): "got",
                },
            ),
            (
                unplug("__SetPageOffline", hide, picks={"page": 0}),
                {("offline", (0,)): True, ("unplug_pc", ()): "hidden"},
            ),
            (
                unplug("page_ref_dec", hide),
                {
                    ("refcount", (0,)): 1,
                    ("owner_holds", (0,)): False,
                    ("unplug_pc", ()): "dropped",
                },
            ),
            (
                unplug("virtio_mem_send_unplug_request"),
                {("plugged", (0,)): False, ("unplug_pc", ()): "done"},
            ),
            (
                getter("put_page_testzero", put),
                {("refcount", (0,)): 0, ("getter_pc", (0,)): "zero"},
            ),
            (
                getter("free_unref_page", put),
                {
                    ("buddy", (0,)): True,
                    ("getter_page", (0,)): None,
                    ("getter_pc", (0,)): "start",
                },
            ),
        ],
    )
    return Trace(
        model="rfc_v3",
        property="offline_never_free" if violation else "getter_frees_last",
        verdict="violated" if violation else "proved",
        title="a page marked offline is never on a free list" if violation else "",
        switches={"hook": False, "order": 0, "zone": "movable"},
        sizes={"page": 1, "getter": 1},
        variables=variables,
        states=states,
        steps=steps,
        engine="bmc",
        meta={"depth": "6"},
    )


def three_lanes() -> Trace:
    """Two getters and an offliner that takes a lock: three columns, a global, two pages."""
    variables = (
        *PAGE_FIELDS[:2],
        VarInfo("mem_hotplug_lock", (), "owner"),
    )
    start: dict[CellName, Value] = {
        ("refcount", (0,)): 1,
        ("refcount", (1,)): 1,
        ("offline", (0,)): False,
        ("offline", (1,)): False,
        ("mem_hotplug_lock", ()): "free",
    }

    def getter(member: int, action: str, page: int, **more) -> Step:
        return Step("getter", member, action, f"{action}(page {page})", **more)

    states, steps = run(
        start,
        [
            (
                Step("offliner", None, "lock", "mem_hotplug_begin()", args={"block": 0}),
                {("mem_hotplug_lock", ()): "offliner"},
            ),
            (getter(1, "get_page_unless_zero", 1, args={"page": 1}), {("refcount", (1,)): 2}),
            (
                Step(
                    "offliner",
                    None,
                    "mark",
                    "__offline_isolated_pages(block 0)",
                    calls=("offline_pages(block 0)", "walk_system_ram_range(block 0)"),
                ),
                {("offline", (0,)): True, ("offline", (1,)): True},
            ),
            (getter(0, "get_page_unless_zero", 0, args={"page": 0}), {("refcount", (0,)): 2}),
            (getter(1, "put_page", 1), {("refcount", (1,)): 1}),
            (getter(1, "get_page_unless_zero", 0, args={"page": 0}), {("refcount", (0,)): 3}),
            (
                Step("offliner", None, "unlock", "mem_hotplug_done()", note="WARN_ON"),
                {("mem_hotplug_lock", ()): "free"},
            ),
        ],
    )
    return Trace(
        model="offlining",
        property="holders_at_most_two",
        verdict="violated",
        title="",
        switches={},
        sizes={"page": 2, "getter": 2, "block": 1},
        variables=variables,
        states=states,
        steps=steps,
    )


def four_lanes() -> Trace:
    """Four threads: too many for columns."""
    start: dict[CellName, Value] = {("refcount", (n,)): 1 for n in range(4)}
    moves: list[tuple[Step, dict[CellName, Value]]] = []
    for n in range(4):
        text = f"get_page_unless_zero(page {n})"
        step = Step("getter", n, "get", text, args={"page": n})
        moves.append((step, {("refcount", (n,)): 2}))
    last = Step("getter", 2, "put", "put_page_testzero(page 2)", ("put_page(page 2)",))
    moves.append((last, {("refcount", (n,)): 0 for n in range(4)}))
    states, steps = run(start, moves)
    return Trace(
        model="getters",
        property="no_four_holders",
        verdict="violated",
        title="",
        switches={},
        sizes={"page": 4},
        variables=PAGE_FIELDS[:1],
        states=states,
        steps=steps,
    )


def lasso() -> Trace:
    """A getter that takes and drops for ever; the offliner waits for ever."""
    states, steps = run(
        {("refcount", (0,)): 1},
        [
            (
                Step("offliner", None, "isolate", "start_isolate_page_range(page 0)"),
                {},
            ),
            (
                Step("getter", 0, "get", "get_page_unless_zero(page 0)", args={"page": 0}),
                {("refcount", (0,)): 2},
            ),
            (Step("getter", 0, "put", "put_page(page 0)"), {("refcount", (0,)): 1}),
        ],
    )
    return Trace(
        model="offlining",
        property="offlining_ends",
        verdict="violated",
        title="an offliner that is not interrupted comes to an end",
        switches={},
        sizes={"page": 1},
        variables=PAGE_FIELDS[:1],
        states=states,
        steps=steps,
        loop=1,
    )


def no_steps() -> Trace:
    """The initial state violates the property."""
    start: dict[CellName, Value] = {}
    for n in range(3):
        start |= {("offline", (n,)): n != 1, ("buddy", (n,)): True, ("refcount", (n,)): 0}
    return Trace(
        model="rfc_v3",
        property="offline_never_free",
        verdict="violated",
        title="a page marked offline is never on a free list",
        switches={},
        sizes={"page": 3},
        variables=PAGE_FIELDS[:3],
        states=(start,),
        steps=(),
    )
