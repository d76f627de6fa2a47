// What an artifact was made from: columns from the sources on the left, or the top on a phone, to the artifact.

import { h, svg } from "./dom.js";
import { number, t } from "./i18n.js";

const BOX = [160, 56], GAP = [44, 14], NARROW = 640;  // pixels

export const idOf = (address) => address.slice(address.lastIndexOf("/") + 1);
export const addressesOf = (manifest) => Object.values(manifest.inputs).map((input) => input.artifact).filter(Boolean);

/** lineage: Map of id → {manifest, names} */
export function drawLineage(id, lineage) {
  const depth = new Map(), walk = (one, far) => {
    if (depth.has(one) && depth.get(one) >= far) return;
    depth.set(one, far);
    const made = lineage.get(one);
    if (made && far < 40) for (const address of addressesOf(made.manifest)) walk(idOf(address), far + 1);
  };
  walk(id, 0);
  const boxes = [], links = [];
  for (const [one, far] of depth) {
    const made = lineage.get(one);
    boxes.push({ id: one, far, made });
    if (!made) continue;
    for (const [role, input] of Object.entries(made.manifest.inputs)) {
      if (input.artifact) links.push([idOf(input.artifact), one]);
      else {
        const source = `${one} ${role}`;
        boxes.push({ id: source, far: far + 1, raw: input, role });
        links.push([source, one]);
      }
    }
  }
  const deepest = Math.max(...boxes.map((box) => box.far)), filled = new Map();
  for (const box of boxes) {
    box.column = deepest - box.far;
    box.row = filled.get(box.column) || 0;
    filled.set(box.column, box.row + 1);
  }
  const rows = Math.max(...filled.values()), down = innerWidth < NARROW, step = down ? [BOX[0] + 14, BOX[1] + 32] : [BOX[0] + GAP[0], BOX[1] + GAP[1]];
  const [across, along] = down ? [rows, deepest + 1] : [deepest + 1, rows];
  const width = across * step[0] - step[0] + BOX[0] + 4, height = along * step[1] - step[1] + BOX[1] + 4;
  for (const box of boxes) {
    const middle = box.row + (rows - filled.get(box.column)) / 2;
    box.x = 2 + (down ? middle : box.column) * step[0];
    box.y = 2 + (down ? box.column : middle) * step[1];
  }
  const at = new Map(boxes.map((box) => [box.id, box]));
  const paths = links.filter(([from]) => at.has(from)).map(([from, to]) => {
    const a = at.get(from), b = at.get(to);
    if (down) {
      const [x1, y1, x2, y2] = [a.x + BOX[0] / 2, a.y + BOX[1], b.x + BOX[0] / 2, b.y], bend = (y1 + y2) / 2;
      return svg("path", { d: `M${x1} ${y1}C${x1} ${bend} ${x2} ${bend} ${x2} ${y2}` });
    }
    const [x1, y1, x2, y2] = [a.x + BOX[0], a.y + BOX[1] / 2, b.x, b.y + BOX[1] / 2], bend = (x1 + x2) / 2;
    return svg("path", { d: `M${x1} ${y1}C${bend} ${y1} ${bend} ${y2} ${x2} ${y2}` });
  });
  return h("div", { class: "scroll lineage", tabindex: 0, role: "region", "aria-label": t("lineage") },
    svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "group", "aria-label": t("lineage_label", { count: number(boxes.length) }) },
      svg("g", { class: "links" }, paths), boxes.sort((a, b) => a.column - b.column).map((box) => drawn(box, id))));
}

const clipped = (text, most) => [...text].length > most ? `${[...text].slice(0, most - 1).join("")}…` : text;

function drawn(box, here) {
  const { made, raw } = box;
  const [title, note] = raw ? [(raw.files || 1) === 1 ? t("one_file") : t("files_of", { count: number(raw.files) }), box.role]
    : made ? [(made.names || []).find((name) => name !== "latest") || box.id.slice(0, 8), made.manifest.kind] : [box.id.slice(0, 8), t("not_here")];
  const inside = [
    svg("rect", { width: BOX[0], height: BOX[1], rx: 8 }),
    svg("text", { x: 12, y: 24, class: "box-title" }, clipped(title, 18)), svg("text", { x: 12, y: 43, class: "box-note" }, clipped(note, 22)),
  ];
  const values = { transform: `translate(${box.x} ${box.y})`, class: `box${box.id === here ? " here" : ""}${raw ? " raw" : ""}` };
  if (!made || box.id === here) return svg("g", values, inside);
  return svg("a", { ...values, href: `#artifacts/${box.id}`, "aria-label": `${note} ${title}` }, inside);
}
