// A histogram of any column, all rows behind those that are selected, with a cut that is dragged or typed.

import {
  drawAxes,
  drawCut,
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
import { begin, grouped, openView, picker, plural, short, showTip, withUnit } from "./canvas/frame.js";

const BINS = 40;

function makeBins(column) {
  const [low, high] = extent(column.values);
  const step = niceStep(high - low, BINS);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first, Math.ceil(high / step - 1e-9) - 1);
  const edges = [];
  for (let n = first; n <= last + 1; n++) edges.push(Number((n * step).toPrecision(12)));
  return edges;
}

// The last bin has its upper edge, as numpy's histogram has.
function binOf(edges, value) {
  if (!(value >= edges[0] && value <= edges[edges.length - 1])) return -1;
  let [low, high] = [0, edges.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (edges[middle] <= value) low = middle;
    else high = middle;
  }
  return low;
}

function count(view) {
  const { order, bins, column } = view;
  const { values } = column;
  const selected = view.hub.selected;
  const chosen = new Int32Array(view.edges.length - 1);
  // In the order of the values: the first is the least, and the middle one the median.
  const rows = [];
  for (let n = 0; n < order.length; n++) {
    const row = order[n];
    if (!selected[row]) continue;
    chosen[bins[row]] += 1;
    rows.push(row);
  }
  const middle = rows.length >> 1;
  const median = rows.length % 2 ? values[rows[middle]] : (values[rows[middle - 1]] + values[rows[middle]]) / 2;
  view.counts = { chosen, number: rows.length, low: values[rows[0]], high: values[rows[rows.length - 1]], median };
}

function prepare(view) {
  view.column = view.hub.columns.get(view.name);
  if (!view.column) return false;
  if (view.prepared !== view.column) {
    view.prepared = view.column;
    view.edges = makeBins(view.column);
    const { values } = view.column;
    view.bins = Int32Array.from(values, (value) => binOf(view.edges, value));
    view.all = new Int32Array(view.edges.length - 1);
    view.order = Int32Array.from(values.keys()).filter((row) => view.bins[row] >= 0);
    view.order.sort((a, b) => values[a] - values[b]);
    for (const row of view.order) view.all[view.bins[row]] += 1;
    view.missing = values.length - view.order.length;
  }
  return true;
}

function names(view) {
  return [...view.hub.columns.values()].filter((column) => column.kind === "f8" && column.label).map((column) => column.name);
}

function fill(view) {
  const known = names(view);
  if (!known.includes(view.name)) view.name = known.includes(view.spec.column) ? view.spec.column : known[0];
  if (known.join() === view.offered) return;
  view.offered = known.join();
  const { field } = picker("of", known, view.hub.columns, view.name, (name) => {
    if (view.cut) {
      view.cut = null;
      view.hub.cut(view, null);
    }
    view.name = name;
    tell(view);
    view.draw("rows");
  });
  view.controls.replaceChildren(field);
}

function tell(view) {
  view.remember({ column: view.name, value: view.cut ? [view.cut.x] : null });
}

function apply(view, { quietly = false } = {}) {
  if (view.cut) {
    const span = view.edges[view.edges.length - 1] - view.edges[0];
    view.cut.x = roundCut(view.cut.x, span);
    const mask = maskOf(view.column.values, view.cut.x);
    view.hub.cut(view, { label: `${view.column.label} ${says(view.cut.x)}`, where: whereOf(view.name, view.cut.x), mask });
  } else view.hub.cut(view, null);
  if (!quietly) tell(view);
}

export function render({ model, el }) {
  return openView(model, el, {
    height: 240,
    tableLabel: "Bins as a table",
    open(view) {
      view.range = rangeInputs((range) => {
        view.cut = range && { x: range, y: null };
        apply(view);
      });
      view.body.append(view.range.field);
      letCut(view, {
        both: false,
        changed: () => apply(view),
        hover: (at) => {
          const bin = view.edges ? binOf(view.edges, view.scales.fromX(at[0])) : -1;
          if (bin < 0) return showTip(view, at, "");
          const [low, high] = [view.edges[bin], view.edges[bin + 1]];
          showTip(view, at, `${low} to ${high}: ${grouped(view.counts.chosen[bin])} selected of ${grouped(view.all[bin])}`);
        },
      });
    },
    read: fill,
    forget: (view) => forgetCut(view, tell),
    restore(view, state) {
      if (state.column && state.column !== view.name && names(view).includes(state.column)) {
        [view.name, view.offered] = [state.column, null];
        view.draw("rows");
      }
      const wanted = state.value?.[0] ?? null;
      if (!prepare(view) || String(wanted) === String(view.cut?.x ?? null)) return;
      view.cut = wanted && { x: wanted.map((value, n) => value ?? (n ? Infinity : -Infinity)), y: null };
      apply(view, { quietly: true });
    },
    draw(view) {
      fill(view);
      const pen = begin(view);
      if (!prepare(view)) return;
      count(view);
      const { edges, counts } = view;
      const top = Math.max(1, ...view.all);
      view.scales = makeScales(view, padded([edges[0], edges[edges.length - 1]], 0.02), [0, top * 1.05]);
      drawAxes(pen, view, view.scales, { x: withUnit(view.column), y: "visits" }, { whole: true });
      const bars = (numbers, colour, alpha) => {
        pen.fillStyle = colour;
        pen.globalAlpha = alpha;
        numbers.forEach((number, bin) => {
          const [x0, x1] = [view.scales.x(edges[bin]), view.scales.x(edges[bin + 1])];
          pen.fillRect(x0 + 0.5, view.scales.y(number), Math.max(1, x1 - x0 - 1), view.scales.y(0) - view.scales.y(number));
        });
        pen.globalAlpha = 1;
      };
      bars(view.all, view.colours.muted, view.hub.count ? 0.35 : 0.6);
      bars(counts.chosen, view.colours.included, 1);
      drawCut(pen, view, view.scales, view.cut && { ...view.cut, x: view.cut.x.map((value) => Math.min(Math.max(value, view.scales.domain.x[0]), view.scales.domain.x[1])) });
      view.range.name(view.column.label);
      view.range.set(view.cut?.x);
    },
    describe(view) {
      if (!view.column) return "No measured values.";
      const { number, low, high, median } = view.counts;
      const unit = view.column.unit ? ` ${view.column.unit}` : "";
      const missing = view.missing ? `, ${grouped(view.missing)} without a value` : "";
      const all = `${plural(view.hub.length, "visit")} in all${missing}.`;
      if (!view.hub.count) return `${view.column.label}: ${all} None is selected.`;
      if (!number) return `${view.column.label}: none of the ${plural(view.hub.count, "selected visit")} has a value; ${all}`;
      return `${view.column.label}: ${plural(number, "selected visit")}, ${short(low)} to ${short(high)}${unit}, median ${short(median)}; ${all}`;
    },
    table(view) {
      if (!view.column) return { heads: ["from", "to", "visits", "selected"], rows: [] };
      const rows = [...view.all].map((number, bin) => [view.edges[bin], view.edges[bin + 1], number, view.counts.chosen[bin]].map(short));
      return { heads: ["from", "to", "visits", "selected"], rows: rows.filter((row) => row[2] !== "0") };
    },
  });
}
