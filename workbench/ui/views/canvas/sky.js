// Visits, detectors, patches and tracts on the sky; patches are coloured by what the selected visits give them.

import { inside, isDrawn, makeRamp, trace } from "./areas.js";
import { drawMarks } from "./axes.js";
import { classColour, classesOf } from "./classes.js";
import { begin, make } from "./frame.js";
import { Projection, RADIAN, graticule, meanOf, toDegrees, toVector } from "./sphere.js";

export const MOST_OUTLINES = 3000; // more visits in view are marked by their centres
export const PATCHES = { none: "no colour", visits: "visits", time: "exposure time", depth: "depth" };

function projectAll(view, vectors, starts) {
  const length = vectors.length / 3;
  const [x, y] = [new Float32Array(length), new Float32Array(length)];
  const [cx, cy] = [view.width / 2, view.height / 2];
  for (let at = 0; at < length; at++) {
    const [east, north] = view.projection.project(vectors[3 * at], vectors[3 * at + 1], vectors[3 * at + 2]);
    [x[at], y[at]] = [cx - east * view.scale, cy - north * view.scale];
  }
  return { x, y, starts };
}

export function part(view, name) {
  return view.own.get(name)?.values;
}

// The sky stays where it was turned to as long as the same visits are shown.
export function keepFit(view) {
  view.fitted = view.fitted && view.seen === view.hub.digest;
  view.seen = view.hub.digest;
}

export function fit(view) {
  const vectors = part(view, "outlines")?.length ? part(view, "outlines") : part(view, "centres");
  if (!vectors?.length) return;
  view.projection = new Projection(meanOf(part(view, "centres").filter((value) => value === value)));
  let reach = 0.002;
  for (let at = 0; at < vectors.length; at += 3) {
    const [x, y] = view.projection.project(vectors[at], vectors[at + 1], vectors[at + 2]);
    if (x === x) reach = Math.max(reach, Math.abs(x), Math.abs(y));
  }
  view.scale = (0.46 * Math.min(view.width, view.height)) / Math.min(2, reach);
  view.fitted = true;
}

export function place(view) {
  view.marks = projectAll(view, part(view, "centres"));
  view.outlines = projectAll(view, part(view, "outlines"), part(view, "outline_starts"));
  view.patches = projectAll(view, part(view, "patches"), part(view, "patch_starts"));
  view.tracts = projectAll(view, part(view, "tracts"), part(view, "tract_starts"));
  view.detectors = view.detailed ? projectAll(view, view.detailed.get("outlines").values, view.detailed.get("starts").values) : null;
  placeGraticule(view);
  view.nPatches = part(view, "patch_starts").length - 1;
  view.shown = [];
  for (let row = 0; row < view.hub.length && view.shown.length <= MOST_OUTLINES; row++) {
    const { x, y } = view.marks;
    const near = x[row] > -60 && x[row] < view.width + 60 && y[row] > -60 && y[row] < view.height + 60;
    if (near || isDrawn(view.outlines, row, view)) view.shown.push(row);
  }
}

// Whether there is something to draw, and it is placed. `what` has changed: rows, their places alone, or the selection.
export function isPlaced(view, what) {
  if (!part(view, "centres")) return false;
  if (!view.fitted) fit(view);
  if (!view.projection) return false;
  if (what !== "selection" || !view.marks) place(view);
  return true;
}

// Inverse variances add: the depth of a sky-dominated coadd.
export function weigh(view) {
  const times = view.hub.values("visit.exposure_time");
  const depths = view.spec.depth ? view.hub.values(view.spec.depth) : null;
  const { length } = view.hub;
  view.time = Float64Array.from({ length }, (_, row) => times?.[row] || 0);
  view.weight = Float64Array.from({ length }, (_, row) => (depths && depths[row] === depths[row] ? 10 ** (0.8 * depths[row]) : 0));
}

// What the selected visits give to each patch; all visits if none is selected.
export function computePatches(view) {
  const starts = part(view, "overlap_starts");
  const rows = part(view, "overlap_rows");
  const bands = view.hub.columns.get("band");
  const band = view.band === "all" ? -1 : bands.categories.indexOf(view.band);
  const { length, count, selected } = view.hub;
  const counts = new Uint8Array(length);
  for (let row = 0; row < length; row++) counts[row] = (!count || selected[row]) && (band < 0 || bands.values[row] === band) ? 1 : 0;
  const [visits, time, depth] = [0, 1, 2].map(() => new Float64Array(view.nPatches));
  // Only what is shown: there may be millions of pairs.
  const all = !["none", "visits"].includes(view.colour) || view.details.open;
  for (let patch = 0; patch < view.nPatches; patch++) {
    let [number, seconds, flux] = [0, 0, 0];
    const end = starts[patch + 1];
    if (all) {
      for (let at = starts[patch]; at < end; at++) {
        const row = rows[at];
        if (!counts[row]) continue;
        number += 1;
        seconds += view.time[row];
        flux += view.weight[row];
      }
    } else for (let at = starts[patch]; at < end; at++) number += counts[rows[at]];
    visits[patch] = number;
    time[patch] = seconds;
    depth[patch] = flux ? 1.25 * Math.log10(flux) : NaN;
  }
  return { visits, time, depth };
}

export function zoomButtons(view) {
  const zoom = (label, name, factor) =>
    make("button", { type: "button", "aria-label": name, title: name, onclick: () => ((view.scale *= factor), view.draw("places")) }, label);
  const whole = make("button", { type: "button", onclick: () => (fit(view), view.draw("places")) }, "Fit");
  return [zoom("+", "Zoom in", 1.5), zoom("\u2212", "Zoom out", 1 / 1.5), whole];
}

// The sky under the pointer goes with it; `centre` is the projection when it was pressed.
export function turn(view, centre, start, at) {
  view.projection = new Projection(centre.unproject((at[0] - start[0]) / view.scale, (at[1] - start[1]) / view.scale));
  view.draw("places");
}

function placeGraticule(view) {
  const half = Math.hypot(view.width, view.height) / 2 / view.scale;
  const radius = (2 * Math.asin(Math.min(1, half / 2))) / RADIAN;
  view.lines = graticule(view.projection.centre, Math.min(170, radius)).map(({ points, label, edge }) => {
    const flat = Float64Array.from(points.flatMap(([ra, dec]) => toVector(ra, dec)));
    return { ...projectAll(view, flat), label, edge };
  });
}

// What is behind the visits.
export function drawGround(view) {
  const pen = begin(view);
  pen.fillStyle = view.colours.raised;
  pen.fillRect(0, 0, view.width, view.height);
  drawPatches(pen, view);
  drawGraticule(pen, view);
  return pen;
}

export function drawFrame(pen, view) {
  pen.strokeStyle = view.colours.border;
  pen.lineWidth = 1;
  pen.strokeRect(0.5, 0.5, view.width - 1, view.height - 1);
}

function drawGraticule(pen, view) {
  pen.strokeStyle = view.colours.border;
  pen.fillStyle = view.colours.muted;
  pen.lineWidth = 1;
  for (const { x, y, label, edge } of view.lines) {
    let [best, at] = [Infinity, -1];
    pen.beginPath();
    for (let n = 0; n < x.length; n++) {
      if (n && x[n] === x[n] && x[n - 1] === x[n - 1] && Math.hypot(x[n] - x[n - 1], y[n] - y[n - 1]) < view.width) {
        pen.moveTo(x[n - 1], y[n - 1]);
        pen.lineTo(x[n], y[n]);
      }
      const within = x[n] > 4 && x[n] < view.width - 40 && y[n] > 14 && y[n] < view.height - 4;
      const away = edge === "bottom" ? view.height - y[n] : x[n];
      if (within && away < best) [best, at] = [away, n];
    }
    pen.stroke();
    if (at < 0 || best > 40) continue;
    pen.textAlign = "left";
    pen.textBaseline = edge === "bottom" ? "bottom" : "middle";
    if (edge === "bottom") pen.fillText(label, x[at] + 3, view.height - 4);
    else if (y[at] < view.height - 26) pen.fillText(label, 5, y[at] - 7);
  }
}

function drawPatches(pen, view) {
  const values = view.given && view.colour !== "none" ? view.given[view.colour] : null;
  view.ramp = values && makeRamp(view, [...values].filter((value) => value > 0));
  pen.lineWidth = 0.7;
  for (let n = 0; n < view.nPatches; n++) {
    if (!isDrawn(view.patches, n, view)) continue;
    pen.beginPath();
    trace(pen, view.patches, n);
    if (values?.[n] > 0) {
      pen.fillStyle = view.ramp.colour(values[n]);
      pen.fill();
    }
    pen.strokeStyle = values ? view.colours.border : view.colours.muted; // without shades they are not the graticule
    pen.stroke();
  }
  pen.lineWidth = 1.6;
  pen.strokeStyle = view.colours.muted;
  for (let n = 0; n + 1 < part(view, "tract_starts").length; n++) {
    if (!isDrawn(view.tracts, n, view)) continue;
    pen.beginPath();
    trace(pen, view.tracts, n);
    pen.stroke();
  }
}

export function drawVisits(pen, view) {
  const { hub, colours, marks } = view;
  const outlined = view.shown.length <= MOST_OUTLINES;
  const classes = outlined && classesOf(view);
  if (classes) traceClasses(pen, view, classes);
  else if (outlined) {
    for (const [wanted, colour, width, alpha] of [
      [0, hub.count ? colours.muted : colours.included, 1, hub.count ? 0.5 : 0.8],
      [1, colours.included, 2, 1],
    ]) {
      pen.strokeStyle = colour;
      pen.lineWidth = width;
      pen.globalAlpha = alpha;
      pen.beginPath();
      for (const row of view.shown) if (hub.selected[row] === wanted && isDrawn(view.outlines, row, view)) trace(pen, view.outlines, row);
      pen.stroke();
    }
    pen.globalAlpha = 1;
  }
  drawMarks(pen, view, marks.x, marks.y, outlined ? 6 : 2);
}

function traceClasses(pen, view, classes) {
  const { hub } = view;
  for (const wanted of [0, 1]) {
    pen.lineWidth = wanted ? 2.4 : 1.2;
    pen.globalAlpha = hub.count && !wanted ? 0.35 : 0.9;
    const paths = new Map();
    for (const row of view.shown) {
      if (hub.selected[row] !== wanted || !isDrawn(view.outlines, row, view)) continue;
      const colour = classColour(view, classes.values[row]);
      paths.set(colour, [...(paths.get(colour) ?? []), row]);
    }
    for (const [colour, rows] of paths) {
      pen.strokeStyle = colour;
      pen.beginPath();
      for (const row of rows) trace(pen, view.outlines, row);
      pen.stroke();
    }
  }
  pen.globalAlpha = 1;
}

export function drawDetectors(pen, view) {
  if (!view.detectors) return;
  const names = view.detailed.get("detectors").values;
  pen.strokeStyle = view.colours.included;
  for (let n = 0; n < names.length; n++) {
    if (!isDrawn(view.detectors, n, view)) continue;
    const chosen = view.hub.detectors.has(names[n]);
    pen.beginPath();
    trace(pen, view.detectors, n);
    pen.lineWidth = chosen ? 1.6 : 0.5;
    pen.stroke();
    if (!chosen) continue;
    pen.globalAlpha = 0.3;
    pen.fillStyle = view.colours.included;
    pen.fill();
    pen.globalAlpha = 1;
  }
}

export function hits(view, [x, y], radius) {
  const found = [];
  for (let row = 0; row < view.hub.length; row++) {
    const away = Math.hypot(view.marks.x[row] - x, view.marks.y[row] - y);
    if (away < radius) found.push([away, row]);
  }
  return found.sort((a, b) => a[0] - b[0]).map(([, row]) => row);
}

export function toSky(view, [x, y]) {
  return view.projection.unproject((view.width / 2 - x) / view.scale, (view.height / 2 - y) / view.scale);
}

// Which centres an area holds: in a plane of its own, so that it does not matter how the sky was turned.
export function apply(view, { quietly = false } = {}) {
  if (view.area) {
    const plane = new Projection(meanOf(Float64Array.from(view.area.flat())));
    const polygon = view.area.map((corner) => plane.project(...corner));
    const vectors = part(view, "centres");
    const mask = new Uint8Array(view.hub.length);
    for (let row = 0; row < mask.length; row++) {
      const [x, y] = plane.project(vectors[3 * row], vectors[3 * row + 1], vectors[3 * row + 2]);
      mask[row] = x === x && inside(polygon, x, y) ? 1 : 0;
    }
    view.hub.cut(view, { label: "centre in the drawn area", where: "", mask });
  } else view.hub.cut(view, null);
  if (!quietly) tell(view);
}

export function tell(view) {
  const value = view.area ? view.area.map((corner) => toDegrees(corner).map((angle) => Number(angle.toFixed(6)))) : null;
  view.remember({ colour: view.colour, band: view.band, value });
}
