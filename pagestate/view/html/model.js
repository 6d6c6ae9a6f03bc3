// The data of the report, and the questions that every part of the page asks of a trace.
// Step n leads from state n - 1 to state n; step 0 stands for the initial state.

const report = JSON.parse(document.getElementById("data").textContent);

/** The value of a cell in a state. */
function valueAt(cell, state) {
  const history = cell.history;
  let low = 0;
  let high = history.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (history[middle][0] <= state) low = middle;
    else high = middle - 1;
  }
  return history[low][1];
}

/** The changes of a step: [cell number, old value, new value]. */
function changesOf(page, step) {
  if (step === 0) return [];
  return page.rows[step - 1].cells.map((number) => {
    const cell = page.cells[number];
    return [number, valueAt(cell, step - 1), valueAt(cell, step)];
  });
}

/** The next step after `step` (before it, if `by` is -1) at which a cell changes, or null. */
function nextChange(cell, step, by) {
  const steps = cell.history.slice(1).map((entry) => entry[0]);
  const found = by > 0 ? steps.find((s) => s > step) : steps.reverse().find((s) => s < step);
  return found === undefined ? null : found;
}

/** The next step after (before) `step` for which `test` holds, or null. */
function nextStep(page, step, by, test) {
  for (let n = step + by; n >= 1 && n <= page.rows.length; n += by) {
    if (test(page.rows[n - 1], n)) return n;
  }
  return null;
}

function laneName(page, lane) {
  const { cpu, title } = page.lanes[lane];
  return title ? `${cpu} ${title}` : cpu;
}

function isViolated(page) {
  return page.verdict === "violated";
}

/** The step that shows the violation (or reaches the goal): the last one. */
function decisiveStep(page) {
  return page.rows.length;
}

/** Where everybody but the mover stands before a step; after the last step, everybody. */
function othersAt(page, step) {
  if (!page.explained) return [];
  return step < page.rows.length && step > 0 ? page.rows[step - 1].others : step ? page.end : [];
}

/** The locks that a lane has during a step, in the order in which colours are given out. */
function locksDuring(page, lane, step) {
  return page.locks.filter((bar) => bar.lane === lane && bar.first <= step && step <= bar.last);
}

function lockNames(page) {
  return [...new Set(page.locks.map((bar) => bar.lock))];
}

/** Every member that a column or a step names: the choices of the page filter. */
function membersOf(page) {
  const found = new Set();
  for (const table of page.tables) {
    if (table.scope !== "thread") table.columns.forEach((c) => c && found.add(c));
  }
  page.rows.forEach((row) => row.members.forEach((m) => found.add(m)));
  return [...found];
}

/** Every field that changes in the trace: the choices of the field filter. */
function fieldsOf(page) {
  const shared = new Set();
  for (const table of page.tables) {
    if (table.scope === "thread") continue;
    for (const row of table.rows) {
      if (row.cells.some((c) => c !== null && page.cells[c].history.length > 1)) shared.add(row.name);
    }
  }
  return [...shared];
}

/** How many steps the end does not depend on. */
function fadedCount(page) {
  return page.rows.filter((row) => row.fade).length;
}

/** What a step does, in one sentence for a screen reader. */
function sentence(page, step) {
  if (step === 0) return "Initial state";
  const row = page.rows[step - 1];
  const changes = changesOf(page, step)
    .slice(0, 6)
    .map(([number, old, now]) => `${page.cells[number].name} ${old} to ${now}`);
  const note = row.note ? `, ${row.note}` : "";
  const idle = row.fade ? " The end does not depend on it." : "";
  const what = `Step ${step}, ${laneName(page, row.lane)}: ${row.text}${note}.`;
  return changes.length ? `${what} Changes: ${changes.join(", ")}.${idle}` : what + idle;
}

function verdictMark(page) {
  if (page.verdict === "violated") return "!";
  return ["proved", "exhausted", "holds here"].includes(page.verdict) ? "\u2713" : "?";
}

function badge(page) {
  return el("span", { class: `badge ${page.verdict}` }, verdictMark(page), " ", page.verdict || "trace");
}
