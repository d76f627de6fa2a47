// Classification: the labels and their probabilities, and the words that carried the decision.

import { artifacts, called, post, records, title } from "./api.js";
import { button, choice, h, tell } from "./dom.js";
import { depth, Light, marked, places, row } from "./highlight.js";
import { decimals, number, percent, t } from "./i18n.js";

const TOP = 10, WORDS = 400, SHOWN = 14;
const settings = { model: "", label: "" };

export const classes = {
  settings,
  request: (text) => ["v1/classify", { text, model: settings.model || undefined, top: TOP }],
  command: () => `textpipe classify FILE --model ${settings.model || "latest"} --top ${TOP}`,

  async ask(text, signal) {
    const models = (await artifacts()).filter((one) => one.kind === "classifier");
    if (models.length && !models.some((one) => called(one) === settings.model)) {
      settings.model = called(models.find((one) => one.name) || models[0]);
    }
    const [found, all, why] = await Promise.all([
      post(...this.request(text), signal),
      post("v1/classify", { text, model: settings.model || undefined, top: TOP, threshold: 0 }, signal),
      post("v1/explain", { text, model: settings.model || undefined, label: settings.label || undefined, top: WORDS }, signal),
    ]);
    return { text, models, record: records(found)[0], all: records(all)[0].labels, why: records(why)[0] };
  },

  options(again, data) {
    const models = data?.models || [];
    if (!models.length) return [];
    return [choice(t("classifier"), models.map((one) => [called(one), title(one)]), settings.model,
      (value) => { Object.assign(settings, { model: value, label: "" }); again(); })];
  },

  show(data, { reader, legend, findings }, again) {
    const { text, record, why } = data, light = new Light(reader, findings), at = places(text);
    const words = together(why.tokens), most = Math.max(...words.map((word) => Math.abs(word.value)), 1e-9);
    const tokenMost = Math.max(...why.tokens.map((token) => Math.abs(token.value)), 1e-9);
    const spans = why.tokens.filter((token) => token.value).map((token) => ({ ...token, start: at(token.start), end: at(token.end) }));
    reader.replaceChildren(...marked(text, spans, (over, piece) => {
      const { value, text: word } = over[0];
      const name = `${value > 0 ? "for" : "against"}${depth(value, tokenMost)}`;
      return light.add(word, h("mark", { class: name, title: `${value > 0 ? "+" : ""}${decimals(value)}` }, piece));
    }));
    const scale = (side, levels) => levels.map((level) => h("mark", { class: `${side}${level} swatch`, "aria-hidden": "true" }, " "));
    legend.replaceChildren(h("span", { class: "soft" }, t("speaks_against")), ...scale("against", [5, 3, 1]), ...scale("for", [1, 3, 5]),
      h("span", { class: "soft" }, t("speaks_for", { label: why.label })));
    findings.replaceChildren(labelCard(record, data.all, why, again), carriedCard(words.slice(0, SHOWN), most, why, light));
    tell(record.label === null ? t("no_label") : t("told_label", { label: record.label, share: percent(record.score) }));
    return light;
  },
};

/** Words with the sum of their values at all their places, the strongest first. */
function together(tokens) {
  const sums = new Map();
  for (const { text, value } of tokens) {
    const one = sums.get(text) || { text, value: 0, count: 0 };
    one.value += value;
    one.count++;
    sums.set(text, one);
  }
  return [...sums.values()].filter((one) => one.value).sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
}

function labelCard(record, all, why, again) {
  const explain = (label) => () => { settings.label = label; again(); };
  const given = new Set(record.label === null ? [] : record.labels.map((one) => one.label));
  const rows = all.map(({ label, score }) => {
    const item = row({ on: { click: explain(label) }, title: t("why_label", { label }) }, score, label, given.has(label) && record.labels.length < all.length ? "✓" : "", percent(score));
    item.firstChild.setAttribute("aria-pressed", String(label === why.label));
    return item;
  });
  const head = record.label === null
    ? h("p", { class: "verdict" }, h("strong", {}, t("no_label")), h("span", { class: "soft" }, t("likeliest_is", { share: percent(record.score) })))
    : h("p", { class: "verdict" }, h("strong", {}, h("bdi", {}, record.label)), h("span", { class: "soft" }, percent(record.score)));
  return h("section", { class: "card" }, h("div", { class: "card-head" }, h("h2", { class: "title" }, t("label"))), head,
    h("ol", { class: "rows probabilities" }, rows), rows.length > 1 ? h("p", { class: "soft small" }, t("labels_note")) : null);
}

function carriedCard(words, most, why, light) {
  const rows = words.map(({ text, value, count }) => {
    const side = value > 0 ? "for" : "against";
    const item = row({ class: `row signed ${side}` }, Math.abs(value) / most, text, count > 1 ? `${number(count)}×` : "", `${value > 0 ? "+" : ""}${decimals(value)}`);
    light.add(text, item.firstChild);
    return item;
  });
  const all = why.decision - why.base;
  return h("section", { class: "card wide" },
    h("div", { class: "card-head" }, h("h2", { class: "title" }, t("carried", { label: why.label })), h("span", { class: "soft" }, percent(why.score))),
    rows.length ? h("ol", { class: "rows" }, rows) : h("p", { class: "empty" }, t("nothing_carried")),
    h("p", { class: "soft small" }, t("sum", { base: decimals(why.base, 2), words: decimals(all, 2), decision: decimals(why.decision, 2) }), " ", t(why.method in METHODS ? METHODS[why.method] : "method_exact")));
}

const METHODS = { exact: "method_exact", gradients: "method_gradients", occlusion: "method_occlusion" };
