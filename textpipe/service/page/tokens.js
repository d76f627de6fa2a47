// The words of a text, with their parts of speech.

import { post, records } from "./api.js";
import { h, tell } from "./dom.js";
import { Light, row } from "./highlight.js";
import { number, t } from "./i18n.js";

const MOST = 16;
// jieba's tags by their first letter, as people call them
const GROUPS = { n: "noun", v: "verb", a: "adjective", d: "adverb", m: "number", q: "number", t: "time", e: "english", x: "sign" };
const group = (tag) => tag.startsWith("eng") ? "english" : tag[0] === "e" ? "other" : GROUPS[tag[0]] || "other";
const ORDER = ["noun", "verb", "adjective", "adverb", "number", "time", "english", "other"];

export const tokens = {
  settings: {},
  request: (text) => ["v1/tokenize", { text, tags: true }],
  command: () => "textpipe tokenize FILE --tags --format jsonl",

  async ask(text, signal) {
    const record = records(await post(...this.request(text), signal))[0];
    return { text, tokens: record.tokens, tags: record.tags || record.tokens.map(() => "") };
  },

  options: () => [],

  show(data, { reader, legend, findings }) {
    const light = new Light(reader, findings), counts = new Map(), kinds = new Map();
    reader.replaceChildren(...data.tokens.map((token, place) => {
      if (!token.trim()) return token;
      const kind = data.tags[place] ? group(data.tags[place]) : "other";
      kinds.set(kind, (kinds.get(kind) || 0) + 1);
      const element = h("span", { class: `token t-${kind}`, title: data.tags[place] || null }, token);
      if (kind === "sign") return element;
      counts.set(token, (counts.get(token) || 0) + 1);
      return light.add(token, element);
    }));
    legend.replaceChildren(...ORDER.filter((kind) => kinds.get(kind)).map((kind) => h("span", { class: `token t-${kind}` }, t(kind), " ",
      h("span", { class: "soft" }, number(kinds.get(kind))))));
    const often = [...counts].sort((a, b) => b[1] - a[1]).slice(0, MOST), most = often.length ? often[0][1] : 1;
    const words = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const figures = [["characters", [...data.text].length], ["words_count", words], ["distinct", counts.size]];
    findings.replaceChildren(
      h("section", { class: "card" }, h("div", { class: "card-head" }, h("h2", { class: "title" }, t("figures"))),
        h("dl", { class: "figures" }, figures.map(([name, value]) => h("div", {}, h("dt", {}, t(name)), h("dd", {}, number(value)))))),
      h("section", { class: "card wide" }, h("div", { class: "card-head" }, h("h2", { class: "title" }, t("most_frequent"))),
        h("ol", { class: "rows two" }, often.map(([word, count]) => {
          const item = row({}, count / most, word, `${number(count)}×`);
          light.add(word, item.firstChild);
          return item;
        }))));
    tell(t("told_tokens", { count: number(words) }));
    return light;
  },
};
