
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const words = JSON.parse(document.getElementById("data").textContent).words || [];
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

  // ---- finding a keyword in the texts

  const finder = document.getElementById("finder");
  let chosen = null, places = [], now = 0;

  // an occurrence may be several marks side by side, where keywords overlap: its first one stands for it
  function placesOf(keyword) {
    const marks = all("mark[data-k]").filter((mark) => mark.dataset.k.split(" ").includes(keyword));
    marks.forEach((mark) => mark.classList.add("on"));
    return marks.filter((mark) => {
      const before = mark.previousSibling;
      return !(before && marks.includes(before));
    });
  }

  function choose(keyword, from) {
    if (keyword === chosen) { step(1); return; }
    leave();
    places = placesOf(keyword);
    if (!places.length) return;
    chosen = keyword;
    all(`.node[data-k="${keyword}"]`).forEach((node) => node.classList.add("chosen"));
    const section = from.closest(".document");
    now = Math.max(0, section ? places.findIndex((place) => section.contains(place)) : 0);
    step(0);
  }

  function step(by) {
    places[now].classList.remove("now");
    now = (now + by + places.length) % places.length;
    places[now].classList.add("now");
    places[now].scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
    label.textContent = `${words[chosen]}: ${now + 1} of ${places.length}`;
    finder.hidden = false;
  }

  function leave() {
    all("mark.on, mark.now").forEach((mark) => mark.classList.remove("on", "now"));
    all(".node.chosen").forEach((node) => node.classList.remove("chosen"));
    finder.hidden = true;
    chosen = null;
  }

  const label = document.createElement("bdi");
  label.setAttribute("role", "status");
  finder.append(label);
  for (const [sign, name, act] of [["‹", "previous", () => step(-1)], ["›", "next", () => step(1)], ["×", "close", leave]]) {
    const button = document.createElement("button");
    button.textContent = sign;
    button.setAttribute("aria-label", name);
    button.addEventListener("click", act);
    finder.append(button);
  }
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") leave(); });
  all("a.word").forEach((link) => link.addEventListener("click", (event) => {
    event.preventDefault();
    choose(link.dataset.k, link);
  }));

  // ---- the graph: links are springs of the length they were drawn with, boxes keep apart

  function start(svg) {
    const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
    const nodes = all(".node", svg).map((element) => {
      const place = element.transform.baseVal[0].matrix, box = element.querySelector("rect");
      return { element, x: place.e, y: place.f, w: +box.getAttribute("width"), h: +box.getAttribute("height"), held: false };
    });
    const edges = all("line", svg).map((element) => {
      const a = nodes[element.dataset.a], b = nodes[element.dataset.b];
      return { element, a, b, length: Math.hypot(a.x - b.x, a.y - b.y) };
    });
    let warmth = 0, frame = 0;

    function inside(node) {
      node.x = Math.min(Math.max(node.x, node.w / 2 + 4), width - node.w / 2 - 4);
      node.y = Math.min(Math.max(node.y, node.h / 2 + 4), height - node.h / 2 - 4);
    }

    function move(a, b, dx, dy) {
      if (!a.held) { a.x += dx; a.y += dy; }
      if (!b.held) { b.x -= dx; b.y -= dy; }
    }

    function tick() {
      for (const { a, b, length } of edges) {
        const dx = b.x - a.x, dy = b.y - a.y, far = Math.hypot(dx, dy) || 1;
        const pull = (far - length) / far * 0.04 * warmth;
        move(a, b, dx * pull, dy * pull);
      }
      nodes.forEach((a, number) => {
        for (const b of nodes.slice(number + 1)) {
          const across = (a.w + b.w) / 2 + 5 - Math.abs(a.x - b.x), down = (a.h + b.h) / 2 + 5 - Math.abs(a.y - b.y);
          if (across <= 0 || down <= 0) continue;
          if (across < down) move(a, b, (a.x < b.x ? -across : across) / 2, 0);
          else move(a, b, 0, (a.y < b.y ? -down : down) / 2);
        }
      });
      nodes.forEach(inside);
      warmth *= 0.96;
    }

    function show() {
      for (const node of nodes) node.element.setAttribute("transform", `translate(${node.x.toFixed(1)} ${node.y.toFixed(1)})`);
      for (const { element, a, b } of edges) {
        element.setAttribute("x1", a.x); element.setAttribute("y1", a.y);
        element.setAttribute("x2", b.x); element.setAttribute("y2", b.y);
      }
    }

    function run() {
      tick();
      show();
      frame = warmth > 0.02 ? requestAnimationFrame(run) : 0;
    }

    function warm() {
      warmth = 1;
      if (calm) { while (warmth > 0.02) tick(); show(); } else if (!frame) frame = requestAnimationFrame(run);
    }

    function light(node) {
      svg.classList.toggle("busy", node !== null);
      all(".on", svg).forEach((element) => element.classList.remove("on"));
      if (!node) return;
      node.element.classList.add("on");
      for (const { element, a, b } of edges) {
        if (a === node || b === node) [element, a.element, b.element].forEach((part) => part.classList.add("on"));
      }
    }

    function pointer(event) {
      return new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    }

    for (const node of nodes) {
      const { element } = node;
      let from = null, dragged = false;
      element.addEventListener("dragstart", (event) => event.preventDefault());
      element.addEventListener("pointerdown", (event) => {
        if (event.button) return;
        from = pointer(event);
        from.x -= node.x; from.y -= node.y;
        dragged = false;
      });
      element.addEventListener("pointermove", (event) => {
        if (!from) return;
        const at = pointer(event);
        if (!dragged && Math.hypot(at.x - from.x - node.x, at.y - from.y - node.y) < 4) return;
        if (!dragged) element.setPointerCapture(event.pointerId);
        dragged = node.held = true;
        node.x = at.x - from.x; node.y = at.y - from.y;
        inside(node);
        warm();
      });
      const release = () => { from = null; };  // where a node was put it stays
      element.addEventListener("pointerup", release);
      element.addEventListener("pointercancel", release);
      element.addEventListener("click", (event) => {
        event.preventDefault();
        if (!dragged) choose(element.dataset.k, element);
        dragged = false;
      });
      element.addEventListener("keydown", (event) => {
        const by = { ArrowLeft: [-12, 0], ArrowRight: [12, 0], ArrowUp: [0, -12], ArrowDown: [0, 12] }[event.key];
        if (!by) return;
        event.preventDefault();
        node.x += by[0]; node.y += by[1];
        inside(node);
        node.held = true;
        warm();
      });
      for (const name of ["pointerenter", "focus"]) element.addEventListener(name, () => light(node));
      for (const name of ["pointerleave", "blur"]) element.addEventListener(name, () => { if (!from) light(null); });
    }
    svg.classList.add("moving");
  }

  all("svg.graph").forEach(start);
  all(".with-script").forEach((part) => { part.hidden = false; });
})();
