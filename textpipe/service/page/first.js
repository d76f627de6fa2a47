"use strict";
// Before anything is drawn: the colours and the language that were chosen last, or that the system has.
(() => {
  const read = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const root = document.documentElement, theme = read("textpipe-theme"), chosen = read("textpipe-language");
  const usual = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  root.dataset.theme = theme === "light" || theme === "dark" ? theme : usual;
  const chinese = chosen ? chosen === "zh" : (navigator.language || "").toLowerCase().startsWith("zh");
  root.lang = chinese ? "zh-Hans" : "en";
})();
