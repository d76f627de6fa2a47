// The page: which part of it is shown, in which language and colours.

import { heard, useToken } from "./api.js";
import { redrawArtifacts, showArtifacts } from "./artifacts_view.js";
import { part, recall, remember, tell } from "./dom.js";
import { language, speak, t, translate } from "./i18n.js";
import { redrawText, showText, startText } from "./text_view.js";
import { redrawWords, recolourWords, showWords, startWords } from "./words_view.js";

const VIEWS = {
  text: { show: showText, redraw: redrawText },
  words: { show: showWords, redraw: redrawWords },
  artifacts: { show: showArtifacts, redraw: redrawArtifacts },
};
let view = "text";

/** `#words/北京`: the view and what it shows */
function route() {
  const [name, ...rest] = location.hash.slice(1).split("/");
  if (location.hash === "#main") return;
  view = name in VIEWS ? name : "text";
  for (const other of Object.keys(VIEWS)) part(`view-${other}`).hidden = other !== view;
  for (const link of document.querySelectorAll("[data-view]")) {
    if (link.dataset.view === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${t(view)} · textpipe`;
  VIEWS[view].show(decoded(rest.join("/")));
}

function decoded(text) {
  try { return decodeURIComponent(text); } catch { return ""; }
}

// ---- language and colours

function dress() {
  const dark = document.documentElement.dataset.theme === "dark";
  const toggle = part("theme");
  toggle.textContent = dark ? "☀" : "☾";
  toggle.setAttribute("aria-label", t(dark ? "make_light" : "make_dark"));
  toggle.title = t(dark ? "make_light" : "make_dark");
  recolourWords();
  return dark;
}

part("theme").addEventListener("click", () => {
  const next = dress() ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  remember("textpipe-theme", next);
  dress();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (system) => {
  if (recall("textpipe-theme")) return;  // chosen here
  document.documentElement.dataset.theme = system.matches ? "dark" : "light";
  dress();
});

function named() {
  const other = language === "zh" ? ["English", "en"] : ["中文", "zh-Hans"];
  part("language").textContent = other[0];
  part("language").lang = other[1];
  document.title = `${t(view)} · textpipe`;
}

part("language").addEventListener("click", () => {
  speak(language === "zh" ? "en" : "zh");
  named();
  dress();
  VIEWS[view].redraw();
});

part("skip").addEventListener("click", (event) => {
  event.preventDefault();
  part("main").focus();
});

// ---- what the service says to all views

heard.busy = (seconds) => tell(t("busy", { seconds: Math.ceil(seconds) }));

let asked = null;
heard.token = (tried) => {
  asked ||= new Promise((resolve) => {
    const dialog = part("ask-token");
    part("token").value = "";
    part("token-leave").onclick = () => dialog.close("");
    part("token-form").onsubmit = (event) => {
      event.preventDefault();
      dialog.close(part("token").value);
    };
    dialog.onclose = () => {
      asked = null;
      if (dialog.returnValue) useToken(dialog.returnValue);
      resolve(Boolean(dialog.returnValue) && dialog.returnValue !== tried);
    };
    dialog.returnValue = "";
    dialog.showModal();
  });
  return asked;
};

translate();
startText();
startWords();
named();
dress();
addEventListener("hashchange", route);
route();
