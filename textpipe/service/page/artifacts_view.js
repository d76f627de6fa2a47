// The artifacts of the store: a list, and of one its lineage, its metrics and how it was made.

import { artifacts, get } from "./api.js";
import { h, part, svg } from "./dom.js";
import { bytes, number, t } from "./i18n.js";
import { addressesOf, drawLineage, idOf } from "./lineage.js";
import { notice } from "./notices.js";

const DEEPEST = 60, MANY = 16;  // artifacts of a lineage; figures that are folded away
const FIRST = ["classifier", "embeddings"];  // kinds that people look for
const state = { list: null, kind: "", id: "", shown: null, failed: null, asking: 0 };

export async function showArtifacts(id) {
  const asking = ++state.asking;
  Object.assign(state, { id, failed: null });
  try {
    state.list = await artifacts(state.list === null || !id);
    redrawArtifacts();
    if (id && state.shown?.id !== id) {
      part("artifact").setAttribute("aria-busy", "true");
      const lineage = await ancestry(id);
      if (asking !== state.asking) return;
      state.shown = { id, lineage };
    }
    if (!id) state.shown = null;
  } catch (error) {
    if (asking !== state.asking) return;
    Object.assign(state, { failed: error, shown: null });
  }
  part("artifact").setAttribute("aria-busy", "false");
  redrawArtifacts();
  if (id && matchMedia("(max-width: 60rem)").matches) part("artifact").scrollIntoView({ block: "start" });
}

/** The artifact and all that it was made from: Map of id → what the service says of it. */
async function ancestry(id) {
  const ask = (one) => get(`v1/artifacts/${encodeURIComponent(one)}`);
  const first = await ask(id), found = new Map([[id, first]]), asked = new Set([id]);
  let level = [first];
  while (level.length) {
    const wanted = new Set(level.flatMap((one) => addressesOf(one.manifest)).map(idOf));
    const next = [...wanted].filter((one) => !asked.has(one)).slice(0, DEEPEST - asked.size);
    for (const one of next) asked.add(one);
    const answers = await Promise.all(next.map((one) => ask(one).catch(() => null)));  // null: no longer in the store
    answers.forEach((answer, place) => { if (answer) found.set(next[place], answer); });
    level = answers.filter(Boolean);
  }
  return found;
}

export function redrawArtifacts() {
  const list = state.list || [], kinds = [...new Set(list.map((one) => one.kind))].sort();
  part("artifacts-notice").replaceChildren(...(state.failed ? [notice(state.failed, () => showArtifacts(state.id))] : []));
  part("kinds").replaceChildren(h("option", { value: "" }, t("all_kinds")), ...kinds.map((kind) => h("option", { value: kind, selected: kind === state.kind }, kind)));
  part("kinds").onchange = () => { state.kind = part("kinds").value; redrawArtifacts(); };
  part("artifact-list").replaceChildren(...(list.length ? listed(list) : state.list ? [nothing()] : []));
  part("artifact").replaceChildren(...(state.shown ? detail(state.shown) : list.length && !state.id ? [h("p", { class: "empty card" }, t("choose_artifact"))] : []));
}

const nothing = () => h("div", { class: "empty" }, h("p", {}, t("empty_store")), h("p", {}, h("code", {}, "textpipe train-classifier LABELLED.tsv --name NAME")));

const day = (made) => made ? made.slice(0, 16).replace("T", " ") : "";

function listed(list) {
  const shown = list.filter((one) => !state.kind || one.kind === state.kind), groups = new Map();
  for (const one of shown) groups.set(one.kind, [...(groups.get(one.kind) || []), one]);
  const order = (kind) => `${FIRST.includes(kind) ? FIRST.indexOf(kind) : FIRST.length} ${kind}`;
  return [...groups].sort(([a], [b]) => order(a) < order(b) ? -1 : 1).map(([kind, members]) => h("section", {}, h("h3", {}, kind, h("span", { class: "soft" }, ` ${number(members.length)}`)),
    h("ul", { class: "artifacts" }, members.map((one) => h("li", {},
      h("a", { href: `#artifacts/${one.id}`, "aria-current": one.id === state.id ? "true" : null },
        h("span", { class: "artifact-name" }, h("bdi", {}, one.name || one.id.slice(0, 12))),
        h("span", { class: "soft" }, [headline(one.metrics), day(one.made || one.created)].filter(Boolean).join(" · "))))))));
}

/** The one figure that says most of an artifact. */
function headline(metrics = {}) {
  const valid = metrics.valid || {};
  for (const [name, value] of [["accuracy", valid.accuracy], ["micro F1", valid.micro_f1], ["macro F1", valid.macro_f1]]) {
    if (typeof value === "number") return `${name} ${number(value, 3)}`;
  }
  for (const [name, key] of [["words", "words"], ["tokens", "tokens"], ["documents", "documents"]]) {
    if (typeof metrics[key] === "number") return t(`n_${name}`, { count: number(metrics[key]) });
  }
  return "";
}

// ---- one artifact

function detail({ id, lineage }) {
  const { manifest, names } = lineage.get(id);
  const size = Object.values(manifest.outputs).reduce((sum, file) => sum + file.size, 0);
  const metrics = flat(manifest.metrics), lists = series(manifest.metrics), title = (names || [])[0] || manifest.id.slice(0, 12);
  return [
    h("section", { class: "card" },
      h("div", { class: "card-head" }, h("h2", { class: "big" }, h("bdi", {}, title)), h("span", { class: "badge" }, manifest.kind)),
      h("dl", { class: "facts" }, [
        ["names", (names || []).join(t("comma")) || "–"], ["id", manifest.id], ["stage", `${manifest.stage} ${manifest.version}`],
        ["made", day(manifest.created)], ["size", bytes(size)],
      ].map(([name, value]) => h("div", {}, h("dt", {}, t(name)), h("dd", {}, h("bdi", {}, value)))))),
    h("section", { class: "card" }, h("div", { class: "card-head" }, h("h2", { class: "title" }, t("lineage"))), drawLineage(id, lineage)),
    metrics.length || lists.length ? h("section", { class: "card" }, h("div", { class: "card-head" }, h("h2", { class: "title" }, t("metrics"))),
      figures(manifest.metrics), lists.map(curve), labelCounts(manifest.metrics.data?.labels), metrics.length > MANY
        ? h("details", { class: "folded" }, h("summary", {}, t("all_figures")), pairs(metrics)) : pairs(metrics)) : null,
    h("section", { class: "card" }, h("div", { class: "card-head" }, h("h2", { class: "title" }, t("recipe"))), pairs(flat(manifest.params))),
    h("details", { class: "card folded" }, h("summary", { class: "title" }, t("files")),
      pairs(Object.entries(manifest.outputs).map(([name, file]) => [name, bytes(file.size)]))),
    h("details", { class: "card folded" }, h("summary", { class: "title" }, t("environment")), pairs(flat(manifest.environment))),
  ].filter(Boolean);
}

/** Nested values as [path, text]; lists of numbers or records are drawn, not listed. */
function flat(value, path = "") {
  if (Array.isArray(value)) {
    if (value.some((one) => typeof one === "object" && one !== null)) return [];
    return value.length ? [[path, value.length > 12 ? `${value.slice(0, 12).join(", ")} … (${number(value.length)})` : value.join(", ")]] : [];
  }
  if (value && typeof value === "object") return Object.entries(value).flatMap(([key, inner]) => flat(inner, path ? `${path} › ${key}` : key));
  if (value === null || value === "") return [];
  return [[path, typeof value === "number" ? number(value, Math.abs(value) < 10 ? 4 : 1) : String(value)]];
}

/** What is measured each epoch: [{name, values}] */
function series(metrics) {
  return Object.values(metrics).filter((list) => Array.isArray(list) && list.length > 1 && typeof list[0] === "object").flatMap((list) => {
    const rows = list.map((row) => Object.fromEntries(flat2(row)));
    return Object.keys(rows[0]).filter((name) => /loss|accuracy|f1/.test(name) && rows.every((row) => Number.isFinite(row[name])))
      .slice(0, 4).map((name) => ({ name, values: rows.map((row) => row[name]) }));
  });
}

const flat2 = (row, path = "") => Object.entries(row).flatMap(([key, value]) => value && typeof value === "object" && !Array.isArray(value)
  ? flat2(value, `${path}${key} › `) : typeof value === "number" ? [[`${path}${key}`, value]] : []);

/** Names and values, in as many columns as there is room for. */
function pairs(rows) {
  if (!rows.length) return h("p", { class: "empty" }, "–");
  return h("dl", { class: "pairs" }, rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, h("bdi", {}, value)))));
}

/** The figures that say most, large. */
function figures(metrics) {
  const valid = metrics.valid || {}, wanted = [["accuracy", valid.accuracy], ["macro F1", valid.macro_f1], ["micro F1", valid.micro_f1],
    [t("figure_words"), metrics.words], [t("figure_tokens"), metrics.tokens], [t("figure_documents"), metrics.documents]];
  const known = wanted.filter(([, value]) => typeof value === "number").slice(0, 4);
  return known.length ? h("dl", { class: "figures" }, known.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, number(value, 3))))) : null;
}

/** How many texts each label had, the most first. */
function labelCounts(labels) {
  if (!labels || typeof labels !== "object") return null;
  const counts = Object.entries(labels).filter(([, count]) => typeof count === "number").sort((a, b) => b[1] - a[1]).slice(0, 30);
  if (!counts.length) return null;
  return h("div", {}, h("h3", { class: "sub" }, t("texts_of_labels")), h("ul", { class: "rows two counts" }, counts.map(([label, count]) => h("li", {},
    h("span", { class: "row", share: count / counts[0][1] }, h("bdi", { class: "row-word" }, label), h("span", { class: "figure" }, number(count)))))));
}

function curve({ name, values }) {
  const width = 320, height = 84, low = Math.min(...values), high = Math.max(...values), span = high - low || 1;
  const points = values.map((value, place) => `${(6 + place / (values.length - 1) * (width - 12)).toFixed(1)},${(6 + (high - value) / span * (height - 12)).toFixed(1)}`);
  const shown = (value) => number(value, 4);
  return h("figure", { class: "curve" }, h("figcaption", {}, h("strong", {}, name), " ", h("span", { class: "soft" }, t("epochs", { from: shown(values[0]), to: shown(values.at(-1)), count: number(values.length) }))),
    svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${name}: ${shown(values[0])} → ${shown(values.at(-1))}` }, svg("polyline", { points: points.join(" ") }),
      svg("circle", { cx: points.at(-1).split(",")[0], cy: points.at(-1).split(",")[1], r: 4 })));
}
