"""``pagestate graph``: what is reachable, the life of a page, and every format."""

import xml.etree.ElementTree as ET

import networkx as nx
import pytest

from pagestate.check.request import make_request
from pagestate.core.evaluate import initial_states, successors
from pagestate.graph import TooManyStates, lifecycle_graph, reachable, state_graph
from pagestate.graph.draw import render_svg
from pagestate.graph.formats import render_dot, render_graphml, render_html
from pagestate.graph.lifecycle import plain_watch
from pagestate.graph.texts import bare_text
from pagestate.lang.diagnostics import ModelError
from pagestate.lang.load import load_model
from tests.cli.running import RACE, cli


def found(limit=1000, **switches):
    request = make_request(load_model(RACE), switches, {}, ())
    sizes = request.bounds(3)
    return request.compiled, sizes, reachable(request.compiled.system, sizes, limit)


def life(fields=("refcount", "offline", "buddy"), **switches):
    compiled, sizes, reached = found(**switches)
    return lifecycle_graph(compiled, sizes, reached, plain_watch(compiled, "page", fields))


def named(picture):
    names = [n.name for n in picture.nodes]
    return {(names[e.source], names[e.target]): e.lines for e in picture.edges}


@pytest.mark.parametrize("hook", ["true", "false"])
def test_the_states_are_those_of_the_reference_semantics(hook):
    compiled, sizes, reached = found(hook=hook)
    system = compiled.system
    states = [dict(s) for s in initial_states(system, sizes)]
    steps = set()
    for state in states:
        for action, _, after in successors(system, state, sizes):
            if after not in states:
                states.append(after)
            steps.add((tuple(state.values()), action.name, tuple(after.values())))
    assert {tuple(s.values()) for s in states} == set(reached.states)
    assert steps == {
        (reached.states[m.source], m.action.name, reached.states[m.target]) for m in reached.moves
    }
    assert not reached.overflow


def test_the_life_of_a_page_names_who_moves_it():
    edges = named(life())
    assert edges["buddy", "refcount 1"] == ("unplug: take()",)
    assert edges["refcount 1", "refcount 1, offline"] == ("unplug: offline = True",)
    assert ("nothing set", "offline, buddy") not in edges
    assert ("offline", "offline, buddy") not in edges


def test_a_race_is_an_edge_of_its_own():
    assert named(life(hook="false"))["offline", "offline, buddy"] == ("getter: free_to_buddy()",)


def test_the_first_state_is_initial_and_states_are_counted():
    compiled, sizes, reached = found()
    picture = lifecycle_graph(compiled, sizes, reached, plain_watch(compiled, "page"))
    assert [n.name for n in picture.nodes if n.initial] == ["buddy"]
    assert all(e.source != e.target for e in picture.edges)
    assert sum(n.states for n in picture.nodes) == len(reached.states)


def test_a_limit_is_an_error_not_a_smaller_graph():
    with pytest.raises(TooManyStates, match="more than 4"):
        found(limit=4)
    ran = cli("graph", RACE, "--max-states", "4")
    assert ran.code == 2 and "more than 4 reachable states with 1 getter, 1 page" in ran.err


def test_steps_beyond_the_bound_of_a_counter_are_told():
    request = make_request(load_model(RACE), {}, {}, ())
    sizes = request.bounds(1)
    assert reachable(request.compiled.system, sizes, 100).overflow == "refcount"


def test_formats():
    picture = life()
    dot, page = render_dot(picture), render_html(picture)
    assert dot == render_dot(life()) and dot.count(" -> ") == len(picture.edges)
    assert "unplug: take()" in dot and "script" not in page
    assert all(f'id="n{k}"' in page for k in range(len(picture.nodes)))
    graph = nx.parse_graphml(render_graphml(picture))
    assert len(graph) == len(picture.nodes) and len(graph.edges) == len(picture.edges)
    root = ET.fromstring(render_svg(picture))
    text = "".join(root.itertext())
    assert all(word in text for n in picture.nodes for word in n.name.split())
    assert render_svg(picture) == render_svg(life())


def test_all_states():
    compiled, _, reached = found()
    picture = state_graph(compiled.system, reached)
    assert len(picture.nodes) == len(reached.states)
    assert "buddy[0] = true" in picture.nodes[0].details
    assert "unplug at" in "\n".join(picture.nodes[1].details + picture.nodes[2].details)


def test_unknown_fields_are_refused():
    compiled, _, _ = found()
    with pytest.raises(ModelError, match="no field 'refcnt'"):
        plain_watch(compiled, "page", ["refcnt"])
    ran = cli("graph", RACE, "--fields", "refcnt")
    assert ran.code == 2 and "refcount" in ran.err


def test_command_line(tmp_path):
    path = tmp_path / "life.svg"
    assert cli("graph", RACE, "-o", str(path)).code == 0
    assert path.read_text().startswith("<svg")
    assert cli("graph", RACE).out.startswith("digraph")
    assert cli("graph", RACE, "--states", "--format", "html").out.startswith("<!DOCTYPE html>")
    assert "write it as" in cli("graph", RACE, "--of", "page").err
    assert "no such member" in cli("graph", RACE, "--of", "page=1").err
    assert "finite" in cli("graph", RACE, "--size", "page=any").err
    assert "--format" in cli("graph", RACE, "-o", str(tmp_path / "x.pdf")).err
    assert "choose one" in cli("graph", "v6_12").err


def test_the_models_name_the_states_of_a_page():
    sizes = ("--size", "page=1", "--size", "getter=1")
    ran = cli("graph", "v6_12", "--scenario", "settled", *sizes)
    assert ran.code == 0
    assert 'label="PageOffline, count 0, isolated"' in ran.out
    assert 'label="sysfs: page_ref_dec_and_test()"' in ran.out
    assert ran.out.count("[label=") <= 12 + 40


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("put_page(page {page}) -> true", "put_page()"),
        ("put_page({page})", "put_page()"),
        ("m.offline[{page}] = True", "m.offline = True"),
        ("test({page}) -> {found}", "test()"),
        ("wait({=getter.lock})", "wait()"),
        ("take {page}", "take page"),
    ],
)
def test_texts(text, bare):
    assert bare_text(text) == bare
