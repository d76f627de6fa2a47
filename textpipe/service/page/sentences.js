// The sentences that say most.

import { post, records } from "./api.js";
import { choice, h, tell } from "./dom.js";
import { Light, marked, places } from "./highlight.js";
import { decimals, t } from "./i18n.js";

const settings = { sentences: "3" };

export const sentences = {
  settings,
  request: (text) => ["v1/summarize", { text, sentences: Number(settings.sentences) }],
  command: () => `textpipe summarize FILE --sentences ${settings.sentences}`,

  async ask(text, signal) {
    return { text, sentences: records(await post(...this.request(text), signal))[0].sentences };
  },

  options: (again) => [choice(t("how_many"), ["1", "2", "3", "5", "8"].map((one) => [one, one]), settings.sentences,
    (value) => { settings.sentences = value; again(); })],

  show(data, { reader, legend, findings }) {
    const light = new Light(reader, findings), at = places(data.text);
    const spans = data.sentences.map((one) => ({ start: at(one.start), end: at(one.end), key: one.position }));
    reader.replaceChildren(...marked(data.text, spans, (over, piece) => light.add(over[0].key, h("mark", { class: "sentence" }, piece))));
    legend.replaceChildren(h("span", { class: "soft" }, t("sentences_note")));
    const items = data.sentences.map((one) => h("li", {}, light.add(one.position, h("button", { type: "button", class: "quote", "aria-pressed": "false" },
      h("bdi", {}, one.text.trim()), h("span", { class: "soft" }, t("sentence_place", { place: one.position, score: decimals(one.score) }))))));
    findings.replaceChildren(h("section", { class: "card full" }, h("div", { class: "card-head" }, h("h2", { class: "title" }, t("sentences"))),
      items.length ? h("ol", { class: "quotes" }, items) : h("p", { class: "empty" }, t("no_sentences"))));
    tell(t("told_sentences", { count: data.sentences.length }));
    return light;
  },
};
