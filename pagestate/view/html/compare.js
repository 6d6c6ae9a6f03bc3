// Two traces side by side.  Which steps correspond is in the data; rows where only one of the two
// has a step are marked, with the reason where it is known (a trace and a variant that followed it).

/** The runs of corresponding steps, or null for a pair that was not compared. */
function alignmentOf(left, right) {
  const found = report.alignments.find((a) => a.left === left && a.right === right);
  if (found) return found.runs;
  const turned = report.alignments.find((a) => a.left === right && a.right === left);
  return turned ? turned.runs.map(([a, b, n]) => [b, a, n]).sort((x, y) => x[0] - y[0]) : null;
}

/** What is known of a pair besides: notes by the step of the `side` they are about, a summary. */
function comparedMore(left, right) {
  const found = report.alignments.find((a) => [a.left, a.right].join() === [left, right].join()
    || [a.right, a.left].join() === [left, right].join());
  return { notes: found.notes, side: found.left === left ? 0 : 1, summary: found.summary };
}

/** Pairs of step numbers, null where a trace has no such step. */
function comparedRows(left, right) {
  const one = report.pages[left];
  const other = report.pages[right];
  const rows = [];
  let i = 1;
  let j = 1;
  for (const [a, b, length] of [...alignmentOf(left, right), [one.rows.length + 1, other.rows.length + 1, 0]]) {
    while (i < a) rows.push([i++, null]);
    while (j < b) rows.push([null, j++]);
    for (let n = 0; n < length; n++) rows.push([i++, j++]);
  }
  return rows;
}

function compareView(left, right, go) {
  const pages = [report.pages[left], report.pages[right]];
  const rows = comparedRows(left, right);
  const alone = rows.filter((r) => r.includes(null)).length;
  const more = comparedMore(left, right);
  const noted = (pair, side) => (side !== more.side && pair[more.side] !== null ? more.notes[pair[more.side]] : "");
  const list = el(
    "ol",
    { class: "compared", "aria-label": "Steps of both traces" },
    rows.map((pair) =>
      el(
        "li",
        { class: pair.includes(null) ? "row alone" : "row" },
        pair.map((step, side) => comparedStep(pages[side], side ? right : left, step, noted(pair, side), go)),
      ),
    ),
    el("li", { class: "row" }, pages.map((page) => el("div", { class: "side" }, finalBox(page)))),
  );
  return el(
    "main",
    { class: "compare" },
    el("h1", {}, "Two traces side by side"),
    el("div", { class: "row heads" }, pages.map((page, side) => comparedHead(page, side ? right : left, pages[1 - side], go))),
    more.summary.length > 0 && el("div", { class: "summary", role: "note" }, more.summary.map((text) => el("p", {}, text))),
    el("p", { class: "muted" }, `${plural(rows.length - alone, "step")} in common, ${alone} in one of them only.`),
    list,
  );
}

function comparedHead(page, number, other, go) {
  const theirs = new Map([...other.switches, ...other.sizes]);
  const differing = [...page.switches, ...page.sizes].filter(([name, value]) => theirs.get(name) !== value);
  return el(
    "div",
    { class: "side" },
    el("h2", {}, button(page.property || page.name, `${page.property || page.name}: open this trace`, () => go({ page: number, compare: null }), { class: "link" })),
    el("p", {}, badge(page), " ", page.name, " ", el("span", { class: "muted" }, plural(page.rows.length, "step"))),
    differing.length > 0 && el("p", { class: "chips" }, chips(differing)),
  );
}

function comparedStep(page, number, step, note, go) {
  const reason = note && el("p", { class: "reason" }, note);
  if (step === null) return el("div", { class: reason ? "side stopped" : "side empty" }, reason);
  const row = page.rows[step - 1];
  const last = step === page.rows.length && isViolated(page) && page.backTo === null;
  return el(
    "div",
    { class: last ? "side violating" : "side" },
    button(String(step), `Open step ${step}: ${row.text}`, () => go({ page: number, step, compare: null }), { class: "number link" }),
    el("b", { class: "who" }, page.lanes[row.lane].cpu),
    el("div", {}, stepText(page, row, step), reason),
  );
}
