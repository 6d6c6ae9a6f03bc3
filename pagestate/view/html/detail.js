// One step in detail: where it stands in the model and in the kernel, why it could be taken, what
// it changed, and what the other threads could do at that point.

function stepDetail(page, step, go, chooseCell) {
  const last = step === page.rows.length;
  return [
    step === 0 ? initialDetail(page) : movedDetail(page, step, chooseCell),
    last && page.final && finalBox(page),
    step > 0 && sourceBox(page.rows[step - 1]),
    step > 0 && guardBox(page.rows[step - 1]),
    page.explained && othersBox(page, step),
    !page.explained &&
      el(
        "p",
        { class: "muted small" },
        "Guards, locks and blocked threads are shown when the model is at hand: pagestate show --model FILE.",
      ),
  ];
}

const FADES = {
  apart: "Faded: the same happens in the end when this step and the others like it are not taken.",
  passing:
    "Faded: its thread takes it to get on, but the end does not depend on what it changes, nor on when it is taken.",
};

function initialDetail(page) {
  return [
    el("h2", {}, "Initial state"),
    el("p", { class: "muted" }, plural(page.rows.length, "step"), " by ", plural(page.lanes.length, "thread"), "."),
    fadedCount(page) > 0 &&
      el("p", { class: "muted" }, `${fadedCount(page)} of them are faded (f): the end does not depend on what they do.`),
  ];
}

function movedDetail(page, step, chooseCell) {
  const row = page.rows[step - 1];
  const changes = changesOf(page, step);
  return [
    el("h2", {}, `Step ${step}`, el("span", { class: "who" }, laneName(page, row.lane))),
    el("p", { class: "does" }, el("code", {}, row.text), row.note && el("span", { class: "note" }, row.note)),
    row.calls.length > 0 &&
      el("p", { class: "path" }, row.calls.map((call, n) => [n > 0 && " \u203a ", el("code", {}, call)])),
    row.fade && el("p", { class: "muted small" }, FADES[row.fade]),
    row.src && el("p", { class: "kernel" }, el("span", { class: "muted" }, "kernel "), el("code", {}, row.src)),
    changes.length > 0 &&
      el(
        "ul",
        { class: "changelist", "aria-label": "Changes of this step" },
        changes.map(([number, old, now]) =>
          el(
            "li",
            { class: isShared(page, number) ? "" : "muted" },
            el(
              "button",
              { type: "button", class: "link", title: "Follow this cell with n and N", on: { click: () => chooseCell(number) } },
              page.cells[number].name,
            ),
            " ",
            el("del", {}, old),
            spoken(" changed to "),
            el("ins", {}, now),
          ),
        ),
      ),
  ];
}

function finalBox(page) {
  return el(
    "div",
    { class: `final ${page.verdict}`, role: "note" },
    el("p", {}, el("b", {}, isViolated(page) ? "! " : ""), page.final),
    page.broken.length > 0 &&
      el(
        "ul",
        {},
        page.broken.map((part) =>
          el(
            "li",
            {},
            part.members.length > 0 && el("b", {}, part.members.join(", "), ": "),
            el("code", {}, part.text),
            ` is ${part.holds}`,
            valuesOf(part.values),
          ),
        ),
      ),
  );
}

function valuesOf(values) {
  if (values.length === 0) return "";
  return el("span", { class: "values" }, " ", values.map(([name, value]) => `${name} = ${value}`).join(", "));
}

function sourceBox(row) {
  if (!row.span) return null;
  const [file, first, column, end, endColumn] = row.span;
  const lines = (report.sources[file] || []).filter(([n]) => n >= first - 5 && n <= end + 5);
  const title = el("h3", {}, "Model ", el("span", { class: "muted" }, `${file}:${first}`));
  if (lines.length === 0) return el("section", { class: "source" }, title);
  return el(
    "section",
    { class: "source" },
    title,
    el(
      "pre",
      { tabindex: 0, "aria-label": `${file}, line ${first}` },
      lines.map(([n, text]) => {
        const inside = n >= first && n <= end;
        const from = n === first ? column - 1 : text.length - text.trimStart().length;
        const to = n === end ? endColumn - 1 : text.length;
        return el(
          "span",
          { class: inside ? "code here" : "code" },
          el("span", { class: "lineno" }, String(n)),
          inside ? [text.slice(0, from), el("mark", {}, text.slice(from, to)), text.slice(to)] : text,
          "\n",
        );
      }),
    ),
  );
}

function guardBox(row) {
  if (row.guard.length === 0) return null;
  const interesting = row.guard.filter((c) => c.kind !== "control");
  const rest = row.guard.filter((c) => c.kind === "control");
  return el(
    "section",
    { class: "guard" },
    el("h3", {}, "Why it could be taken"),
    interesting.length === 0 && el("p", { class: "muted" }, "It waits for nothing."),
    el("ul", {}, interesting.map(conditionItem)),
    rest.length > 0 && el("ul", { class: "muted" }, rest.map(conditionItem)),
  );
}

function conditionItem(condition) {
  const values = condition.values.filter(([name, value]) => condition.text !== `${name} == ${value}`);
  const kinds = { local: "local", choice: "free choice" };
  return el(
    "li",
    { class: condition.holds ? "true" : "false" },
    el("span", { class: "truth" }, condition.holds ? "\u2713" : "\u2717"),
    spoken(condition.holds ? "true: " : "false: "),
    el("code", {}, condition.text),
    kinds[condition.kind] && el("span", { class: "kind" }, kinds[condition.kind]),
    valuesOf(values),
  );
}

function othersBox(page, step) {
  const others = othersAt(page, step);
  if (others.length === 0) return null;
  const when = step === page.rows.length ? "The threads at the end" : "The other threads at this point";
  const marks = { ready: "\u25b6", blocked: "\u25a0", quiet: "\u25cb" };
  return el(
    "section",
    { class: "others" },
    el("h3", {}, when),
    el(
      "ul",
      {},
      others.map((other) =>
        el(
          "li",
          { class: other.status },
          el("span", { class: "truth" }, marks[other.status]),
          el("b", {}, laneName(page, other.lane)),
          other.text && [" ", el("code", {}, other.text)],
          " ",
          el("span", { class: other.status === "blocked" ? "why" : "muted" }, other.why),
        ),
      ),
    ),
  );
}
