"use strict";
// Before anything is drawn: the colours and the language that were chosen last.
(() => {
  const read = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const root = document.documentElement, theme = read("textpipe-theme"), chosen = read("textpipe-language");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  const chinese = chosen ? chosen === "zh" : (navigator.language || "").toLowerCase().startsWith("zh");
  root.lang = chinese ? "zh-Hans" : "en";
})();
