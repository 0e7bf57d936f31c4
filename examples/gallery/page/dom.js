// How the page makes elements. Text goes in as text nodes, so nothing that a server says is ever parsed as HTML.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

export function svg(tag, attributes = {}) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

// A note on a stave: how far to the right, and how far down.
export function note(className, left, top) {
  const mark = el("i", { class: `neume ${className}` });
  Object.assign(mark.style, { left, top }); // a style in an attribute is what the page's policy forbids
  return mark;
}

export const makeTable = (className, caption) => el("table", { class: className }, el("caption", {}, caption), el("tbody"));

// `rows` are [name, value] pairs, which replace those that are there.
export function fillTable(table, rows) {
  table.tBodies[0].replaceChildren(...rows.map(([name, value]) =>
    el("tr", { "data-name": name }, el("th", { scope: "row" }, name), el("td", {}, String(value)))));
}

export const LIST_LIMIT = 200; // rows that are kept
export function addRow(list, row) {
  list.append(row);
  if (list.childElementCount > LIST_LIMIT) list.firstElementChild.remove();
  const box = list.closest(".scroll");
  if (box) box.scrollTop = box.scrollHeight;
}

// Tells those who do not see the page.
let forget;
export function announce(text) {
  const said = document.getElementById("said");
  said.textContent = text;
  clearTimeout(forget);
  forget = setTimeout(() => { said.textContent = ""; }, 2000);
}

export const plural = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;
export const ms = (n) => `${n < 10 ? n.toFixed(1) : Math.round(n)} ms`;
