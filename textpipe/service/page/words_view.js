// Word vectors: the nearest words of a word, and the map of the most frequent ones.

import { artifacts, called, post, records, title } from "./api.js";
import { button, h, part, tell } from "./dom.js";
import { row } from "./highlight.js";
import { decimals, number, t } from "./i18n.js";
import { WordMap } from "./map.js";
import { notice } from "./notices.js";

const NEAREST = 15, LISTED = 300, TRAIL = 8;
const state = { models: null, model: "", maps: new Map(), found: null, word: "", trail: [], failed: null, asking: 0 };
let map = null;

export function startWords() {
  map = new WordMap(part("stage"), { choose: (word) => go(word) });
  part("search").addEventListener("submit", (event) => {
    event.preventDefault();
    const word = part("word").value.trim();
    if (word) go(word);
  });
  part("vectors").addEventListener("change", () => {
    state.model = part("vectors").value;
    state.word = "";
    open(part("word").value.trim());
  });
}

const go = (word) => {
  const hash = `#words/${encodeURIComponent(word)}`;
  if (location.hash === hash) open(word);
  else location.hash = hash;
};

export async function showWords(word) {
  part("word").value = word;
  await open(word);
}

async function open(word) {
  const asking = ++state.asking;
  state.failed = null;
  try {
    const models = (await artifacts()).filter((one) => one.kind === "embeddings");
    state.models = models;
    if (!models.some((one) => called(one) === state.model)) state.model = models.length ? called(models.find((one) => one.name) || models[0]) : "";
    redrawWords();
    if (!models.length) await post("v1/similar", { text: "词" });  // its error says how to make some
    part("stage").setAttribute("aria-busy", "true");
    const [, found] = await Promise.all([openMap(asking), word ? similar(word) : null]);
    if (asking !== state.asking) return;
    if (found) {
      state.found = found;
      state.word = word;
      state.trail = [word, ...state.trail.filter((one) => one !== word)].slice(0, TRAIL);
      tell(t("told_near", { word, near: found.neighbours.slice(0, 5).map((one) => one.word).join(t("comma")) }));
    } else if (!word) Object.assign(state, { found: null, word: "" });
  } catch (error) {
    if (asking !== state.asking) return;
    Object.assign(state, { failed: error, found: null, word: "" });
  }
  part("stage").setAttribute("aria-busy", "false");
  redrawWords();
}

async function similar(word) {
  return records(await post("v1/similar", { text: word, model: state.model, top: NEAREST }))[0];
}

async function openMap(asking) {
  const { model } = state;
  if (!state.maps.has(model)) state.maps.set(model, (await post("v1/map", { model })).words);
  if (asking === state.asking && map.model !== model) {
    map.model = model;
    map.load(state.maps.get(model));
  }
}

export function recolourWords() {
  map?.dress();
}

export function redrawWords() {
  const models = state.models || [], words = state.maps.get(state.model) || [];
  part("vectors").replaceChildren(...models.map((one) => h("option", { value: called(one), selected: called(one) === state.model }, title(one))));
  part("search").hidden = state.models !== null && !models.length;
  document.querySelector(".words-columns").hidden = !models.length;
  part("words-notice").replaceChildren(...(state.failed ? [notice(state.failed, () => open(part("word").value.trim())), ...alike(state.failed)] : []));
  part("map-note").textContent = words.length ? t("map_note", { count: number(words.length) }) : "";
  part("known").replaceChildren(...words.slice(0, LISTED).map((one) => h("option", { value: one.word })));
  map.speak(state.found ? [state.word, ...state.found.neighbours.map((one) => one.word)] : []);
  part("clusters").replaceChildren(...map.clusters().map(({ cluster, words: shown }) => h("li", {},
    button({ class: `cluster c${cluster}`, "aria-pressed": String(map.lit === cluster), on: { click: () => { map.light(cluster); redrawWords(); } } },
      h("span", { class: "dot", "aria-hidden": "true" }), h("bdi", {}, shown.join(" · "))))));
  part("near").replaceChildren(...near());
}

// words of near spelling, which the service names in its hint
function alike(error) {
  const [, listed] = /^near spellings: (.+)$/.exec(error.hint || "") || [];
  if (!listed) return [];
  return [h("p", { class: "chips" }, listed.split(", ").map((word) => button({ class: "chip", on: { click: () => go(word) } }, h("bdi", {}, word))))];
}

function near() {
  const trail = state.trail.filter((word) => word !== state.word);
  const before = trail.length ? h("p", { class: "chips" }, h("span", { class: "soft small" }, t("before")),
    trail.map((word) => button({ class: "chip", on: { click: () => go(word) } }, h("bdi", {}, word)))) : null;
  if (!state.found) return [h("p", { class: "empty" }, t("no_word_yet")), before].filter(Boolean);
  const { neighbours } = state.found;
  return [
    h("p", { class: "verdict" }, h("strong", {}, h("bdi", {}, state.word)), h("span", { class: "soft" }, t("cosine"))),
    neighbours.length ? h("ol", { class: "rows" }, neighbours.map((one) => {
      const item = row({ on: { click: () => go(one.word) } }, Math.max(0, one.score), one.word, decimals(one.score));
      item.firstChild.removeAttribute("aria-pressed");
      item.firstChild.addEventListener("pointerenter", () => map.point(one.word));
      item.firstChild.addEventListener("pointerleave", () => map.point(null));
      return item;
    })) : h("p", { class: "empty" }, t("no_neighbours")), before,
  ].filter(Boolean);
}

