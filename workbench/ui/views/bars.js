// Bars of counts, one a row: parts of a whole, or what was gained to the right and lost to the left.

import { grouped, make, openView } from "./canvas/frame.js";

function segment(part, share) {
  const made = make("span", { class: `part ${part.kind}`, title: `${part.name}: ${grouped(Math.abs(part.value))}` });
  made.style.width = `${share}%`;
  return made;
}

function line(view, row) {
  const { most, both } = view;
  const side = (parts, css) => {
    const made = make("span", { class: `side ${css}` });
    for (const part of parts) if (part.value) made.append(segment(part, (100 * Math.abs(part.value)) / most));
    return made;
  };
  const track = make("span", { class: both ? "track both" : "track" });
  if (both) track.append(side(row.parts.filter((part) => part.value < 0), "left"));
  track.append(side(row.parts.filter((part) => part.value >= 0), "right"));
  return make("div", { class: "bar" }, make("span", { class: "name", title: row.label }, row.label), track, make("span", { class: "number" }, row.number));
}

function build(view) {
  const { rows, legend } = view.spec;
  view.both = view.spec.both;
  const sum = (parts) => parts.reduce((total, part) => total + Math.abs(part.value), 0);
  const sizes = rows.flatMap(({ parts }) => (view.both ? [sum(parts.filter((part) => part.value < 0)), sum(parts.filter((part) => part.value > 0))] : [sum(parts)]));
  view.most = Math.max(1, ...sizes);
  view.bars.replaceChildren(...rows.map((row) => line(view, row)));
  view.bars.setAttribute("aria-label", `${view.spec.title}. ${view.spec.says}`);
  view.legend.replaceChildren(...legend.map(([kind, label]) => make("span", { class: "key" }, make("span", { class: `swatch part ${kind}` }), ` ${label}`)));
}

export function render({ model, el }) {
  return openView(model, el, {
    open(view) {
      view.bars = make("div", { class: "bars", role: "img" });
      view.legend = make("div", { class: "legend" });
      view.body.append(view.legend, view.bars);
    },
    read: build,
    draw: () => {},
    describe: (view) => view.spec.says,
  });
}
