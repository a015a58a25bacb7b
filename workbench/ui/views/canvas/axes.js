// Scales, ticks, marks and cuts of plots with two axes.

import { classesOf, drawClasses } from "./classes.js";
import { follow, make, short } from "./frame.js";
import { FEW, drawDensity, drawImage } from "./pixels.js";

const RASTER = 100000; // marks beyond which pixels are counted instead
const MARGIN = { left: 68, right: 12, top: 8, bottom: 38 };

export function niceStep(span, wanted) {
  const rough = span / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
}

function ticks(low, high, wanted) {
  if (!(high > low)) return [low];
  const step = niceStep(high - low, wanted);
  const found = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; n++) found.push(Number((n * step).toPrecision(12)));
  return found;
}

/**
 * The least and the largest value, NaN left out; never of no width.
 * @param {Iterable<number>} values
 * @returns {[number, number]}
 */
export function extent(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return [0, 1];
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

/**
 * A range with a part of its width more at both ends.
 * @param {[number, number]} range
 * @param {number} part
 * @returns {[number, number]}
 */
export function padded([low, high], part) {
  const more = (high - low) * part;
  return [low - more, high + more];
}

// Data to pixels of the frame inside the margins, and back.
export function makeScales(view, x, y) {
  const width = view.width - MARGIN.left - MARGIN.right;
  const height = view.height - MARGIN.top - MARGIN.bottom;
  return {
    x: (value) => MARGIN.left + ((value - x[0]) / (x[1] - x[0])) * width,
    y: (value) => MARGIN.top + height - ((value - y[0]) / (y[1] - y[0])) * height,
    fromX: (pixel) => x[0] + ((pixel - MARGIN.left) / width) * (x[1] - x[0]),
    fromY: (pixel) => y[0] + ((MARGIN.top + height - pixel) / height) * (y[1] - y[0]),
    box: { left: MARGIN.left, top: MARGIN.top, width, height },
    domain: { x, y },
  };
}

export function drawAxes(pen, view, scales, labels, formats = {}) {
  const { box } = scales;
  const { muted, border, raised } = view.colours;
  pen.fillStyle = raised;
  pen.fillRect(box.left, box.top, box.width, box.height);
  pen.strokeStyle = border;
  pen.lineWidth = 1;
  pen.strokeRect(box.left + 0.5, box.top + 0.5, box.width - 1, box.height - 1);
  pen.fillStyle = muted;
  pen.textAlign = "center";
  pen.textBaseline = "top";
  const atX = (formats.ticksX ?? ticks)(...scales.domain.x, Math.max(2, box.width / 90));
  for (const value of atX) {
    const x = Math.round(scales.x(value)) + 0.5;
    pen.beginPath();
    pen.moveTo(x, box.top + box.height);
    pen.lineTo(x, box.top + box.height + 4);
    pen.stroke();
    pen.fillText((formats.x ?? short)(value), Math.min(Math.max(x, box.left + 14), view.width - 24), box.top + box.height + 6);
  }
  pen.fillText(labels.x, box.left + box.width / 2, box.top + box.height + 21, box.width);
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  for (const value of ticks(...scales.domain.y, Math.max(2, box.height / 45))) {
    if (formats.whole && !Number.isInteger(value)) continue;
    const y = Math.round(scales.y(value)) + 0.5;
    pen.beginPath();
    pen.moveTo(box.left - 4, y);
    pen.lineTo(box.left, y);
    pen.stroke();
    pen.fillText((formats.y ?? short)(value), box.left - 6, Math.min(Math.max(y, box.top + 6), box.top + box.height - 4));
  }
  pen.save();
  pen.translate(11, box.top + box.height / 2);
  pen.rotate(-Math.PI / 2);
  pen.textAlign = "center";
  pen.fillText(labels.y, 0, 0, box.height);
  pen.restore();
}

// Marks at pixels, those that are selected above the others. A canvas draws few squares one by one; many are
// written into an image; and of more than RASTER the image counts them by pixel.
export function drawMarks(pen, view, x, y, size) {
  const classes = classesOf(view);
  if (classes) return drawClasses(pen, view, x, y, size, classes);
  const { hub, colours } = view;
  const rest = hub.count ? colours.muted : colours.included;
  const alpha = hub.count ? 0.4 : 0.8;
  if (hub.length > RASTER) {
    drawDensity(pen, view, x, y, 0, rest);
    if (hub.count) drawDensity(pen, view, x, y, 1, colours.included);
  } else if (hub.length > FEW) {
    drawImage(pen, view, x, y, size, [[rest, alpha], [colours.included, 1, 1]], (row) => hub.selected[row]);
  } else {
    for (const [wanted, colour, strength, big] of [[0, rest, alpha, size], [1, colours.included, 1, size + 1]]) {
      pen.fillStyle = colour;
      pen.globalAlpha = strength;
      for (let i = 0; i < x.length; i++) if (hub.selected[i] === wanted) pen.fillRect(x[i] - big / 2, y[i] - big / 2, big, big);
    }
    pen.globalAlpha = 1;
  }
  return undefined;
}

// A range in x, or in both, which is drawn, moved and resized with the pointer. `cut` is {x: [a, b], y: [a, b] | null}.
const GRIP = 6;

function cutPixels(scales, cut) {
  const [x0, x1] = [scales.x(cut.x[0]), scales.x(cut.x[1])];
  const { box } = scales;
  const [y0, y1] = cut.y ? [scales.y(cut.y[1]), scales.y(cut.y[0])] : [box.top, box.top + box.height];
  return { x0, x1, y0, y1 };
}

export function drawCut(pen, view, scales, cut) {
  if (!cut) return;
  const { x0, x1, y0, y1 } = cutPixels(scales, cut);
  pen.save();
  pen.beginPath();
  pen.rect(scales.box.left, scales.box.top, scales.box.width, scales.box.height);
  pen.clip();
  pen.fillStyle = view.colours.accent;
  pen.globalAlpha = 0.1;
  pen.fillRect(x0, y0, x1 - x0, y1 - y0);
  pen.globalAlpha = 1;
  pen.strokeStyle = view.colours.accent;
  pen.lineWidth = 2;
  pen.strokeRect(x0, y0, x1 - x0, y1 - y0);
  pen.fillStyle = view.colours.accent;
  for (const x of [x0, x1]) pen.fillRect(x - 3, (y0 + y1) / 2 - 9, 6, 18);
  pen.restore();
}

function gripOf(scales, cut, [x, y]) {
  if (!cut) return null;
  const { x0, x1, y0, y1 } = cutPixels(scales, cut);
  const inX = x > x0 - GRIP && x < x1 + GRIP;
  const inY = y > y0 - GRIP && y < y1 + GRIP;
  if (!inX || !inY) return null;
  const grip = { x0: Math.abs(x - x0) <= GRIP, x1: Math.abs(x - x1) <= GRIP };
  if (cut.y) Object.assign(grip, { y1: Math.abs(y - y0) <= GRIP, y0: Math.abs(y - y1) <= GRIP });
  return Object.values(grip).some(Boolean) ? grip : { move: true };
}

function dragCut(scales, before, grip, start, at, both) {
  const [dx, dy] = [scales.fromX(at[0]) - scales.fromX(start[0]), scales.fromY(at[1]) - scales.fromY(start[1])];
  const sorted = ([a, b]) => (a <= b ? [a, b] : [b, a]);
  if (!grip) {
    const x = sorted([scales.fromX(start[0]), scales.fromX(at[0])]);
    return { x, y: both ? sorted([scales.fromY(start[1]), scales.fromY(at[1])]) : null };
  }
  const moved = (range, low, high, by) => sorted([range[0] + (grip.move || low ? by : 0), range[1] + (grip.move || high ? by : 0)]);
  return { x: moved(before.x, grip.x0, grip.x1, dx), y: before.y && moved(before.y, grip.y0, grip.y1, dy) };
}

/**
 * Pointer and cut of a plot: `view.cut` and `view.scales` are the view's; `changed` is told of every step.
 * @param {any} view
 * @param {{both: boolean, changed: () => void, click?: Function, hover?: Function}} told
 */
export function letCut(view, { both, changed, click, hover }) {
  let [grip, before] = [null, null];
  follow(view, {
    press: (at) => {
      grip = gripOf(view.scales, view.cut, at);
      before = view.cut;
      view.tip.hidden = true;
    },
    drag: (start, at) => {
      view.cut = dragCut(view.scales, before, grip, start, at, both);
      changed();
    },
    click: (at) => {
      if (click?.(at) || !view.cut || grip) return;
      view.cut = null;
      changed();
    },
    hover: (at) => {
      const found = gripOf(view.scales, view.cut, at);
      view.canvas.style.cursor = !found ? "crosshair" : found.move ? "move" : found.y0 || found.y1 ? "ns-resize" : "ew-resize";
      hover?.(at);
    },
  });
}

// Two numbers for a range: the cut without a pointer.
export function rangeInputs(onchange) {
  const input = (name) => make("input", { type: "number", step: "any", placeholder: name, onchange: tell, onkeydown: entered });
  // JupyterLab keeps Enter from ending the entry.
  const entered = (event) => event.key === "Enter" && tell();
  const tell = () => {
    const [low, high] = [from.value, to.value];
    onchange(low === "" && high === "" ? null : [low === "" ? -Infinity : Number(low), high === "" ? Infinity : Number(high)]);
  };
  const [from, to] = ["from", "to"].map(input);
  const focused = () => from.getRootNode().activeElement;
  const set = (range) => {
    const text = (value) => (range && Number.isFinite(value) ? String(value) : "");
    if (focused() !== from) from.value = text(range?.[0]);
    if (focused() !== to) to.value = text(range?.[1]);
  };
  const before = make("span");
  const name = (text) => {
    before.textContent = text;
    [from, to].forEach((box, n) => box.setAttribute("aria-label", `Cut in ${text} ${n ? "to" : "from"}`));
  };
  return { field: make("span", { class: "range" }, before, from, "to", to), set, name };
}

export function maskOf(values, [low, high]) {
  const mask = new Uint8Array(values.length);
  for (let row = 0; row < mask.length; row++) mask[row] = values[row] >= low && values[row] <= high ? 1 : 0;
  return mask;
}

// The same cut in as many digits as can be told apart on the plot: a where that says it keeps the same rows.
export function roundCut(range, span) {
  const digits = Math.min(12, Math.max(0, Math.ceil(3 - Math.log10(span || 1))));
  return range.map((value) => (Number.isFinite(value) ? Number(value.toFixed(digits)) : value));
}

export function says([low, high]) {
  if (!Number.isFinite(low)) return `at most ${high}`;
  if (!Number.isFinite(high)) return `at least ${low}`;
  return `from ${low} to ${high}`;
}

export function whereOf(name, [low, high]) {
  const parts = [];
  if (Number.isFinite(low)) parts.push(`${name} >= ${low}`);
  if (Number.isFinite(high)) parts.push(`${name} <= ${high}`);
  return parts.join(" AND ");
}

export function forgetCut(view, tell) {
  if (!view.cut) return;
  view.cut = null;
  tell(view);
}
