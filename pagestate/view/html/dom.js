// Making elements.  Everything from the data gets into the page as text or as an attribute's
// value, never as markup.

/** An element: `attributes` may hold `on` (listeners) and `vars` (CSS variables). */
function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else if (name === "vars") {
      for (const [key, text] of Object.entries(value)) node.style.setProperty(key, text);
    } else {
      node.setAttribute(name, value === true ? "" : String(value));
    }
  }
  add(node, children);
  return node;
}

function add(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false || child === "") continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Replaces what is in `node`. */
function fill(node, ...children) {
  node.replaceChildren();
  add(node, children);
  return node;
}

function button(label, title, click, attributes) {
  return el(
    "button",
    { type: "button", title, "aria-label": title, on: { click }, ...attributes },
    label,
  );
}

/** A drop-down list of [value, label] pairs. */
function choice(label, pairs, value, change, attributes) {
  const select = el(
    "select",
    { "aria-label": label, on: { change: () => change(select.value) }, ...attributes },
    pairs.map(([key, text]) => el("option", { value: key, selected: key === value }, text)),
  );
  return el("label", { class: "field" }, el("span", {}, label), select);
}

/** Text that may be broken behind an underscore, a bracket or a slash, but not inside `-> x`. */
function breakable(text) {
  const result = text.lastIndexOf(" -> ");
  if (result > 0) return [...pieces(text.slice(0, result)), " ", el("span", { class: "nowrap" }, text.slice(result + 1))];
  return pieces(text);
}

function pieces(text) {
  return text.split(/(?<=[_([/.:,])(?=\w)/).flatMap((part, n) => (n ? [el("wbr"), part] : [part]));
}

/** Text that only screen readers say. */
function spoken(text) {
  return el("span", { class: "spoken" }, text);
}

function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : noun.endsWith("h") ? "es" : "s"}`;
}
