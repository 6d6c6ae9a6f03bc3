"""Models on which the symbolic and the concrete meaning once differed."""

STATE = """
class S(State):
    a = per_page(bool, init=False)
    b = per_page(bool, init=False)
    c = per_page(Count, init=0)
    x = var(bool, init=False)
    n = var(Count, init=0)
    cur = var(Page, init=None)
    r = var(Range(-2, 2), init=0)
@thread(repeat=True)
def noise(m: S, page: Page) -> None:
    with atomic():
        m.x = not m.x
"""

MODEL = """
model = Model("t", state=S, threads=[t, noise], sizes={"page": 2})
"""

TEXTS = {
    "short_if": """
@thread(repeat=True)
def t(m: S, page: Page) -> None:
    flag = m.x
    if flag and m.a[page]:
        m.b[page] = True
    m.a[page] = True
""",
    "short_assign": """
@thread(repeat=True)
def t(m: S, page: Page) -> None:
    flag = m.x
    ok = flag and m.a[page]
    m.b[page] = ok
    m.a[page] = True
""",
    "short_ifexp": """
@thread(repeat=True)
def t(m: S, page: Page) -> None:
    flag = m.x
    ok = m.a[page] if flag else True
    m.b[page] = ok
    m.a[page] = ok
""",
    "short_ret": """
@inline
def f(m: S, page: Page, flag: bool) -> bool:
    return flag and m.a[page]
@thread(repeat=True)
def t(m: S, page: Page) -> None:
    flag = m.x
    if f(m, page, flag):
        m.b[page] = True
    else:
        m.a[page] = True
""",
    "none_guard": """
@atomic
def setcur(m: S, p: Page) -> None:
    m.cur = p
@thread(repeat=True)
def t(m: S, page: Page) -> None:
    q = m.cur
    if q is not None and m.a[q]:
        m.b[q] = True
    if q is not None:
        m.a[q] = not q == page
    setcur(m, page)
""",
    "none_index": """
@thread(repeat=True)
def t(m: S, page: Page) -> None:
    q = m.cur
    m.a[q] = True
    m.cur = page
""",
    "derived_clobber": """
@derived
def busy(m: S, p: Page) -> bool:
    return m.a[p]
@thread(repeat=True)
def t(m: S, p: Page, q: Page) -> None:
    m.x = True
    if busy(m, q):
        m.b[q] = True
    m.a[p] = not m.x if False else True
    m.a[q] = False
""",
    "two_scans_one_step": """
@inline
def scan(m: S) -> None:
    for p in m.pages:
        m.a[p] = not False
@thread(repeat=True)
def t(m: S) -> None:
    scan(m)
    scan(m)
    m.x = True
""",
    "loop_scan": """
@thread(repeat=True)
def t(m: S) -> None:
    k = 0
    while k < 2:
        for p in m.pages:
            m.c[p] = k
        k = k + 1
    m.x = True
""",
    "loop_scan2": """
@thread(repeat=True)
def t(m: S) -> None:
    again = True
    while again:
        again = False
        for p in m.pages:
            m.a[p] = True
            y = either()
            if y:
                again = True
                break
    m.x = True
""",
    "local_grow": """
@thread(repeat=True)
def t(m: S) -> None:
    k = 0
    while m.x:
        k += 1
    m.n = k
""",
    "neg": """
@thread(repeat=True)
def t(m: S, page: Page) -> None:
    k = m.r
    m.x = True
    m.r = -1 if k == 0 else -2
    d = m.r
    if -2 <= d < 0:
        m.r = d + 1
    if d == -2:
        m.r = d - 1
""",
    "scan_atomic_wait": """
@thread(repeat=True)
def t(m: S) -> None:
    for p in m.pages:
        with atomic():
            wait_until(not m.a[p])
            m.a[p] = True
    for p in m.pages:
        m.a[p] = False
""",
    "thread_named_r": """
@thread(repeat=True, replicated=True)
def r(m: S) -> None:
    for p in m.pages:
        m.a[p] = not False
    m.x = True
model = Model("t", state=S, threads=[r, noise], sizes={"page": 2, "r": 2})
""",
    "arg_named_thread": """
@thread(repeat=True, replicated=True)
def u(m: S, u: Page) -> None:
    m.a[u] = True
    m.b[u] = False
model = Model("t", state=S, threads=[u, noise], sizes={"page": 2, "u": 3})
""",
    "ifexp_none": """
@thread(repeat=True)
def t(m: S, p: Page) -> None:
    f = m.x
    q = None if f else p
    m.n = 1
    m.cur = q
    z = m.cur
    if z is None:
        m.n = 0
    elif z == p:
        m.n = 1
    elif z != p:
        m.n = 2
""",
    "enum": """
class E(Enum):
    A = 1
    B = 2
    C = 3
class S2(S):
    e = var(E, init=E.A)
    f = per_page(E, init=E.B)
@thread(repeat=True)
def t(m: S2, p: Page, w: E) -> None:
    m.e = w
    k = m.f[p]
    z = choose(E)
    if k in (E.A, E.C) and k != w:
        m.f[p] = z
    elif z is E.C:
        m.f[p] = E.A
    with atomic():
        if m.e == m.f[p]:
            m.e = E.B if m.x else k
model = Model("t", state=S2, threads=[t, noise], sizes={"page": 2})
""",
    "comp_shadow": """
k = switch("k", True, "z")
@thread(repeat=True)
def t(m: S, p: Page) -> None:
    with atomic():
        if k and any(m.a[k] for k in m.pages):
            m.a[p] = False
        else:
            m.a[p] = True
model = Model("t", state=S, threads=[t, noise], sizes={"page": 2}, switches=[k])
""",
    "count_local": """
@thread(repeat=True)
def t(m: S, p: Page) -> None:
    with atomic():
        k = count(m.a[q] for q in m.pages if q != p)
        m.n = k
    if k == 1:
        m.a[p] = False
    else:
        m.a[p] = True
    m.x = k > 0
""",
    "sameline": """
@inline
def f(m: S, p: Page) -> bool:
    v = m.a[p]
    return v
@thread(repeat=True)
def t(m: S, p: Page, q: Page) -> None:
    if f(m, p) == f(m, q):
        m.a[p] = True
    else:
        m.a[q] = False
""",
}

AGREEING = {
    name: STATE + text + ("" if "model =" in text else MODEL) for name, text in TEXTS.items()
}
