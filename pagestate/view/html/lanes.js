// The steps as swim lanes: a column for each thread, time runs downwards.  Bars at the left of a
// lane are the locks that its thread holds; hatching means that it is blocked.

const COLOURS = 7;

/** The list of steps of `page`; `pick(step)` is called when one is chosen. */
function stepList(page, pick) {
  const names = lockNames(page);
  const slots = lockSlots(page);
  const vars = { "--lanes": String(page.lanes.length || 1), "--slots": String(Math.max(...slots.map((s) => s.size), 0)) };
  const list = el("ol", {
    class: "steps",
    role: "listbox",
    tabindex: 0,
    "aria-label": `Steps of ${page.property || page.name}`,
    vars,
  });
  const items = [initialItem(page, pick)];
  page.rows.forEach((row, n) => items.push(stepItem(page, row, n + 1, names, slots, pick)));
  list.append(...items);
  const end = el(
    "div",
    { class: "steps ending", vars },
    page.backTo !== null && loopEnd(page, pick),
    page.stuck.length > 0 && stuckItem(page),
  );
  return {
    list,
    end,
    items,
    select(step) {
      items.forEach((item, n) => {
        const chosen = n === step;
        if (chosen !== (item.getAttribute("aria-selected") === "true")) {
          item.setAttribute("aria-selected", String(chosen));
        }
      });
      list.setAttribute("aria-activedescendant", items[step].id);
      reveal(list.parentElement, items[step]);
    },
  };
}

/** Scrolls `pane` (and not the page) so that `item` is seen, with some of what is around it. */
function reveal(pane, item) {
  if (!pane || item.hidden) return;
  const room = pane.clientHeight;
  const head = pane.firstElementChild.offsetHeight;
  const top = item.offsetTop - head;
  const bottom = item.offsetTop + item.offsetHeight;
  if (top - 30 < pane.scrollTop) pane.scrollTop = top - 30;
  else if (bottom + 30 > pane.scrollTop + room) pane.scrollTop = bottom + 30 - room;
  const text = item.querySelector(".lines");
  if (!text) return;
  const lane = text.parentElement;
  if (lane.offsetLeft < pane.scrollLeft) pane.scrollLeft = lane.offsetLeft - 46;
  const right = lane.offsetLeft + lane.offsetWidth;
  if (right > pane.scrollLeft + pane.clientWidth) pane.scrollLeft = right - pane.clientWidth;
}

/** The head of the lanes, and what the colours mean. */
function laneHead(page) {
  const names = lockNames(page);
  return el(
    "div",
    { class: "lanehead", vars: { "--lanes": String(page.lanes.length || 1) } },
    el(
      "div",
      { class: "row titles" },
      el("span", { class: "number" }, "#"),
      page.lanes.map((lane, n) => {
        const idle = page.rows.every((row) => row.lane !== n || row.fade);
        return el("span", { class: idle ? "lane idle" : "lane" }, el("b", {}, lane.cpu), " ", lane.title);
      }),
    ),
    names.length > 0 &&
      el(
        "div",
        { class: "legend", "aria-label": "Locks" },
        el("span", { class: "muted" }, "held:"),
        names.map((name, n) =>
          el("span", { class: `key lock${n % COLOURS}` }, el("i", {}), name),
        ),
        el("span", { class: "key blockedkey" }, el("i", {}), "blocked"),
      ),
  );
}

/** For each lane, at which place beside the text the bar of each lock stands. */
function lockSlots(page) {
  return page.lanes.map((_, lane) => {
    const slots = new Map();
    for (const bar of page.locks) {
      if (bar.lane === lane && !slots.has(bar.lock)) slots.set(bar.lock, slots.size);
    }
    return slots;
  });
}

function initialItem(page, pick) {
  return el(
    "li",
    { id: "step-0", role: "option", class: "row initial", "aria-selected": "false", on: { click: () => pick(0) } },
    el("span", { class: "number" }, "0"),
    el("span", { class: "across" }, "initial state"),
  );
}

function stepItem(page, row, step, names, slots, pick) {
  const last = step === page.rows.length;
  const decisive = last && page.verdict && page.backTo === null;
  const looping = page.backTo !== null && step >= page.backTo;
  const classes = ["row", "step"];
  if (decisive) classes.push(isViolated(page) ? "violating" : "reaching");
  if (looping) classes.push("loop");
  if (step === 1 || page.rows[step - 2].lane !== row.lane) classes.push("switch");
  if (row.fade) classes.push("idle");
  const item = el(
    "li",
    {
      id: `step-${step}`,
      role: "option",
      class: classes.join(" "),
      "aria-selected": "false",
      "aria-label": sentence(page, step),
      on: { click: () => pick(step) },
    },
    el("span", { class: "number" }, decisive && isViolated(page) ? "! " : "", String(step)),
    page.lanes.map((_, lane) => {
      const cell = el("span", { class: "lane" }, bars(page, lane, step, names, slots));
      if (lane === row.lane) cell.append(stepText(page, row, step));
      const wait = row.waits.find((w) => w.lane === lane);
      if (wait) cell.append(waitText(wait));
      return cell;
    }),
  );
  if (page.backTo === step) {
    item.querySelector(".number").append(el("span", { class: "looptag", title: "the loop starts here" }, "\u21bb"));
  }
  return item;
}

/** The lines of a step: the thread's start, the helpers it enters, the step itself. */
function stepText(page, row, step) {
  const lines = [];
  if (row.starts) lines.push(line(0, row.starts, "starts"));
  row.calls.slice(row.open).forEach((call, n) => lines.push(line(1 + row.open + n, call, "call")));
  const text = line(1 + row.calls.length, row.text, "text");
  if (row.note) text.append(" ", el("span", { class: "note" }, row.note));
  const changes = changesOf(page, step).filter(([number]) => isShared(page, number));
  lines.push(text);
  if (changes.length) {
    lines.push(
      el(
        "span",
        { class: "line changes", vars: { "--depth": String(2 + row.calls.length) } },
        changes.slice(0, 4).map(([number, old, now]) =>
          el("span", { class: "change" }, page.cells[number].name, " ", el("b", {}, `${old}\u2192${now}`)),
        ),
        changes.length > 4 && ` and ${changes.length - 4} more`,
      ),
    );
  }
  return el("span", { class: "lines" }, lines);
}

function waitText(wait) {
  const text = line(1 + wait.depth, wait.text, "waiting");
  text.append(" ", el("span", { class: "note" }, wait.note));
  return el("span", { class: "lines" }, text);
}

function line(depth, text, kind) {
  return el("span", { class: `line ${kind}`, vars: { "--depth": String(depth) } }, breakable(text));
}

const sharedCells = new WeakMap();

function isShared(page, number) {
  if (!sharedCells.has(page)) {
    const found = new Set();
    for (const table of page.tables) {
      if (table.scope === "thread") continue;
      table.rows.forEach((row) => row.cells.forEach((c) => found.add(c)));
    }
    sharedCells.set(page, found);
  }
  return sharedCells.get(page).has(number);
}

function bars(page, lane, step, names, slots) {
  const made = locksDuring(page, lane, step).map((bar) => {
    const kinds = ["bar", `lock${names.indexOf(bar.lock) % COLOURS}`, bar.mode];
    if (bar.first === step) kinds.push("first");
    if (bar.last === step) kinds.push("last");
    const mode = bar.mode === "held" ? "holds" : bar.mode === "read" ? "reads under" : "is queued for";
    return el("i", {
      class: kinds.join(" "),
      title: `${laneName(page, lane)} ${mode} ${bar.lock}`,
      vars: { "--slot": String(slots[lane].get(bar.lock)) },
    });
  });
  const other = page.explained && page.rows[step - 1].others.find((o) => o.lane === lane);
  if (other && other.status === "blocked") {
    made.push(el("i", { class: "blocked", title: `${laneName(page, lane)} ${other.why}` }));
  }
  return made;
}

function loopEnd(page, pick) {
  const more = page.backTo <= page.rows.length;
  return el(
    "div",
    { class: "row loopend" },
    el("span", { class: "number" }, "\u21ba"),
    el(
      "span",
      { class: "across" },
      more
        ? button(`back to step ${page.backTo}, for ever`, `Go to step ${page.backTo}`, () => pick(page.backTo))
        : "nothing moves any more",
    ),
  );
}

function stuckItem(page) {
  return el(
    "div",
    { class: "row stuck" },
    el("span", { class: "number" }, "!"),
    page.lanes.map((_, lane) => {
      const wait = page.stuck.find((w) => w.lane === lane);
      return el("span", { class: "lane" }, wait && el("i", { class: "blocked" }), wait && waitText(wait));
    }),
  );
}
