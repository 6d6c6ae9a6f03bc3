"""A property that one page's view cannot keep does not take the others with it."""

from pathlib import Path

from pagestate.check.certificate import certify
from pagestate.check.request import make_request
from pagestate.core.verdict import Verdict
from pagestate.engines.interface import Task
from pagestate.engines.parametric import Parametric
from pagestate.lang.load import load_model

TEXT = '''
"""The total is a sum over pages, of which one page says nothing; x and y exclude each other."""

from pagestate import Count, Model, Page, State, always, atomic, per_page, thread, var


class M(State):
    total = var(Count, init=0)
    flag = per_page(bool, init=False)
    x = per_page(bool, init=False)
    y = per_page(bool, init=False)


@atomic
def toggle(m: M, page: Page) -> None:
    if m.flag[page]:
        if m.total > 0:
            m.total -= 1
        m.flag[page] = False
    else:
        m.total += 1
        m.flag[page] = True


@atomic
def take(m: M, page: Page) -> None:
    if not m.y[page]:
        m.x[page] = True
    elif not m.x[page]:
        m.y[page] = False


@atomic
def give(m: M, page: Page) -> None:
    if not m.x[page]:
        m.y[page] = True


@thread(repeat=True)
def t(m: M, page: Page) -> None:
    toggle(m, page)
    take(m, page)
    give(m, page)


@always("a flag is counted")
def counted(m: M) -> bool:
    return all(m.total > 0 or not m.flag[p] for p in m.pages)


@always("not both")
def exclusive(m: M) -> bool:
    return all(not m.x[p] or not m.y[p] for p in m.pages)


model = Model("total", state=M, threads=[t], properties=[counted, exclusive], sizes={"page": 2})
'''


def test_the_others_are_proved(tmp_path: Path) -> None:
    path = tmp_path / "total.py"
    path.write_text(TEXT)
    request = make_request(load_model(str(path)), {}, {"page": "any"}, [])
    task = Task(request.compiled.system, request.properties, request.bounds(7), request.unbounded)
    engine = Parametric(task, lambda progress: None)
    engine.advance(1)
    found = {a.property: a for a in engine.answers()}
    assert found["counted"].verdict == Verdict.UNKNOWN
    assert found["counted"].reason.startswith("no law keeps counted")
    proved = found["exclusive"]
    assert proved.verdict == Verdict.PROVED
    assert "counted" not in proved.certificate.properties
    assert certify(task, proved.certificate) == ()
