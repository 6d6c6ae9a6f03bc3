"""Tiny models whose assumptions are known by hand."""

COUNTER = """
class M(State):
    x = var(Count, init=0)
    first = var(bool, init=False)
    second = var(bool, init=False)
    lock = mutex(guards=["x"])
    spare = mutex()


@thread()
def one(m: M) -> None:
    mutex_lock(m.spare)
    mutex_lock(m.lock)
    m.x += 1
    mutex_unlock(m.lock)
    mutex_unlock(m.spare)
    m.first = True


@thread()
def two(m: M) -> None:
    mutex_lock(m.lock)
    m.x += 1
    mutex_unlock(m.lock)
    m.second = True


@always("both have counted")
def counted(m: M) -> bool:
    return not (m.first and m.second) or m.x == 2


model = Model("counter", state=M, threads=[one, two], properties=[counted])
"""
"""Without the lock an update is lost, since an increment is a read and a write."""

WHOLE = """
class M(State):
    x = var(bool, init=False)
    y = var(bool, init=False)
    seen = var(bool, init=False)
    lock = mutex(guards=["x", "y", "seen"])

    @derived
    def differ(self) -> bool:
        return self.x != self.y


@thread()
def writer(m: M) -> None:
    mutex_lock(m.lock)
    m.x = True
    m.y = True
    mutex_unlock(m.lock)


@thread(repeat=True)
def reader(m: M) -> None:
    mutex_lock(m.lock)
    m.seen = m.differ()
    mutex_unlock(m.lock)


@always("x goes first")
def ordered(m: M) -> bool:
    return m.x or not m.y


model = Model("whole", state=M, threads=[writer, reader], properties=[ordered])
"""
"""The predicate reads two cells in one step, whether the lock is there or not."""

SWITCHES = """
careful = switch("careful", True, "the flag is tested")
quick = switch("quick", False, "a step less")
unused = switch("unused", False, "nothing")
idle_step = switch("idle_step", False, "a local is set twice")


class M(State):
    busy = var(bool, init=False)
    broken = var(bool, init=False)
    work = var(bool, init=False)


@thread()
def worker(m: M) -> None:
    if not quick:
        m.work = True
    x = False
    if idle_step:
        x = False
    if careful:
        busy = m.busy
    else:
        busy = False
    if not busy and x:
        m.broken = True
    if not careful:
        m.broken = True


@always("nothing breaks")
def whole(m: M) -> bool:
    return not m.broken


model = Model(
    "switches", state=M, threads=[worker],
    switches=[careful, quick, unused, idle_step], properties=[whole],
)
"""

PAGES = """
class M(State):
    free = per_page(bool, init=True)
    owners = per_page(Count, init=0)
    noise = per_page(bool, init=False)


@atomic
def take(m: M, page: Page) -> bool:
    if not m.free[page]:
        return False
    m.free[page] = False
    m.owners[page] += 1
    return True


@atomic
def mark(m: M, page: Page) -> None:
    m.noise[page] = True
    m.noise[page] = False


@atomic
def release(m: M, page: Page) -> None:
    m.owners[page] -= 1
    m.free[page] = True


@thread(replicated=True, repeat=True)
def taker(m: M, page: Page) -> None:
    if take(m, page):
        if m.noise[page]:
            mark(m, page)
        mark(m, page)
        release(m, page)


@always("a page has one owner")
def one_owner(m: M) -> bool:
    return all(m.owners[p] <= 1 for p in m.pages)


model = Model("pages", state=M, threads=[taker], properties=[one_owner],
    sizes={"page": 2, "taker": 2})
"""
"""Proved for every size; the noise does not matter."""

TWICE = """
class M(State):
    x = var(bool, init=False)
    y = var(bool, init=False)


@atomic
def look(m: M) -> None:
    if m.x:
        m.y = True


@atomic
def both(m: M) -> None:
    look(m)
    look(m)


@thread()
def t(m: M) -> None:
    both(m)
    m.x = True


@always("nothing is seen")
def unseen(m: M) -> bool:
    return not m.y


model = Model("twice", state=M, threads=[t], properties=[unseen])
"""
"""The same test twice in one step: a variant that ignores it is outside the language."""

CRASH = """
class M(State):
    ready = var(bool, init=False)
    late = var(bool, init=False)


@thread()
def t(m: M) -> None:
    ready = m.ready
    if ready:
        bug_on(not m.ready)
        m.late = True
    m.ready = True


@thread()
def u(m: M) -> None:
    x = m.late
    if x:
        m.late = False


@always("never late")
def never_late(m: M) -> bool:
    return not m.late


model = Model("crash", state=M, threads=[t, u], properties=[never_late])
"""

BULK = """
class M(State):
    here = per_page(bool, init=True)
    mixed = var(bool, init=False)


@atomic
def clear(m: M) -> None:
    for p in m.pages:
        m.here[p] = False


@thread()
def t(m: M) -> None:
    clear(m)


@always("all or nothing")
def together(m: M) -> bool:
    return all(m.here[p] for p in m.pages) or not any(m.here[p] for p in m.pages)


model = Model("bulk", state=M, threads=[t], properties=[together], sizes={"page": 2})
"""
