// The index of a report, and the pages of results without a trace: proofs, bounds, unknowns.

function indexView(go) {
  return el(
    "main",
    { class: "index" },
    el("h1", {}, report.title),
    el(
      "table",
      { class: "pages" },
      el("thead", {}, el("tr", {}, ["property", "verdict", "size", "model", "engine"].map((t) => el("th", { scope: "col" }, t)))),
      el("tbody", {}, report.pages.map((page, n) => indexRow(page, n, go))),
    ),
    report.alignments.length > 0 && comparePicker(go),
    el("p", { class: "muted small" }, report.made),
  );
}

function indexRow(page, number, go) {
  const what = page.kind === "trace" ? plural(page.rows.length, "step") : page.laws.length ? plural(lawCount(page), "law") : page.scope;
  return el(
    "tr",
    {},
    el(
      "td",
      {},
      el("a", { href: `#trace=${number}`, on: { click: (event) => { event.preventDefault(); go({ page: number, compare: null }); } } }, page.property || page.name),
      page.title && el("span", { class: "muted small block" }, page.title),
    ),
    el("td", {}, badge(page)),
    el("td", { class: "muted nowrap" }, what),
    el("td", {}, page.name !== page.property ? page.name : page.model),
    el("td", { class: "muted" }, page.engine),
  );
}

function comparePicker(go) {
  const titles = report.pages.map((page) => [page.property, page.name].filter(Boolean).join(", "));
  const pairs = report.alignments.map((a, n) => [String(n), `${titles[a.left]} \u2014 ${titles[a.right]}`]);
  let picked = "0";
  const open = () => {
    const { left, right } = report.alignments[Number(picked)];
    go({ compare: [left, right], page: null });
  };
  return el(
    "p",
    { class: "picker" },
    choice("Compare", pairs, picked, (value) => (picked = value)),
    button("Side by side", "Show the two traces side by side", open),
  );
}

/** A law; where some are indented, the others are headings. */
function lawItem(law, laws) {
  const depth = law.length - law.trimStart().length;
  const deepest = Math.max(...laws.map((l) => l.length - l.trimStart().length));
  if (depth < deepest) return el("li", { class: "heading" }, law.trim());
  return el("li", { class: "law" }, el("code", {}, law.trim()));
}

function lawCount(page) {
  const depths = page.laws.map((law) => law.length - law.trimStart().length);
  return depths.filter((d) => d === Math.max(...depths)).length;
}

/** A result without a trace. */
function resultView(page) {
  return el(
    "main",
    { class: "result" },
    pageTitle(page),
    page.scope && el("p", {}, el("b", {}, "Scope: "), page.scope),
    page.reason && el("p", {}, page.reason),
    page.laws.length > 0 && [
      el("h2", {}, "Invariant"),
      el("p", { class: "muted" }, "These laws hold at the start, every step keeps them, and together they imply the property."),
      el("ul", { class: "laws" }, page.laws.map((law) => lawItem(law, page.laws))),
    ],
    page.certificate && el("p", {}, el("b", {}, "Certificate: "), el("code", {}, page.certificate)),
    page.assumptions.length > 0 && [
      el("h2", {}, "Assumptions"),
      el("ul", {}, page.assumptions.map((text) => el("li", {}, text))),
    ],
  );
}

const MOST_CHIPS = 9;

/** What a page's name says besides the model: a scenario, settings. */
function pageNote(page) {
  if (page.name === page.model || page.name === page.property) return "";
  return page.name.startsWith(`${page.model} `) ? page.name.slice(page.model.length + 1) : page.name;
}

function chips(pairs) {
  return pairs.map(([name, value]) => el("span", { class: "chip" }, `${name}=${value}`));
}

/** Property, verdict and setting: the head of every page. */
function pageTitle(page) {
  const many = page.switches.length > MOST_CHIPS;
  return el(
    "header",
    { class: "title" },
    el("h1", {}, page.property || page.name, " ", badge(page)),
    page.title && el("p", { class: "says" }, page.title),
    el(
      "p",
      { class: "chips" },
      page.model && el("span", { class: "chip model" }, page.model),
      pageNote(page) && el("span", { class: "chip model" }, pageNote(page)),
      page.engine && el("span", { class: "chip" }, `engine ${page.engine}`),
      chips([...page.sizes, ...(many ? [] : page.switches)]),
    ),
    many &&
      el("details", { class: "switches" }, el("summary", {}, plural(page.switches.length, "switch")), el("p", { class: "chips" }, chips(page.switches))),
  );
}
