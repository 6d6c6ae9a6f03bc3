"""One tiny model per rule about infinite executions and deadlocks; see docs/semantics.md."""

from collections.abc import Mapping
from dataclasses import dataclass, field

STATE = """
class M(State):
    x = var(bool, init=False)
    y = var(bool, init=False)
    taken = var(bool, init=False)
    n = var(Range(0, 2), init=0)
    a = mutex()
    b = mutex()
    spin = spinlock()
    sem = rwsem()


@atomic
def grab(m: M) -> None:
    wait_until(not m.taken)
    m.taken = True


@atomic
def down(m: M) -> None:
    wait_until(m.n > 0)
    m.n -= 1


"""


@dataclass(frozen=True)
class Litmus:
    """``verdicts`` names all properties; ``settings`` are switches."""

    rule: str
    body: str
    threads: str
    verdicts: Mapping[str, str]
    more: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The text of the model."""
        made = [n for n in self.verdicts if f"def {n}(" in self.body or n == "deadlock_free"]
        return (
            f"{STATE}{self.body}\n\nmodel = Model('litmus', state=M, threads=[{self.threads}], "
            f"properties=[{', '.join(made)}], {self.more})\n"
        )


def fn(name: str, *lines: str, deco: str = "") -> str:
    body = "".join(f"    {line}\n" for line in lines)
    return f"\n@thread({deco})\ndef {name}(m: M) -> None:\n{body}\n"


def once(name: str, goal: str) -> str:
    return f"\n@eventually('{name}')\ndef {name}(m: M) -> bool:\n    return {goal}\n"


def then(name: str, first: str, goal: str) -> str:
    head = f"\n@leads_to('{name}')\ndef {name}(m: M) -> tuple[bool, bool]:\n"
    return f"{head}    return {first}, {goal}\n"


def ends(thread: str) -> str:
    return then(f"{thread}_ends", f"not idle({thread})", f"idle({thread})")


HOLD = ("mutex_lock(m.a)", "m.x = True", "m.x = False", "mutex_unlock(m.a)")
GRAB = ("grab(m)", "m.taken = False")
TOGGLE = fn("toggle", "m.x = True", "m.x = False", deco="repeat=True, eager=True")

LITMUS = [
    Litmus(  # nothing moves any more: the execution stays there
        "F1",
        fn("t", "wait_until(m.x)", "m.y = True") + once("gets_on", "m.y"),
        "t",
        {"gets_on": "violated"},
    ),
    Litmus(  # a loop that changes nothing is waiting, no execution of its own
        "F1",
        fn("t", "while not m.x:", "    pass", "m.y = True")
        + fn("u", "m.x = True")
        + once("gets_on", "m.y"),
        "t, u",
        {"gets_on": "exhausted"},
    ),
    Litmus(
        "F2",
        fn("t", "m.x = True")
        + fn("u", "m.y = True", deco="repeat=True")
        + once("once", "m.x")
        + once("starts", "m.y"),
        "t, u",
        {"once": "exhausted", "starts": "violated"},
    ),
    Litmus(
        "F2",
        fn("u", "m.x = True", "m.y = True", deco="repeat=True")
        + once("starts", "m.x")
        + then("goes_on", "m.x", "m.y"),
        "u",
        {"starts": "violated", "goes_on": "exhausted"},
    ),
    Litmus(
        "F2",
        fn("u", "m.y = True", deco="repeat=True, eager=True") + once("starts", "m.y"),
        "u",
        {"starts": "exhausted"},
    ),
    Litmus(  # nobody else can keep a thread that can go on from going on
        "F3",
        fn("t", "m.y = True") + TOGGLE + once("gets_on", "m.y"),
        "t, toggle",
        {"gets_on": "exhausted"},
    ),
    Litmus(  # x is true again and again, never for good: whoever polls for it may miss it
        "F3",
        fn("t", "wait_until(m.x)", "m.y = True") + TOGGLE + once("gets_on", "m.y"),
        "t, toggle",
        {"gets_on": "violated"},
    ),
    Litmus(
        "F3",
        fn("t", *GRAB, deco="repeat=True, eager=True")
        + fn("u", "m.x = True", *GRAB, "m.y = True")
        + once("gets_on", "m.y"),
        "t, u",
        {"gets_on": "violated"},
    ),
    Litmus(
        "F4",
        fn("t", "wait_until(m.x)", "m.y = True", deco="fair='strong'")
        + TOGGLE
        + once("gets_on", "m.y"),
        "t, toggle",
        {"gets_on": "exhausted"},
    ),
    Litmus(  # strong fairness of one thread is no help for another one
        "F4",
        fn("t", "wait_until(m.x)", "m.y = True")
        + TOGGLE.replace("eager=True", "eager=True, fair='strong'")
        + once("gets_on", "m.y"),
        "t, toggle",
        {"gets_on": "violated"},
    ),
    Litmus(  # not even strong fairness meets a condition that holds now and then and not together
        "F4",
        fn("t", "down(m)", "m.y = True", deco="fair='strong'")
        + fn("u", *GRAB, deco="repeat=True, eager=True")
        + once("gets_on", "m.y"),
        "t, u",
        {"gets_on": "violated", "in_range": "exhausted"},
    ),
    Litmus(
        "F5",
        fn("t", *HOLD, deco="repeat=True, eager=True")
        + fn("u", "m.x = True", "mutex_lock(m.a)", "m.y = True", "mutex_unlock(m.a)")
        + once("gets_it", "m.y")
        + ends("u"),
        "t, u",
        {"gets_it": "exhausted", "u_ends": "exhausted"},
    ),
    Litmus(
        "F5",
        fn(
            "t",
            "spin_lock(m.spin)",
            "m.x = True",
            "spin_unlock(m.spin)",
            deco="repeat=True, eager=True",
        )
        + fn("u", "m.x = True", "spin_lock(m.spin)", "m.y = True", "spin_unlock(m.spin)")
        + once("gets_it", "m.y"),
        "t, u",
        {"gets_it": "exhausted"},
    ),
    Litmus(  # writers are not starved by readers that come and go
        "F5",
        fn(
            "reader",
            "down_read(m.sem)",
            "m.x = True",
            "up_read(m.sem)",
            deco="replicated=True, repeat=True, eager=True",
        )
        + fn("u", "down_write(m.sem)", "m.y = True", "up_write(m.sem)")
        + once("gets_it", "m.y")
        + ends("u"),
        "reader, u",
        {"gets_it": "exhausted", "u_ends": "exhausted"},
        "sizes={'reader': 2}",
    ),
    Litmus(  # who may keep the lock for ever may do so; who has to let go of it passes it on
        "F5",
        fn(
            "t",
            "mutex_lock(m.a)",
            "while True:",
            "    m.x = True",
            "    m.x = False",
            "    if either():",
            "        mutex_unlock(m.a)",
            "        mutex_lock(m.a)",
        )
        + fn("u", "mutex_lock(m.a)", "m.y = True", "mutex_unlock(m.a)")
        + once("gets_it", "m.y"),
        "t, u",
        {"gets_it": "violated"},
    ),
    Litmus(
        "F6",
        fn("t", *HOLD, deco="fair='none'")
        + fn("u", "mutex_lock(m.a)", "m.y = True", "mutex_unlock(m.a)")
        + once("gets_it", "m.y"),
        "t, u",
        {"gets_it": "violated"},
    ),
    Litmus(  # the coin may always fall the same way
        "F7",
        fn(
            "t",
            "while True:",
            "    m.x = True",
            "    if either():",
            "        break",
            "    m.x = False",
            "m.y = True",
        )
        + once("gets_on", "m.y"),
        "t",
        {"gets_on": "violated"},
    ),
    Litmus(  # each member by itself
        "F8",
        fn(
            "t",
            "m.x = True",
            "grab(m)",
            "m.taken = False",
            deco="replicated=True, repeat=True, eager=True",
        )
        + ends("t")
        + once("all_at_work", "not idle(t)"),
        "t",
        {"t_ends": "violated", "all_at_work": "exhausted"},
        "sizes={'t': 2}",
    ),
    Litmus(
        "F8",
        fn("t", "m.x = True", "m.y = True", deco="replicated=True") + ends("t"),
        "t",
        {"t_ends": "exhausted"},
        "sizes={'t': 2}",
    ),
    Litmus(
        "F9",
        fn("t", "m.x = True", "m.x = False", "m.y = True")
        + once("for_a_moment", "m.x")
        + then("after_x", "m.x", "m.y")
        + then("at_once", "m.x", "m.x")
        + then("back", "m.y", "m.x")
        + then("never", "m.taken", "m.x"),
        "t",
        {
            "for_a_moment": "exhausted",
            "after_x": "exhausted",
            "at_once": "exhausted",
            "back": "violated",
            "never": "vacuous",
        },
    ),
    Litmus(  # where a built-in rule is broken the execution ends: it is no counterexample
        "F10",
        fn("t", "bug_on(m.x)", "m.y = True") + fn("u", "m.x = True") + once("gets_on", "m.y"),
        "t, u",
        {"gets_on": "exhausted", "no_crash": "violated"},
    ),
    Litmus(
        "F11",
        fn("t", "m.x = True", "m.y = True", deco="repeat=True")
        + "\n@always('p')\ndef between(m: M) -> bool:\n    return idle(t) or m.x\n"
        + "\n@reachable('q')\ndef at_home(m: M) -> bool:\n    return idle(t) and m.y\n"
        + "\n@always('r')\ndef at_work(m: M) -> bool:\n    return idle(t)\n",
        "t",
        {"between": "exhausted", "at_home": "exhausted", "at_work": "violated"},
    ),
    Litmus(
        "D1",
        fn("t", "m.x = True", "wait_until(m.y)"),
        "t",
        {"deadlock_free": "violated"},
    ),
    Litmus(
        "D1",
        fn("t", "wait_until(m.y)", deco="repeat=True") + fn("u", "m.x = True"),
        "t, u",
        {"deadlock_free": "exhausted"},
    ),
    Litmus(  # what comes after a fault is no deadlock
        "D1",
        fn("t", "m.x = True", "bug_on(m.x)"),
        "t",
        {"deadlock_free": "exhausted", "no_crash": "violated"},
    ),
    Litmus(  # the nearest of two deadlocks
        "D1",
        fn(
            "t",
            "if either():",
            "    m.x = True",
            "    wait_until(m.y)",
            "else:",
            "    m.x = True",
            "    mutex_lock(m.a)",
            "    mutex_lock(m.a)",
            "    mutex_unlock(m.a)",
        ),
        "t",
        {"deadlock_free": "violated"},
    ),
    Litmus(
        "D2",
        fn("t", "mutex_lock(m.a)", "mutex_lock(m.b)", "mutex_unlock(m.b)", "mutex_unlock(m.a)")
        + fn("u", "mutex_lock(m.b)", "mutex_lock(m.a)", "mutex_unlock(m.a)", "mutex_unlock(m.b)")
        + TOGGLE,
        "t, u, toggle",
        {"deadlock_free": "violated"},
    ),
    Litmus(
        "D2",
        fn("t", "mutex_lock(m.a)", "mutex_lock(m.b)", "mutex_unlock(m.b)", "mutex_unlock(m.a)")
        + fn("u", "mutex_lock(m.a)", "mutex_lock(m.b)", "mutex_unlock(m.b)", "mutex_unlock(m.a)")
        + TOGGLE,
        "t, u, toggle",
        {"deadlock_free": "exhausted"},
    ),
    Litmus(  # one for a lock of its own
        "D2",
        fn(
            "t",
            "mutex_lock(m.a)",
            "m.x = True",
            "mutex_lock(m.a)",
            "mutex_unlock(m.a)",
            "mutex_unlock(m.a)",
            deco="repeat=True",
        )
        + TOGGLE,
        "t, toggle",
        {"deadlock_free": "violated", "lock_rules": "exhausted"},
    ),
    Litmus(  # waiting for what is no lock is no cycle: liveness properties see it
        "D2",
        fn("t", "mutex_lock(m.a)", "wait_until(m.y)", "mutex_unlock(m.a)")
        + fn("u", "mutex_lock(m.a)", "m.y = True", "mutex_unlock(m.a)")
        + TOGGLE
        + once("on", "m.y"),
        "t, u, toggle",
        {"deadlock_free": "exhausted", "on": "violated"},
    ),
    Litmus(  # a reader that reads on while a writer is queued
        "D3",
        fn(
            "t", "down_read(m.sem)", "down_read(m.sem)", "up_read(m.sem)", deco="repeat=True"
        ).replace("down_read(m.sem)\n    up", "mutex_lock(m.a)\n    mutex_unlock(m.a)\n    up")
        + fn("u", "mutex_lock(m.a)", "down_read(m.sem)", "up_read(m.sem)", "mutex_unlock(m.a)")
        + fn("w", "down_write(m.sem)", "up_write(m.sem)", deco="repeat=True")
        + TOGGLE,
        "t, u, w, toggle",
        {"deadlock_free": "violated"},
    ),
    Litmus(  # without the writer two readers are no obstacle to each other
        "D3",
        fn(
            "t",
            "down_read(m.sem)",
            "mutex_lock(m.a)",
            "mutex_unlock(m.a)",
            "up_read(m.sem)",
            deco="repeat=True",
        )
        + fn("u", "mutex_lock(m.a)", "down_read(m.sem)", "up_read(m.sem)", "mutex_unlock(m.a)")
        + TOGGLE,
        "t, u, toggle",
        {"deadlock_free": "exhausted"},
    ),
    Litmus(  # nested in one thread
        "D3",
        fn("t", "down_read(m.sem)", "m.x = True", "down_read(m.sem)", "up_read(m.sem)")
        + fn("w", "down_write(m.sem)", "up_write(m.sem)"),
        "t, w",
        {"deadlock_free": "violated"},
    ),
    Litmus(  # two readers that both want to write
        "D3",
        fn(
            "t",
            "down_read(m.sem)",
            "down_write(m.sem)",
            "up_write(m.sem)",
            "up_read(m.sem)",
            deco="replicated=True",
        ),
        "t",
        {"deadlock_free": "violated"},
        "sizes={'t': 2}",
    ),
]
