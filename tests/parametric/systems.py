"""Hand-made core systems: the race of 2019 between a getter's put and a driver's unplug."""

from dataclasses import dataclass, field

from pagestate.core.expr import (
    TRUE,
    Expr,
    Lit,
    Param,
    Quant,
    Read,
    add,
    conj,
    count,
    disj,
    eq,
    exists,
    forall,
    ite,
    le,
    lit,
    neg,
    sub,
)
from pagestate.core.property import Property
from pagestate.core.sorts import BOOL, COUNT, EnumSort, IndexSort, RefSort, Sizes
from pagestate.core.system import Action, StateVar, System, Thread, Write

PAGE = IndexSort("page")
GETTER = IndexSort("getter")
P = Param("page", PAGE)
G = Param("getter", GETTER)
Q = Param("q", PAGE)
H = Param("h", GETTER)
SIZES = Sizes({"page": 2, "getter": 2}, count_bound=4)
ANY = frozenset({"page", "getter"})


def rc(page: Expr = P) -> Read:
    return Read("rc", (page,), COUNT)


def bit(name: str, page: Expr = P) -> Read:
    return Read(name, (page,), BOOL)


def put(read: Read, value: Expr, *binders: Param, where: Expr = TRUE) -> Write:
    return Write(read.var, read.index, value, binders, where)


@dataclass
class ThreadBuilder:
    """A thread with a control variable, one page local, and (replicated) a bool local."""

    name: str
    labels: tuple[str, ...]
    index: Param | None = None
    actions: list[Action] = field(default_factory=list)

    @property
    def pc_sort(self) -> EnumSort:
        return EnumSort(f"{self.name}.label", self.labels)

    @property
    def at(self) -> tuple[Param, ...]:
        return () if self.index is None else (self.index,)

    def pc(self, *at: Param) -> Read:
        return Read(f"{self.name}.pc", at or self.at, self.pc_sort)

    def page(self, *at: Param) -> Read:
        return Read(f"{self.name}.page", at or self.at, RefSort(PAGE))

    def zero(self, *at: Param) -> Read:
        return Read(f"{self.name}.zero", at or self.at, BOOL)

    def label(self, name: str) -> Lit:
        return Lit(name, self.pc_sort)

    def is_at(self, label: str, *at: Param) -> Expr:
        return eq(self.pc(*at), self.label(label))

    def step(self, name: str, frm: str, to: Expr | str, guard: Expr, *writes: Write) -> None:
        target = self.label(to) if isinstance(to, str) else to
        moved = () if target == self.label(frm) else (put(self.pc(), target),)
        self.actions.append(
            Action(
                f"{self.name}.{name}",
                conj(self.is_at(frm), guard),
                (*writes, *moved),
                (P, *self.at),
                self.name,
                self.index,
            )
        )

    def variables(self, zero: bool = False) -> tuple[StateVar, ...]:
        dims = tuple(p.sort for p in self.at if isinstance(p.sort, IndexSort))
        made = (
            StateVar(
                self.pc().var, dims, self.pc_sort, self.labels[0], thread=self.name, control=True
            ),
            StateVar(self.page().var, dims, RefSort(PAGE), None, thread=self.name),
        )
        more = StateVar(self.zero().var, dims, BOOL, False, thread=self.name)
        return (*made, more) if zero else made

    def thread(self) -> Thread:
        index = None if self.index is None else self.index.sort
        assert index is None or isinstance(index, IndexSort)
        return Thread(self.name, self.pc().var, self.labels[0], self.labels, index, repeat=True)


NONE = Lit(None, RefSort(PAGE))


def getter_thread(hook: bool, local: bool) -> ThreadBuilder:
    t = ThreadBuilder("getter", ("start", "hold", "check", "test", "free"), G)
    mine = eq(t.page(), P)
    t.step("get", "start", "hold", le(lit(1), rc()), put(rc(), add(rc(), lit(1))), put(t.page(), P))
    last = eq(rc(), lit(1))
    after = "test" if hook else "free"
    down = put(rc(), sub(rc(), lit(1)))
    if local:
        t.step("dec", "hold", "check", mine, down, put(t.zero(), last))
        branch = ite(t.zero(), t.label(after), t.label("start"))
        keep = ite(t.zero(), t.page(), NONE)
        t.step("check", "check", branch, mine, put(t.page(), keep), put(t.zero(), lit(False)))
    else:
        branch = ite(last, t.label(after), t.label("start"))
        t.step("dec", "hold", branch, mine, down, put(t.page(), ite(last, t.page(), NONE)))
    if hook:
        off = bit("offline")
        branch = ite(off, t.label("start"), t.label("free"))
        t.step("test", "test", branch, mine, put(t.page(), ite(off, NONE, t.page())))
    t.step("free", "free", "start", mine, put(bit("buddy"), lit(True)), put(t.page(), NONE))
    return t


def driver_thread(replug: bool, wait: bool, busy: Expr) -> ThreadBuilder:
    t = ThreadBuilder("driver", ("idle", "ref", "off", "dec", "host"))
    mine = eq(t.page(), P)
    t.step("take", "idle", "ref", bit("buddy"), put(bit("buddy"), lit(False)), put(t.page(), P))
    t.step("ref", "ref", "off", mine, put(rc(), lit(1)))
    t.step("off", "off", "dec", mine, put(bit("offline"), lit(True)))
    t.step("dec", "dec", "host", mine, put(rc(), sub(rc(), lit(1))))
    gone = neg(busy) if wait else lit(True)
    t.step("host", "host", "idle", conj(mine, gone), put(bit("plugged"), lit(False)),
           put(t.page(), NONE))  # fmt: skip
    if replug:
        back = conj(bit("offline"), neg(bit("plugged")), eq(rc(), lit(0)), neg(busy))
        t.step("replug", "idle", "idle", back, put(bit("plugged"), lit(True)),
               put(bit("offline"), lit(False)), put(bit("buddy"), lit(True)))  # fmt: skip
    return t


def race(
    hook: bool = True, local: bool = False, replug: bool = False, wait: bool = False
) -> System:
    """The race: without ``hook`` a getter frees a page that the driver has set offline."""
    getter = getter_thread(hook, local)
    busy = exists(H, conj(disj(getter.is_at("test", H), getter.is_at("free", H)),
                          eq(getter.page(H), P)))  # fmt: skip
    driver = driver_thread(replug, wait, busy)
    return System(
        "race",
        (PAGE, GETTER),
        (
            StateVar("rc", (PAGE,), COUNT, 0),
            StateVar("buddy", (PAGE,), BOOL, True),
            StateVar("offline", (PAGE,), BOOL, False),
            StateVar("plugged", (PAGE,), BOOL, True),
            *getter.variables(local),
            *driver.variables(),
        ),
        (*getter.actions, *driver.actions),
        (getter.thread(), driver.thread()),
    )


def always(name: str, body: Expr) -> Property:
    return Property(name, "always", forall(P, body))


OFFLINE_NOT_FREE = always("offline_not_free", neg(conj(bit("offline"), bit("buddy"))))
UNPLUGGED_NOT_FREE = always("unplugged_not_free", disj(bit("plugged"), neg(bit("buddy"))))


def holders(page: Expr = P) -> Quant:
    getter = getter_thread(True, False)
    found = count(H, conj(getter.is_at("hold", H), eq(getter.page(H), page)))
    assert isinstance(found, Quant)
    return found


HOLDERS = always("holders", le(holders(), rc()))
