// Boxes in layers with links between them: tasks of a pipeline, or what is around a quantum. Real nodes of SVG:
// they are focused, read and pressed one by one; a large drawing is zoomed and moved.

import { make, openView } from "./canvas/frame.js";

// The browser knows the name of SVG itself: no module holds an address, so that none can ask for one.
let svg = "";
function svgName() {
  svg ||= new DOMParser().parseFromString("<svg></svg>", "text/html").querySelector("svg").namespaceURI;
  return svg;
}

const BOX = 208; // px, width of a box
const GAP = 14;
const LINE = 15; // px, height of a line of text
const BETWEEN = 34; // px between layers
const TALLEST = 620;
const READABLE = 0.62; // scale below which text is too small to begin with
const KINDS = {
  kept: { colour: "included", fill: 0.15 },
  partial: { colour: "partial", fill: 0.18, pattern: "lines" },
  none: { colour: "muted", fill: 0, dash: "5 3" },
  excluded: { colour: "excluded", fill: 0.12, pattern: "cross", dash: "5 3" },
  missing: { colour: "partial", fill: 0.14, pattern: "dots", dash: "2 3" },
};

function draw(tag, attributes = {}, ...children) {
  const made = document.createElementNS(svgName(), tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function cutText(text, size, bold) {
  const most = Math.floor((BOX - 14) / (size * (bold ? 0.6 : 0.55)));
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function patterns(view) {
  const line = (d, colour) => draw("path", { d, fill: "none", style: `stroke: var(--wb-${colour}); stroke-width: 1.2; opacity: 0.55` });
  const make = (kind, size, ...parts) => draw("pattern", { id: `${kind}-${view.id}`, width: size, height: size, patternUnits: "userSpaceOnUse" }, ...parts);
  return draw(
    "defs",
    {},
    make("lines", 8, line("M-2,2 L2,-2 M0,8 L8,0 M6,10 L10,6", "partial")),
    make("cross", 9, line("M0,0 L9,9 M9,0 L0,9", "excluded")),
    make("dots", 6, draw("circle", { cx: 3, cy: 3, r: 1.1, style: "fill: var(--wb-partial); opacity: 0.7" })),
  );
}

function box(view, kind, width, height) {
  const { colour, fill, pattern, dash } = KINDS[kind];
  const common = { x: 0.5, y: 0.5, width: width - 1, height: height - 1, rx: 5 };
  const parts = [draw("rect", { ...common, class: "ground" }), draw("rect", { ...common, style: `fill: var(--wb-${colour}); fill-opacity: ${fill}; stroke: none` })];
  if (pattern) parts.push(draw("rect", { ...common, style: `fill: url(#${pattern}-${view.id}); stroke: none` }));
  parts.push(draw("rect", { ...common, class: "edge", style: `fill: none; stroke: var(--wb-${colour}); stroke-width: 1.7; ${dash ? `stroke-dasharray: ${dash}` : ""}` }));
  return parts;
}

export function place(view, [layer, at]) {
  return [(at + view.half) * (BOX + GAP), layer * view.pitch];
}

function node(view, one) {
  const [x, y] = place(view, one.place);
  const height = view.height;
  const made = draw("g", { class: "node", transform: `translate(${x - BOX / 2} ${y})`, role: one.acts ? "button" : "img", "aria-label": one.says, "data-id": one.id }, ...box(view, one.kind, BOX, height));
  if (one.acts) made.setAttribute("aria-pressed", String(one.id === view.value));
  one.lines.forEach((text, n) => {
    const size = n ? 11 : 12.5;
    const style = n === 0 ? "font-weight: 650; fill: var(--wb-text)" : n === 1 ? "fill: var(--wb-text)" : "fill: var(--wb-muted)";
    made.append(draw("text", { x: BOX / 2, y: 16 + n * LINE, "text-anchor": "middle", "font-size": size, style }, cutText(text, size, n === 0)));
  });
  made.append(draw("title", {}, one.hint));
  if (one.acts) made.addEventListener("click", () => !view.moved && press(view, one));
  made.addEventListener("focus", () => show(view, one));
  return made;
}

function press(view, one) {
  view.presses = (view.presses ?? 0) + 1;
  view.focused = one.id;
  if (view.spec.keeps) view.value = one.id;
  view.remember({ value: one.id, presses: view.presses });
  mark(view);
}

function mark(view) {
  for (const [id, made] of view.made) {
    if (made.hasAttribute("aria-pressed")) made.setAttribute("aria-pressed", String(id === view.value));
    made.setAttribute("tabindex", id === view.focused ? "0" : "-1");
  }
}

// A path goes from below a box to above the next, and straight through the layers that it passes.
function link(view, path) {
  const points = path.map((one) => place(view, one));
  let d = "";
  points.forEach(([x, y], n) => {
    if (n === 0) d += `M${x},${y + view.height}`;
    else {
      const [x0, y0] = points[n - 1];
      const from = y0 + view.height;
      const middle = (from + y) / 2;
      d += ` C${x0},${middle} ${x},${middle} ${x},${y}`;
      if (n < points.length - 1) d += ` L${x},${y + view.height}`;
    }
  });
  return draw("path", { d, class: "link" });
}

export function setView(view, { x, y, scale }) {
  const [width, height] = [view.stage.clientWidth, view.stage.clientHeight];
  view.at = { x, y, scale };
  view.svg.setAttribute("viewBox", `${x} ${y} ${width / scale} ${height / scale}`);
  view.level.textContent = `${Math.round(scale * 100)} %`;
}

export function extent(view) {
  return { width: 2 * view.half * (BOX + GAP) + GAP, height: view.spec.n_layers * view.pitch - BETWEEN + 8 };
}

export function fit(view, least = 0) {
  const { width, height } = extent(view);
  const [across, down] = [view.stage.clientWidth, view.stage.clientHeight];
  if (!across) return;
  const scale = Math.max(least, Math.min(1, across / width, least ? 1 : down / height));
  // What does not fit begins at the top, in the middle.
  const y = down / scale >= height ? (height - down / scale) / 2 : 0;
  setView(view, { x: (width - GAP - across / scale) / 2, y: y - 4, scale });
}

export function zoom(view, factor, centre) {
  const { x, y, scale } = view.at;
  const [width, height] = [view.stage.clientWidth, view.stage.clientHeight];
  const next = Math.min(2, Math.max(0.08, scale * factor));
  const [fx, fy] = centre ?? [width / 2, height / 2];
  setView(view, { x: x + fx / scale - fx / next, y: y + fy / scale - fy / next, scale: next });
}

// The node that has the focus is moved into sight.
function show(view, one) {
  view.focused = one.id;
  mark(view);
  const [cx, top] = place(view, one.place);
  const { scale } = view.at;
  const [width, height] = [view.stage.clientWidth / scale, view.stage.clientHeight / scale];
  let { x, y } = view.at;
  if (cx - BOX / 2 < x) x = cx - BOX / 2 - 8;
  if (cx + BOX / 2 > x + width) x = cx + BOX / 2 + 8 - width;
  if (top < y) y = top - 8;
  if (top + view.height > y + height) y = top + view.height + 8 - height;
  setView(view, { x, y, scale });
}

function go(view, key) {
  const nodes = view.spec.nodes;
  const now = nodes.find((one) => one.id === view.focused) ?? nodes[0];
  const [layer, at] = now.place;
  const nearest = (found) => found.sort((a, b) => Math.abs(a.place[1] - at) - Math.abs(b.place[1] - at))[0];
  const beside = (by) => nodes.filter((one) => one.place[0] === layer && Math.sign(one.place[1] - at) === by);
  const next = (by) => {
    const layers = nodes.map((one) => one.place[0]).filter((other) => Math.sign(other - layer) === by);
    const wanted = by > 0 ? Math.min(...layers) : Math.max(...layers);
    return nearest(nodes.filter((one) => one.place[0] === wanted));
  };
  const moves = {
    ArrowDown: () => next(1),
    ArrowUp: () => next(-1),
    ArrowLeft: () => nearest(beside(-1)),
    ArrowRight: () => nearest(beside(1)),
    Home: () => nodes[0],
    End: () => nodes[nodes.length - 1],
  };
  return moves[key]?.();
}

function keyed(view, event) {
  const zooms = { "+": 1.25, "=": 1.25, "-": 0.8 };
  const one = view.spec.nodes.find((other) => other.id === view.focused);
  if (zooms[event.key]) {
    zoom(view, zooms[event.key]);
    if (one) show(view, one);
  } else if (event.key === "0") fit(view);
  else if ((event.key === "Enter" || event.key === " ") && one?.acts) press(view, one);
  else {
    const to = go(view, event.key);
    if (!to) return;
    view.made.get(to.id).focus({ preventScroll: true });
  }
  event.preventDefault();
}

function drag(view) {
  let from = null;
  view.svg.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    from = { x: event.clientX, y: event.clientY, at: view.at };
    view.moved = false;
  });
  view.svg.addEventListener("pointermove", (event) => {
    if (!from) return;
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
    if (!view.moved && Math.hypot(dx, dy) < 4) return;
    if (!view.moved) view.svg.setPointerCapture(event.pointerId);
    view.moved = true;
    setView(view, { ...from.at, x: from.at.x - dx / from.at.scale, y: from.at.y - dy / from.at.scale });
  });
  for (const name of ["pointerup", "pointercancel"]) view.svg.addEventListener(name, () => (from = null));
  view.svg.addEventListener(
    "wheel",
    (event) => {
      // The page scrolls as it always does, unless it is meant: Ctrl and wheel zoom.
      if (!event.ctrlKey) return;
      event.preventDefault();
      const frame = view.svg.getBoundingClientRect();
      zoom(view, Math.exp(-event.deltaY / 400), [event.clientX - frame.left, event.clientY - frame.top]);
    },
    { passive: false },
  );
}

function legend(view) {
  const parts = view.spec.legend.map(([kind, label]) => {
    const key = draw("svg", { width: 26, height: 15, "aria-hidden": "true" }, patterns({ id: `${view.id}-${kind}` }), ...box({ id: `${view.id}-${kind}` }, kind, 26, 15));
    return make("span", { class: "key" }, key, ` ${label}`);
  });
  view.legend.replaceChildren(...parts);
}

function build(view) {
  const { spec } = view;
  const within = view.svg.contains(view.root.getRootNode().activeElement);
  view.value = spec.value ?? "";
  view.half = Math.max(spec.breadth, 1) / 2;
  const lines = Math.max(2, ...spec.nodes.map((one) => one.lines.length));
  view.height = 9 + lines * LINE;
  view.pitch = view.height + BETWEEN;
  if (!spec.nodes.some((one) => one.id === view.focused)) view.focused = spec.value || spec.nodes[0]?.id;
  const key = JSON.stringify(spec.nodes.map((one) => [one.id, one.place]));
  const nodes = spec.nodes.map((one) => [one.id, node(view, one)]);
  view.made = new Map(nodes);
  view.svg.replaceChildren(patterns(view), ...spec.paths.map((path) => link(view, path)), ...nodes.map(([, made]) => made));
  view.svg.setAttribute("aria-label", `${spec.title}: arrows move, Enter chooses, plus and minus zoom`);
  legend(view);
  mark(view);
  if (key !== view.arranged) {
    view.arranged = key;
    view.stage.style.height = `${Math.min(TALLEST, Math.max(70, extent(view).height))}px`;
    view.fitted = false;
    settle(view);
  }
  if (within) view.made.get(view.focused)?.focus({ preventScroll: true });
}

function settle(view) {
  if (!view.spec || !view.stage.clientWidth) return;
  if (view.fitted && view.across === view.stage.clientWidth) return;
  [view.fitted, view.across] = [true, view.stage.clientWidth];
  fit(view, READABLE);
}

export function render({ model, el }) {
  return openView(model, el, {
    open(view) {
      view.made = new Map();
      view.at = { x: 0, y: 0, scale: 1 };
      view.svg = draw("svg", { class: "layered", role: "group" });
      view.svg.addEventListener("keydown", (event) => keyed(view, event));
      view.stage = make("div", { class: "stage graph" }, view.svg);
      view.level = make("span", { class: "quiet" });
      view.legend = make("div", { class: "legend" });
      const control = (label, name, call) => make("button", { type: "button", "aria-label": name, onclick: call }, label);
      view.controls.append(
        make("span", { class: "buttons" }, control("−", "Zoom out", () => zoom(view, 0.8)), control("+", "Zoom in", () => zoom(view, 1.25)), control("Fit", "Fit the drawing", () => fit(view)), view.level),
      );
      view.body.append(view.legend, view.stage);
      drag(view);
      new ResizeObserver(() => settle(view)).observe(view.stage);
    },
    read: build,
    draw: () => {},
    describe: (view) => view.spec.says,
  });
}
