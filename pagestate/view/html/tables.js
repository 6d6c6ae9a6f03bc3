// The state as tables: fields as rows, pages as columns.  The tables are made once; going to
// another step rewrites only the cells whose text differs.

/** The tables of `page`; `pick(cell)` is called when a cell is chosen. */
function stateTables(page, pick) {
  const shown = new Map();
  const rows = [];
  const idle = new Set(page.idle || []);
  const allIdle = (cells) => cells.some((c) => c !== null) && cells.every((c) => c === null || idle.has(c));
  const tables = page.tables.map((table) => {
    const body = table.rows.map((row) => {
      const moving = row.cells.some((c) => c !== null && page.cells[c].history.length > 1);
      const line = el(
        "tr",
        { class: `${moving ? "moving" : "still"}${allIdle(row.cells) ? " idle" : ""}` },
        el("th", { scope: "row" }, row.name, row.ghost && el("span", { class: "ghost", title: "ghost: only properties read it" }, " ghost")),
        row.cells.map((number) => {
          if (number === null) return el("td", { class: "none" });
          const cell = el("td", {
            tabindex: moving ? 0 : undefined,
            "data-cell": number,
            "data-idle": idle.has(number),
            on: {
              click: () => pick(number),
              keydown: (event) => event.key === "Enter" && pick(number),
            },
          });
          shown.set(number, { cell, text: null });
          return cell;
        }),
      );
      rows.push({ line, table, row });
      return line;
    });
    const still = table.columns.map((_, n) => allIdle(table.rows.map((row) => row.cells[n])));
    return { table, box: tableBox(table, body, still) };
  });
  const of = (locals) => tables.filter((t) => (t.table.scope === "thread") === locals).map((t) => t.box);
  const locals = of(true);
  return {
    box: el(
      "div",
      {},
      el("div", { class: "tables" }, of(false)),
      locals.length > 0 &&
        el("details", {}, el("summary", {}, "locals of the threads"), el("div", { class: "tables" }, locals)),
    ),
    select: (step, chosen) => showStep(page, shown, step, chosen),
    filter(member, field, everything) {
      for (const { line, row } of rows) line.hidden = Boolean(field) && row.name !== field;
      for (const { table, box } of tables) {
        box.classList.toggle("everything", everything);
        narrow(box, table, member);
        box.hidden = Boolean(field) && !table.rows.some((row) => row.name === field);
      }
    },
  };
}

/** `still` says of each column whether the end depends on nothing in it. */
function tableBox(table, body, still) {
  const single = table.columns.length === 1 && !table.columns[0];
  const short = table.columns.length > 4;
  const head = single
    ? null
    : el(
        "thead",
        {},
        el(
          "tr",
          {},
          el("th", { scope: "col" }, spoken("field")),
          table.columns.map((column, n) =>
            el("th", { scope: "col", "aria-label": column, class: still[n] ? "idle" : null }, short ? column.replace(/^\D+/, "") : column),
          ),
        ),
      );
  const grid = el(
    "table",
    { class: `state ${table.scope}${short ? " many" : ""}` },
    el("caption", {}, table.title, short && el("span", { class: "muted" }, ` (${table.columns.length})`)),
    head,
    el("tbody", {}, body),
  );
  return el("div", { class: `tablebox ${table.scope}` }, grid);
}

/** Shows only the column of `member`, if the table has it. */
function narrow(box, table, member) {
  const only = table.columns.indexOf(member);
  for (const line of box.querySelectorAll("tr")) {
    [...line.children].forEach((cell, n) => {
      if (n > 0) cell.hidden = only >= 0 && n - 1 !== only;
    });
  }
}

function showStep(page, shown, step, chosen) {
  for (const [number, entry] of shown) {
    const history = page.cells[number].history;
    const now = valueAt(page.cells[number], step);
    const changed = step > 0 && history.some((h) => h[0] === step);
    const old = changed ? valueAt(page.cells[number], step - 1) : null;
    const text = changed ? `${old}\n${now}` : now;
    if (entry.text !== text) {
      entry.text = text;
      if (changed) fill(entry.cell, el("del", {}, old), spoken(" changed to "), el("ins", {}, now));
      else fill(entry.cell, now);
      entry.cell.className = changed ? "changed" : ["0", "none", "", "free"].includes(now) ? "zero" : "";
    }
    const isChosen = number === chosen;
    if (isChosen !== entry.cell.hasAttribute("aria-current")) {
      if (isChosen) entry.cell.setAttribute("aria-current", "true");
      else entry.cell.removeAttribute("aria-current");
    }
  }
}
