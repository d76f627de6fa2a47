// Elements. Strings become text nodes and nothing else: no part of the page is ever made from a text as HTML.

const SVG = "http://www.w3.org/2000/svg";

function build(element, values, children) {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
    else if (name === "share") element.style.setProperty("--share", String(value));
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** An element; `on` holds its listeners, `share` is a number for the style sheet. */
export const h = (name, values = {}, ...children) => build(document.createElement(name), values, children);
export const svg = (name, values = {}, ...children) => build(document.createElementNS(SVG, name), values, children);
export const button = (values, ...children) => h("button", { type: "button", ...values }, ...children);
export const part = (id) => document.getElementById(id);

/** A labelled choice. choices: [[value, text], …] */
export function choice(label, choices, chosen, act) {
  const select = h("select", { on: { change: () => act(select.value) } },
    choices.map(([value, text]) => h("option", { value, selected: value === chosen }, text)));
  return h("label", { class: "inline" }, h("span", {}, label), select);
}

/** What a screen reader says, without moving to it. */
export function tell(text) {
  part("told").textContent = text;
}

export function recall(name) {
  try { return localStorage.getItem(name); } catch { return null; }
}

export function remember(name, value) {
  try { localStorage.setItem(name, value); } catch { /* a browser that keeps nothing */ }
}
