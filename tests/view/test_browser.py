"""The page in a real browser: keys, filters, links, and that it stays quiet.

Runs where Playwright (the extra ``browser``) and Chromium (``apt-get install chromium``, or the
path in PAGESTATE_BROWSER) are found: ``bin/test -m browser``.
"""

import re
from pathlib import Path

import pytest

from pagestate.cli.against import compare
from pagestate.cli.behind import Models
from pagestate.view.html.page import render_html
from pagestate.view.pages import Report, TracePage
from pagestate.view.traceview import view_of

from . import behind, fading, hostile, samples
from .screen import Screen, browser_file
from .test_html import PROOF, large

pytestmark = pytest.mark.browser
sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")


@pytest.fixture(scope="module")
def browser():
    path = browser_file()
    if not path:
        pytest.skip("no Chromium was found")
    with sync_api.sync_playwright() as running:
        started = running.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def show(browser, tmp_path):
    """Opens pages; at the end of the test nothing was logged, asked for or asked of the user."""
    context = browser.new_context(viewport={"width": 1300, "height": 850})
    screens = []

    def opened(*pages, link: str = "", compared=()) -> Screen:
        path = Path(tmp_path, f"report{len(screens)}.html")
        report = Report("Report", tuple(pages), "pagestate", compared)
        path.write_text(render_html(report), "utf-8")
        page = context.new_page()
        screen = Screen(page, path.as_uri())
        screens.append(screen)
        page.on("console", lambda message: screen.heard.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: screen.heard.append(f"error: {error}"))
        page.on("request", lambda request: screen.heard.append(f"request: {request.url}"))
        page.on("dialog", lambda dialog: screen.heard.append(f"dialog: {dialog.message}"))
        page.goto(screen.url + (f"#{link}" if link else ""))
        return screen

    yield opened
    for screen in screens:
        asked = [h for h in screen.heard if not h.startswith(f"request: {screen.url}")]
        assert asked == []
        assert sum(h.startswith("request: ") for h in screen.heard) == 1
    context.close()


@pytest.fixture(scope="module")
def offlined():
    return TracePage("plugging", behind.explained(behind.offlined()))


@pytest.fixture(scope="module")
def waiting():
    return TracePage("plugging waits=true", behind.explained(behind.waiting()))


def race():
    return TracePage("race", view_of(samples.race_2019()))


# Keys


def test_stepping(show, offlined):
    screen = show(offlined)
    assert screen.step == 0
    assert screen.press("ArrowRight").step == 1 and screen.press("j").step == 2
    assert screen.press("ArrowLeft").step == 1 and screen.press("k", "k").step == 0
    assert screen.press("End").step == 7 and screen.press("ArrowRight").step == 7
    assert screen.press("Home").step == 0 and screen.press("v").step == 7
    assert screen.link == "step=7"
    assert screen.text(".where") == "step 7 of 7"


def test_steps_of_the_same_thread(show, offlined):
    screen = show(offlined, link="step=3")
    assert screen.press("]").step == 6 and screen.press("]").step == 7
    assert screen.press("[", "[").step == 3 and screen.press("[").step == 3


def test_changes_of_a_cell(show, offlined):
    screen = show(offlined)
    assert screen.press("n").step == 0
    screen.page.locator("td[data-cell]", has_text="free").nth(1).click()
    assert screen.count('td[aria-current="true"]') == 1
    assert screen.press("n").step == 2 and screen.press("n").step == 5
    assert screen.press("n").step == 6 and screen.press("n").step == 6
    assert screen.press("N").step == 5 and re.fullmatch(r"step=5&cell=\d+", screen.link)


def test_help_opens_and_closes(show, offlined):
    screen = show(offlined)
    assert not screen.page.locator("dialog").is_visible()
    assert screen.press("?").page.locator("dialog").is_visible()
    assert screen.press("ArrowRight").step == 0
    screen.press("Escape")
    assert not screen.page.locator("dialog").is_visible()
    assert screen.press("j").step == 1


def test_keys_are_letters_where_one_types(show, offlined):
    screen = show(offlined)
    screen.press("/")
    screen.page.keyboard.type("jjv")
    assert screen.step == 0 and screen.page.locator("input[type=search]").input_value() == "jjv"


def test_playing(show, offlined):
    screen = show(offlined, link="step=5")
    screen.press(" ")
    screen.page.locator('#step-7[aria-selected="true"]').wait_for()
    screen.page.locator('[aria-pressed="false"]').wait_for()
    assert screen.step == 7


def test_theme(show, offlined):
    screen = show(offlined)

    def ground():
        return screen.page.evaluate("getComputedStyle(document.body).backgroundColor")

    before = ground()
    screen.press("t")
    assert ground() != before
    screen.press("t")
    assert ground() == before


# What a step shows


def test_the_state_before_and_after(show):
    screen = show(race(), link="step=2")
    changed = screen.page.locator("td.changed:visible")
    assert changed.count() == 1
    assert changed.locator("del").inner_text().startswith("0")
    assert changed.locator("ins").inner_text() == "1"
    screen.press("ArrowLeft")
    row = screen.page.locator("tr", has=screen.page.locator("th", has_text="refcount"))
    assert row.locator("td ins").inner_text() == "2"
    screen.press("Home")
    assert screen.count("td.changed") == 0 and row.locator("td").inner_text() == "1"


def test_only_what_changes_until_asked_for_all(show, offlined):
    screen = show(offlined)
    dirty = screen.page.locator("tr", has=screen.page.locator("th", has_text="dirty"))
    assert not dirty.is_visible()
    assert screen.press("a") and dirty.is_visible()
    assert screen.press("a") and not dirty.is_visible()


def test_source_guard_and_the_other_threads(show, offlined):
    screen = show(offlined, link="step=4")
    assert "either" in screen.text(".guard")
    blocked = screen.text(".others .blocked")
    assert "offliner" in blocked and "waits for device, held by CPU1" in blocked
    screen.press("ArrowRight", "ArrowRight")
    assert screen.text(".source mark") == "mutex_lock(m.device)"
    assert re.search(r"models/plugging.py:\d+", screen.text(".source h3"))
    condition = screen.page.locator(".guard li.true", has_text="device == free")
    assert condition.count() == 1
    screen.press("v")
    assert "page 1" in screen.text(".final") and "refcount[page 1] = 1" in screen.text(".final")
    assert "mm/memory_hotplug.c: offline_pages" in screen.text(".kernel")


def test_lock_bars_and_hatching(show, offlined):
    screen = show(offlined)
    titles = [b.get_attribute("title") for b in screen.page.locator(".bar").all()]
    assert titles.count("CPU1 driver holds device") == 4
    assert titles.count("CPU2 offliner holds hotplug") == 5
    assert screen.count("#step-4 .blocked") == screen.count("#step-5 .blocked") == 1
    assert screen.count("#step-3 .blocked") == screen.count("#step-6 .blocked") == 0
    assert "waits for CPU1" in screen.text("#step-4 .waiting")


def test_a_lasso_is_marked(show):
    screen = show(TracePage("lasso", view_of(samples.lasso())))
    assert screen.count(".loop") == 2 and screen.count("#step-2 .looptag") == 1
    assert screen.count(".violating") == 0
    screen.page.get_by_role("button", name="Go to step 2").click()
    assert screen.step == 2


def test_a_deadlock_shows_who_waits(show):
    screen = show(TracePage("x", behind.explained(behind.deadlocked())), link="step=2")
    assert screen.count(".stuck .waiting") == 2
    assert screen.count(".others li.blocked") == 2


def test_no_steps(show):
    screen = show(TracePage("x", view_of(samples.no_steps())))
    assert screen.press("v", "j", "]", "n", " ").step == 0
    assert "the initial state violates" in screen.text(".final")


# Links, filters, search


def test_a_link_leads_to_a_step(show, offlined):
    assert show(offlined, link="step=5").step == 5
    screen = show(offlined, link="step=5&page=1&lane=2")
    assert screen.step == 5 and screen.count(".step:not(.faded)") == 2
    for junk in ("step=99", "step=-1", "step=x&cell=9999&member=y&lane=7", "compare=0,1", "%%%"):
        assert show(offlined, link=junk).step == 0


def test_changing_the_address_goes_there(show, offlined):
    screen = show(offlined)
    screen.page.evaluate("location.hash = '#step=3'")
    screen.page.locator('#step-3[aria-selected="true"]').wait_for()
    assert screen.step == 3


def test_filters(show, offlined):
    screen = show(offlined)
    screen.page.get_by_label("page", exact=True).select_option("page 1")
    assert screen.count(".step.faded") == 4
    assert screen.count("table.page thead th:visible") == 2
    screen.page.get_by_label("thread").select_option("2")
    assert screen.count(".step:not(.faded)") == 2
    screen.page.get_by_label("only these steps").check()
    assert screen.count(".step:visible") == 2
    assert screen.press("j").step == 3 and screen.press("j").step == 7
    screen.page.get_by_label("thread").select_option("")
    screen.page.get_by_label("page", exact=True).select_option("")
    assert screen.count(".step:visible") == 2 and screen.press("f").count(".step:visible") == 7
    screen.page.get_by_label("field").select_option("device")
    assert screen.count(".step:not(.faded)") == 3
    assert screen.count("tr.moving:visible") == 1
    assert "field=device" in screen.link


def test_the_page_key_goes_through_the_pages(show, offlined):
    screen = show(offlined)
    assert "member=page%200" in screen.press("p").link
    assert screen.count(".step:not(.faded)") == 0
    assert "member=page%201" in screen.press("p").link
    assert screen.count(".step:not(.faded)") == 3
    assert "member" not in screen.press("p").link


def test_search(show, offlined):
    screen = show(offlined)
    screen.press("/")
    screen.page.keyboard.type("MUTEX_")
    assert screen.count(".hit") == 4 and screen.text(".found") == "4 steps"
    assert [screen.press("Enter").step for _ in range(5)] == [2, 3, 5, 6, 2]
    assert screen.press("Shift+Enter").step == 6
    screen.page.locator("input[type=search]").fill("lock(device) .. mode .. offline")
    found = [e.get_attribute("id") for e in screen.page.locator(".hit").all()]
    assert found == ["step-2", "step-4", "step-6"]
    screen.page.locator("input[type=search]").fill("device free -> offliner")
    assert screen.count(".hit") == 1
    screen.page.locator("input[type=search]").fill("nothing like it")
    assert screen.count(".hit") == 0 and screen.text(".found") == "0 steps"
    screen.press("Escape")
    assert screen.count(".hit") == 0 and screen.text(".found") == ""
    assert screen.press("j").step == 7


# What the end does not depend on


def shown(screen, selector: str) -> float:
    """How opaque the first such element is."""
    return float(
        screen.page.locator(selector).first.evaluate("e => Number(getComputedStyle(e).opacity)")
    )


def test_fading(show):
    screen = show(TracePage("race", fading.explained(fading.trace())), link="step=0")
    faded = [e.get_attribute("id") for e in screen.page.locator(".step.idle").all()]
    assert faded == [f"step-{n}" for n in (1, 2, 4, 5, 6, 7, 8)]
    assert shown(screen, "#step-2 .lines") < 0.6 and shown(screen, "#step-3 .lines") == 1
    assert screen.count(".lanehead .lane.idle") == 2, "threads that only take such steps"
    assert screen.page.locator("table.page thead th.idle").inner_text() == "page 1"
    assert screen.press("f").count(".fading") == 0 and shown(screen, "#step-2 .lines") == 1
    assert "does not depend" in screen.press("f", "j").text(".detail")
    said = screen.page.locator("#step-2").get_attribute("aria-label")
    assert said.endswith("The end does not depend on it.")


def test_only_the_steps_that_count(show):
    screen = show(TracePage("race", fading.explained(fading.trace())))
    screen.page.get_by_label("only these steps").check()
    assert screen.count(".step:visible") == 5
    screen.page.locator("body").click(position={"x": 5, "y": 5})
    assert [screen.press("j").step for _ in range(3)] == [3, 9, 10]
    assert "7 of 12 steps are left out" in screen.text(".commit pre")
    screen.page.get_by_label("thread").select_option("1")
    assert screen.count(".step:visible") == 3, "who asks for a thread gets its steps"
    assert "left out" not in screen.text(".commit pre")


# Reports of several pages


def test_index_and_pages(show, offlined, waiting):
    screen = show(offlined, waiting, PROOF)
    assert screen.count(".pages tbody tr") == 3
    screen.page.get_by_role("link", name="p", exact=True).click()
    assert screen.link == "trace=2" and "refcount = getters" in screen.text(".laws")
    assert (
        "any number of pages" in screen.text(".result") and screen.text(".badge") == "\u2713 proved"
    )
    assert screen.press("j", "i").link == "index"
    screen.page.get_by_role("link", name="offline_unused").nth(1).click()
    assert screen.press("j").link == "trace=1&step=1"
    screen.page.get_by_label("Show").select_option("0")
    assert screen.step == 0 and screen.link == "trace=0&step=0"
    assert show(offlined, waiting, link="trace=1&step=9").step == 9


def test_side_by_side(show, offlined, waiting):
    screen = show(offlined, waiting)
    screen.page.get_by_role("button", name="Show the two traces side by side").click()
    assert screen.link == "compare=0,1"
    assert "7 steps in common, 3 in one of them only." in screen.text(".compare")
    assert screen.count(".alone") == 3 and screen.count(".side.violating") == 2
    assert "waits=true" in screen.text(".heads .side >> nth=1")
    screen.page.get_by_role("button", name="Open step 10").click()
    assert screen.link == "trace=1&step=10" and screen.step == 10
    assert show(offlined, waiting, link="compare=1,0").count(".alone") == 3


def test_a_variant_that_stops_the_trace(show):
    known = Models()
    trace = fading.trace()
    found, _ = known.background(trace, fading.MODEL)
    other = compare(trace, found, fading.MODEL, {"hook": "true"}, known)
    pages = TracePage("broken", view_of(trace, found)), TracePage("fixed", other.view)
    screen = show(*pages, compared=(other.alignment,))
    assert screen.link == "" and screen.count(".compared > li") == 14, "it opens side by side"
    assert "takes 11 of the 12 steps" in screen.text(".summary")
    row = screen.page.locator(".row.alone .stopped")
    assert row.count() == 1 and "goes on with offline[page 0] -> true" in row.inner_text()
    assert screen.text(".heads .side >> nth=1").count("holds here") == 1
    assert screen.count(".side.violating") == 1
    screen.page.get_by_role("button", name="Open step 12: offline[page 0] -> true").click()
    assert screen.link == "trace=1&step=12"
    assert "holds in every state of this execution" in screen.text(".final")
    turned = show(*pages, compared=(other.alignment,), link="compare=1,0")
    assert turned.page.locator(".stopped").count() == 1


# Names of any kind, the policy, print, screen readers


def test_hostile_names_are_text(show):
    screen = show(TracePage(hostile.TEXTS[0], view_of(hostile.trace())))
    for _ in range(7):
        screen.press("j", "a")
    assert screen.count("img") == 0 and screen.count("#app script") == 0
    body = screen.page.locator("#app").inner_text()
    assert "<script>alert(1)" in body and "\\u202e" in body and "\\x1b[31m" in body
    with pytest.raises(AssertionError):
        assert "\u202e" in body


def test_the_policy_keeps_other_scripts_out(browser, tmp_path):
    path = tmp_path / "page.html"
    text = render_html(Report("x", (race(),)))
    attack = "<script>window.broken = 1</script><p onclick='window.broken = 1' id=p>x</p>"
    path.write_text(text.replace('<div id="app">', attack + '<div id="app">'), "utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    page.locator("#p").click()
    assert page.evaluate("window.broken === undefined")
    assert page.locator("#step-6").count() == 1
    page.close()


def test_printing_shows_the_diagram(show, offlined):
    screen = show(offlined, link="step=7")
    screen.page.emulate_media(media="print")
    assert screen.page.locator(".commit pre").is_visible()
    assert "offline_unused is violated in 7 steps" in screen.text(".commit pre")
    assert screen.page.locator("table.page").is_visible()
    assert not screen.page.locator(".tools").is_visible()
    assert not screen.page.locator(".lanes").is_visible()


def test_what_a_screen_reader_finds(show, offlined):
    screen = show(offlined, link="step=2")
    steps = screen.page.get_by_role("listbox")
    assert steps.get_attribute("aria-activedescendant") == "step-2"
    assert steps.get_by_role("option").count() == 8
    said = screen.page.locator("#step-2").get_attribute("aria-label")
    assert said.startswith(
        "Step 2, CPU1 driver: mutex_lock(device). Changes: device free to driver"
    )
    assert screen.text('[role="status"]') == said
    assert screen.page.get_by_role("slider").get_attribute("aria-valuetext") == said
    for control in screen.page.locator("button, input, select").all():
        labelled = control.evaluate("e => e.ariaLabel || e.innerText || e.labels?.[0]?.innerText")
        assert labelled, control.evaluate("e => e.outerHTML")
    for heading in ("columnheader", "rowheader"):
        assert screen.page.get_by_role(heading).count() > 0
    steps.focus()
    assert screen.press("ArrowDown").step == 3


def test_a_small_window_can_be_used(show, offlined):
    screen = show(offlined)
    screen.page.set_viewport_size({"width": 420, "height": 700})
    screen.press("v")
    wide = screen.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 420 and screen.page.locator(".final").count() == 1


def test_a_large_trace(show):
    screen = show(TracePage("large", view_of(large())), link="step=250")
    assert screen.step == 250 and screen.count(".step") == 500
    assert screen.count("table.page thead th") == 17
    assert screen.press("v").step == 500
    box = screen.page.locator("#step-500").bounding_box()
    assert 0 < box["y"] < 850
