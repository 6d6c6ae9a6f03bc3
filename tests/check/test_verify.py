"""What engines say is re-checked against the request: proofs of the right thing, of something."""

from dataclasses import replace
from pathlib import Path

import pytest

from pagestate.check.obligations import obligations
from pagestate.check.request import make_request
from pagestate.check.verify import CheckFailed, verified
from pagestate.core.expr import Param
from pagestate.core.verdict import Answer, Verdict
from pagestate.engines.interface import Task
from pagestate.engines.parametric.invariant import Invariant
from pagestate.lang.load import load_model

MODEL = """
from pagestate import Model, Page, State, always, atomic, free, per_page, reachable, thread, var


class S(State):
    a = per_page(bool, init=False)
    b = per_page(bool, init=free())
    quiet = var(bool, init=False)


def start(m: S) -> bool:
    return {start}


@thread(repeat=True)
def worker(m: S, page: Page) -> None:
    b = m.b[page]
    m.quiet = True
    with atomic():
        if m.quiet:
            m.a[page] = b


@always("nothing")
def nothing(m: S) -> bool:
    return all(m.a[p] or not m.a[p] or m.b[p] for p in m.pages)


@always("or")
def quiet_or_all(m: S) -> bool:
    return m.quiet or all(not m.a[p] for p in m.pages)


@reachable("some a")
def some_a(m: S) -> bool:
    return any(m.a[p] for p in m.pages)


model = Model("m", state=S, threads=[worker], init=start,
              properties=[nothing, quiet_or_all, some_a], sizes={{"page": 2}})
"""


def asked(folder: Path, start: str, name: str = "nothing"):
    path = folder / "m.py"
    path.write_text(MODEL.format(start=start), encoding="utf-8")
    request = make_request(load_model(str(path)), {}, {"page": "any"}, [name])
    task = Task(request.compiled.system, request.properties, request.bounds(4), request.unbounded)
    return request, task


def proof(task: Task) -> Answer:
    """The invariant that says no more than the property."""
    (name,) = (p.name for p in task.properties)
    (sort,) = task.system.sorts
    known = Invariant(Param("page", sort), (name,), (), ())
    return Answer(name, Verdict.PROVED, "parametric", certificate=known)


@pytest.mark.parametrize(
    ("start", "verdict"),
    [
        ("any(m.b[p] for p in m.pages)", Verdict.PROVED),
        ("any(m.a[p] for p in m.pages)", Verdict.VACUOUS),
        ("any(m.b[p] for p in m.pages) and all(not m.b[p] for p in m.pages)", Verdict.VACUOUS),
    ],
)
def test_nothing_is_proved_of_no_initial_state(
    tmp_path: Path, start: str, verdict: Verdict
) -> None:
    request, task = asked(tmp_path, start, "nothing")
    found = verified(request, task, proof(task), None).answer
    assert found.verdict == verdict
    assert ("no initial state" in found.reason) == (verdict == Verdict.VACUOUS)


def test_a_certificate_of_another_property_proves_nothing(tmp_path: Path) -> None:
    request, task = asked(tmp_path, "True", "nothing")
    found = proof(task)
    assert isinstance(found.certificate, Invariant)
    assert verified(request, task, found, None).answer == found
    other = replace(found, certificate=replace(found.certificate, properties=()))
    with pytest.raises(CheckFailed, match="other properties"):
        verified(request, task, other, None)


@pytest.mark.parametrize("verdict", [Verdict.PROVED, Verdict.EXHAUSTED])
def test_a_goal_is_met_with_a_trace_only(tmp_path: Path, verdict: Verdict) -> None:
    request, task = asked(tmp_path, "True", "some_a")
    with pytest.raises(CheckFailed, match="without a trace"):
        verified(request, task, Answer("some_a", verdict, "bmc"), None)


def test_a_condition_or_all_pages_is_about_one_page(tmp_path: Path) -> None:
    request, task = asked(tmp_path, "True", "quiet_or_all")
    assert verified(request, task, proof(task), None).answer.verdict == Verdict.PROVED
    text = "; ".join(o.text for o in obligations(task, proof(task).certificate))
    assert "|quiet|" in text and "|a of p|" in text
