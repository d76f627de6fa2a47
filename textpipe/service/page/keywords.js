// Keywords: marked in the text, ranked in a list, and the graph of the words that occur together.

import { post, records } from "./api.js";
import { choice, h, tell } from "./dom.js";
import { drawGraph } from "./graph.js";
import { boundaries, depth, Light, marked, occurrences, row } from "./highlight.js";
import { decimals, number, t } from "./i18n.js";

const settings = { method: "phrases", top: "20" };
const folded = (word) => word.normalize("NFKC").toLowerCase();

export const keywords = {
  settings,
  request: (text) => ["v1/keywords", { text, method: settings.method, top: Number(settings.top) }],
  command: () => `textpipe keywords FILE --method ${settings.method} --top ${settings.top}`,

  async ask(text, signal) {
    const nodes = innerWidth < 600 ? 18 : 28;
    const [found, graph, tokens] = await Promise.all([
      post(...this.request(text), signal), post("v1/graph", { text, top: nodes }, signal), post("v1/tokenize", { text }, signal),
    ]);
    return { text, keywords: records(found)[0].keywords, graph, tokens: records(tokens)[0].tokens };
  },

  options: (again) => [
    choice(t("method"), [["phrases", t("phrases")], ["tfidf", "TF-IDF"], ["textrank", "TextRank"]], settings.method,
      (value) => { settings.method = value; again(); }),
    choice(t("how_many"), ["10", "20", "40"].map((one) => [one, one]), settings.top, (value) => { settings.top = value; again(); }),
  ],

  show(data, { reader, legend, findings }) {
    const light = new Light(reader, findings), limits = boundaries(data.text, data.tokens);
    const most = Math.max(...data.keywords.map((one) => one.score), 1e-9), spans = [], seen = new Set();
    const find = (word, level) => {
      const key = folded(word);
      if (seen.has(key)) return;
      seen.add(key);
      for (const [start, end] of occurrences(data.text, word, limits)) spans.push({ start, end, key, level });
    };
    for (const one of data.keywords) find(one.text, depth(one.score, most));
    for (const node of data.graph.nodes) find(node.text, 0);  // dark until they are lit
    reader.replaceChildren(...marked(data.text, spans, (over, piece) => {
      const best = over.reduce((one, other) => other.level > one.level ? other : one);
      const element = h("mark", { class: `k${best.level}` }, piece);
      for (const span of over) light.add(span.key, element, { points: span === best, holds: span === best });
      return element;
    }));
    legend.replaceChildren(h("span", { class: "soft" }, t("less")),
      ...[1, 2, 3, 4, 5].map((level) => h("mark", { class: `k${level} swatch`, "aria-hidden": "true" }, " ")), h("span", { class: "soft" }, t("more")));

    const list = h("ol", { class: "rows ranked" }, data.keywords.map((one) => {
      const item = row({}, one.score / most, one.text, decimals(one.score), `${number(one.count)}×`);
      light.add(folded(one.text), item.firstChild);
      return item;
    }));
    const box = h("div", { class: "graph-box" }), graphCard = h("section", { class: "card wide" },
      h("div", { class: "card-head" }, h("h2", { class: "title" }, t("graph"))), box);
    findings.replaceChildren(
      h("section", { class: "card" },
        h("div", { class: "card-head" }, h("h2", { class: "title" }, t("keywords")), h("span", { class: "soft" }, t("score_count"))),
        data.keywords.length ? list : h("p", { class: "empty" }, t("no_keywords"))), graphCard);
    if (data.graph.nodes.length > 1) graphCard.append(drawGraph(box, data.graph, folded, light));
    else box.append(h("p", { class: "empty" }, t("no_graph")));
    light.changed = (key) => {
      if (key === null) return;
      const first = reader.querySelector("mark.on");
      if (first) reader.scrollTop += first.getBoundingClientRect().top - reader.getBoundingClientRect().top - reader.clientHeight / 3;
      tell(t("lit", { count: number(spans.filter((span) => span.key === key).length) }));
    };
    tell(t("told_keywords", { words: data.keywords.slice(0, 5).map((one) => one.text).join(t("comma")) }));
    return light;
  },
};
