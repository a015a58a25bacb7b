// Detectors where they lie in the focal plane, coloured by a value; clicks and lassos choose some.

import { drawLasso, drawLegend, inside, makeRamp, thin, trace } from "./canvas/areas.js";
import { begin, follow, make, openView, plural, short, showTip } from "./canvas/frame.js";

/** @type {(polygon: number[][], point: number[]) => boolean} */
const holds = (polygon, point) => inside(polygon, point[0], point[1]);

function part(view, name) {
  return view.own.get(name)?.values;
}

function place(view) {
  const [xy, starts] = [part(view, "outlines"), part(view, "starts")];
  if (!xy?.length) return;
  const [x, y] = [new Float32Array(xy.length / 2), new Float32Array(xy.length / 2)];
  const members = view.members();
  let reach = 1e-6;
  for (const n of members) for (let at = starts[n]; at < starts[n + 1]; at++) reach = Math.max(reach, Math.abs(xy[2 * at]), Math.abs(xy[2 * at + 1]));
  const scale = (0.46 * Math.min(view.width, view.height)) / reach;
  for (let at = 0; at < x.length; at++) [x[at], y[at]] = [view.width / 2 + xy[2 * at] * scale, view.height / 2 - xy[2 * at + 1] * scale];
  view.outlines = { x, y, starts };
}

function middle(view, n) {
  const { x, y, starts } = view.outlines;
  let [sumX, sumY] = [0, 0];
  for (let at = starts[n]; at < starts[n + 1]; at++) [sumX, sumY] = [sumX + x[at], sumY + y[at]];
  const corners = starts[n + 1] - starts[n];
  return [sumX / corners, sumY / corners];
}

function corners(view, n) {
  const { x, y, starts } = view.outlines;
  return Array.from({ length: starts[n + 1] - starts[n] }, (_, at) => [x[starts[n] + at], y[starts[n] + at]]);
}

function nameOf(view, n) {
  const [, detector, name] = view.spec.detectors[n];
  return `detector ${detector}${name ? ` (${name})` : ""}`;
}

function valueOf(view, n) {
  const value = view.values?.[n];
  return value === null || value === undefined ? NaN : value;
}

function choose(view, numbers, on) {
  const next = new Set(view.hub.detectors);
  for (const n of numbers) if (on) next.add(n);
    else next.delete(n);
  view.hub.choose(view, next);
  tell(view);
}

function tell(view) {
  const value = [...view.hub.detectors].sort((a, b) => a - b).map((n) => view.spec.detectors[n].slice(0, 2));
  view.remember({ instrument: view.instrument, column: view.column, value });
}

function addControls(view) {
  const pick = (label, names, value, onchange) => {
    const select = make("select", { onchange: () => (onchange(select.value), tell(view), view.draw("rows")) });
    for (const [name, text] of names) select.append(make("option", { value: name, selected: name === value }, text));
    return make("label", {}, `${label} `, select);
  };
  const instruments = [...new Set(view.spec.detectors.map(([instrument]) => instrument))];
  if (!instruments.includes(view.instrument)) [view.instrument] = instruments;
  const columns = view.spec.columns ?? [];
  view.column ??= columns[0]?.[0];
  const controls = [];
  if (instruments.length > 1) controls.push(pick("of", instruments.map((name) => [name, name]), view.instrument, (name) => (view.instrument = name)));
  if (columns.length > 1) controls.push(pick("colour", columns, view.column, (name) => (view.column = name)));
  controls.push(make("button", { type: "button", onclick: () => choose(view, [...view.hub.detectors], false) }, "All detectors"));
  view.controls.replaceChildren(...controls);
}

export function render({ model, el }) {
  return openView(model, el, {
    height: 320,
    tableLabel: "Detectors as a table",
    open(view) {
      view.members = () => [...view.spec.detectors.keys()].filter((n) => view.spec.detectors[n][0] === view.instrument);
      const hit = (at) => view.outlines && view.members().find((n) => holds(corners(view, n), at));
      follow(view, {
        press: (at) => {
          view.path = [at];
          view.tip.hidden = true;
        },
        drag: (start, at) => {
          view.path.push(at);
          view.draw("selection");
        },
        release: () => {
          const path = thin(view.path);
          view.path = null;
          if (path.length > 2) choose(view, view.members().filter((n) => holds(path, middle(view, n))), true);
          view.draw("selection");
        },
        click: (at) => {
          view.path = null;
          const n = hit(at);
          if (n !== undefined) choose(view, [n], !view.hub.detectors.has(n));
        },
        hover: (at) => {
          const n = hit(at);
          const value = n === undefined ? NaN : valueOf(view, n);
          showTip(view, at, n === undefined ? "" : `${nameOf(view, n)}${value === value ? `: ${view.told.label} ${short(value)}` : ""}`);
        },
      });
    },
    read: addControls,
    restore(view, state) {
      if (state.instrument) view.instrument = state.instrument;
      if (state.column) view.column = state.column;
      addControls(view);
      const wanted = (state.value ?? []).map(([instrument, detector]) => view.spec.detectors.findIndex((one) => one[0] === instrument && one[1] === detector)).filter((n) => n >= 0);
      const same = wanted.length === view.hub.detectors.size && wanted.every((n) => view.hub.detectors.has(n));
      if (state.value && !same) view.hub.choose(view, new Set(wanted));
      else view.draw("rows");
    },
    detail(view) {
      view.told = view.detail;
      view.values = view.told?.values;
    },
    draw(view, what) {
      const pen = begin(view);
      if (what === "rows" || !view.outlines) place(view);
      if (!view.outlines) return;
      const { colours, hub } = view;
      pen.fillStyle = colours.raised;
      pen.fillRect(0, 0, view.width, view.height);
      const members = view.members();
      const ramp = makeRamp(view, members.map((n) => valueOf(view, n)));
      const limited = members.some((n) => hub.detectors.has(n));
      for (const n of members) {
        pen.beginPath();
        trace(pen, view.outlines, n);
        const chosen = hub.detectors.has(n);
        pen.globalAlpha = limited && !chosen ? 0.35 : 1;
        pen.fillStyle = ramp.colour(valueOf(view, n)) ?? colours.surface;
        pen.fill();
        pen.globalAlpha = 1;
        pen.lineWidth = chosen ? 2.5 : 0.8;
        pen.strokeStyle = chosen ? colours.excluded : colours.border;
        pen.stroke();
      }
      if (members.length <= 30) {
        pen.textAlign = "center";
        pen.textBaseline = "middle";
        for (const n of members) {
          pen.fillStyle = colours.text;
          pen.fillText(String(view.spec.detectors[n][1]), ...middle(view, n));
        }
      }
      drawLasso(pen, view, view.path);
      if (view.told?.label) drawLegend(pen, view, ramp, view.told.label);
      pen.strokeStyle = colours.border;
      pen.lineWidth = 1;
      pen.strokeRect(0.5, 0.5, view.width - 1, view.height - 1);
    },
    describe(view) {
      if (!view.outlines) return "No detector has a region, so that its place is not known.";
      const members = view.members();
      const chosen = members.filter((n) => view.hub.detectors.has(n)).length;
      const some = chosen ? `${chosen} of ${plural(members.length, "detector")} chosen` : `${plural(members.length, "detector")}, none chosen: all count`;
      return `${some}. ${view.told?.says ?? ""}`.trim();
    },
    table(view) {
      const rows = view.members().map((n) => {
        const box = make("input", { type: "checkbox", "aria-label": `Choose ${nameOf(view, n)}`, "data-focus": `detector ${n}` });
        box.checked = view.hub.detectors.has(n);
        box.addEventListener("change", () => choose(view, [n], box.checked));
        const value = valueOf(view, n);
        return [box, String(view.spec.detectors[n][1]), view.spec.detectors[n][2], value === value ? short(value) : ""];
      });
      return { heads: ["chosen", "detector", "name", view.told?.label ?? "value"], rows };
    },
  });
}
