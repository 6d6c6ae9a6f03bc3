"""How long a large trace takes in the viewer: 500 random steps of rfc_v3 on 16 pages, 2 getters.

    python -m benchmarks.viewer

The first rows are seconds of CPU in Python, the others milliseconds in a headless Chromium (as in
tests/view/test_browser.py): until the page can be used, and the longest and the mean time until the
next frame after a key.  The walk ends in a violation of offline_never_free.
"""

import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from playwright.sync_api import sync_playwright

from pagestate.check.request import COUNT_BOUND, make_request
from pagestate.core.evaluate import evaluate, initial_states
from pagestate.core.execute import trace_of
from pagestate.core.trace import Trace
from pagestate.core.verdict import Path as Moved
from pagestate.core.waiting import members
from pagestate.lang.load import load_model
from pagestate.schedule.moves import Moves
from pagestate.view.background import Background, background_of
from pagestate.view.html.page import render_html
from pagestate.view.pages import Report, TracePage
from pagestate.view.relevant import relevance_of
from pagestate.view.traceview import view_of
from tests.view.screen import browser_file

STEPS, PAGES, SEEDS = 500, 16, 60
Result = TypeVar("Result")
FRAMES = """async keys => {
    const times = [];
    for (const key of keys) {
        const start = performance.now();
        document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
        document.querySelector("#app").getBoundingClientRect();
        await new Promise(done => requestAnimationFrame(done));
        times.push(performance.now() - start);
    }
    return [Math.max(...times), times.reduce((a, b) => a + b) / times.length];
}"""


def walk() -> tuple[Trace, Background]:
    """A random execution that violates the property after about ``STEPS`` steps."""
    settings, sizes = {"hook": "false"}, {"page": str(PAGES), "getter": "2"}
    request = make_request(load_model("rfc_v3"), settings, sizes, ["offline_never_free"], "getters")
    bounds, system, prop = (
        request.bounds(COUNT_BOUND),
        request.compiled.system,
        request.properties[0],
    )
    moves = Moves(system, bounds)
    threads = [(t.name, m) for t in system.threads for m in members(t, bounds)]
    found = []
    for seed in range(SEEDS):
        choice, state = random.Random(seed), next(iter(initial_states(system, bounds)))
        path, mover = [], None
        while len(path) < STEPS + 100:
            if mover is None or choice.random() < 0.15:
                mover = choice.choice(threads)
            steps = list(moves.steps(*mover, state))
            if not steps:
                mover = None
                continue
            taken = choice.choice(steps)
            path.append(taken.move)
            state = taken.after
            if state.get(("fault", ()), "none") != "none":
                break
            if not evaluate(prop.formula, state, bounds, {}):
                found.append(path)
                break
    best = min(found, key=lambda p: abs(len(p) - STEPS))
    values = request.compiled.valuation
    trace = trace_of(system, bounds, Moved((), tuple(best)), prop, "violated", "walk", values)
    return trace, background_of(trace, system, request.compiled.properties)


def timed(what: str, run: Callable[[], Result]) -> Result:
    start = time.process_time()
    result = run()
    print(f"{what:<44} {time.process_time() - start:6.2f} s")
    return result


def main() -> None:
    trace, background = walk()
    print(f"{len(trace.steps)} steps, {PAGES} pages")
    timed("what the violation depends on", lambda: relevance_of(trace, background))
    view = timed("the view, with that", lambda: view_of(trace, background))
    report = Report("large", (TracePage("large", view),))
    text = timed("the page", lambda: render_html(report))
    print(f"{'size of the page':<44} {len(text) / 1000:6.0f} kB")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as running:
        path = Path(folder, "large.html")
        path.write_text(text, "utf-8")
        browser = running.chromium.launch(executable_path=browser_file(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1300, "height": 850})
        page.goto(path.as_uri())
        page.locator(f"#step-{len(view.rows)}").wait_for()
        ready = "performance.getEntriesByType('navigation')[0].domComplete"
        print(f"{'open':<44} {page.evaluate(ready):6.0f} ms")
        for what, keys in (("next step", ["j"] * 60), ("violation", ["v", "Home"] * 5),
                           ("page filter", ["p"] * 17), ("fade", ["f"] * 4)):  # fmt: skip
            longest, mean = page.evaluate(FRAMES, keys)
            print(
                f"{what + ': longest, mean to the next frame':<44} {longest:6.0f}, {mean:3.0f} ms"
            )
        browser.close()


if __name__ == "__main__":
    main()
