"""Random model texts: a handful of fields, functions of every kind, loops, branches, locks."""

import random

STATE = """
class E(Enum):
    A = 1
    B = 2
    C = 3


class Slot(Index):
    pass


class S(State):
    slots = members(Slot)
    a = per_page(bool, init=False)
    b = per_page(bool, init=True)
    own = per_page(Page, init=None)
    c = per_page(Count, init=0)
    e = per(Slot, E, init=E.B)
    x = var(bool, init=free())
    n = var(Count, init=1)
    k = var(Range(-1, 2), init=0)
    cur = var(Page, init=None)
    f = var(bool, init=False)
    g = per_page(bool, init=False)
    seen = per_page(bool, init=False, ghost=True)
    mu = mutex(guards=["f", "g"])
    sem = rwsem()
    spin = spinlock()


@derived
def both(m: S, p: Page) -> bool:
    return m.a[p] and m.b[p]


@atomic
def inc(m: S, p: Page) -> bool:
    if m.c[p] == 2:
        return False
    m.c[p] += 1
    return True


@atomic("dec({p})")
def dec(m: S, p: Page) -> bool:
    m.c[p] -= 1
    m.seen[p] = True
    return m.c[p] == 0


@atomic
def swap(m: S, p: Page, q: Page) -> None:
    m.own[p] = q
    m.a[p] = both(m, q)
    if p != q:
        m.b[q] = m.a[p]
    r = m.own[q]
    if r is not None and m.b[r]:
        m.a[r] = not m.a[r]


@atomic
def sweep(m: S) -> None:
    for p in m.pages:
        if m.a[p] and not m.x:
            m.a[p] = False
            m.b[p] = True
        else:
            m.own[p] = None
    m.x = any(m.b[p] for p in m.pages)


@inline
def scan(m: S, flag: bool) -> bool:
    for p in m.pages:
        if flag and m.a[p]:
            return True
        if m.b[p]:
            break
    return False


@inline
def clear(m: S, p: Page) -> None:
    if inc(m, p):
        m.a[p] = False
        if dec(m, p):
            return
    m.b[p] = True


@always("p1")
def p1(m: S) -> bool:
    return all(m.a[p] or m.c[p] <= 1 or both(m, p) for p in m.pages)


@step("p2")
def p2(before: S, after: S) -> bool:
    return all(before.c[p] - 1 <= after.c[p] <= before.c[p] + 1 for p in before.pages)


@reachable("p3")
def p3(m: S) -> bool:
    return count(m.e[s] == E.A for s in m.slots) == 1 and m.cur is not None
"""


class Writer:
    """Writes statements of one thread; ``dice`` decides."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.count = 0

    def fresh(self) -> str:
        self.count += 1
        return f"v{self.count}"

    def local(self) -> str:
        """A condition on locals alone."""
        return self.dice.choice(["flag", "not flag", "p == q", "num == 0", "num in (1, 2)"])

    def shared(self) -> str:
        """A condition with one access."""
        return self.dice.choice(
            [
                "m.a[p]",
                "not m.b[q]",
                "m.x",
                "m.own[q] == p",
                "m.n > num",
                "0 <= m.k < 2",
                "m.c[q] == 1",
            ]
        )

    def condition(self) -> str:
        roll = self.dice.random()
        if roll < 0.25:
            return self.local()
        if roll < 0.6:
            return self.shared()
        joint = self.dice.choice(["and", "or"])
        return f"{self.local()} {joint} {self.shared()}"

    def boolean(self) -> str:
        roll = self.dice.random()
        if roll < 0.2:
            return self.dice.choice(["True", "False"])
        if roll < 0.4:
            return f"({self.shared()}) if {self.local()} else ({self.local()})"
        return self.condition()

    def access(self) -> str:
        return self.dice.choice(
            [
                "m.a[p] = flag",
                "m.b[q] = p == q",
                "m.x = not flag",
                "m.own[p] = q",
                "m.own[q] = None",
                "m.cur = p if flag else None",
                "m.n = num",
                "m.k = -1 if flag else 2",
                "m.e[s] = E.A if flag else E.C",
                "flag = inc(m, p)",
                "dec(m, q)",
                "swap(m, p, q)",
                "sweep(m)",
                "flag = scan(m, flag)",
                "clear(m, q)",
                "clear(m, p)",
                "num = m.c[p]",
                "warn_on(m.x)",
                "bug_on(flag and m.k == 2)",
                "wait_until(p == q or not m.a[q])",
            ]
        )

    def block(self, depth: int, loop: bool, pad: str) -> list[str]:
        lines = list[str]()
        for _ in range(self.dice.randint(1, 3)):
            lines += self.statement(depth, loop, pad)
        return lines

    def statement(self, depth: int, loop: bool, pad: str) -> list[str]:
        dice, inner = self.dice, pad + "    "
        kinds = ["access"] * 5 + ["local"] * 2 + ["choose", "atomic", "ref", "lock"]
        if depth > 0:
            kinds += ["if"] * 3 + ["for", "while"]
        if loop:
            kinds += ["leave"]
        match dice.choice(kinds):
            case "access":
                return [pad + self.access()]
            case "local":
                if dice.random() < 0.5:
                    return [f"{pad}flag = {self.boolean()}"]
                return [f"{pad}num = {dice.choice(['0', '1', 'num', '2 if flag else 1'])}"]
            case "choose":
                return [
                    pad
                    + dice.choice(
                        [
                            "flag = either()",
                            "q = choose(m.pages)",
                            "q = choose(z for z in m.pages if z != p or m.a[z])",
                            "num = choose(range(3))",
                            "s = choose(m.slots)",
                        ]
                    )
                ]
            case "atomic":
                return [
                    f"{pad}with atomic():",
                    f"{inner}if {self.shared()} and {self.shared()}:",
                    f"{inner}    m.a[q] = m.b[p]",
                    f"{inner}    num = m.c[p]",
                    f"{inner}elif m.cur is not None and m.b[m.cur]:",
                    f"{inner}    m.b[m.cur] = {self.local()}",
                    f"{inner}else:",
                    f"{inner}    m.cur = m.own[q]",
                    f"{inner}    m.k -= 1",
                ]
            case "ref":
                name = self.fresh()
                used = dice.choice([f"{name} is not None and m.a[{name}]", f"{name} == p"])
                return [
                    f"{pad}{name} = m.cur",
                    f"{pad}if {used}:",
                    f"{inner}m.x = True",
                ] + ([f"{pad}m.b[{name}] = flag"] if dice.random() < 0.2 else [])
            case "lock":
                which = dice.randrange(4)
                if which == 0:
                    return [
                        f"{pad}mutex_lock(m.mu)",
                        f"{pad}m.f = m.g[p] or m.f",
                        f"{pad}m.g[q] = not m.f",
                        f"{pad}mutex_unlock(m.mu)",
                    ]
                if which == 1:
                    return [f"{pad}down_read(m.sem)", f"{pad}m.x = flag", f"{pad}up_read(m.sem)"]
                if which == 2:
                    return [f"{pad}down_write(m.sem)", f"{pad}up_write(m.sem)"]
                return [
                    f"{pad}spin_lock(m.spin)",
                    f"{pad}{self.access()}",
                    f"{pad}spin_unlock(m.spin)",
                ]
            case "if":
                lines = [f"{pad}if {self.condition()}:", *self.block(depth - 1, loop, inner)]
                if dice.random() < 0.5:
                    lines += [f"{pad}else:", *self.block(depth - 1, loop, inner)]
                return lines
            case "for":
                name = self.fresh()
                return [
                    f"{pad}for {name} in m.pages:",
                    f"{inner}m.{dice.choice('ab')}[{name}] = flag",
                    *self.block(depth - 1, True, inner),
                ]
            case "while":
                return [
                    f"{pad}while {self.condition()}:",
                    f"{inner}m.x = not flag",
                    *self.block(depth - 1, True, inner),
                ]
            case _:
                return [
                    f"{pad}if {self.local()}:",
                    f"{inner}{dice.choice(['break', 'continue', 'return'])}",
                ]


def random_model(seed: int) -> str:
    """The text of a model; the same one for the same seed."""
    dice = random.Random(seed)
    names, text = list[str](), STATE
    for number in range(2):
        writer, name = Writer(dice), f"t{number}"
        form = dice.choice(["repeat=True", "", "repeat=True, replicated=True"])
        body = writer.block(2, False, "    ") + writer.block(1, False, "    ")
        arguments = "m: S, p: Page, q: Page, s: Slot, flag: bool"
        text += f"\n\n@thread({form})\ndef {name}({arguments}) -> None:\n"
        text += "\n".join(["    num = 0", *body]) + "\n"
        names.append(name)
    return text + (
        f"\n\nmodel = Model('r', state=S, threads=[{', '.join(names)}], "
        f"properties=[p1, p2, p3], sizes={{'page': 2, 'slot': 1}})\n"
    )
