// The text, and what is found in it.

import { wellFormed } from "./api.js";
import { classes } from "./classes.js";
import { button, h, part, tell } from "./dom.js";
import { number, t } from "./i18n.js";
import { keywords } from "./keywords.js";
import { notice, sameElsewhere } from "./notices.js";
import { SAMPLES } from "./samples.js";
import { sentences } from "./sentences.js";
import { tokens } from "./tokens.js";

const MODES = { keywords, classes, sentences, tokens };
const PAUSE = 700;  // milliseconds after the last key
const LARGEST_FILE = 8_000_000;  // bytes
const state = { mode: "keywords", shown: null, light: null, asking: null, timer: 0 };
const area = part("text");

export function startText() {
  area.addEventListener("input", (event) => {
    count();
    clearTimeout(state.timer);
    if (!event.isComposing) state.timer = setTimeout(analyse, event.inputType === "insertFromPaste" ? 0 : PAUSE);
  });
  area.addEventListener("compositionend", () => { state.timer = setTimeout(analyse, PAUSE); });
  area.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) analyse(); });
  part("analyse").addEventListener("click", analyse);
  part("clear").addEventListener("click", () => { put(""); area.focus(); });
  part("open").addEventListener("click", () => part("file").click());
  part("file").addEventListener("change", () => { take(part("file").files[0]); part("file").value = ""; });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") state.light?.hold(null); });
  listenForDrops();
  let width = innerWidth;
  addEventListener("resize", () => {
    if (Math.abs(innerWidth - width) < 40) return;
    width = innerWidth;
    clearTimeout(state.resized);
    state.resized = setTimeout(draw, 200);
  });
}

/** Show a mode; what was found before is kept where the text is the same. */
export function showText(mode) {
  state.mode = mode in MODES ? mode : "keywords";
  for (const link of document.querySelectorAll("[data-mode]")) {
    if (link.dataset.mode === state.mode) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  redrawText();
  analyse();
}

/** In the language of the page, with the colours of the page. */
export function redrawText() {
  count();
  area.placeholder = t("placeholder");
  part("reading-title").textContent = t(state.mode === "keywords" ? "marked_keywords" : state.mode === "classes" ? "marked_classes"
    : state.mode === "sentences" ? "marked_sentences" : "marked_tokens");
  draw();
}

function put(text) {
  area.value = text;
  count();
  analyse();
}

function count() {
  part("count").textContent = t("count", { count: number([...area.value].length) });
  part("clear").disabled = !area.value;
}

async function analyse() {
  clearTimeout(state.timer);
  state.asking?.abort();
  const text = wellFormed(area.value), mode = MODES[state.mode], key = JSON.stringify([state.mode, text, mode.settings]);
  if (!text.trim()) { state.shown = null; busy(false); draw(); return; }
  if (state.shown?.key === key) return;
  const asking = state.asking = new AbortController();
  busy(true);
  try {
    const data = await mode.ask(text, asking.signal);
    if (asking.signal.aborted) return;
    state.shown = { key: JSON.stringify([state.mode, text, mode.settings]), mode: state.mode, data };
    state.failed = null;
  } catch (error) {
    if (asking.signal.aborted) return;
    state.shown = null;
    state.failed = error;
  }
  busy(false);
  draw();
}

function busy(is) {
  part("reading").setAttribute("aria-busy", String(is));
  part("findings").setAttribute("aria-busy", String(is));
}

function draw() {
  const reader = part("reader"), legend = part("legend"), findings = part("findings"), mode = MODES[state.mode];
  const current = state.shown?.mode === state.mode ? state.shown : null;
  state.light = null;
  reader.className = "reader";
  part("options").replaceChildren(...mode.options(again, current?.data));
  if (current && shown(mode, current.data, { reader, legend, findings })) return;
  legend.replaceChildren();
  findings.replaceChildren();
  if (!area.value.trim()) reader.replaceChildren(empty());
  else if (state.failed && part("reading").getAttribute("aria-busy") !== "true") {
    reader.replaceChildren(notice(state.failed, analyse));
    tell(t("failed"));
  } else reader.replaceChildren(area.value);
}

function shown(mode, data, parts) {
  try {
    state.light = mode.show(data, parts, again);
    parts.findings.append(sameElsewhere(mode.request(data.text), mode.command()));
    return true;
  } catch (error) {
    Object.assign(state, { shown: null, failed: error });
    return false;
  }
}

function again() {
  draw();
  analyse();
}

function empty() {
  return h("div", { class: "empty" }, h("p", {}, t("nothing_yet")), h("p", { class: "samples" },
    SAMPLES.map(({ lang, name, text }) => button({ class: "chip", lang, on: { click: () => put(text) } }, name))));
}

// ---- files

function listenForDrops() {
  const drop = part("drop");
  let inside = 0;
  const over = (more) => { inside = Math.max(0, inside + more); drop.classList.toggle("over", inside > 0); };
  addEventListener("dragenter", (event) => { if (event.dataTransfer?.types.includes("Files")) over(1); });
  addEventListener("dragleave", (event) => { if (event.dataTransfer?.types.includes("Files")) over(-1); });
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    inside = 0;
    over(0);
    event.preventDefault();
    const file = event.dataTransfer.files[0], text = event.dataTransfer.getData("text/plain");
    if (file) take(file);
    else if (text) put(text);
  });
}

async function take(file) {
  if (!file) return;
  part("banner").replaceChildren();
  const say = (text) => part("banner").replaceChildren(h("p", { class: "notice" }, text,
    button({ class: "quiet", on: { click: () => part("banner").replaceChildren() } }, t("close"))));
  if (file.size > LARGEST_FILE) return say(t("file_too_large", { name: file.name }));
  const data = await file.arrayBuffer(), found = decoded(new Uint8Array(data));
  if (!found) return say(t("no_text", { name: file.name }));
  if (found.encoding !== "utf-8") say(t("read_as", { name: file.name, encoding: found.encoding.toUpperCase() }));
  put(found.text);
}

/** By its byte order mark, as UTF-8, else as GB18030; null for what is no text. */
function decoded(data) {
  const marks = [["utf-16le", [0xff, 0xfe]], ["utf-16be", [0xfe, 0xff]]];
  const mark = marks.find(([, start]) => start.every((byte, place) => data[place] === byte));
  for (const encoding of mark ? [mark[0]] : ["utf-8", "gb18030"]) {
    try {
      const text = new TextDecoder(encoding, { fatal: true }).decode(data);
      return text.includes("\0") ? null : { text: text.replace(/\r\n?/g, "\n"), encoding };
    } catch { /* another encoding */ }
  }
  return null;
}
