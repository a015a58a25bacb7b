// A set on the sky: a visit that is in has a disc and a solid outline, one that is out a cross and an outline that is
// dashed and hatched, so that no difference is one of colour alone. What is selected in the hub is what is in the set.

import { isDrawn, trace } from "./canvas/areas.js";
import { legendEntry, putLegend } from "./canvas/classes.js";
import { follow, grouped, make, nameRow, openView, plural, showTip } from "./canvas/frame.js";
import { FEW, drawImage } from "./canvas/pixels.js";
import { MOST_OUTLINES, drawFrame, drawGround, hits, isPlaced, keepFit, part, toSky, turn, zoomButtons } from "./canvas/sky.js";
import { toDegrees } from "./canvas/sphere.js";

const MOST_SPREAD = 500; // marks up to which those at one place are moved apart, and are large
const MOST_LISTED = 2000;
const DISC = "\u25cf";
const CROSS = "\u2715";

/**
 * Move marks that lie on top of each other onto a ring, so that each can be seen and clicked.
 * @param {Float32Array} x in pixels, changed in place; NaN where there is none
 * @param {Float32Array} y
 * @param {number} radius marks nearer than that count as one place
 */
export function spread(x, y, radius) {
  if (x.length > MOST_SPREAD) return;
  const free = new Set(x.keys());
  for (const first of x.keys()) {
    if (!free.has(first)) continue;
    const near = [...free].filter((row) => Math.hypot(x[row] - x[first], y[row] - y[first]) < radius);
    for (const row of near) free.delete(row);
    if (near.length < 2) continue;
    const mean = (values) => near.reduce((sum, row) => sum + values[row], 0) / near.length;
    const [cx, cy] = [mean(x), mean(y)];
    // A ring on which they lie side by side, but not so wide that one would look for them elsewhere.
    const ring = Math.min(3 * radius, Math.max(radius, (near.length * radius) / Math.PI));
    near.forEach((row, n) => {
      const angle = (2 * Math.PI * n) / near.length;
      [x[row], y[row]] = [cx + ring * Math.cos(angle), cy - ring * Math.sin(angle)];
    });
  }
}

function hatch(pen, colour) {
  const tile = new OffscreenCanvas(14, 14);
  const line = tile.getContext("2d");
  line.strokeStyle = colour;
  line.lineWidth = 0.6;
  line.globalAlpha = 0.5;
  line.beginPath();
  for (const from of [-14, 0, 14]) {
    line.moveTo(from - 1, 15);
    line.lineTo(from + 15, -1);
  }
  line.stroke();
  return pen.createPattern(tile, "repeat");
}

function drawOutlines(pen, view, wanted, colour) {
  pen.strokeStyle = colour;
  pen.lineWidth = wanted ? 1.6 : 1.4;
  pen.setLineDash(wanted ? [] : [6, 4]);
  const hatched = wanted ? null : hatch(pen, colour);
  for (const row of view.shown) {
    if (view.hub.selected[row] !== wanted || !isDrawn(view.outlines, row, view)) continue;
    pen.beginPath();
    trace(pen, view.outlines, row);
    pen.globalAlpha = 0.06;
    pen.fillStyle = colour;
    pen.fill();
    pen.globalAlpha = 1;
    if (hatched) {
      pen.fillStyle = hatched;
      pen.fill();
    }
    pen.stroke();
  }
  pen.setLineDash([]);
}

function drawMarks(pen, view) {
  const { hub, colours, marks } = view;
  if (hub.length > FEW) {
    drawImage(pen, view, marks.x, marks.y, 2, [[colours.excluded, 1], [colours.included, 1, 3]], (row) => hub.selected[row]);
    return;
  }
  const half = hub.length > MOST_SPREAD ? 2.5 : 6;
  for (let row = 0; row < hub.length; row++) {
    const [x, y] = [marks.x[row], marks.y[row]];
    if (x !== x) continue;
    pen.beginPath();
    if (hub.selected[row]) {
      pen.arc(x, y, half, 0, 2 * Math.PI);
      pen.fillStyle = colours.included;
      pen.fill();
      pen.strokeStyle = colours.raised;
      pen.lineWidth = half / 4;
    } else {
      for (const side of [-1, 1]) {
        pen.moveTo(x - half, y - side * half);
        pen.lineTo(x + half, y + side * half);
      }
      pen.strokeStyle = colours.excluded;
      pen.lineWidth = half / 2;
    }
    pen.stroke();
  }
}

function draw(view, what) {
  const before = view.marks;
  if (!isPlaced(view, what)) return;
  if (view.marks !== before) spread(view.marks.x, view.marks.y, 7);
  const pen = drawGround(view);
  for (const [wanted, colour] of [[0, view.colours.excluded], [1, view.colours.included]])
    if (view.shown.length <= MOST_OUTLINES) drawOutlines(pen, view, wanted, colour);
  drawMarks(pen, view);
  drawFrame(pen, view);
  const [inside, outside] = countPlaced(view);
  const entries = [];
  if (inside) entries.push(legendEntry(DISC, view.colours.included, "in the set", inside));
  if (outside) entries.push(legendEntry(CROSS, view.colours.excluded, "excluded", outside));
  if (view.nPatches) entries.push(legendEntry("\u25a1", view.colours.muted, "patches", view.nPatches));
  putLegend(view, entries);
}

// How many are in, and out, of those that have a place on the sky.
function countPlaced(view) {
  const counts = [0, 0];
  const centres = part(view, "centres") ?? [];
  for (let row = 0; row < view.hub.length; row++) if (centres[3 * row] === centres[3 * row]) counts[view.hub.selected[row] ? 0 : 1] += 1;
  return counts;
}

function describe(view) {
  const [inside, outside] = countPlaced(view);
  const rest = view.hub.length - inside - outside;
  const hidden = rest ? ` ${plural(rest, "visit")} without a place on the sky.` : "";
  return `In: ${grouped(inside)}, out: ${grouped(outside)}.${hidden} Click a mark to leave a visit out or take it in again. North is up, east to the left.`;
}

function stateOf(view, row) {
  const codes = view.detail?.arrays.get("why")?.values;
  const why = codes?.length === view.hub.length ? view.detail.whys[codes[row]] : "";
  return [view.hub.selected[row] ? "in the set" : "excluded", why];
}

function about(view, row) {
  const names = ["band", "physical_filter"].map((name) => view.hub.columns.get(name)).filter(Boolean);
  return names.map(({ values, categories }) => categories[values[row]]).filter(Boolean);
}

function table(view) {
  const centres = part(view, "centres");
  const rows = [];
  for (let row = 0; row < view.hub.length && rows.length < MOST_LISTED; row++) {
    const at = toDegrees([centres[3 * row], centres[3 * row + 1], centres[3 * row + 2]]);
    const place = at.map((angle) => (angle === angle ? angle.toFixed(3) : ""));
    rows.push([nameRow(view, row), ...stateOf(view, row), about(view, row).join(", "), ...place]);
  }
  return { heads: ["visit", "state", "why", "filter", "RA (deg)", "Dec (deg)"], rows };
}

export function render({ model, el }) {
  return openView(model, el, {
    height: 420,
    tableLabel: "Visits on the sky as a table",
    open(view) {
      view.colour = "none";
      view.sentence.removeAttribute("aria-live"); // the sentence above the visits says it
      view.canvas.style.cursor = "grab";
      view.controls.append(make("span", { class: "buttons" }, ...zoomButtons(view)));
      let centre = null;
      follow(view, {
        press: () => {
          centre = view.projection;
          view.tip.hidden = true;
        },
        drag: (start, at) => centre && turn(view, centre, start, at),
        click: (at) => {
          const [row] = view.marks ? hits(view, at, 10) : [];
          if (row !== undefined) view.hub.toggle(view, row);
        },
        hover: (at) => {
          if (!view.marks) return;
          const [row] = hits(view, at, 10);
          view.canvas.style.cursor = row === undefined ? "grab" : "pointer";
          const [ra, dec] = toDegrees(toSky(view, at));
          const where = `RA ${ra.toFixed(3)}°, Dec ${dec.toFixed(3).replace("-", "\u2212")}°`;
          if (row === undefined) return showTip(view, at, where);
          const [state, why] = stateOf(view, row);
          showTip(view, at, [`${nameRow(view, row)}: ${state}`, why, ...about(view, row)].filter(Boolean).join(", "));
        },
      });
    },
    read: keepFit,
    detail: () => {},
    draw,
    describe,
    table,
  });
}
