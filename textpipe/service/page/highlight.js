// Places in a text, and the text with them marked.

import { h } from "./dom.js";

/** Of code points, as the service counts, the places in a JavaScript string. */
export function places(text) {
  if (!/[\ud800-\udfff]/.test(text)) return (point) => point;
  const starts = [];
  let at = 0;
  for (const character of text) { starts.push(at); at += character.length; }
  starts.push(at);
  return (point) => starts[Math.min(point, starts.length - 1)];
}

/** Where words begin and end; null where the tokens are not the text. */
export function boundaries(text, tokens) {
  if (tokens.join("") !== text) return null;
  const found = new Set([0]);
  let at = 0;
  for (const token of tokens) { at += token.length; found.add(at); }
  return found;
}

/** [[start, end], …] of a keyword, whatever its case and the spaces in it; those that are whole words, if there are any. */
export function occurrences(text, keyword, limits = null) {
  const parts = keyword.trim().split(/\s+/).map((word) => word.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"));
  if (!parts[0]) return [];
  const found = [...text.matchAll(new RegExp(parts.join("\\s+"), "giu"))].map((one) => [one.index, one.index + one[0].length]);
  const whole = limits ? found.filter(([start, end]) => limits.has(start) && limits.has(end)) : [];
  return whole.length ? whole : found;
}

/** The text as nodes. spans: [{start, end, …}], which may overlap; make: the element of the spans over a piece of text. */
export function marked(text, spans, make) {
  const cuts = [...new Set([0, text.length, ...spans.flatMap((span) => [span.start, span.end])])].sort((a, b) => a - b);
  const sorted = [...spans].sort((a, b) => a.start - b.start), nodes = [];
  let next = 0, open = [];
  for (let place = 0; place + 1 < cuts.length; place++) {
    const [start, end] = [cuts[place], cuts[place + 1]];
    while (next < sorted.length && sorted[next].start <= start) open.push(sorted[next++]);
    open = open.filter((span) => span.end > start);
    const piece = text.slice(start, end);
    nodes.push(open.length ? make(open, piece) : piece);
  }
  return nodes;
}

/** 1 to 5: how deep a colour is. */
export const depth = (value, most) => Math.max(1, Math.min(5, Math.ceil(5 * Math.sqrt(Math.abs(value) / (most || 1)))));

/** One of several things is lit at a time, for as long as the pointer or the focus is on it, or until it is let go. */
export class Light {
  constructor(...roots) {
    this.roots = roots;
    this.parts = new Map();
    this.held = null;
    this.changed = () => {};
  }

  /** Light `key` when this element is pointed at; hold it when it is clicked, if `holds`. */
  add(key, element, { points = true, holds = true } = {}) {
    if (!this.parts.has(key)) this.parts.set(key, []);
    this.parts.get(key).push(element);
    if (points) {
      element.addEventListener("pointerenter", () => this.show(key));
      element.addEventListener("pointerleave", () => this.show(this.held));
    }
    if (holds) element.addEventListener("click", () => this.hold(this.held === key ? null : key));
    return element;
  }

  hold(key) {
    this.held = key;
    this.show(key);
    for (const [other, elements] of this.parts) {
      for (const element of elements) if (element.hasAttribute("aria-pressed")) element.setAttribute("aria-pressed", String(other === key));
    }
    this.changed(key);
  }

  show(key) {
    for (const root of this.roots) root.classList.toggle("lit", key !== null);
    if (this.last) for (const element of this.last) element.classList.remove("on");
    this.last = key === null ? null : this.parts.get(key) || [];
    if (this.last) for (const element of this.last) element.classList.add("on");
    this.pointed?.(key);
  }
}

/** A row of a ranked list: a button with a bar behind the word. */
export const row = (values, share, word, ...figures) => h("li", {}, h("button", { type: "button", class: "row", "aria-pressed": "false", share, ...values },
  h("bdi", { class: "row-word" }, word), ...figures.map((figure) => h("span", { class: "figure" }, figure))));
