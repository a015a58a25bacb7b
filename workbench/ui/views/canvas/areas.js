// Outlines, lassos and colour scales: what the sky and the focal plane have in common.

import { short } from "./frame.js";
import { rgb } from "./pixels.js";

/**
 * A colour between two, both as #rrggbb.
 * @param {string} from
 * @param {string} to
 * @param {number} part 0 for the first
 * @returns {string}
 */
export function mix(from, to, part) {
  const [a, b] = [rgb(from), rgb(to)];
  return `rgb(${a.map((value, n) => Math.round(value + (b[n] - value) * part)).join(" ")})`;
}

// From the surface to the accent; NaN is left blank.
export function makeRamp(view, values) {
  const finite = values.filter((value) => value === value);
  const [low, high] = finite.length ? [Math.min(...finite), Math.max(...finite)] : [0, 0];
  const { surface, accent } = view.colours;
  const colour = (value) => (value === value ? mix(surface, accent, high > low ? 0.12 + (0.88 * (value - low)) / (high - low) : 0.6) : null);
  return { low, high, colour, empty: !finite.length };
}

export function drawLegend(pen, view, ramp, label) {
  if (ramp.empty) return;
  const width = 110;
  const x = view.width - width - 12;
  const y = view.height - 30;
  const { raised, text, border } = view.colours;
  pen.globalAlpha = 0.88;
  pen.fillStyle = raised;
  pen.fillRect(x - 6, y - 18, width + 12, 46);
  pen.globalAlpha = 1;
  for (let n = 0; n < width; n++) {
    pen.fillStyle = ramp.colour(ramp.low + ((ramp.high - ramp.low) * n) / width);
    pen.fillRect(x + n, y, 1.2, 9);
  }
  pen.strokeStyle = border;
  pen.strokeRect(x + 0.5, y + 0.5, width - 1, 8);
  pen.fillStyle = text;
  pen.textBaseline = "bottom";
  pen.textAlign = "left";
  pen.fillText(label, x, y - 3, width);
  pen.textBaseline = "top";
  pen.fillText(short(ramp.low), x, y + 12);
  pen.textAlign = "right";
  if (ramp.high > ramp.low) pen.fillText(short(ramp.high), x + width, y + 12);
}

// Outlines as pixels: vertices of outline n are starts[n] to starts[n + 1].
export function trace(pen, outlines, n) {
  const { x, y, starts } = outlines;
  for (let at = starts[n]; at < starts[n + 1]; at++) {
    if (at === starts[n]) pen.moveTo(x[at], y[at]);
    else pen.lineTo(x[at], y[at]);
  }
  pen.closePath();
}

export function isDrawn(outlines, n, view) {
  const { x, y, starts } = outlines;
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let at = starts[n]; at < starts[n + 1]; at++) {
    if (x[at] !== x[at]) return false;
    [left, right] = [Math.min(left, x[at]), Math.max(right, x[at])];
    [top, bottom] = [Math.min(top, y[at]), Math.max(bottom, y[at])];
  }
  return right > 0 && left < view.width && bottom > 0 && top < view.height;
}

/**
 * Whether a point is inside of a polygon, by the rule of odd crossings.
 * @param {number[][]} polygon
 * @param {number} x
 * @param {number} y
 * @returns {boolean}
 */
export function inside(polygon, x, y) {
  let odd = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [[xi, yi], [xj, yj]] = [polygon[i], polygon[j]];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) odd = !odd;
  }
  return odd;
}

export function drawLasso(pen, view, path) {
  if (!path || path.length < 2) return;
  pen.beginPath();
  path.forEach(([x, y], n) => (n ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.closePath();
  pen.globalAlpha = 0.1;
  pen.fillStyle = view.colours.accent;
  pen.fill();
  pen.globalAlpha = 1;
  pen.lineWidth = 2;
  pen.setLineDash([5, 3]);
  pen.strokeStyle = view.colours.accent;
  pen.stroke();
  pen.setLineDash([]);
}

/**
 * Fewer corners: those nearer than a few pixels to the one before say nothing.
 * @param {[number, number][]} path
 */
export function thin(path) {
  const kept = [path[0]];
  for (const corner of path) {
    const last = kept[kept.length - 1];
    if (Math.hypot(corner[0] - last[0], corner[1] - last[1]) > 4) kept.push(corner);
  }
  return kept;
}
