// The co-occurrence graph of a text, as SVG: words as circles with a label below, drawn nearer where they occur together.

import { h, svg } from "./dom.js";
import { Layout } from "./force.js";
import { depth } from "./highlight.js";
import { t } from "./i18n.js";

const LINKS = 3;  // of each node, the strongest
const clipped = (word) => [...word].length > 16 ? `${[...word].slice(0, 15).join("")}…` : word;

/** Of all links those that are among the strongest of one of their ends. */
function strongest(count, edges) {
  const kept = new Set(), of = Array.from({ length: count }, () => []);
  for (const edge of edges) if (edge.source !== edge.target) { of[edge.source].push(edge); of[edge.target].push(edge); }
  for (const mine of of) for (const edge of mine.sort((a, b) => b.weight - a.weight).slice(0, LINKS)) kept.add(edge);
  return [...kept].map((edge) => ({ ...edge }));
}

/** Draws into `box`, which has a width. words: what the light calls the nodes; light: see highlight.js */
export function drawGraph(box, { nodes, edges }, keyOf, light) {
  const width = Math.max(280, box.clientWidth), narrow = width < 480;
  const height = Math.round(narrow ? width * 1.12 : Math.min(Math.max(380, width * 0.62), 520));
  const most = Math.max(...nodes.map((node) => node.score), 1e-9), letters = narrow ? 13 : 14;
  const measure = document.createElement("canvas").getContext("2d");
  measure.font = `600 ${letters}px ${getComputedStyle(box).fontFamily}`;
  const placed = nodes.map((node) => {
    const radius = (narrow ? 5 : 6) + (narrow ? 9 : 12) * Math.sqrt(Math.max(0, node.score) / most), label = clipped(node.text);
    const wide = Math.max(radius * 2, measure.measureText(label).width) + 8;
    return { ...node, label, radius, size: [wide / 2, radius + letters * 0.75 + 4] };
  });
  const links = strongest(nodes.length, edges), layout = new Layout(placed, links, width, height);
  layout.settle();

  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: "graph", role: "group", "aria-label": t("graph_label") });
  const heaviest = Math.max(1, ...links.map((link) => link.weight));
  const lines = links.map((link) => svg("line", { "stroke-width": (0.8 + 3.2 * Math.sqrt(link.weight / heaviest)).toFixed(2) }));
  const beside = placed.map(() => new Set());
  links.forEach((link) => { beside[link.source].add(link.target); beside[link.target].add(link.source); });
  const groups = placed.map((node, place) => {
    const near = [...beside[place]].map((other) => placed[other].text).join(t("comma"));
    const group = svg("g", {
      class: `node k${depth(node.score, most)}`, tabindex: place ? -1 : 0, role: "button", "aria-pressed": "false",
      "aria-label": near ? t("node_label", { word: node.text, near }) : node.text,
    }, svg("circle", { r: node.radius }), svg("text", { y: node.radius + letters, "font-size": letters }, node.label));
    return light.add(keyOf(node.text), group, { holds: false });
  });
  picture.append(svg("g", { class: "links" }, lines), svg("g", {}, groups));
  box.replaceChildren(picture);

  const put = () => {
    lines.forEach((line, place) => {
      const { source, target } = links[place];
      const ends = { x1: placed[source].x, y1: placed[source].y, x2: placed[target].x, y2: placed[target].y };
      for (const [name, value] of Object.entries(ends)) line.setAttribute(name, (value - (name[0] === "y" ? letters / 2 : 0)).toFixed(1));
    });
    groups.forEach((group, place) => group.setAttribute("transform", `translate(${placed[place].x.toFixed(1)} ${(placed[place].y - letters / 2).toFixed(1)})`));
  };
  put();
  linked(light, placed, groups, lines, links, keyOf, beside);
  draggable(picture, groups, layout, put, (place) => light.hold(light.held === keyOf(placed[place].text) ? null : keyOf(placed[place].text)));
  walkable(groups, placed, (place) => light.hold(light.held === keyOf(placed[place].text) ? null : keyOf(placed[place].text)));
  return h("p", { class: "soft small" }, t("graph_note", { links: LINKS }));
}

// the links and the neighbours of what is lit
function linked(light, placed, groups, lines, links, keyOf, beside) {
  light.pointed = (key) => {
    const here = placed.findIndex((node) => keyOf(node.text) === key);
    groups.forEach((group, place) => group.classList.toggle("near", here >= 0 && beside[here].has(place)));
    lines.forEach((line, place) => line.classList.toggle("on", here >= 0 && (links[place].source === here || links[place].target === here)));
    const node = groups[here];
    while (node?.nextSibling) node.parentNode.insertBefore(node.nextSibling, node);  // on top; moved itself, it would lose the focus
  };
}

function draggable(picture, groups, layout, put, choose) {
  groups.forEach((group, place) => {
    const node = layout.nodes[place];
    let from = null, moved = false, warm = 0;
    const tick = () => {
      layout.step(Math.min(0.5, warm));
      put();
      warm -= 0.012;
      if (warm > 0) requestAnimationFrame(tick);
    };
    group.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      from = [event.clientX - node.x, event.clientY - node.y];
      moved = false;
      group.setPointerCapture(event.pointerId);
    });
    group.addEventListener("pointermove", (event) => {
      if (!from) return;
      const x = event.clientX - from[0], y = event.clientY - from[1];
      if (!moved && Math.hypot(x - node.x, y - node.y) < 4) return;
      moved = node.held = true;
      [node.x, node.y] = [x, y];
      const cold = warm <= 0;
      warm = 0.5;
      if (cold) requestAnimationFrame(tick);
    });
    const release = (event) => {
      if (from && !moved && event.type === "pointerup") choose(place);
      from = null;
      node.held = false;
    };
    group.addEventListener("pointerup", release);
    group.addEventListener("pointercancel", release);
  });
}

// one stop for the tab key; arrows go to the nearest node that way
function walkable(groups, placed, choose) {
  const ways = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  groups.forEach((group, here) => group.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(here); return; }
    const way = ways[event.key];
    if (!way) return;
    event.preventDefault();
    let best = -1, least = Infinity;
    placed.forEach((node, place) => {
      const dx = node.x - placed[here].x, dy = node.y - placed[here].y, along = dx * way[0] + dy * way[1];
      const cost = along + 2.5 * Math.abs(dx * way[1] + dy * way[0]);
      if (along > 1 && cost < least) { least = cost; best = place; }
    });
    if (best < 0) return;
    group.setAttribute("tabindex", -1);
    groups[best].setAttribute("tabindex", 0);
    groups[best].focus();
  }));
}
