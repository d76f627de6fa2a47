// A small force layout: links pull, nodes push, labels keep off each other, everything stays in the box.

const GOLDEN = Math.PI * (3 - Math.sqrt(5));

/** Places nodes, {size: [half width, half height], x, y are set}, in a box. links: [{source, target, weight}] by number. */
export class Layout {
  constructor(nodes, links, width, height) {
    Object.assign(this, { nodes, links, width, height });
    const heaviest = Math.max(1, ...links.map((link) => link.weight)), degree = nodes.map(() => 0);
    for (const link of links) { degree[link.source]++; degree[link.target]++; }
    for (const link of links) {
      link.pull = (0.25 + 0.75 * Math.sqrt(link.weight / heaviest)) / Math.min(degree[link.source], degree[link.target]);
    }
    const spread = Math.sqrt(width * height / Math.max(1, nodes.length)) * 0.42;
    this.near = spread * 1.25;
    nodes.forEach((node, place) => {  // the first nodes in the middle, the others around them
      const far = spread * Math.sqrt(place + 0.5), turn = place * GOLDEN;
      node.x = width / 2 + far * Math.cos(turn) * Math.sqrt(width / height);
      node.y = height / 2 + far * Math.sin(turn) * Math.sqrt(height / width);
      node.vx = node.vy = 0;
    });
  }

  settle(steps = 320) {
    for (let step = 0; step < steps; step++) this.step(1 - step / steps);
    this.stretch();
    for (let step = 0; step < 60; step++) this.part();
  }

  /** What is in the middle of the box fills it. */
  stretch() {
    for (const [axis, length, side] of [["x", this.width, 0], ["y", this.height, 1]]) {
      const low = Math.min(...this.nodes.map((node) => node[axis] - node.size[side])), high = Math.max(...this.nodes.map((node) => node[axis] + node.size[side]));
      const by = Math.min(1.6, Math.max(1, length / Math.max(1, high - low)));
      for (const node of this.nodes) node[axis] = length / 2 + (node[axis] - (low + high) / 2) * by;
    }
  }

  /** heat: 1 at the start, 0 at rest */
  step(heat) {
    const { nodes, links, width, height } = this, reach = this.near * 2.6;
    for (const node of nodes) {
      node.vx += (width / 2 - node.x) * 0.03 * heat * Math.min(1, height / width);
      node.vy += (height / 2 - node.y) * 0.03 * heat * Math.min(1, width / height);
    }
    for (let one = 0; one < nodes.length; one++) {
      for (let other = one + 1; other < nodes.length; other++) {
        const a = nodes[one], b = nodes[other], dx = b.x - a.x || 0.1, dy = b.y - a.y || 0.1, far = Math.hypot(dx, dy);
        if (far > reach) continue;
        const force = (reach / far - 1) * 0.05 * heat;
        a.vx -= dx * force; a.vy -= dy * force; b.vx += dx * force; b.vy += dy * force;
      }
    }
    for (const { source, target, pull } of links) {
      const a = nodes[source], b = nodes[target], dx = b.x - a.x, dy = b.y - a.y, far = Math.hypot(dx, dy) || 1;
      const force = (far - this.near) / far * pull * heat * 0.3;
      a.vx += dx * force; a.vy += dy * force; b.vx -= dx * force; b.vy -= dy * force;
    }
    for (const node of nodes) {
      node.vx *= 0.6; node.vy *= 0.6;
      if (!node.held) { node.x += node.vx; node.y += node.vy; }
    }
    this.part();
  }

  /** Boxes that overlap move apart, along the shorter way. */
  part() {
    const { nodes, width, height } = this;
    for (let one = 0; one < nodes.length; one++) {
      for (let other = one + 1; other < nodes.length; other++) {
        const a = nodes[one], b = nodes[other], dx = b.x - a.x, dy = b.y - a.y;
        const overX = a.size[0] + b.size[0] - Math.abs(dx), overY = a.size[1] + b.size[1] - Math.abs(dy);
        if (overX <= 0 || overY <= 0) continue;
        const [moveX, moveY] = overX < overY ? [overX / 2 * (dx < 0 ? -1 : 1), 0] : [0, overY / 2 * (dy < 0 ? -1 : 1)];
        if (!a.held) { a.x -= moveX * 0.7; a.y -= moveY * 0.7; }
        if (!b.held) { b.x += moveX * 0.7; b.y += moveY * 0.7; }
      }
    }
    for (const node of nodes) {
      node.x = Math.min(Math.max(node.x, node.size[0]), width - node.size[0]);
      node.y = Math.min(Math.max(node.y, node.size[1]), height - node.size[1]);
    }
  }
}
