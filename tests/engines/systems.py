"""Hand-made finite systems with known verdicts, for the tests of every engine."""

from dataclasses import dataclass

from pagestate.core.expr import (
    Expr,
    Lit,
    Param,
    Read,
    add,
    conj,
    count,
    disj,
    eq,
    exists,
    forall,
    implies,
    le,
    lit,
    lt,
    neg,
    sub,
)
from pagestate.core.property import Property, PropertyKind
from pagestate.core.sorts import (
    BOOL,
    COUNT,
    DataSort,
    EnumSort,
    IndexSort,
    IntSort,
    RefSort,
    Sizes,
)
from pagestate.core.system import Action, StateVar, System, Thread, Write
from pagestate.core.verdict import Verdict

PAGE = IndexSort("page")
GETTER = IndexSort("getter")
CPU = IndexSort("cpu")
P, Q = Param("page", PAGE), Param("q", PAGE)
G = Param("getter", GETTER)
C, D = Param("cpu", CPU), Param("d", CPU)


@dataclass(frozen=True, slots=True)
class Known:
    """A system, what it is checked for, and for each property the verdict and (shortest) depth.

    The depth of an ``exhausted`` invariant is the number of steps to the farthest state; it is the
    length of the witness for a ``reachable`` goal.  ``states`` counts without symmetry, up to the
    level at which every property is decided.
    """

    system: System
    properties: tuple[Property, ...]
    sizes: Sizes
    verdicts: tuple[tuple[Verdict, int], ...]
    states: int
    overflow: str = ""


def read(var: str, sort: DataSort, *index: Expr, primed: bool = False) -> Expr:
    """A read of a variable."""
    return Read(var, index, sort, primed)


def name(sort: EnumSort, member: str) -> Lit:
    """A member of an enumeration."""
    return Lit(member, sort)


def put(var: str, value: Expr, *index: Expr) -> Write:
    """A write of one cell."""
    return Write(var, index, value)


def prop(title: str, formula: Expr, kind: PropertyKind = "always") -> Property:
    """A property."""
    return Property(title, kind, formula)


GET = EnumSort("get", ("idle", "held", "zero"))
DRIVE = EnumSort("drive", ("start", "owned", "marked", "dropped", "done"))
OFF = EnumSort("off", ("idle", "picked", "tested"))


def race(hook: bool, pages: int = 2, getters: int = 2) -> Known:
    """The race of get_page and put_page with a driver that takes pages away.

    A getter that drops the last reference frees the page; with the ``hook`` it first looks whether
    the driver has marked the page.  Freed pages must not be unplugged.
    """
    gpc, gpage = read("g_pc", GET, G), read("g_page", RefSort(PAGE), G)
    dpc, opc, opage = read("d_pc", DRIVE, P), read("o_pc", OFF), read("o_page", RefSort(PAGE))
    refs, marked = read("refcount", COUNT, P), read("offline", BOOL, P)
    plugged, buddy = read("plugged", BOOL, P), read("buddy", BOOL, P)
    idle, none = name(GET, "idle"), Lit(None, RefSort(PAGE))

    def get(step: str, guard: Expr, *writes: Write) -> Action:
        return Action(step, guard, writes, (G, P), "getter", G)

    def drive(step: str, source: str, target: str, guard: Expr, *writes: Write) -> Action:
        move = put("d_pc", name(DRIVE, target), P)
        at = eq(dpc, name(DRIVE, source))
        return Action(step, conj(at, guard), (move, *writes), (P,), "driver", P)

    def offline(step: str, source: str, target: str, guard: Expr, *writes: Write) -> Action:
        move = put("o_pc", name(OFF, target))
        return Action(step, conj(eq(opc, name(OFF, source)), guard), (move, *writes), (P,), "off")

    mine = eq(gpage, P)
    leave = (put("g_pc", idle, G), put("g_page", none, G))
    freed = conj(eq(gpc, name(GET, "zero")), mine)
    actions = [
        get(
            "get_page_unless_zero",
            conj(eq(gpc, idle), lt(lit(0), refs)),
            put("g_pc", name(GET, "held"), G),
            put("g_page", P, G),
            put("refcount", add(refs, lit(1)), P),
        ),
        get(
            "put_page",
            conj(eq(gpc, name(GET, "held")), mine, lt(lit(1), refs)),
            put("refcount", sub(refs, lit(1)), P),
            *leave,
        ),
        get(
            "put_page_testzero",
            conj(eq(gpc, name(GET, "held")), mine, eq(refs, lit(1))),
            put("refcount", lit(0), P),
            put("g_pc", name(GET, "zero"), G),
        ),
        get(
            "free_to_buddy",
            conj(freed, neg(marked)) if hook else freed,
            put("buddy", lit(True), P),
            *leave,
        ),
        drive("alloc", "start", "owned", lt(lit(0), refs)),
        drive("set_offline", "owned", "marked", lit(True), put("offline", lit(True), P)),
        drive(
            "page_ref_dec",
            "marked",
            "dropped",
            lt(lit(0), refs),
            put("refcount", sub(refs, lit(1)), P),
        ),
        drive("unplug", "dropped", "done", lit(True), put("plugged", lit(False), P)),
        offline("pick", "idle", "picked", conj(marked, plugged), put("o_page", P)),
        offline("test", "picked", "tested", conj(eq(opage, P), eq(refs, lit(0)))),
        offline(
            "giveup", "picked", "idle", conj(eq(opage, P), lt(lit(0), refs)), put("o_page", none)
        ),
        offline("isolate", "tested", "idle", eq(opage, P), put("o_page", none)),
    ]
    if hook:
        actions.append(get("skip_offline", conj(freed, marked), *leave))
    variables = (
        StateVar("refcount", (PAGE,), COUNT, 1),
        StateVar("offline", (PAGE,), BOOL, False),
        StateVar("buddy", (PAGE,), BOOL, False),
        StateVar("plugged", (PAGE,), BOOL, True),
        StateVar("g_pc", (GETTER,), GET, "idle", thread="getter", control=True),
        StateVar("g_page", (GETTER,), RefSort(PAGE), None, thread="getter"),
        StateVar("d_pc", (PAGE,), DRIVE, "start", thread="driver", control=True),
        StateVar("o_pc", (), OFF, "idle", thread="off", control=True),
        StateVar("o_page", (), RefSort(PAGE), None, thread="off"),
    )
    threads = (
        Thread(
            "getter",
            "g_pc",
            "idle",
            GET.members,
            GETTER,
            True,
            live={"held": ("g_page",), "zero": ("g_page",)},
        ),
        Thread("driver", "d_pc", "start", DRIVE.members, PAGE, False, "done"),
        Thread(
            "off",
            "o_pc",
            "idle",
            OFF.members,
            None,
            True,
            live={"picked": ("o_page",), "tested": ("o_page",)},
        ),
    )
    system = System(
        "race_safe" if hook else "race", (PAGE, GETTER), variables, tuple(actions), threads
    )
    properties = (
        prop("unplugged_never_free", forall(P, disj(plugged, neg(buddy)))),
        prop("free_is_unreferenced", forall(P, implies(buddy, eq(refs, lit(0))))),
        prop(
            "free_stays_free",
            forall(P, implies(buddy, read("buddy", BOOL, P, primed=True))),
            "step",
        ),
        prop("all_unplugged", forall(P, neg(plugged)), "reachable"),
    )
    sizes = Sizes({"page": pages, "getter": getters}, getters + 1)
    return Known(system, properties, sizes, (), 0)


LOCK = EnumSort("lock_pc", ("out", "test", "in"))


def mutex(atomic: bool) -> Known:
    """A lock taken by test-and-set in one step, or (broken) by a test and then a set."""
    pc, taken = read("pc", LOCK, C), read("taken", BOOL)

    def step(title: str, source: str, target: str, guard: Expr, *writes: Write) -> Action:
        move = put("pc", name(LOCK, target), C)
        return Action(title, conj(eq(pc, name(LOCK, source)), guard), (move, *writes), (C,))

    take = put("taken", lit(True))
    if atomic:
        steps = [step("test_and_set", "out", "in", neg(taken), take)]
    else:
        steps = [
            step("test", "out", "test", neg(taken)),
            step("set", "test", "in", lit(True), take),
        ]
    steps.append(step("clear", "in", "out", lit(True), put("taken", lit(False))))
    inside = eq(pc, name(LOCK, "in"))
    other = eq(read("pc", LOCK, D), name(LOCK, "in"))
    variables = (StateVar("pc", (CPU,), LOCK, "out"), StateVar("taken", (), BOOL, False))
    system = System("mutex" if atomic else "mutex_broken", (CPU,), variables, tuple(steps))
    properties = (
        prop("exclusive", forall(C, forall(D, disj(eq(C, D), neg(conj(inside, other)))))),
        prop("at_most_one", le(count(C, inside), lit(1))),
        prop("some_inside", exists(C, inside), "reachable"),
        prop("two_inside", lt(lit(1), count(C, inside)), "reachable"),
    )
    sizes = Sizes({"cpu": 3})
    if atomic:
        safe, goal = (Verdict.EXHAUSTED, 1), (Verdict.VACUOUS, 1)
        return Known(system, properties, sizes, (safe, safe, (Verdict.EXHAUSTED, 1), goal), 4)
    bad = (Verdict.VIOLATED, 4)
    witnesses = ((Verdict.EXHAUSTED, 2), (Verdict.EXHAUSTED, 4))
    return Known(system, properties, sizes, (bad, bad, *witnesses), 23)


def bounded_counter(limit: int = 6) -> Known:
    """An integer that goes up by one and down by two; the goal ``negative`` cannot be met."""
    sort = IntSort(-1, limit)
    x = read("x", sort)
    actions = (
        Action("up", lt(x, lit(limit)), (put("x", add(x, lit(1))),)),
        Action("down", lt(lit(1), x), (put("x", sub(x, lit(2))),)),
    )
    system = System("counter", (), (StateVar("x", (), sort, 0),), actions)
    after = read("x", sort, primed=True)
    properties = (
        prop("below_limit", lt(x, lit(limit))),
        prop("in_range", le(x, lit(limit))),
        prop("rises_by_one", le(after, add(x, lit(1))), "step"),
        prop("never_falls_from_the_top", implies(eq(x, lit(limit)), le(x, after)), "step"),
        prop("top", eq(x, lit(limit)), "reachable"),
        prop("negative", lt(x, lit(0)), "reachable"),
    )
    whole = (Verdict.EXHAUSTED, limit)
    verdicts = (
        (Verdict.VIOLATED, limit),
        whole,
        whole,
        (Verdict.VIOLATED, limit + 1),
        whole,
        (Verdict.VACUOUS, limit),
    )
    return Known(system, properties, Sizes({}), verdicts, limit + 1)


def dirty_pages() -> Known:
    """Free initial values: some page, but not every page, starts dirty; pages are cleaned."""
    dirty, busy = read("dirty", BOOL, P), read("busy", RefSort(PAGE))
    actions = (
        Action("start", conj(dirty, eq(busy, Lit(None, RefSort(PAGE)))), (put("busy", P),), (P,)),
        Action(
            "clean",
            eq(busy, P),
            (put("dirty", lit(False), P), put("busy", Lit(None, RefSort(PAGE)))),
            (P,),
        ),
    )
    variables = (
        StateVar("dirty", (PAGE,), BOOL, None, free=True),
        StateVar("busy", (), RefSort(PAGE), None),
    )
    init = conj(exists(P, dirty), exists(P, neg(dirty)))
    system = System("dirty_pages", (PAGE,), variables, actions, init=init)
    properties = (
        prop("busy_is_dirty", forall(P, implies(eq(busy, P), dirty))),
        prop("one_is_clean", exists(P, neg(dirty))),
        prop("one_is_dirty", exists(P, dirty)),
        prop("all_clean", forall(P, neg(dirty)), "reachable"),
    )
    verdicts = (
        (Verdict.EXHAUSTED, 2),
        (Verdict.EXHAUSTED, 2),
        (Verdict.VIOLATED, 2),
        (Verdict.EXHAUSTED, 2),
    )
    return Known(system, properties, Sizes({"page": 3}), verdicts, 16)


def offline_all() -> Known:
    """A bulk write over the pages without a reference, and a ``step`` property it breaks."""
    refs, off = read("refcount", COUNT, P), read("offline", BOOL, P)
    bulk = Write("offline", (Q,), lit(True), (Q,), eq(read("refcount", COUNT, Q), lit(0)))
    actions = (
        Action(
            "get", conj(neg(off), lt(refs, lit(2))), (put("refcount", add(refs, lit(1)), P),), (P,)
        ),
        Action("put", lt(lit(0), refs), (put("refcount", sub(refs, lit(1)), P),), (P,)),
        Action("offline_all", exists(P, conj(neg(off), eq(refs, lit(0)))), (bulk,)),
    )
    variables = (
        StateVar("refcount", (PAGE,), COUNT, 0),
        StateVar("offline", (PAGE,), BOOL, False),
    )
    after = read("offline", BOOL, P, primed=True)
    turned = conj(neg(off), after)
    system = System("offline_all", (PAGE,), variables, actions)
    properties = (
        prop("offline_is_unreferenced", forall(P, implies(off, eq(refs, lit(0))))),
        prop("offline_stays", forall(P, implies(off, after)), "step"),
        prop("one_at_a_time", le(count(P, turned), lit(1)), "step"),
        prop("all_offline", forall(P, off), "reachable"),
        prop("half_offline", conj(exists(P, off), exists(P, neg(off))), "reachable"),
    )
    verdicts = (
        (Verdict.EXHAUSTED, 4),
        (Verdict.EXHAUSTED, 4),
        (Verdict.VIOLATED, 1),
        (Verdict.EXHAUSTED, 1),
        (Verdict.EXHAUSTED, 2),
    )
    return Known(system, properties, Sizes({"page": 2}), verdicts, 16)


def overflowing() -> Known:
    """A counter without a limit of its own; ``early`` is decided before its bound is reached."""
    n = read("n", COUNT)
    system = System(
        "overflow",
        (),
        (StateVar("n", (), COUNT, 0),),
        (Action("up", lit(True), (put("n", add(n, lit(1))),)),),
    )
    properties = (
        prop("early", lt(n, lit(2))),
        prop("late", lt(n, lit(9))),
        prop("grows", le(n, read("n", COUNT, primed=True)), "step"),
        prop("nine", eq(n, lit(9)), "reachable"),
    )
    unknown = (Verdict.UNKNOWN, 3)
    verdicts = ((Verdict.VIOLATED, 2), unknown, unknown, unknown)
    return Known(system, properties, Sizes({}, 3), verdicts, 4, "n")


def known_race(hook: bool) -> Known:
    """The race of get_page and put_page at two pages and two getters."""
    made = race(hook)
    depth, states = (14, 919) if hook else (16, 1315)
    whole, witness = (Verdict.EXHAUSTED, depth), (Verdict.EXHAUSTED, 8)
    first = whole if hook else (Verdict.VIOLATED, 7)
    verdicts = (first, whole, whole, witness)
    return Known(made.system, made.properties, made.sizes, verdicts, states)


def all_known() -> tuple[Known, ...]:
    """Every system of this module."""
    return (
        known_race(True),
        known_race(False),
        mutex(True),
        mutex(False),
        bounded_counter(),
        dirty_pages(),
        offline_all(),
        overflowing(),
    )
