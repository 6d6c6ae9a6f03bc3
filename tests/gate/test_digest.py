"""What an answer is an answer to: lines and texts do not count, meaning does."""

import shutil
from dataclasses import replace

import pytest

from pagestate.check.request import make_request
from pagestate.core.expr import FALSE, TRUE, Param
from pagestate.core.sorts import IndexSort, IntSort
from pagestate.gate.digest import property_digests, system_digest
from pagestate.lang.load import load_model
from tests.gate.projects import MODELS


def digests(path, settings=None):
    compiled = make_request(load_model(str(path)), settings or {}, {}, ()).compiled
    of = property_digests(compiled.system, compiled.properties)
    assert of == {
        p.name: property_digests(compiled.system, [p])[p.name] for p in compiled.properties
    }
    return system_digest(compiled.system), of


@pytest.fixture
def model(tmp_path):
    return shutil.copy(MODELS / "put.py", tmp_path / "put.py")


def changed(model, old, new):
    text = model.read_text()
    assert text.count(old) == 1
    model.write_text(text.replace(old, new))


def test_comments_titles_and_moved_lines_do_not_count(model):
    before = digests(model)
    changed(
        model, "    m.offline[page] = True\n", "    # a comment\n\n    m.offline[page] = True\n"
    )
    changed(model, '@always("an offline page is never free")', '\n\n@always("another title")')
    assert digests(model) == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    m.offline[page] = True\n", "    m.offline[page] = False\n"),
        ("refcount = per_page(Count, init=1)", "refcount = per_page(Count, init=2)"),
        ("@thread(replicated=True, repeat=True)", "@thread(replicated=True)"),
        ("    m.free[page] = True", "    m.offline[page] = True"),
        ("== 0:\n        return False", "== 1:\n        return False"),
    ],
)
def test_what_steps_do_counts(model, old, new):
    before, _ = digests(model)
    text = model.read_text()
    model.write_text(text.replace(old, new))
    assert text != model.read_text()
    assert digests(model)[0] != before


def test_a_property_counts_alone(model):
    system, before = digests(model)
    changed(model, "not any(m.offline[p] and m.free[p]", "not any(m.offline[p] or m.free[p]")
    again, after = digests(model)
    assert again == system
    assert after["offline_never_free"] != before["offline_never_free"]
    assert after["goes_offline"] == before["goes_offline"]


def test_switches_count(model):
    assert digests(model)[0] != digests(model, {"hook": "false"})[0]


def _variants(system):
    """The system with one thing changed, for every part that has a meaning."""
    for n, action in enumerate(system.actions):
        for change in (
            {"guard": TRUE},
            {"writes": action.writes[1:]},
            {"writes": tuple(replace(w, value=FALSE) for w in action.writes)},
            {"writes": tuple(replace(w, where=FALSE) for w in action.writes)},
            {"expect_dead": "why"},
            {"takes": "a lock"},
            {"thread": "another"},
            {"thread_param": Param("z", IndexSort("z"))},
        ):
            actions = list(system.actions)
            actions[n] = replace(action, **change)
            yield change, replace(system, actions=tuple(actions))
    for n, var in enumerate(system.variables):
        changes = [{"free": True}, {"dims": ()}, {"name": "z"}, {"sort": IntSort(0, 9)}]
        if var.control:
            changes = [{"init": var.sort.members[1]}, {"free": True}]
        for change in changes:
            if getattr(var, next(iter(change))) != next(iter(change.values())):
                variables = list(system.variables)
                variables[n] = replace(var, **change)
                yield change, replace(system, variables=tuple(variables))
    for n, thread in enumerate(system.threads):
        for change in ({"repeat": not thread.repeat}, {"fair": "none"}, {"eager": True}):
            threads = list(system.threads)
            threads[n] = replace(thread, **change)
            yield change, replace(system, threads=tuple(threads))
    yield "init", replace(system, init=FALSE)
    yield "order", replace(system, actions=tuple(reversed(system.actions)))


def test_every_part_that_has_a_meaning_counts(model):
    system = make_request(load_model(str(model)), {}, {}, ()).compiled.system
    digest = system_digest(system)
    variants = list(_variants(system))
    assert len(variants) > 60
    for what, other in variants:
        assert system_digest(other) != digest, what


def test_order_of_steps_counts(model):
    before, _ = digests(model)
    changed(
        model,
        "    m.offline[page] = True\n    put_page_testzero(m, page)\n",
        "    put_page_testzero(m, page)\n    m.offline[page] = True\n",
    )
    assert digests(model)[0] != before
