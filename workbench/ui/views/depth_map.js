// Visits of each patch before, after, and the difference, side by side on the sky.

import { inside, mix, trace } from "./canvas/areas.js";
import { begin, follow, make, openView, showTip } from "./canvas/frame.js";
import { Projection, meanOf } from "./canvas/sphere.js";

const MAPS = ["before", "after", "change"];
const TITLES = { before: "before", after: "after", change: "difference" };

function own(view, name) {
  return view.own.get(name).values;
}

function project(view) {
  const vectors = own(view, "patches");
  const projection = new Projection(meanOf(own(view, "centres")));
  const length = vectors.length / 3;
  const [x, y] = [new Float32Array(length), new Float32Array(length)];
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let at = 0; at < length; at++) {
    const [east, north] = projection.project(vectors[3 * at], vectors[3 * at + 1], vectors[3 * at + 2]);
    [x[at], y[at]] = [-east, -north];
    if (x[at] !== x[at]) continue;
    [left, right] = [Math.min(left, x[at]), Math.max(right, x[at])];
    [low, high] = [Math.min(low, y[at]), Math.max(high, y[at])];
  }
  view.flat = { x, y, left, right, low, high };
}

// One map is as wide as its share, and keeps the proportions of the sky.
function frames(view) {
  const stacked = view.width < 460;
  const across = stacked ? view.width : (view.width - 24) / 3;
  const down = stacked ? (view.height - 24) / 3 : view.height;
  return MAPS.map((_, n) => ({ left: stacked ? 0 : n * (across + 12), top: stacked ? n * (down + 12) : 0, width: across, height: down }));
}

function outlines(view, frame) {
  const { x, y, left, right, low, high } = view.flat;
  const head = 20;
  const scale = Math.min((frame.width - 8) / Math.max(right - left, 1e-9), (frame.height - head - 8) / Math.max(high - low, 1e-9));
  const dx = frame.left + frame.width / 2 - (scale * (left + right)) / 2;
  const dy = frame.top + head + (frame.height - head) / 2 - (scale * (low + high)) / 2;
  return { x: x.map((value) => value * scale + dx), y: y.map((value) => value * scale + dy), starts: own(view, "starts") };
}

// Lost and gained differ by colour, by hatching, and by the sign that is written.
function tone(view, name, value) {
  const { surface, accent, included, excluded } = view.colours;
  if (name === "change") return value === 0 ? surface : mix(surface, value < 0 ? excluded : included, 0.25 + (0.75 * Math.abs(value)) / view.most.change);
  return value === 0 ? surface : mix(surface, accent, 0.14 + (0.8 * value) / Math.max(1, view.most.visits));
}

function hatch(pen, view, shape, n) {
  pen.save();
  pen.clip();
  const corners = [...shape.x.slice(shape.starts[n], shape.starts[n + 1])];
  const heights = [...shape.y.slice(shape.starts[n], shape.starts[n + 1])];
  const [left, right, top, bottom] = [Math.min(...corners), Math.max(...corners), Math.min(...heights), Math.max(...heights)];
  pen.beginPath();
  for (let at = left - (bottom - top); at < right; at += 6) {
    pen.moveTo(at, bottom);
    pen.lineTo(at + bottom - top, top);
  }
  pen.strokeStyle = view.colours.text;
  pen.globalAlpha = 0.35;
  pen.lineWidth = 1;
  pen.stroke();
  pen.restore();
}

function readable(colour) {
  const [red, green, blue] = colour.match(/[\d.]+/g).map(Number);
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? "#101418" : "#ffffff";
}

function drawMap(pen, view, name, frame) {
  const shape = outlines(view, frame);
  const values = own(view, name);
  view.shapes.push({ name, shape, frame });
  pen.textAlign = "left";
  pen.textBaseline = "top";
  pen.fillStyle = view.colours.text;
  pen.font = 'bold 12px system-ui, "DejaVu Sans", sans-serif';
  pen.fillText(TITLES[name], frame.left + 2, frame.top + 2);
  for (let n = 0; n < values.length; n++) {
    let colour = tone(view, name, values[n]);
    if (colour.startsWith("#")) colour = mix(colour, colour, 0);
    pen.beginPath();
    trace(pen, shape, n);
    pen.fillStyle = colour;
    pen.fill();
    if (name === "change" && values[n] < 0) {
      hatch(pen, view, shape, n);
      pen.beginPath();
      trace(pen, shape, n);
    }
    pen.strokeStyle = view.colours.border;
    pen.lineWidth = 1;
    pen.stroke();
    const [a, b] = [shape.starts[n], shape.starts[n + 1]];
    const [wide, tall] = [Math.max(...shape.x.slice(a, b)) - Math.min(...shape.x.slice(a, b)), Math.max(...shape.y.slice(a, b)) - Math.min(...shape.y.slice(a, b))];
    const text = name === "change" && values[n] > 0 ? `+${values[n]}` : String(values[n]).replace("-", "\u2212");
    if (wide < 8 + 7 * text.length || tall < 16) continue;
    pen.font = '12px system-ui, "DejaVu Sans", sans-serif';
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    const [x, y] = [(Math.max(...shape.x.slice(a, b)) + Math.min(...shape.x.slice(a, b))) / 2, (Math.max(...shape.y.slice(a, b)) + Math.min(...shape.y.slice(a, b))) / 2];
    if (name === "change" && values[n] < 0) {
      pen.fillStyle = colour;
      pen.fillRect(x - 4 - 3.6 * text.length, y - 8, 8 + 7.2 * text.length, 16);
    }
    pen.fillStyle = readable(colour);
    pen.fillText(text, x, y + 1);
  }
}

function hover(view, at) {
  for (const { shape, frame } of view.shapes ?? []) {
    if (at[0] < frame.left || at[0] > frame.left + frame.width || at[1] < frame.top || at[1] > frame.top + frame.height) continue;
    for (let n = 0; n < view.spec.names.length; n++) {
      const corners = [];
      for (let v = shape.starts[n]; v < shape.starts[n + 1]; v++) corners.push([shape.x[v], shape.y[v]]);
      if (!inside(corners, at[0], at[1])) continue;
      const [before, after] = [own(view, "before")[n], own(view, "after")[n]];
      return showTip(view, at, `${view.spec.names[n]}: ${before} before, ${after} after`);
    }
  }
  return showTip(view, at, "");
}

function offer(view, select, values, value) {
  select.replaceChildren(...values.map((one) => make("option", { value: one, selected: one === value }, one)));
  select.parentElement.hidden = values.length < 2;
}

function ask(view) {
  view.remember({ task: view.task.value, band: view.band.value });
}

export function render({ model, el }) {
  return openView(model, el, {
    height: 300,
    open(view) {
      view.task = make("select", { onchange: () => ask(view) });
      view.band = make("select", { onchange: () => ask(view) });
      view.controls.append(make("label", {}, "task ", view.task), make("label", {}, "band ", view.band));
      follow(view, { hover: (at) => hover(view, at) });
    },
    read(view) {
      offer(view, view.task, view.spec.tasks, view.spec.task);
      offer(view, view.band, view.spec.bands, view.spec.band);
      view.most = { visits: Math.max(0, ...own(view, "before"), ...own(view, "after")), change: Math.max(1, ...own(view, "change").map(Math.abs)) };
      if (own(view, "before").length) project(view);
    },
    draw(view) {
      const pen = begin(view);
      view.shapes = [];
      if (!own(view, "before").length) return;
      frames(view).forEach((frame, n) => drawMap(pen, view, MAPS[n], frame));
    },
    describe: (view) => view.spec.says,
  });
}
