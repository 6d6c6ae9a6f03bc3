"""Machines that share compiled functions: each runs under its own switches, locks and sizes."""

from dataclasses import replace

from pagestate.lang.changes import Changes
from pagestate.lang.compile import compile_model, valuation_of
from pagestate.lang.concrete import Machine
from tests.lang.harness import compiled_text, sizes_of

TEXT = """
hook = switch("hook", True, "whether the second step is taken")
kind = switch("kind", "a", "which value is written", choices=["a", "b"])


class Memory(State):
    taken = var(bool, init=False)
    value = var(Count, init=0)


@inline
def written(m: Memory) -> None:
    if kind == "b":
        m.value = 7
    else:
        m.value = 3


@thread()
def worker(m: Memory) -> None:
    if hook:
        m.taken = True
    written(m)


model = Model("m", state=Memory, threads=[worker], switches=[hook, kind])
"""


def outcome(machine: Machine) -> tuple[bool, int]:
    for _ in range(8):
        if not machine.ended:
            machine.step("worker", None, {})
    cells = machine.shared()
    return bool(cells["taken", ()]), int(cells["value", ()] or 0)


def test_functions_follow_the_switches_they_read(tmp_path):
    model = compiled_text(tmp_path, TEXT).model
    machines, wanted = {}, {}
    library = None
    for hook in ("true", "false"):
        for kind in ("a", "b"):
            valuation = valuation_of(model, {"hook": hook, "kind": kind})
            compiled = compile_model(model, valuation)
            machine = Machine(compiled, sizes_of(compiled).index, {}, library)
            library = machine.library
            machines[hook, kind] = machine
            wanted[hook, kind] = (hook == "true", 7 if kind == "b" else 3)
            assert outcome(machine) == wanted[hook, kind]
    for key in reversed(machines):
        machines[key].restart({})
        assert outcome(machines[key]) == wanted[key], key


def test_what_no_switch_touches_is_compiled_once(tmp_path):
    one = compiled_text(tmp_path, TEXT, hook="true")
    machine = Machine(one, sizes_of(one).index, {})
    outcome(machine)
    made = dict(machine.library.made)
    other = {**one.valuation, "hook": False}
    machine.library.serve(other, {}, frozenset(), machine.idle, machine.layout)
    kept = machine.library.made
    assert 0 < len(kept) < len(made) and all(made[k] is f for k, f in kept.items())


def test_a_variant_is_compiled_anew(tmp_path):
    one = compiled_text(tmp_path, TEXT, hook="true")
    machine = Machine(one, sizes_of(one).index, {})
    outcome(machine)
    library, same = machine.library, (one.valuation, {}, machine.readers, machine.idle)
    library.serve(*same, machine.layout)
    assert library.made
    library.serve(*same, replace(machine.layout, changes=Changes(unlocked=frozenset({"lock"}))))
    assert not library.made
