// A map of words on a canvas: moved, zoomed, with labels where they have room.

import { button, h, tell } from "./dom.js";
import { number, t } from "./i18n.js";

const MOST = 60;  // times the whole map
const COLOURS = 10, LABELS = 400, AROUND = 60;  // words in sight around one that is chosen
const clipped = (word) => [...word].length > 24 ? `${[...word].slice(0, 23).join("")}…` : word;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export class WordMap {
  constructor(stage, { choose }) {
    Object.assign(this, { stage, act: choose, words: [], numbers: new Map(), marked: [], over: -1, lit: 0, asked: 0, moving: 0 });
    Object.assign(this, { width: 1, height: 1, whole: 1, scale: 1, left: 0, top: 0, widths: new Map(), colours: { groups: [] } });
    this.canvas = h("canvas", { tabindex: 0, role: "application" });
    this.tip = h("div", { class: "tip", hidden: true });
    this.tools = h("div", { class: "map-tools" });
    stage.append(this.canvas, this.tip, this.tools);
    this.context = this.canvas.getContext("2d");
    this.listen();
    new ResizeObserver(() => this.resize()).observe(this.canvas);
  }

  /** words: [{word, x, y, cluster?, count?}, …], the most frequent first */
  load(words) {
    this.words = words;
    this.numbers = new Map(words.map((one, place) => [one.word, place]));
    this.xs = words.map((one) => one.x);
    this.ys = words.map((one) => -one.y);
    this.groups = words.map((one) => Math.max(1, Math.min(COLOURS, one.cluster || 1)));
    const range = (values) => values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
    this.bounds = [...range(this.xs), ...range(this.ys)];
    Object.assign(this, { marked: [], over: -1, lit: 0 });
    this.fit();
    this.dress();
  }

  /** Labels in the page's language; mark the first of these words, and the others around it. */
  speak(words) {
    this.canvas.setAttribute("aria-label", t("map_label", { count: number(this.words.length) }));
    const tools = [["+", "zoom_in", () => this.zoom(1.6)], ["−", "zoom_out", () => this.zoom(1 / 1.6)], ["⤢", "whole_map", () => { this.fit(); this.keep(); }]];
    this.tools.replaceChildren(...tools.map(([sign, name, act]) => button({ "aria-label": t(name), title: t(name), on: { click: act } }, sign)));
    const marked = words.map((word) => this.numbers.get(word)).filter((place) => place !== undefined);
    const first = words.length && this.numbers.get(words[0]) === undefined ? -1 : marked[0] ?? -1;
    const changed = String(marked) !== String(this.marked);
    Object.assign(this, { marked, focus: first });
    if (changed && marked.length) this.centre(marked);
    this.draw();
  }

  /** The clusters, each with its most frequent words. */
  clusters() {
    if (!this.words.length || !this.words[0].cluster) return [];
    const found = new Map();
    this.words.forEach((one, place) => {
      const words = found.get(this.groups[place]) || [];
      if (words.length < 3 && one.word.length > 1) found.set(this.groups[place], [...words, clipped(one.word)]);
    });
    return [...found].sort(([a], [b]) => a - b).map(([cluster, words]) => ({ cluster, words }));
  }

  light(cluster) {
    this.lit = this.lit === cluster ? 0 : cluster;
    this.draw();
  }

  /** Point at a word from elsewhere on the page. */
  point(word) {
    this.over = word === null ? -1 : this.numbers.get(word) ?? -1;
    this.draw();
  }

  // ---- where things are: screen = data * scale + offset, in pixels of the page

  screen(place) {
    return [this.xs[place] * this.scale + this.left, this.ys[place] * this.scale + this.top];
  }

  fit() {
    if (!this.words.length) return;
    const [west, east, north, south] = this.bounds;
    this.whole = Math.min((this.width - 48) / Math.max(east - west, 1e-6), (this.height - 64) / Math.max(south - north, 1e-6), 4 * Math.max(this.width, this.height));
    this.scale = this.whole;
    this.left = this.width / 2 - (west + east) / 2 * this.scale;
    this.top = this.height / 2 - (north + south) / 2 * this.scale + 6;
  }

  zoom(by, x = this.width / 2, y = this.height / 2) {
    const next = Math.min(Math.max(this.scale * by, this.whole), this.whole * MOST), real = next / this.scale;
    this.left = x - (x - this.left) * real;
    this.top = y - (y - this.top) * real;
    this.scale = next;
    this.keep();
  }

  // some of the map stays in sight
  keep() {
    if (!this.words.length) return;
    const [west, east, north, south] = this.bounds, margin = 60;
    this.left = Math.min(Math.max(this.left, margin - east * this.scale), this.width - margin - west * this.scale);
    this.top = Math.min(Math.max(this.top, margin - south * this.scale), this.height - margin - north * this.scale);
    this.canvas.classList.toggle("zoomed", this.scale > this.whole * 1.01);
    this.draw();
  }

  // the first of these in the middle, and most of the others in sight
  centre(places) {
    const [here] = places, { xs, ys, width, height } = this;
    const parts = places.slice(1).map((other) => Math.max(
      Math.abs(xs[other] - xs[here]) / (width / 2 - 50), Math.abs(ys[other] - ys[here]) / (height / 2 - 50)));
    const around = xs.map((x, other) => Math.max(Math.abs(x - xs[here]) / (width / 2 - 50), Math.abs(ys[other] - ys[here]) / (height / 2 - 50)));
    const far = Math.max(parts.sort((a, b) => a - b)[Math.floor(parts.length * 0.65)] || 0, around.sort((a, b) => a - b)[Math.min(AROUND, xs.length - 1)]);
    const goal = Math.min(Math.max(1 / Math.max(far, 1e-6), this.whole), this.whole * 8);
    const from = [this.scale, this.left, this.top], to = [goal, width / 2 - xs[here] * goal, height / 2 - ys[here] * goal];
    cancelAnimationFrame(this.moving);
    const start = performance.now(), lasting = calm.matches ? 0 : 350;
    const step = (now) => {
      const share = lasting ? Math.min(1, Math.max(0, (now - start) / lasting)) : 1, eased = share * (2 - share);
      [this.scale, this.left, this.top] = from.map((value, place) => value + (to[place] - value) * eased);
      this.keep();
      if (share < 1) this.moving = requestAnimationFrame(step);
    };
    step(start);
  }

  at(x, y, within) {
    let best = -1, least = within * within;
    for (let place = 0; place < this.words.length; place++) {
      const [px, py] = this.screen(place), far = (px - x) ** 2 + (py - y) ** 2;
      if (far < least) { least = far; best = place; }
    }
    return best;
  }

  // ---- drawing

  dress() {
    const style = getComputedStyle(document.documentElement), value = (name) => style.getPropertyValue(name).trim();
    this.colours = { ink: value("--ink"), panel: value("--panel"), soft: value("--soft"), accent: value("--accent"), groups: [""] };
    for (let group = 1; group <= COLOURS; group++) this.colours.groups.push(value(`--c${group}`));
    this.font = getComputedStyle(this.stage).fontFamily;
    this.widths.clear();
    this.draw();
  }

  draw() {
    if (!this.asked) this.asked = requestAnimationFrame(() => this.paint());
  }

  resize() {
    const { canvas } = this, kept = this.scale / this.whole, first = this.width <= 1;
    const middle = [(this.width / 2 - this.left) / this.scale, (this.height / 2 - this.top) / this.scale];
    if (!canvas.clientWidth) return;
    [this.width, this.height] = [canvas.clientWidth, canvas.clientHeight];
    canvas.width = Math.round(this.width * (devicePixelRatio || 1));
    canvas.height = Math.round(this.height * (devicePixelRatio || 1));
    this.fit();
    if (!first && kept > 1.01) {
      this.scale = this.whole * kept;
      this.left = this.width / 2 - middle[0] * this.scale;
      this.top = this.height / 2 - middle[1] * this.scale;
    } else if (this.marked.length) this.centre(this.marked);
    this.keep();
    this.paint();  // a resized canvas is empty
  }

  paint() {
    cancelAnimationFrame(this.asked);
    this.asked = 0;
    const { context, words, width, height, scale, whole } = this, ratio = devicePixelRatio || 1;
    const shown = new Set(this.over >= 0 ? [this.over, ...this.marked] : this.marked);
    const faded = (place) => (shown.size > 0 && !shown.has(place)) || (this.lit > 0 && this.groups[place] !== this.lit && !shown.has(place));
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const radius = Math.min(5, (words.length > 2000 ? 1.8 : 2.6) * (width < 500 ? 0.8 : 1) * Math.sqrt(Math.sqrt(scale / whole)));
    for (const faint of [true, false]) {
      context.globalAlpha = faint ? 0.3 : 0.85;
      for (let group = 1; group <= COLOURS; group++) {
        context.fillStyle = this.colours.groups[group];
        context.beginPath();
        for (let place = 0; place < words.length; place++) {
          if (this.groups[place] !== group || faded(place) !== faint) continue;
          const [x, y] = this.screen(place);
          if (x < -9 || y < -9 || x > width + 9 || y > height + 9) continue;
          context.moveTo(x + radius, y);
          context.arc(x, y, radius, 0, 7);
        }
        context.fill();
      }
    }
    context.globalAlpha = 1;
    if (this.focus >= 0 && this.marked.length) this.rays();
    this.labels(shown, faded);
    if (this.keyboard) this.cross();
  }

  rays() {
    const { context } = this, [x, y] = this.screen(this.focus);
    Object.assign(context, { strokeStyle: this.colours.soft, lineWidth: 1, globalAlpha: 0.6 });
    context.beginPath();
    for (const place of this.marked) { context.moveTo(x, y); context.lineTo(...this.screen(place)); }
    context.stroke();
    Object.assign(context, { strokeStyle: this.colours.ink, lineWidth: 2.5, globalAlpha: 1 });
    context.beginPath();
    context.arc(x, y, 6.5, 0, 7);
    context.stroke();
  }

  cross() {
    const { context, width, height } = this, x = width / 2, y = height / 2;
    Object.assign(context, { strokeStyle: this.colours.accent, lineWidth: 2 });
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) { context.moveTo(x + 5 * dx, y + 5 * dy); context.lineTo(x + 13 * dx, y + 13 * dy); }
    context.stroke();
  }

  measured(text, letters, bold) {
    const key = `${letters}${bold} ${text}`;
    if (!this.widths.has(key)) this.widths.set(key, this.context.measureText(text).width);
    return this.widths.get(key);
  }

  // those that are marked first, then the most frequent words, where there is room
  labels(shown, faded) {
    const { context, width, height } = this, rows = new Map(), letters = width < 500 ? 13 : 14, down = letters + 4;
    const free = (x1, x2, y) => {
      for (let line = Math.floor((y - down) / down); line <= Math.floor((y + down) / down); line++) {
        for (const box of rows.get(line) || []) if (x1 < box[1] && box[0] < x2 && Math.abs(y - box[2]) < down) return false;
      }
      return true;
    };
    const taken = (x1, x2, y) => { const line = Math.floor(y / down); rows.set(line, [...(rows.get(line) || []), [x1, x2, y]]); };
    let room = LABELS;
    Object.assign(context, { textAlign: "center", textBaseline: "middle", lineJoin: "round" });
    const put = (place) => {
      const [px, py] = this.screen(place), bold = place === this.focus || place === this.over;
      if (px < 0 || py < 0 || px > width || py > height) return;
      const text = clipped(this.words[place].word);
      context.font = `${bold ? "bold " : ""}${bold ? letters + 1 : letters}px ${this.font}`;
      const half = this.measured(text, letters, bold) / 2 + 3;
      const spots = shown.has(place) ? [[0, bold ? -18 : -12], [0, 14], [half + 6, 0], [-half - 6, 0], [0, -28], [0, 30], [half + 6, 16], [-half - 6, 16]] : [[0, -12]];
      const inside = (dx) => Math.min(Math.max(px + dx, half), width - half);
      const spot = spots.find(([dx, dy]) => py + dy > 8 && py + dy < height - 6 && free(inside(dx) - half, inside(dx) + half, py + dy));
      if (!spot) return;
      const x = inside(spot[0]), y = py + spot[1];
      taken(x - half, x + half, y);
      Object.assign(context, { strokeStyle: this.colours.panel, lineWidth: 4 });
      context.strokeText(text, x, y);
      context.fillStyle = bold ? this.colours.ink : this.colours.groups[this.groups[place]];
      context.fillText(text, x, y);
      room--;
    };
    if (this.focus >= 0 && this.marked.length) {  // the ring stays in sight
      const [x, y] = this.screen(this.focus);
      taken(x - 9, x + 9, y);
    }
    for (const place of shown) put(place);
    if (shown.size) context.globalAlpha = 0.5;
    for (let place = 0; place < this.words.length && room > 0; place++) if (!shown.has(place) && (shown.size || !faded(place))) put(place);
    context.globalAlpha = 1;
  }

  // ---- pointers, wheel and keys

  hover(place) {
    if (place === this.over) return;
    this.over = place;
    this.canvas.classList.toggle("over", place >= 0);
    this.tip.hidden = place < 0 || !this.words[place].count;
    if (!this.tip.hidden) {
      this.tip.replaceChildren(h("strong", {}, clipped(this.words[place].word)), h("span", {}, t("times", { count: number(this.words[place].count) })));
      const [x, y] = this.screen(place), box = this.tip.getBoundingClientRect();
      this.tip.style.left = `${Math.max(4, Math.min(x + 14, this.width - box.width - 4))}px`;
      this.tip.style.top = `${y + 22 + box.height < this.height ? y + 22 : Math.max(4, y - box.height - 40)}px`;
    }
    this.draw();
  }

  listen() {
    const { canvas } = this, pointers = new Map();
    let dragged = false;
    const spotOf = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left - canvas.clientLeft, event.clientY - box.top - canvas.clientTop];
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      cancelAnimationFrame(this.moving);
      this.keyboard = false;
      if (!pointers.size) dragged = false;
      pointers.set(event.pointerId, spotOf(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      const now = spotOf(event), before = pointers.get(event.pointerId);
      if (!before) { if (event.pointerType === "mouse") this.hover(this.at(...now, 14)); return; }
      if (!dragged && Math.hypot(now[0] - before[0], now[1] - before[1]) < 4) return;
      if (!dragged) {
        dragged = true;
        this.hover(-1);
        canvas.classList.add("dragging");
        canvas.setPointerCapture(event.pointerId);
      }
      const others = [...pointers].filter(([id]) => id !== event.pointerId).map(([, spot]) => spot);
      pointers.set(event.pointerId, now);
      if (others.length) {
        const [x, y] = others[0], far = Math.hypot(before[0] - x, before[1] - y) || 1;
        this.zoom(Math.hypot(now[0] - x, now[1] - y) / far, (before[0] + x) / 2, (before[1] + y) / 2);
      }
      this.left += (now[0] - before[0]) / (others.length + 1);
      this.top += (now[1] - before[1]) / (others.length + 1);
      this.keep();
    });
    const release = (event) => {
      const held = pointers.delete(event.pointerId);
      if (!pointers.size) canvas.classList.remove("dragging");
      if (!held || event.type !== "pointerup" || dragged || pointers.size) return;
      this.take(this.at(...spotOf(event), event.pointerType === "mouse" ? 14 : 24));
    };
    canvas.addEventListener("pointerup", release);
    canvas.addEventListener("pointercancel", release);
    canvas.addEventListener("pointerleave", () => this.hover(-1));
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.hover(-1);
      const lines = event.deltaMode === 1 ? 16 : 1;
      this.zoom(Math.exp(-Math.max(-120, Math.min(120, event.deltaY * lines)) / 450), ...spotOf(event));
    }, { passive: false });
    canvas.addEventListener("blur", () => { this.keyboard = false; this.draw(); });
    canvas.addEventListener("focus", () => { this.keyboard = canvas.matches(":focus-visible"); this.draw(); });
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  take(place) {
    if (place >= 0) this.act(this.words[place].word);
  }

  key(event) {
    const moves = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
    const middle = () => this.at(this.width / 2, this.height / 2, Infinity);
    const acts = {
      "+": () => this.zoom(1.4), "=": () => this.zoom(1.4), "-": () => this.zoom(1 / 1.4), 0: () => { this.fit(); this.keep(); },
      Enter: () => this.take(middle()),
    };
    if (event.ctrlKey || event.metaKey || event.altKey || !this.words.length) return;
    if (moves[event.key]) {
      this.left += moves[event.key][0];
      this.top += moves[event.key][1];
      this.keep();
    } else if (acts[event.key]) acts[event.key]();
    else return;
    event.preventDefault();
    this.keyboard = true;
    if (event.key !== "Enter") tell(this.words[middle()].word);
  }
}
