// The page: what is shown, the address (#trace=0&step=7&member=page 0&cell=12), tools and keys.

const KEYS = [
  ["\u2192 \u2190, j k", "next, previous step"],
  ["Home End", "initial state, last step"],
  ["v", "the violation"],
  ["n N", "next, previous change of the chosen cell (click one to choose it)"],
  ["] [", "next, previous step of the same thread"],
  ["/", "search; `a .. b` finds a step with a, then one with b; Enter goes on"],
  ["p", "filter by the next page"],
  ["a", "all cells, or only those that change"],
  ["f", "fade what the end does not depend on, or not"],
  ["c", "copy the diagram for a commit message"],
  ["Space", "play, stop"],
  ["t", "light or dark"],
  ["i", "index of the report"],
  ["?", "this help; Esc closes it"],
];

const app = document.getElementById("app");
const said = el("div", { class: "spoken", role: "status", "aria-live": "polite" });
const help = helpDialog();
const root = el("div", { class: "root" });
add(app, [root, said, help]);

const chosen = {
  page: report.pages.length === 1 ? 0 : null,
  compare: null,
  step: 0,
  cell: null,
  everything: false,
  hiding: false,
  fading: true,
  query: "",
  filters: { member: "", lane: "", field: "" },
};

let parts = null; // what the trace on the screen is made of
let playing = null;

/** Changes what is shown; `change` has the fields of `chosen` that are to be different. */
function go(change) {
  const another = ("page" in change && change.page !== chosen.page) || "compare" in change;
  Object.assign(chosen, change);
  if (another) {
    stop();
    if (!("step" in change)) chosen.step = 0;
    if (!("cell" in change)) chosen.cell = null;
    if (!("filters" in change)) chosen.filters = { member: "", lane: "", field: "" };
    chosen.query = "";
    build();
  } else {
    update();
  }
  const address = addressOf();
  if (address !== location.hash.slice(1)) history.replaceState(null, "", `#${address}`);
}

function addressOf() {
  if (chosen.compare) return `compare=${chosen.compare.join(",")}`;
  if (chosen.page === null) return "index";
  const fields = [];
  if (report.pages.length > 1) fields.push(`trace=${chosen.page}`);
  if (report.pages[chosen.page].kind === "trace") {
    fields.push(`step=${chosen.step}`);
    if (chosen.cell !== null) fields.push(`cell=${chosen.cell}`);
    for (const [name, value] of Object.entries(chosen.filters)) {
      if (value !== "") fields.push(`${name}=${encodeURIComponent(value)}`);
    }
  }
  return fields.join("&");
}

/** What an address asks for; anything that does not exist is ignored. */
function fromAddress(text) {
  const fields = new URLSearchParams(text);
  const number = (name, end) => {
    const value = fields.get(name);
    return value !== null && /^\d+$/.test(value) && Number(value) < end ? Number(value) : null;
  };
  const asked = { compare: null, page: number("trace", report.pages.length) };
  if (report.pages.length === 1) asked.page = 0;
  const pair = (fields.get("compare") || "").split(",").map(Number);
  if (pair.length === 2 && alignmentOf(...pair) !== null) {
    return { compare: pair, page: null };
  }
  if (asked.page === null && fields.has("step")) asked.page = report.pages.findIndex((p) => p.kind === "trace");
  const page = report.pages[asked.page];
  if (!page || page.kind !== "trace") return asked;
  const at = number("step", page.rows.length + 1);
  asked.step = at === null ? 0 : at;
  asked.cell = number("cell", page.cells.length);
  const named = fields.get("page");
  const members = membersOf(page);
  const member = fields.get("member") || (named !== null ? `page ${named}` : "");
  asked.filters = {
    member: members.includes(member) ? member : "",
    lane: number("lane", page.lanes.length) === null ? "" : fields.get("lane"),
    field: fieldsOf(page).includes(fields.get("field")) ? fields.get("field") : "",
  };
  return asked;
}

function build() {
  parts = null;
  const page = chosen.page === null ? null : report.pages[chosen.page];
  document.title = page ? `${page.property || page.name}: ${page.verdict || "trace"}` : report.title;
  if (chosen.compare) fill(root, topBar(), compareView(...chosen.compare, go));
  else if (page === null) fill(root, topBar(), indexView(go));
  else if (page.kind === "result") fill(root, topBar(), resultView(page));
  else buildTrace(page);
}

function topBar() {
  const entries = report.pages.map((page, n) => [String(n), `${page.property || page.name} (${page.verdict || "trace"}) ${page.name}`]);
  return el(
    "nav",
    { class: "top", "aria-label": "Report" },
    report.pages.length > 1 && [
      button("Index", "Index of the report (i)", () => go({ page: null, compare: null })),
      choice("Show", [["", chosen.compare ? "side by side" : "index"], ...entries], chosen.page === null ? "" : String(chosen.page), (value) =>
        go({ page: value === "" ? null : Number(value), compare: null })),
    ],
    el("span", { class: "space" }),
    button("\u25d0", "Light or dark (t)", changeTheme),
    button("?", "Help (?)", openHelp),
  );
}

function buildTrace(page) {
  const steps = stepList(page, (step) => go({ step }));
  const tables = stateTables(page, (cell) => go({ cell: chosen.cell === cell ? null : cell }));
  const detail = el("section", { class: "detail", "aria-label": "The step" });
  const tools = toolBar(page);
  const diagram = el("pre", { tabindex: 0, "aria-label": "Diagram for a commit message" }, page.text);
  parts = { page, steps, tables, detail, tools, diagram };
  const screen = el(
    "div",
    { class: "screen" },
    report.pages.length > 1 && topBar(),
    pageTitle(page),
    el("section", { "aria-label": "Tools" }, tools.box),
    el(
      "main",
      { class: page.lanes.length > 2 ? "trace wide" : "trace" },
      el("section", { class: "lanes", "aria-label": "Steps" }, laneHead(page), steps.list, steps.end),
      el(
        "div",
        { class: "side" },
        el("section", { class: "states", "aria-label": "State" }, tables.box),
        detail,
      ),
    ),
  );
  fill(root, screen, el("section", { class: "commit", "aria-label": "Diagram" }, diagram));
  update();
}

function toolBar(page) {
  const last = page.rows.length;
  const slider = el("input", {
    type: "range", min: 0, max: last, value: chosen.step, "aria-label": "Step",
    on: { input: () => go({ step: Number(slider.value) }) },
  });
  const where = el("output", { class: "where" });
  const found = el("output", { class: "found", "aria-live": "polite" });
  const search = el("input", {
    type: "search", placeholder: "search (/)", "aria-label": "Search the steps", spellcheck: "false",
    on: {
      input: () => go({ query: search.value }),
      keydown: (event) => searchKey(event, search),
    },
  });
  const filter = (name) => (value) => go({ filters: { ...chosen.filters, [name]: value } });
  const members = membersOf(page).map((m) => [m, m]);
  const lanes = page.lanes.map((_, n) => [String(n), laneName(page, n)]);
  const fields = fieldsOf(page).map((f) => [f, f]);
  const member = choice("page", [["", "all"], ...members], "", filter("member"));
  const lane = choice("thread", [["", "all"], ...lanes], "", filter("lane"));
  const field = choice("field", [["", "all"], ...fields], "", filter("field"));
  const hiding = el("input", { type: "checkbox", on: { change: () => go({ hiding: hiding.checked }) } });
  const fading = el("input", { type: "checkbox", on: { change: () => go({ fading: fading.checked }) } });
  const everything = el("input", { type: "checkbox", on: { change: () => go({ everything: everything.checked }) } });
  const play = button("\u25b6\u25b6", "Play (Space)", togglePlay, { "aria-pressed": "false" });
  const box = el(
    "div",
    { class: "tools", role: "toolbar", "aria-label": "Tools" },
    el(
      "div",
      { class: "group" },
      button("|\u25c0", "Initial state (Home)", () => go({ step: 0 })),
      button("\u25c0", "Previous step (left arrow)", () => move(-1)),
      button("\u25b6", "Next step (right arrow)", () => move(1)),
      button("\u25b6|", "Last step (End)", () => go({ step: last })),
      play,
      button(isViolated(page) ? "! violation" : "end", "Jump to the violation (v)", () => go({ step: decisiveStep(page) }), { class: "jump" }),
      slider,
      where,
    ),
    el("div", { class: "group" }, search, found),
    el(
      "div",
      { class: "group" },
      members.length > 1 && member,
      lanes.length > 1 && lane,
      fields.length > 1 && field,
      fadedCount(page) > 0 &&
        el("label", { class: "field", title: "Fade the steps, pages and fields that the end does not depend on (f)" }, fading, " fade"),
      el("label", { class: "field", title: "Hide the steps that are faded" }, hiding, " only these steps"),
      el("label", { class: "field", title: "Also the cells that never change (a)" }, everything, " all cells"),
    ),
    el(
      "div",
      { class: "group right" },
      button("copy", "Copy the diagram for a commit message (c)", copyText),
      report.pages.length === 1 && [button("\u25d0", "Light or dark (t)", changeTheme), button("?", "Help (?)", openHelp)],
    ),
  );
  return { box, slider, where, found, search, play, selects: { member, lane, field }, hiding, fading, everything };
}

/** Shows the chosen step, cell, filters and search in the parts that are on the screen. */
function update() {
  if (parts === null) return;
  const { page, steps, tables, detail, tools } = parts;
  const step = chosen.step;
  tables.filter(chosen.filters.member, chosen.filters.field, chosen.everything);
  tables.select(step, chosen.cell);
  fill(detail, stepDetail(page, step, go, (cell) => go({ cell })));
  tools.slider.value = String(step);
  tools.slider.setAttribute("aria-valuetext", sentence(page, step));
  fill(tools.where, `step ${step} of ${page.rows.length}`);
  for (const [name, select] of Object.entries(tools.selects)) select.querySelector("select").value = chosen.filters[name];
  tools.hiding.checked = chosen.hiding;
  tools.everything.checked = chosen.everything;
  tools.fading.checked = chosen.fading;
  root.classList.toggle("fading", chosen.fading);
  if (parts.diagram.textContent !== diagramOf(page)) fill(parts.diagram, diagramOf(page));
  markSteps();
  steps.select(step);
  fill(said, sentence(page, step));
}

let marked = "";

/**
 * Fades (or hides) the steps that the filters leave out, and marks those that the search finds.
 * Where neither asks for anything, the steps that are faded by themselves are the ones to hide.
 */
function markSteps() {
  const { page, steps, tools } = parts;
  const wanted = JSON.stringify([chosen.page, chosen.filters, chosen.query, chosen.hiding, chosen.fading]);
  if (wanted === marked && parts.hits) return;
  marked = wanted;
  const hits = new Set(searchSteps(page, chosen.query));
  parts.hits = [...hits];
  const filtering = isFiltered(chosen.filters);
  const hasQuery = chosen.query.trim() !== "";
  page.rows.forEach((row, n) => {
    const item = steps.items[n + 1];
    const out = filtering && !passes(page, n + 1, chosen.filters);
    item.classList.toggle("faded", out);
    item.classList.toggle("hit", hits.has(n + 1));
    const idle = chosen.fading && row.fade !== "" && !filtering && !hasQuery;
    item.hidden = chosen.hiding && (out || idle || (hasQuery && !hits.has(n + 1)));
  });
  fill(tools.found, hasQuery ? plural(hits.size, "step") : "");
}

function searchKey(event, search) {
  if (event.key === "Escape") {
    search.value = "";
    go({ query: "" });
    parts.steps.list.focus();
  } else if (event.key === "Enter" && parts.hits.length) {
    const by = event.shiftKey ? -1 : 1;
    const ordered = by > 0 ? parts.hits : [...parts.hits].reverse();
    const next = ordered.find((n) => (by > 0 ? n > chosen.step : n < chosen.step));
    go({ step: next === undefined ? ordered[0] : next });
  }
}

/** Goes on by one step, over those that are hidden. */
function move(by) {
  const { steps } = parts;
  let step = chosen.step + by;
  while (step > 0 && step < steps.items.length && steps.items[step].hidden) step += by;
  if (step >= 0 && step < steps.items.length) go({ step });
  return step < steps.items.length - 1;
}

function togglePlay() {
  if (playing !== null) {
    stop();
    return;
  }
  if (chosen.step >= parts.page.rows.length) go({ step: 0 });
  playing = setInterval(() => move(1) || stop(), 700);
  parts.tools.play.setAttribute("aria-pressed", "true");
}

function stop() {
  clearInterval(playing);
  playing = null;
  if (parts) parts.tools.play.setAttribute("aria-pressed", "false");
}

/** The diagram for a commit message: of all steps, or without those that are faded and hidden. */
function diagramOf(page) {
  const asked = isFiltered(chosen.filters) || chosen.query.trim() !== "";
  return chosen.hiding && chosen.fading && !asked && page.brief ? page.brief : page.text;
}

function copyText() {
  const text = diagramOf(parts.page);
  const done = () => fill(said, "Diagram copied");
  const area = el("textarea", { class: "spoken", "aria-hidden": "true" });
  area.value = text;
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (copied) done();
  else if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, () => {});
}

function changeTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme || (dark ? "dark" : "light");
  document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
}

function helpDialog() {
  const dialog = el(
    "dialog",
    { class: "help", "aria-label": "Keys" },
    el("h2", {}, "Keys"),
    el("dl", {}, KEYS.map(([keys, what]) => [el("dt", {}, el("kbd", {}, keys)), el("dd", {}, what)])),
    el("p", { class: "muted small" }, report.made),
    button("Close", "Close", () => dialog.close()),
  );
  return dialog;
}

function openHelp() {
  if (!help.open) help.showModal();
}

function nextMember() {
  const members = ["", ...membersOf(parts.page)];
  const next = members[(members.indexOf(chosen.filters.member) + 1) % members.length];
  go({ filters: { ...chosen.filters, member: next } });
}

function followCell(by) {
  const { page } = parts;
  if (chosen.cell === null) return;
  const step = nextChange(page.cells[chosen.cell], chosen.step, by);
  if (step !== null) go({ step });
}

function sameThread(by) {
  const { page } = parts;
  const lane = chosen.step > 0 ? page.rows[chosen.step - 1].lane : 0;
  const step = nextStep(page, chosen.step, by, (row) => row.lane === lane);
  if (step !== null) go({ step });
}

const ACTIONS = {
  ArrowRight: () => move(1),
  ArrowDown: () => move(1),
  j: () => move(1),
  ArrowLeft: () => move(-1),
  ArrowUp: () => move(-1),
  k: () => move(-1),
  Home: () => go({ step: 0 }),
  End: () => go({ step: parts.page.rows.length }),
  v: () => go({ step: decisiveStep(parts.page) }),
  n: () => followCell(1),
  N: () => followCell(-1),
  "]": () => sameThread(1),
  "[": () => sameThread(-1),
  p: nextMember,
  a: () => go({ everything: !chosen.everything }),
  f: () => go({ fading: !chosen.fading }),
  c: copyText,
  " ": togglePlay,
  "/": () => parts.tools.search.focus(),
};
const EVERYWHERE = {
  t: changeTheme,
  "?": openHelp,
  i: () => report.pages.length > 1 && go({ page: null, compare: null }),
};

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  const target = event.target;
  const own = [" ", "Home", "End"].includes(event.key) || event.key.startsWith("Arrow");
  if (target.matches("input[type=search], select, textarea")) return;
  if (own && target.matches("input")) return;
  if (event.key === " " && target.matches("button, a, summary")) return;
  const action = EVERYWHERE[event.key] || (parts && ACTIONS[event.key]);
  if (!action) return;
  event.preventDefault();
  action();
}

document.addEventListener("keydown", pressed);
window.addEventListener("hashchange", () => {
  if (location.hash.slice(1) !== addressOf()) go(fromAddress(location.hash.slice(1)));
});
const address = location.hash.slice(1);
if (!address && report.opening.length) Object.assign(chosen, { page: null, compare: report.opening[0] });
else Object.assign(chosen, fromAddress(address));
build();
