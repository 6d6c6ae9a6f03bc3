"""The HTML page without a browser: its data, its policy, and that names stay text."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings

from pagestate.core.trace import Step, VarInfo
from pagestate.view.html.data import report_data, visible
from pagestate.view.html.page import render_html
from pagestate.view.pages import Report, ResultPage, TracePage, aligned, alignments
from pagestate.view.sources import short_names
from pagestate.view.traceview import view_of

from . import behind, hostile, samples
from .strategies import traces

PROOF = ResultPage(
    name="m",
    model="m",
    property="p",
    verdict="proved",
    laws=("refcount = getters + [driver holds]",),
    assumptions=("one page",),
    scope="any number of pages",
)


def page_of(*shown):
    return render_html(Report("Title <1>", tuple(shown), "pagestate 1"))


class Reader(HTMLParser):
    """What a parser makes of the page: elements with attributes, and the texts inside them."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.texts, self.open = [], {}, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if self.open:
            self.texts.setdefault(self.open[-1], []).append(data)


def data_of(text):
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    return json.loads(found[1])


def test_the_policy_allows_exactly_the_pages_style_and_script():
    read = Reader(page_of(TracePage("m", view_of(samples.race_2019())), PROOF))
    policy = next(a["content"] for t, a in read.elements if a.get("http-equiv"))
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy and "http" not in policy and "data:" not in policy
    for name, tag in (("style-src", "style"), ("script-src", "script")):
        text = read.texts[tag][-1]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}'" in policy


def test_nothing_is_loaded_and_nothing_is_inline():
    text = page_of(TracePage("m", view_of(samples.race_2019())))
    read = Reader(text)
    for tag, attributes in read.elements:
        assert tag not in ("link", "img", "iframe", "object", "base", "form")
        names = set(attributes)
        assert not names & {"src", "href", "style"} and not any(n.startswith("on") for n in names)
    style = read.texts["style"][0]
    assert "url(" not in style and "@import" not in style
    script = read.texts["script"][-1]
    for word in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "fetch("):
        assert word not in script


def test_hostile_names_do_not_leave_the_data():
    trace = hostile.trace()
    result = replace(PROOF, property=hostile.TEXTS[0], laws=hostile.TEXTS, reason=hostile.TEXTS[4])
    text = page_of(TracePage(hostile.TEXTS[0], view_of(trace)), result)
    read = Reader(text)
    assert [t for t, _ in read.elements].count("script") == 2
    assert not any(t in ("img", "b") for t, _ in read.elements)
    assert "<script>alert" not in text and "<img" not in text
    data = data_of(text)
    assert data["pages"][0]["rows"][0]["text"] == "</script><script>alert(1)</script>"
    assert data["pages"][0]["rows"][3]["text"] == ("a\\x00b\\x1b[31mc\\u202ed\\u2028e\\ud800f")
    assert data["pages"][1]["laws"] == [visible(t) for t in hostile.TEXTS]
    text.encode("utf-8")


@settings(derandomize=True, deadline=None, max_examples=60)
@given(traces())
def test_any_trace_makes_a_page(trace):
    text = page_of(TracePage("x", view_of(trace)))
    body = data_of(text)
    assert len(body["pages"][0]["rows"]) == len(trace.steps)
    assert [t for t, _ in Reader(text).elements].count("script") == 2
    text.encode("utf-8")


def test_the_data_say_what_the_view_says():
    view = behind.explained(behind.offlined())
    body = report_data(Report("t", (TracePage("plugging", view),)))
    page = body["pages"][0]
    assert page["locks"][0] == {"lane": 1, "lock": "device", "mode": "held", "first": 2, "last": 5}
    assert page["rows"][3]["others"][1]["why"] == "waits for device, held by CPU1"
    assert page["rows"][6]["guard"][-1]["holds"] is True
    assert page["broken"][0]["members"] == ["page 1"]
    assert page["text"].endswith("***") and "[waits" in page["text"]
    file, line, *_ = page["rows"][6]["span"]
    assert file == "models/plugging.py"
    assert [line, "    m.offline[page] = True"] in body["sources"][file]


def test_only_lines_around_the_steps_are_in_the_page():
    view = behind.explained(behind.offlined())
    body = report_data(Report("t", (TracePage("plugging", view),)))
    whole = len(next(iter(view.sources.values())))
    assert 0 < len(body["sources"]["models/plugging.py"]) < whole
    assert not any("from enum import Enum" in t for _, t in body["sources"]["models/plugging.py"])
    bare = report_data(Report("t", (TracePage("plugging", view_of(behind.offlined())),)))
    assert bare["sources"] == {}


def test_file_names_start_at_the_folder_they_share():
    assert short_names(["/a/b/models/k/x.py", "/a/b/models/y.py"]) == {
        "/a/b/models/k/x.py": "models/k/x.py",
        "/a/b/models/y.py": "models/y.py",
    }
    assert short_names(["/a/b/x.py"]) == {"/a/b/x.py": "b/x.py"}
    assert short_names(["x.py", "/a/y.py"]) == {"x.py": "x.py", "/a/y.py": "y.py"}
    assert short_names([]) == {}


def test_alignment_finds_the_common_steps():
    one, other = view_of(behind.offlined()), view_of(behind.waiting())
    runs = aligned(one, other)
    assert runs == ((1, 1, 6), (7, 10, 1))
    report = Report("t", (TracePage("a", one), PROOF, TracePage("b", other)))
    (pair,) = alignments(report)
    assert (pair.left, pair.right, pair.runs) == (0, 2, runs)
    many = Report("t", tuple(TracePage(str(n), one) for n in range(40)))
    assert len(alignments(many)) == 60


def test_lone_surrogates_and_controls_are_written_out():
    assert visible("a\ud800\x07\u202e\u00e9") == "a\\ud800\\x07\\u202e\u00e9"
    assert visible("tab\there\nnext") == "tab\\x09here\\x0anext"


def large(steps=500, pages=16):
    """A trace of ``steps`` steps on ``pages`` pages, with three threads."""
    fields = ("refcount", "offline", "buddy", "isolation", "dirty", "plugged")
    variables = tuple(VarInfo(f, ("page",), "count") for f in fields)
    states = [{(f, (p,)): 0 for f in fields for p in range(pages)}]
    made = []
    for n in range(steps):
        cell = (fields[n % 6], (n * 7 % pages,))
        states.append({**states[-1], cell: states[-1][cell] + 1})
        calls = (f"outer(page {cell[1][0]})",) if n % 3 else ()
        made.append(
            Step(
                f"thread{n % 3}",
                None,
                "a",
                f"{cell[0]}_inc(page {cell[1][0]})",
                calls,
                picks={"page": cell[1][0]},
            )
        )
    return replace(
        samples.race_2019(),
        variables=variables,
        states=tuple(states),
        steps=tuple(made),
        sizes={"page": pages},
    )


@pytest.mark.parametrize("steps", [0, 1, 500])
def test_size_of_the_page(steps):
    text = page_of(TracePage("x", view_of(large(steps))))
    assert len(text) < 80_000 + steps * 1500
