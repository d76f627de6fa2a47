"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { words, counts, clusters, neighbours, similarities, order } = data;
  const size = words.length, xs = data.x.map((x) => x / 10000), ys = data.y.map((y) => y / 10000);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const part = (id) => document.getElementById(id);
  const make = (name, values = {}, ...children) => {
    const element = Object.assign(document.createElement(name), values);
    element.append(...children);
    return element;
  };
  const button = (values, ...children) => make("button", { type: "button", ...values }, ...children);
  const clipped = (word) => [...word].length > 24 ? `${[...word].slice(0, 23).join("")}…` : word;
  const grouped = (number) => number.toLocaleString("en");

  const stage = part("stage");
  const canvas = make("canvas", { tabIndex: 0 });
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", `Map of ${grouped(size)} words. Arrow keys move it, plus and minus zoom, 0 shows all of it, Enter chooses the word nearest to the middle.`);
  const tip = make("div", { className: "tip", hidden: true, lang: part("nearest").lang });
  stage.append(canvas, tip);
  stage.classList.add("live");
  const context = canvas.getContext("2d");

  // ---- where things are: screen = data * scale + offset, in pixels of the page

  const MOST = 60;  // times the whole map
  const bounds = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  let width = 1, height = 1, whole = 1, scale = 1, left = 0, top = 0;
  let colours = {}, font = "", asked = 0, moving = 0;
  let chosen = -1, over = -1, lit = -1;
  const widths = new Map();

  const screenX = (number) => xs[number] * scale + left, screenY = (number) => ys[number] * scale + top;

  function fit() {
    const [west, east, north, south] = bounds;
    whole = Math.min((width - 48) / Math.max(east - west, 1e-6), (height - 64) / Math.max(south - north, 1e-6));
    whole = Math.min(whole, 4 * Math.max(width, height));
    scale = whole;
    left = width / 2 - (west + east) / 2 * scale;
    top = height / 2 - (north + south) / 2 * scale + 6;
  }

  function zoom(by, x = width / 2, y = height / 2) {
    const next = Math.min(Math.max(scale * by, whole), whole * MOST), real = next / scale;
    left = x - (x - left) * real;
    top = y - (y - top) * real;
    scale = next;
    keep();
  }

  // some of the map stays in sight
  function keep() {
    const [west, east, north, south] = bounds, margin = 60;
    left = Math.min(Math.max(left, margin - east * scale), width - margin - west * scale);
    top = Math.min(Math.max(top, margin - south * scale), height - margin - north * scale);
    canvas.classList.toggle("zoomed", scale > whole * 1.01);
    draw();
  }

  // the word in the middle, and most of its nearest ones in sight
  function centre(number) {
    const parts = neighbours[number].map((other) => Math.max(
      Math.abs(xs[other] - xs[number]) / (width / 2 - 50), Math.abs(ys[other] - ys[number]) / (height / 2 - 50)));
    const far = parts.sort((a, b) => a - b)[Math.floor(parts.length * 0.65)] || 0;
    const from = [scale, left, top], goal = Math.min(Math.max(1 / Math.max(far, 1e-6), whole), whole * 12);
    const to = [goal, width / 2 - xs[number] * goal, height / 2 - ys[number] * goal];
    cancelAnimationFrame(moving);
    const start = performance.now(), lasting = calm ? 0 : 350;
    const step = (now) => {
      const share = lasting ? Math.min(1, Math.max(0, (now - start) / lasting)) : 1, eased = share * (2 - share);
      [scale, left, top] = from.map((value, place) => value + (to[place] - value) * eased);
      keep();
      if (share < 1) moving = requestAnimationFrame(step);
    };
    step(start);
  }

  // ---- drawing

  function dress() {
    const style = getComputedStyle(document.documentElement), value = (name) => style.getPropertyValue(name).trim();
    colours = { ink: value("--ink"), panel: value("--panel"), soft: value("--soft"), accent: value("--accent"), groups: [] };
    for (let group = 1; group <= 10; group++) colours.groups.push(value(`--c${group}`));
    font = getComputedStyle(stage).fontFamily;
    widths.clear();
    draw();
  }

  function draw() {
    if (!asked) asked = requestAnimationFrame(paint);
  }

  function paint() {
    asked = 0;
    const ratio = devicePixelRatio || 1, focus = over >= 0 ? over : chosen;
    const near = focus >= 0 ? neighbours[focus] : [];
    const marked = new Set(focus >= 0 ? [focus, ...near] : []);
    if (chosen >= 0) marked.add(chosen);
    const faded = (number) => (marked.size && !marked.has(number)) || (lit >= 0 && clusters[number] !== lit && !marked.has(number));
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const radius = Math.min(5, (size > 2000 ? 1.8 : 2.6) * (width < 500 ? 0.75 : 1) * Math.sqrt(Math.sqrt(scale / whole)));
    for (const faint of [true, false]) {
      context.globalAlpha = faint ? 0.16 : 0.75;
      for (let group = 0; group < colours.groups.length; group++) {
        context.fillStyle = colours.groups[group];
        context.beginPath();
        for (let number = 0; number < size; number++) {
          if (clusters[number] !== group || faded(number) !== faint) continue;
          const x = screenX(number), y = screenY(number);
          if (x < -9 || y < -9 || x > width + 9 || y > height + 9) continue;
          context.moveTo(x + radius, y);
          context.arc(x, y, radius, 0, 7);
        }
        context.fill();
      }
    }
    context.globalAlpha = 1;
    if (focus >= 0) links(focus, near);
    labels([...marked], marked, faded);
  }

  function links(focus, near) {
    context.strokeStyle = colours.soft;
    context.lineWidth = 1;
    context.globalAlpha = 0.6;
    context.beginPath();
    for (const number of near) {
      context.moveTo(screenX(focus), screenY(focus));
      context.lineTo(screenX(number), screenY(number));
    }
    context.stroke();
    context.globalAlpha = 1;
    context.lineWidth = 2.5;
    context.strokeStyle = colours.ink;
    context.beginPath();
    context.arc(screenX(focus), screenY(focus), 6.5, 0, 7);
    context.stroke();
  }

  function measured(text, letters, bold) {
    const key = `${letters}${bold} ${text}`;
    if (!widths.has(key)) widths.set(key, context.measureText(text).width);
    return widths.get(key);
  }

  // labels where they have room, those that are marked first, then the most frequent words
  function labels(first, marked, faded) {
    const rows = new Map(), letters = width < 500 ? 13 : 14, down = letters + 4;
    const free = (x1, x2, y) => {
      for (let row = Math.floor((y - down) / down); row <= Math.floor((y + down) / down); row++) {
        for (const box of rows.get(row) || []) if (x1 < box[1] && box[0] < x2 && Math.abs(y - box[2]) < down) return false;
      }
      return true;
    };
    let room = 400;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    const put = (number, bold) => {
      const px = screenX(number), py = screenY(number);
      if (px < 0 || py < 0 || px > width || py > height) return;
      const text = clipped(words[number]);
      context.font = `${bold ? "bold " : ""}${letters}px ${font}`;
      const half = measured(text, letters, bold) / 2 + 3;
      const spots = !marked.has(number) ? [[0, -12]]
        : [[0, bold ? -18 : -12], [0, 14], [half + 6, 0], [-half - 6, 0], [0, -28], [0, 30], [half + 6, 16], [-half - 6, 16]];
      const inside = (dx) => Math.min(Math.max(px + dx, half), width - half);
      const spot = spots.find(([dx, dy]) => py + dy > 8 && py + dy < height - 6 && free(inside(dx) - half, inside(dx) + half, py + dy));
      if (!spot) return;
      const x = inside(spot[0]), y = py + spot[1];
      const row = Math.floor(y / down);
      rows.set(row, [...(rows.get(row) || []), [x - half, x + half, y]]);
      context.strokeStyle = colours.panel;
      context.lineWidth = 4;
      context.strokeText(text, x, y);
      context.fillStyle = bold ? colours.ink : colours.groups[clusters[number]];
      context.fillText(text, x, y);
      room--;
    };
    if (first.length) {  // the ring stays in sight
      const x = screenX(first[0]), y = screenY(first[0]);
      rows.set(Math.floor(y / down), [[x - 8, x + 8, y]]);
    }
    for (const number of first) put(number, number === over || number === chosen);
    if (marked.size) return;
    for (const number of order) {
      if (room <= 0) break;
      if (!marked.has(number) && !faded(number)) put(number, false);
    }
  }

  // ---- words under the pointer, and chosen ones

  function at(x, y, within) {
    let best = -1, least = within * within;
    for (let number = 0; number < size; number++) {
      const dx = screenX(number) - x, dy = screenY(number) - y, far = dx * dx + dy * dy;
      if (far < least) { least = far; best = number; }
    }
    return best;
  }

  const facts = (number) => {
    const cluster = `cluster ${clusters[number] + 1}`;
    return counts ? `${grouped(counts[number])} times · ${cluster}` : cluster;
  };

  function hover(number) {
    if (number === over) return;
    over = number;
    canvas.classList.toggle("over", number >= 0);
    tip.hidden = number < 0;
    if (number >= 0) {
      const near = neighbours[number].slice(0, 5).map((other) => clipped(words[other])).join(" · ");
      tip.replaceChildren(make("strong", { textContent: clipped(words[number]) }), make("span", { textContent: facts(number) }), make("br"), near);
      const x = screenX(number), y = screenY(number), box = tip.getBoundingClientRect();
      tip.style.left = `${Math.max(4, Math.min(x + 14, width - box.width - 4))}px`;
      tip.style.top = `${y + 22 + box.height < height ? y + 22 : Math.max(4, y - box.height - 40)}px`;
    }
    draw();
  }

  function choose(number, move = true) {
    chosen = number;
    hover(-1);
    part("chosen").hidden = number < 0;
    if (number >= 0) {
      part("chosen-word").textContent = words[number];
      part("chosen-facts").textContent = `${facts(number)} · nearest words and their cosines:`;
      part("nearest").replaceChildren(...neighbours[number].map((other, place) => make("li", {},
        button({ onclick: () => choose(other) }, make("bdi", { textContent: words[other] }),
          make("span", { textContent: (similarities[number][place] / 1000).toFixed(3) })))));
      part("told").textContent = `${words[number]}, nearest words: ${neighbours[number].slice(0, 5).map((other) => words[other]).join(", ")}`;
      if (move) centre(number);
    }
    draw();
  }

  // ---- searching

  const query = part("query"), folded = words.map((word) => word.normalize("NFKC").toLowerCase());

  function matches(text) {
    const found = [];
    const tests = [(word) => word === text, (word) => word.startsWith(text), (word) => word.includes(text)];
    for (const test of tests) {
      for (const number of order) {
        if (found.length >= 8) return found;
        if (test(folded[number]) && !found.includes(number)) found.push(number);
      }
    }
    return found;
  }

  function look(enter) {
    const text = query.value.trim().normalize("NFKC").toLowerCase(), found = text ? matches(text) : [];
    part("matches").replaceChildren(...found.map((number) => make("li", {},
      button({ onclick: () => choose(number) }, make("bdi", { textContent: clipped(words[number]) })))));
    part("matches-note").textContent = text && !found.length ? "not a word of this map" : "";
    if (found.length && (enter || folded[found[0]] === text)) choose(found[0]);
    else if (!text) choose(-1);
  }
  query.addEventListener("input", () => look(false));
  query.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.isComposing) look(true); });
  part("leave").addEventListener("click", () => { choose(-1); query.focus(); });

  // ---- pointers, wheel and keys

  const pointers = new Map();
  let dragged = false;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left - canvas.clientLeft, event.clientY - box.top - canvas.clientTop];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    cancelAnimationFrame(moving);
    if (!pointers.size) dragged = false;
    pointers.set(event.pointerId, place(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    const now = place(event), before = pointers.get(event.pointerId);
    if (!before) {
      if (event.pointerType === "mouse") hover(at(...now, 14));
      return;
    }
    if (!dragged && Math.hypot(now[0] - before[0], now[1] - before[1]) < 4) return;
    if (!dragged) {
      dragged = true;
      hover(-1);
      canvas.classList.add("dragging");
      canvas.setPointerCapture(event.pointerId);
    }
    const others = [...pointers].filter(([id]) => id !== event.pointerId).map(([, spot]) => spot);
    pointers.set(event.pointerId, now);
    if (others.length) {
      const [x, y] = others[0], far = Math.hypot(before[0] - x, before[1] - y) || 1;
      zoom(Math.hypot(now[0] - x, now[1] - y) / far, (before[0] + x) / 2, (before[1] + y) / 2);
    }
    left += (now[0] - before[0]) / (others.length + 1);
    top += (now[1] - before[1]) / (others.length + 1);
    keep();
  });
  const release = (event) => {
    const held = pointers.delete(event.pointerId);
    if (!pointers.size) canvas.classList.remove("dragging");
    if (held && event.type === "pointerup" && !dragged && !pointers.size) {
      choose(at(...place(event), event.pointerType === "mouse" ? 14 : 24), false);
    }
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", () => hover(-1));
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const [x, y] = place(event), lines = event.deltaMode === 1 ? 16 : 1;
    hover(-1);
    zoom(Math.exp(-Math.max(-120, Math.min(120, event.deltaY * lines)) / 450), x, y);
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
    const acts = {
      "+": () => zoom(1.4), "=": () => zoom(1.4), "-": () => zoom(1 / 1.4), 0: () => { fit(); keep(); },
      Enter: () => choose(at(width / 2, height / 2, Infinity), false),
    };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (moves[event.key]) { left += moves[event.key][0]; top += moves[event.key][1]; keep(); }
    else if (acts[event.key]) acts[event.key]();
    else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") choose(-1); });

  const tools = make("div", { className: "tools" });
  for (const [sign, name, act] of [["+", "zoom in", () => zoom(1.6)], ["−", "zoom out", () => zoom(1 / 1.6)], ["⤢", "whole map", () => { fit(); keep(); }]]) {
    const tool = button({ title: name, onclick: act }, sign);
    tool.setAttribute("aria-label", name);
    tools.append(tool);
  }
  stage.append(tools);

  // ---- the legend: a cluster lights up

  const legend = [...document.querySelectorAll(".legend li")];
  legend.forEach((item, group) => {
    const press = button({ className: "legend-button" });
    press.append(...item.childNodes);
    item.append(press);
    press.setAttribute("aria-pressed", "false");
    press.addEventListener("click", () => {
      lit = lit === group ? -1 : group;
      legend.forEach((other, number) => other.firstChild.setAttribute("aria-pressed", String(number === lit)));
      choose(-1);
    });
  });

  new ResizeObserver(() => {
    const first = width === 1, kept = scale / whole, middle = [(width / 2 - left) / scale, (height / 2 - top) / scale];
    width = canvas.clientWidth; height = canvas.clientHeight;
    canvas.width = Math.round(width * (devicePixelRatio || 1));
    canvas.height = Math.round(height * (devicePixelRatio || 1));
    fit();
    if (!first && kept > 1.01) {
      scale = whole * kept;
      left = width / 2 - middle[0] * scale;
      top = height / 2 - middle[1] * scale;
    }
    keep();
    paint();  // a resized canvas is empty, and the page is about to be shown
  }).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", dress);
  document.querySelectorAll(".with-script").forEach((element) => { element.hidden = element.id === "chosen"; });
  dress();
})();
