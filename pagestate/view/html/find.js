// Searching and filtering.  A search for `a .. b` finds a step with a, and after it one with b.

/** The steps that a search finds: all that match, or those of the first chain `a .. b`. */
function searchSteps(page, query) {
  const words = query.toLowerCase().split("..").map((w) => w.trim()).filter(Boolean);
  if (words.length === 0) return [];
  const texts = page.rows.map((row, n) => haystack(page, row, n + 1));
  if (words.length === 1) {
    return texts.flatMap((text, n) => (text.includes(words[0]) ? [n + 1] : []));
  }
  const chain = [];
  let from = 0;
  for (const word of words) {
    const found = texts.findIndex((text, n) => n >= from && text.includes(word));
    if (found < 0) return [];
    chain.push(found + 1);
    from = found + 1;
  }
  return chain;
}

const texts = new WeakMap();

function haystack(page, row, step) {
  if (!texts.has(row)) {
    const changes = changesOf(page, step).map(([c, old, now]) => `${page.cells[c].name} ${old} -> ${now}`);
    const parts = [laneName(page, row.lane), row.starts, ...row.calls, row.text, row.note, row.src, ...changes];
    texts.set(row, parts.join("\n").toLowerCase());
  }
  return texts.get(row);
}

/** Whether a step is about what the filters ask for. */
function passes(page, step, filters) {
  const row = page.rows[step - 1];
  if (filters.lane !== "" && row.lane !== Number(filters.lane)) return false;
  if (filters.member && !row.members.includes(filters.member)) return false;
  if (filters.field && !row.cells.some((c) => page.cells[c].field === filters.field)) return false;
  return true;
}

function isFiltered(filters) {
  return filters.lane !== "" || filters.member !== "" || filters.field !== "";
}
