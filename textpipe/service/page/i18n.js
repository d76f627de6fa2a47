// The language of the page. Results and messages of the service stay as they are.

import { remember } from "./dom.js";
import { STRINGS } from "./strings.js";

export let language = document.documentElement.lang.startsWith("zh") ? "zh" : "en";

/** A text in the page's language; {name} stands for a value. */
export function t(key, values = {}) {
  const text = STRINGS[key][language === "zh" ? 1 : 0];
  return text.replace(/\{(\w+)\}/g, (_all, name) => String(values[name]));
}

export const number = (value, digits = 0) => value.toLocaleString(language, { maximumFractionDigits: digits });
export const percent = (value) => value.toLocaleString(language, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
export const decimals = (value, digits = 3) => value.toFixed(digits).replace("-", "−");

export function bytes(value) {
  const units = ["B", "KB", "MB", "GB"], power = value ? Math.min(3, Math.floor(Math.log10(value) / 3)) : 0;
  return `${number(value / 1000 ** power, power ? 1 : 0)} ${units[power]}`;
}

export function translate(root = document) {
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
  for (const element of root.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of root.querySelectorAll("[data-t-label]")) element.setAttribute("aria-label", t(element.dataset.tLabel));
}

export function speak(wanted) {
  language = wanted;
  remember("textpipe-language", wanted);
  translate();
}
