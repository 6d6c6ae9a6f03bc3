"""Livelocks and deadlocks of memory hotplug in miniature: loops and cycles as people see them."""

from dataclasses import replace
from pathlib import Path

import pytest

from pagestate.check.replay import ReplayMismatch, replay
from pagestate.core.execute import NotAPath, trace_of
from pagestate.core.trace import Trace
from pagestate.core.verdict import Path as Steps
from pagestate.engines.explicit.search import Explicit
from pagestate.engines.interface import Task
from pagestate.engines.liveness import Liveness
from pagestate.lang.compile import Compiled
from pagestate.models.bugs import cgroup
from pagestate.view.text import render_text
from pagestate.view.traceview import view_of
from tests.lang.harness import compiled_file, compiled_text, sizes_of, walk_both
from tests.liveness.checking import decide, verdicts
from tests.liveness.litmus import LITMUS, Litmus, fn

MODELS = Path(__file__).parent / "models"


def model(name: str, **settings: str) -> Compiled:
    return compiled_file(MODELS / f"{name}.py", **settings)


def shown(trace: Trace | None) -> str:
    assert trace is not None
    return render_text(view_of(trace))


def test_a_page_that_stays_on_the_per_cpu_list() -> None:
    good, bad = model("percpu_list"), model("percpu_list", drain_again="false")
    assert set(verdicts(good, sizes_of(good)).values()) == {"exhausted"}
    answers = decide(bad, sizes_of(bad))
    assert {n: str(a.verdict) for n, (a, _) in answers.items()} == {
        "offlining_ends": "violated",
        "freed": "exhausted",
        "deadlock_free": "violated",
    }
    trace = answers["offlining_ends"][1]
    assert trace is not None
    assert trace.loop == len(trace.steps)
    assert "<- nothing moves any more" in shown(trace)


@pytest.mark.parametrize("size", [1, 2])
def test_a_lock_taken_twice(size: int) -> None:
    compiled = model("notifier", self_lock="true")
    sizes = replace(sizes_of(compiled), index={"reader": size})
    answer, trace = decide(compiled, sizes)["deadlock_free"]
    assert answer.depth == 2
    assert "virtio_mem waits for hotplug_mutex, which it holds itself ***" in " ".join(
        shown(trace).split()
    )


def test_a_lock_taken_twice_behind_a_loop(tmp_path: Path) -> None:
    loop = ("for p in m.pages:", "    m.x = True")
    body = fn("t", "mutex_lock(m.a)", *loop, "mutex_lock(m.a)", "mutex_unlock(m.a)")
    text = Litmus("D1", body, "t", {"deadlock_free": "violated"}).text
    compiled = compiled_text(tmp_path, text, "litmus")
    trace = decide(compiled, sizes_of(compiled))["deadlock_free"][1]
    assert "t waits for a, which it holds itself ***" in " ".join(shown(trace).split())


def test_a_deadlock_without_a_cycle_of_locks_says_who_waits_for_whom() -> None:
    compiled = compiled_file(Path(cgroup.__file__))
    trace = decide(compiled, sizes_of(compiled))["deadlock_free"][1]
    text = " ".join(shown(trace).split())
    assert "offliner cannot go on from offliner:48" in text
    assert "cgroup_mkdir waits for mem_hotplug_lock, held by offliner" in text
    assert "stopper waits for cgroup_mutex, held by cgroup_mkdir ***" in text


def test_an_inversion_while_others_run() -> None:
    compiled = model("notifier", inversion="true")
    answers = decide(compiled, sizes_of(compiled))
    trace = answers["deadlock_free"][1]
    text = " ".join(shown(trace).split())
    assert "process waits for mem_hotplug_lock, held by sysfs" in text
    assert "sysfs waits for cgroup_mutex, held by process" in text
    assert str(answers["offlining_ends"][0].verdict) == "violated"


def test_the_order_of_locks_as_it_should_be() -> None:
    compiled = model("notifier")
    assert set(verdicts(compiled, sizes_of(compiled)).values()) == {"exhausted"}


@pytest.mark.parametrize("name", ["percpu_list", "notifier"])
def test_both_meanings_agree(name: str) -> None:
    compiled = model(name)
    for seed in range(6):
        walk_both(compiled, sizes_of(compiled), seed, 20)


def test_symmetry_stays_on_when_looking_for_deadlocks() -> None:
    compiled = model("notifier")
    prop = next(p for p in compiled.properties if p.kind == "deadlock_free")
    sizes = replace(sizes_of(compiled, 7), index={"reader": 4})
    states = list[int]()
    for symmetry in (True, False):
        task = Task(compiled.system, (prop,), sizes)
        engine = Explicit(task, lambda progress: None, symmetry)
        engine.advance(10**6)
        assert engine.complete
        states.append(engine.states)
    assert 4 * states[0] < states[1]


def test_the_nearest_deadlock_is_reported(tmp_path: Path) -> None:
    litmus = [one for one in LITMUS if one.rule == "D1"][-1]
    compiled = compiled_text(tmp_path, litmus.text, "litmus")
    assert decide(compiled, sizes_of(compiled))["deadlock_free"][0].depth == 1


# ------------------------------------------------------------ what is checked again is checked


def starving(tmp_path: Path) -> tuple[Compiled, Steps]:
    """A lasso in which one thread starves another one by taking a flag again and again."""
    litmus = [one for one in LITMUS if one.rule == "F3"][-1]
    compiled = compiled_text(tmp_path, litmus.text, "litmus")
    engine = Liveness(
        Task(compiled.system, compiled.properties, sizes_of(compiled)), lambda progress: None
    )
    engine.advance(0)
    path = engine.answers()[0].path
    assert path is not None and path.loop is not None
    assert len(path.moves) > path.loop
    return compiled, path


def made(compiled: Compiled, path: Steps) -> Trace:
    prop = compiled.properties[0]
    return trace_of(compiled.system, sizes_of(compiled), path, prop, "violated", "", {})


def test_a_lasso_that_is_none_is_refused(tmp_path: Path) -> None:
    compiled, path = starving(tmp_path)
    assert path.loop is not None
    made(compiled, path)
    for wrong, why in (
        (replace(path, loop=None), "no lasso"),
        (replace(path, loop=len(path.moves)), "could always take a step"),
        (replace(path, loop=len(path.moves) - 1), "does not come back"),
        (replace(path, moves=path.moves[:-1]), "does not come back"),
        (replace(path, moves=path.moves[: path.loop]), "could always take a step"),
        (replace(path, loop=99), "no lasso"),
    ):
        with pytest.raises(NotAPath, match=why):
            made(compiled, wrong)


@pytest.mark.parametrize(
    ("thread", "fair"), [("u", "strong"), ("t", "none"), ("u", "none"), ("u", "weak")]
)
def test_fairness_of_the_loop_is_checked(tmp_path: Path, thread: str, fair: str) -> None:
    compiled, path = starving(tmp_path)
    threads = tuple(
        replace(t, fair=fair) if t.name == thread else t for t in compiled.system.threads
    )
    other = replace(compiled, system=replace(compiled.system, threads=threads))
    if fair == "strong":
        with pytest.raises(NotAPath, match="u could take a step again and again"):
            made(other, path)
    else:
        made(other, path)


def test_a_loop_that_meets_the_goal_is_refused(tmp_path: Path) -> None:
    compiled, path = starving(tmp_path)
    prop = compiled.properties[0]
    trace = made(compiled, path)
    replay(compiled, prop, trace)
    with pytest.raises(ReplayMismatch, match="this is none"):
        replay(compiled, prop, replace(trace, loop=None))
    states = [dict(s) for s in trace.states]
    states[-1]["y", ()] = True
    with pytest.raises(ReplayMismatch, match="after step"):
        replay(compiled, prop, replace(trace, states=tuple(states)))
    litmus = next(one for one in LITMUS if one.rule == "F9")
    moment = compiled_text(tmp_path, litmus.text, "moment")
    engine = Liveness(
        Task(
            moment.system,
            tuple(p for p in moment.properties if p.name == "back"),
            sizes_of(moment),
        ),
        lambda progress: None,
    )
    engine.advance(0)
    path = engine.answers()[0].path
    assert path is not None
    goal = next(p for p in moment.properties if p.name == "for_a_moment")
    with pytest.raises(NotAPath, match="met before the loop"):
        trace_of(moment.system, sizes_of(moment), path, goal, "violated", "", {})


def test_a_deadlock_that_is_none_is_refused() -> None:
    compiled = model("notifier", self_lock="true")
    prop = next(p for p in compiled.properties if p.kind == "deadlock_free")
    engine = Explicit(Task(compiled.system, (prop,), sizes_of(compiled)), lambda progress: None)
    engine.advance(10)
    path = engine.answers()[0].path
    assert path is not None
    with pytest.raises(NotAPath, match="does not decide"):
        trace_of(
            compiled.system,
            sizes_of(compiled),
            replace(path, moves=path.moves[:-1]),
            prop,
            "violated",
            "",
            {},
        )


def test_a_counter_that_runs_into_its_bound_leaves_everything_open(tmp_path: Path) -> None:
    text = """
class M(State):
    n = var(Count, init=0)
    x = var(bool, init=False)


@atomic
def more(m: M) -> None:
    m.n += 1


@thread(repeat=True, eager=True)
def t(m: M) -> None:
    more(m)


@eventually("never")
def never(m: M) -> bool:
    return m.x


model = Model('counting', state=M, threads=[t], properties=[never])
"""
    compiled = compiled_text(tmp_path, text, "counting")
    engine = Liveness(
        Task(compiled.system, compiled.properties, sizes_of(compiled)), lambda progress: None
    )
    engine.advance(0)
    answer = engine.answers()[0]
    assert str(answer.verdict) == "unknown"
    assert answer.overflow == "n"


def test_limits_leave_everything_open() -> None:
    compiled = model("notifier")
    prop = compiled.properties[0]
    task = Task(compiled.system, (prop,), sizes_of(compiled))
    for limits in ({"max_states": 20}, {"max_bytes": 1000}):
        engine = Liveness(task, lambda progress: None, **limits)
        engine.advance(0)
        assert str(engine.answers()[0].verdict) == "unknown"
        assert engine.answers()[0].reason.startswith(("more than 20 states", "memory: "))
    other = Task(compiled.system, compiled.properties, sizes_of(compiled))
    with pytest.raises(ValueError, match="does not decide deadlock_free"):
        Liveness(other, lambda progress: None)
    with pytest.raises(ValueError, match="does not decide leads_to"):
        Explicit(other, lambda progress: None)
