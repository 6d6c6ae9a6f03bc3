"""The benchmark system: pages that a driver takes offline while getters hold references.

Built directly as a core system, so that measurements do not depend on the language.  Per page a
driver allocates the page, marks it PageOffline, drops its reference, lets the host take the memory
back, and later returns it; getters take and drop references; one offliner scans all pages.  In the
buggy variant a getter that drops the last reference frees the page in a step of its own, without
looking at PageOffline: the page is handed out although the host took the memory.

``coarse`` takes dropping and unplugging as one step and the offliner's scan as another: few
situations of a page, so that the number of states up to renaming grows slowly with the pages.
"""

from pagestate.core.expr import (
    FALSE,
    TRUE,
    Expr,
    Lit,
    Param,
    Read,
    add,
    conj,
    disj,
    eq,
    forall,
    implies,
    ite,
    le,
    lit,
    lt,
    neg,
    sub,
)
from pagestate.core.property import Property
from pagestate.core.sorts import (
    BOOL,
    COUNT,
    DataSort,
    EnumSort,
    IndexSort,
    RefSort,
    Sizes,
    default_value,
)
from pagestate.core.system import Action, StateVar, System, Thread, Write

PAGE = IndexSort("page")
GETTER = IndexSort("getter")
PAGE_REF = RefSort(PAGE)
DRIVER_AT = EnumSort("driver_at", ("idle", "alloced", "marked", "dropped", "out"))
GETTER_AT = EnumSort("getter_at", ("idle", "holds", "zero"))
OFFLINER_AT = EnumSort("offliner_at", ("idle", "scan", "done"))

P = Param("page", PAGE)
Q = Param("q", PAGE)
G = Param("getter", GETTER)


def _get(name: str, sort: DataSort, *index: Expr) -> Read:
    return Read(name, index, sort)


def _refcount(p: Expr) -> Read:
    return _get("refcount", COUNT, p)


def _flag(name: str, p: Expr) -> Read:
    return _get(name, BOOL, p)


def _driver(p: Expr, at: str) -> Expr:
    return eq(_get("driver", DRIVER_AT, p), Lit(at, DRIVER_AT))


def _getter(at: str) -> Expr:
    return eq(_get("getter", GETTER_AT, G), Lit(at, GETTER_AT))


def _offliner(at: str) -> Expr:
    return eq(_get("offliner", OFFLINER_AT), Lit(at, OFFLINER_AT))


def _works_on(p: Expr) -> Expr:
    return eq(_get("target", PAGE_REF, G), p)


def _go(var: str, at: str, sort: EnumSort, *index: Expr) -> Write:
    return Write(var, index, Lit(at, sort))


def _driver_actions(coarse: bool) -> tuple[Action, ...]:
    def step(name: str, guard: Expr, then: str, *writes: Write) -> Action:
        go = _go("driver", then, DRIVER_AT, P)
        return Action(name, guard, (*writes, go), (P,), "driver", P)

    less = sub(_refcount(P), lit(1))
    drop, unplug = Write("refcount", (P,), less), Write("plugged", (P,), FALSE)
    if coarse:
        leave = (step("drop", _driver(P, "marked"), "out", drop, unplug),)
    else:
        leave = (
            step("drop", _driver(P, "marked"), "dropped", drop),
            step("unplug", _driver(P, "dropped"), "out", unplug),
        )
    return (
        step(
            "alloc",
            conj(_driver(P, "idle"), _flag("buddy", P), eq(_refcount(P), lit(0))),
            "alloced",
            Write("buddy", (P,), FALSE),
            Write("refcount", (P,), lit(1)),
        ),
        step("set_offline", _driver(P, "alloced"), "marked", Write("offline", (P,), TRUE)),
        *leave,
        step(
            "plug",
            conj(_driver(P, "out"), eq(_refcount(P), lit(0))),
            "idle",
            Write("plugged", (P,), TRUE),
            Write("offline", (P,), FALSE),
            Write("buddy", (P,), TRUE),
        ),
    )


def _getter_actions(buggy: bool) -> tuple[Action, ...]:
    def step(name: str, guard: Expr, *writes: Write) -> Action:
        return Action(name, guard, writes, (G, P), "getter", G)

    less = sub(_refcount(P), lit(1))
    last = eq(_refcount(P), lit(1))
    get = step(
        "get",
        conj(_getter("idle"), lt(lit(0), _refcount(P))),
        Write("refcount", (P,), add(_refcount(P), lit(1))),
        Write("target", (G,), P),
        _go("getter", "holds", GETTER_AT, G),
    )
    holds = conj(_getter("holds"), _works_on(P))
    none = Write("target", (G,), Lit(None, PAGE_REF))
    idle = _go("getter", "idle", GETTER_AT, G)
    if not buggy:
        freed = disj(_flag("buddy", P), conj(last, neg(_flag("offline", P))))
        put = step(
            "put", holds, Write("refcount", (P,), less), Write("buddy", (P,), freed), none, idle
        )
        return get, put
    put = step(
        "put",
        holds,
        Write("refcount", (P,), less),
        Write("target", (G,), ite(last, P, Lit(None, PAGE_REF))),
        Write("getter", (G,), ite(last, Lit("zero", GETTER_AT), Lit("idle", GETTER_AT))),
    )
    free = step(
        "free",
        conj(_getter("zero"), _works_on(P)),
        Write("buddy", (P,), TRUE),
        none,
        idle,
    )
    return get, put, free


def _offliner_actions(coarse: bool) -> tuple[Action, ...]:
    free = disj(_flag("buddy", P), conj(_flag("offline", P), eq(_refcount(P), lit(0))))
    everything = forall(Q, _flag("seen", Q))
    done = _go("offliner", "done", OFFLINER_AT)
    reset = Write("seen", (Q,), FALSE, (Q,))
    again = Action(
        "again", _offliner("done"), (_go("offliner", "idle", OFFLINER_AT),), (), "offliner"
    )
    if coarse:
        every = forall(Q, disj(_flag("buddy", Q), eq(_refcount(Q), lit(0))))
        return Action("offline", conj(_offliner("idle"), every), (done,), (), "offliner"), again
    return (
        Action("scan", _offliner("idle"), (_go("offliner", "scan", OFFLINER_AT),), (), "offliner"),
        Action(
            "test_page",
            conj(_offliner("scan"), neg(_flag("seen", P)), free),
            (Write("seen", (P,), TRUE),),
            (P,),
            "offliner",
        ),
        Action("finish", conj(_offliner("scan"), everything), (reset, done), (), "offliner"),
        again,
    )


def offlining(buggy: bool = False, coarse: bool = False) -> System:
    """The system; ``buggy`` and ``coarse`` choose the variant."""

    def per(
        name: str, dims: tuple[IndexSort, ...], sort: DataSort, init: object = None
    ) -> StateVar:
        value = default_value(sort) if init is None else init
        assert value is None or isinstance(value, bool | int | str)
        return StateVar(name, dims, sort, value)

    variables = (
        per("refcount", (PAGE,), COUNT),
        per("buddy", (PAGE,), BOOL, True),
        per("offline", (PAGE,), BOOL),
        per("plugged", (PAGE,), BOOL, True),
        *(() if coarse else (per("seen", (PAGE,), BOOL),)),
        StateVar("driver", (PAGE,), DRIVER_AT, "idle", thread="driver", control=True),
        StateVar("getter", (GETTER,), GETTER_AT, "idle", thread="getter", control=True),
        StateVar("target", (GETTER,), PAGE_REF, None, thread="getter"),
        StateVar("offliner", (), OFFLINER_AT, "idle", thread="offliner", control=True),
    )
    actions = (*_driver_actions(coarse), *_getter_actions(buggy), *_offliner_actions(coarse))
    threads = (
        Thread("driver", "driver", "idle", DRIVER_AT.members, PAGE, True),
        Thread("getter", "getter", "idle", GETTER_AT.members, GETTER, True),
        Thread("offliner", "offliner", "idle", OFFLINER_AT.members, None, True),
    )
    return System("offlining", (PAGE, GETTER), variables, actions, threads)


UNPLUGGED_NEVER_FREE = Property(
    "unplugged_never_free",
    "always",
    forall(Q, implies(_flag("buddy", Q), _flag("plugged", Q))),
)
HOLDERS_COUNTED = Property(
    "free_pages_unreferenced",
    "always",
    forall(Q, implies(_flag("buddy", Q), le(_refcount(Q), lit(0)))),
)


def sizes(pages: int = 2, getters: int = 2) -> Sizes:
    """An instance; counters may reach one reference per getter and one of the driver."""
    return Sizes({"page": pages, "getter": getters}, count_bound=getters + 1)
