// Visits as points: the timeline (night and sequence), or any column against any other; a box keeps what is inside.

import {
  drawAxes,
  drawCut,
  drawMarks,
  extent,
  forgetCut,
  letCut,
  makeScales,
  maskOf,
  niceStep,
  padded,
  rangeInputs,
  roundCut,
  says,
  whereOf,
} from "./canvas/axes.js";
import { describeClasses } from "./canvas/classes.js";
import { begin, grouped, make, nameRow, openView, picker, plural, short, showTip, withUnit } from "./canvas/frame.js";
import { NIGHT, mjdOf, nightNumber, nightText, nightTicks } from "./canvas/nights.js";
import { FEW } from "./canvas/pixels.js";

function choices(view) {
  const all = [...view.hub.columns.values()].filter((column) => column.kind === "f8" && column.label);
  return all.map((column) => column.name);
}

function fill(view) {
  const known = choices(view);
  for (const axis of ["x", "y"]) if (!view.hub.columns.has(view[axis])) view[axis] = view.spec[axis] ?? known[0];
  if (view.spec.fixed || known.join() === view.offered) return;
  view.offered = known.join();
  const choose = (axis) =>
    picker(axis, known, view.hub.columns, view[axis], (name) => {
      view[axis] = name;
      if (view.cut) {
        view.cut = null;
        view.hub.cut(view, null);
      }
      tell(view);
      view.draw("rows");
    }).field;
  view.controls.replaceChildren(choose("x"), choose("y"));
}

function tell(view) {
  view.remember({ x: view.x, y: view.y, value: view.cut ? [view.cut.x, view.cut.y] : null });
}

function nameOf(view, axis) {
  return view[axis] === NIGHT ? "day_obs" : view[axis];
}

function cutAxis(view, axis, range) {
  const column = view.hub.columns.get(view[axis]);
  if (view[axis] !== NIGHT) {
    const [low, high] = view.domains[axis];
    return roundCut(range, high - low).map((value) => (column.integer && Number.isFinite(value) ? Math.round(value) : value));
  }
  return range.map((value) => (Number.isFinite(value) ? Math.round(value) : value));
}

function apply(view, { quietly = false } = {}) {
  if (view.cut) {
    const [xs, ys] = [view.hub.values(view.x), view.hub.values(view.y)];
    view.cut = { x: cutAxis(view, "x", view.cut.x), y: cutAxis(view, "y", view.cut.y) };
    const mask = maskOf(xs, view.cut.x);
    for (let row = 0; row < mask.length; row++) if (!(ys[row] >= view.cut.y[0] && ys[row] <= view.cut.y[1])) mask[row] = 0;
    const wheres = [];
    const labels = [];
    for (const axis of ["x", "y"]) {
      const range = view.cut[axis];
      const shown = view[axis] === NIGHT ? range.map(nightNumber) : range;
      wheres.push(whereOf(nameOf(view, axis), shown));
      if (range.some(Number.isFinite)) labels.push(`${view.hub.columns.get(view[axis]).label} ${says(shown)}`);
    }
    view.hub.cut(view, { label: labels.join(", "), where: wheres.filter(Boolean).join(" AND "), mask });
  } else view.hub.cut(view, null);
  if (!quietly) tell(view);
}

function place(view) {
  const [xs, ys] = [view.hub.values(view.x), view.hub.values(view.y)];
  if (!xs || !ys) return false;
  if (view.xs !== xs || view.ys !== ys) {
    [view.xs, view.ys] = [xs, ys];
    view.domains = { x: padded(extent(xs), 0.04), y: padded(extent(ys), 0.06) };
    if (view.x === NIGHT) view.domains.x = [extent(xs)[0] - 1, extent(xs)[1] + 1];
  }
  view.scales = makeScales(view, view.domains.x, view.domains.y);
  view.pixels = { x: Float32Array.from(xs, view.scales.x), y: Float32Array.from(ys, view.scales.y) };
  return true;
}

function nearest(view, [x, y]) {
  if (!view.pixels) return -1;
  let [best, row] = [64, -1];
  for (let i = 0; i < view.pixels.x.length; i++) {
    const away = (view.pixels.x[i] - x) ** 2 + (view.pixels.y[i] - y) ** 2;
    if (away < best) [best, row] = [away, i];
  }
  return row;
}

function shownValue(view, axis, row) {
  const value = view.hub.values(view[axis])[row];
  return `${view.hub.columns.get(view[axis]).label} ${view[axis] === NIGHT ? nightText(value) : short(value)}`;
}

export function render({ model, el }) {
  return openView(model, el, {
    height: 240,
    tableLabel: "The same as a table",
    open(view) {
      view.ranges = ["x", "y"].map((axis) =>
        rangeInputs((range) => {
          const open = [-Infinity, Infinity];
          const other = view.cut ?? { x: open, y: open };
          const dated = range && view[axis] === NIGHT ? range.map((n) => (Number.isFinite(n) ? mjdOf(n) : n)) : range;
          const next = { ...other, [axis]: dated ?? open };
          view.cut = [...next.x, ...next.y].some(Number.isFinite) ? next : null;
          apply(view);
        }),
      );
      letCut(view, {
        both: true,
        changed: () => apply(view),
        click: (at) => {
          const row = nearest(view, at);
          if (row >= 0) view.hub.toggle(view, row);
          return row >= 0;
        },
        hover: (at) => {
          const row = nearest(view, at);
          showTip(view, at, row < 0 ? "" : `${nameRow(view, row)}: ${shownValue(view, "x", row)}, ${shownValue(view, "y", row)}`);
        },
      });
      view.body.append(make("div", { class: "cuts" }, ...view.ranges.map((range) => range.field)));
    },
    read: fill,
    forget: (view) => forgetCut(view, tell),
    restore(view, state) {
      for (const axis of ["x", "y"]) {
        if (!state[axis] || state[axis] === view[axis] || !view.hub.columns.has(state[axis])) continue;
        [view[axis], view.offered] = [state[axis], null];
      }
      fill(view);
      const wanted = state.value ?? null;
      if (!view.hub.columns.has(view.x) || String(wanted) === String(view.cut ? [view.cut.x, view.cut.y] : null)) return;
      if (!view.domains) view.domains = { x: padded(extent(view.hub.values(view.x)), 0.04), y: padded(extent(view.hub.values(view.y)), 0.06) };
      const open = (range) => range.map((value, n) => value ?? (n ? Infinity : -Infinity));
      view.cut = wanted && { x: open(wanted[0]), y: open(wanted[1]) };
      apply(view, { quietly: true });
    },
    draw(view, what) {
      fill(view);
      const pen = begin(view);
      if (what === "rows" || !view.pixels) if (!place(view)) return;
      const { hub } = view;
      const labels = { x: withUnit(hub.columns.get(view.x)), y: withUnit(hub.columns.get(view.y)) };
      drawAxes(pen, view, view.scales, labels, view.x === NIGHT ? { x: nightText, ticksX: nightTicks } : {});
      const size = hub.length > 5000 ? 2 : hub.length > 300 ? 4 : 7;
      const { x, y } = view.pixels;
      drawMarks(pen, view, x, y, size);
      if (hub.length <= FEW) ring(pen, view);
      const clamp = (range, [low, high]) => range.map((value) => Math.min(Math.max(value, low), high));
      drawCut(pen, view, view.scales, view.cut && { x: clamp(view.cut.x, view.domains.x), y: clamp(view.cut.y, view.domains.y) });
      view.ranges.forEach((range, n) => {
        const axis = "xy"[n];
        const cut = view.cut?.[axis];
        range.name(hub.columns.get(view[axis]).label);
        range.set(cut && view[axis] === NIGHT ? cut.map((value) => (Number.isFinite(value) ? nightNumber(value) : value)) : cut);
      });
    },
    describe(view) {
      const { hub } = view;
      if (!view.xs) return "No values.";
      if (view.spec.fixed) return describeNights(view) + describeClasses(view);
      let both = 0;
      let chosen = 0;
      for (let row = 0; row < hub.length; row++) {
        if (view.xs[row] !== view.xs[row] || view.ys[row] !== view.ys[row]) continue;
        both += 1;
        chosen += hub.selected[row];
      }
      const missing = hub.length - both ? `; ${grouped(hub.length - both)} more lack one of the two` : "";
      return `${grouped(chosen)} selected of ${plural(both, "visit")} with both values${missing}.`;
    },
    table: (view) => (view.spec.fixed ? listNights(view) : listCells(view)),
  });
}

// What marks a selected point besides its colour.
function ring(pen, view) {
  pen.strokeStyle = view.colours.text;
  pen.lineWidth = 1.2;
  for (let row = 0; row < view.hub.length; row++) {
    if (!view.hub.selected[row] || !(view.pixels.x[row] === view.pixels.x[row])) continue;
    pen.strokeRect(view.pixels.x[row] - 4.5, view.pixels.y[row] - 4.5, 9, 9);
  }
}

function perNight(view) {
  const nights = new Map();
  for (let row = 0; row < view.hub.length; row++) {
    const night = view.xs[row];
    const found = nights.get(night) ?? [0, 0];
    found[0] += 1;
    found[1] += view.hub.selected[row];
    nights.set(night, found);
  }
  return [...nights].sort(([a], [b]) => a - b);
}

function describeNights(view) {
  const nights = perNight(view);
  const chosen = nights.filter(([, [, selected]]) => selected);
  const all = `${plural(view.hub.length, "visit")} in ${plural(nights.length, "night")}`;
  if (!chosen.length) return `${all}; none is selected.`;
  const [first, last] = [chosen[0][0], chosen[chosen.length - 1][0]].map(nightText);
  return `${all}; ${plural(view.hub.count, "visit")} of ${plural(chosen.length, "night")} selected, ${first === last ? first : `${first} to ${last}`}.`;
}

function listNights(view) {
  const rows = perNight(view).map(([night, [all, selected]]) => [nightText(night), grouped(all), grouped(selected)]);
  return { heads: ["night", "visits", "selected"], rows };
}

// A grid of the plane: how many are where.
function listCells(view) {
  const { hub } = view;
  const heads = [view.x, view.y].map((name) => hub.columns.get(name).label);
  const steps = [extent(view.xs), extent(view.ys)].map(([low, high]) => niceStep(high - low, 6));
  const cells = new Map();
  for (let row = 0; row < hub.length; row++) {
    const at = [Math.floor(view.xs[row] / steps[0]), Math.floor(view.ys[row] / steps[1])];
    if (at.some((number) => number !== number)) continue;
    const found = cells.get(at.join()) ?? [at, 0, 0];
    found[1] += 1;
    found[2] += hub.selected[row];
    cells.set(at.join(), found);
  }
  const text = (n, step) => `${short(n * step)} to ${short((n + 1) * step)}`;
  const sorted = [...cells.values()].sort(([a], [b]) => a[0] - b[0] || a[1] - b[1]);
  return { heads: [...heads, "visits", "selected"], rows: sorted.map(([at, all, chosen]) => [text(at[0], steps[0]), text(at[1], steps[1]), grouped(all), grouped(chosen)]) };
}
