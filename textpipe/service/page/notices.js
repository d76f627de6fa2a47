// What went wrong and what helps; and the request that does the same without the page.

import { button, h } from "./dom.js";
import { t } from "./i18n.js";

/** An error of the service with its hint; again: tries once more */
export function notice(error, again) {
  const known = error.status !== undefined;
  const said = known && error.status === 0 ? t("unreachable") : known ? error.message : t("page_failed", { error: error.message || String(error) });
  return h("div", { class: "notice", role: "alert" }, h("p", {}, h("strong", {}, said)),
    known && error.hint ? h("p", {}, h("code", {}, error.hint)) : null,
    again ? h("p", {}, button({ class: "quiet", on: { click: () => again() } }, t("try_again"))) : null);
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const SHOWN = 160;

export function sameElsewhere([path, body], command) {
  const line = (text) => `curl -H 'Content-Type: application/json' -d ${quoted(JSON.stringify({ ...body, text }))} ${new URL(path, document.baseURI).href}`;
  const whole = line(body.text), short = body.text.length > SHOWN ? line(`${[...body.text].slice(0, SHOWN).join("")}…`) : whole;
  return h("details", { class: "elsewhere full" }, h("summary", {}, t("elsewhere")),
    copied(t("request"), short, whole), copied(t("command_line"), command, command));
}

function copied(name, shown, text) {
  const copy = button({ class: "quiet", on: { click: async () => {
    try { await navigator.clipboard.writeText(text); copy.textContent = t("copied"); } catch { copy.textContent = t("not_copied"); }
  } } }, t("copy"));
  return h("div", { class: "command" }, h("span", { class: "soft" }, name), copy, h("pre", { tabindex: 0 }, h("code", {}, shown)));
}
