// Rows in classes, such as groups: a colour and a shape each. Both come again where classes are many.

import { grouped, make } from "./frame.js";
import { FEW, drawImage } from "./pixels.js";

export const GLYPHS = ["\u25a0", "\u25cf", "\u25c6", "\u25b2", "\u25bc"]; // square, disc, diamond, triangles: as stamp draws them
const MOST_NAMED = 12;
const BANDS = "ugrizy";

// The column whose categories colour the marks, where the view was told of one and it is there.
export function classesOf(view) {
  const column = view.spec?.colour_by && view.hub.columns.get(view.spec.colour_by);
  return column?.categories ? column : null;
}

export function classColour(view, code) {
  const all = view.colours.categories.split(" ");
  return code < 0 ? view.colours.muted : all[code % all.length];
}

// Bands have one colour each, whichever of them there are.
export function bandColour(view, band) {
  const at = BANDS.indexOf(band);
  return classColour(view, band.length === 1 && at >= 0 ? at : band ? BANDS.length + (band.charCodeAt(0) % 2) : -1);
}

function stamp(pen, x, y, size, code) {
  const half = size / 2;
  pen.beginPath();
  switch (code < 0 ? 0 : code % GLYPHS.length) {
    case 1:
      pen.arc(x, y, half, 0, 2 * Math.PI);
      break;
    case 2:
      pen.moveTo(x, y - half * 1.3);
      pen.lineTo(x + half * 1.3, y);
      pen.lineTo(x, y + half * 1.3);
      pen.lineTo(x - half * 1.3, y);
      break;
    case 3:
      pen.moveTo(x, y - half * 1.1);
      pen.lineTo(x + half * 1.2, y + half);
      pen.lineTo(x - half * 1.2, y + half);
      break;
    case 4:
      pen.moveTo(x, y + half * 1.1);
      pen.lineTo(x + half * 1.2, y - half);
      pen.lineTo(x - half * 1.2, y - half);
      break;
    default:
      pen.rect(x - half, y - half, size, size);
  }
  pen.closePath();
}

export function drawClasses(pen, view, x, y, size, classes) {
  const { hub } = view;
  const faint = hub.count ? 0.35 : 0.9;
  if (hub.length > FEW) {
    const colours = [...view.colours.categories.split(" "), view.colours.muted];
    const styles = [...colours.map((colour) => [colour, faint, 0]), ...colours.map((colour) => [colour, 1, 2])];
    const styleOf = (row) => {
      const code = classes.values[row];
      return (code < 0 ? colours.length - 1 : code % (colours.length - 1)) + hub.selected[row] * colours.length;
    };
    drawImage(pen, view, x, y, size, styles, styleOf);
  } else {
    for (const wanted of [0, 1]) {
      pen.globalAlpha = wanted ? 1 : faint;
      for (let row = 0; row < x.length; row++) {
        if (hub.selected[row] !== wanted || x[row] !== x[row] || y[row] !== y[row]) continue;
        pen.fillStyle = classColour(view, classes.values[row]);
        stamp(pen, x[row], y[row], size + 1 + wanted, classes.values[row]);
        pen.fill();
      }
    }
    pen.globalAlpha = 1;
  }
  showLegend(view, classes);
}

function countClasses(view, classes) {
  if (view.counted?.of === classes) return view.counted.counts;
  const counts = new Map();
  for (const code of classes.values) counts.set(code, (counts.get(code) ?? 0) + 1);
  view.counted = { of: classes, counts: [...counts].sort(([a], [b]) => Number(a < 0) - Number(b < 0) || a - b) };
  return view.counted.counts;
}

function className(classes, code) {
  return code < 0 ? "in no group" : classes.categories[code];
}

export function legendEntry(glyph, colour, name, count) {
  const mark = make("b", { "aria-hidden": "true" }, glyph);
  mark.style.color = colour;
  return make("span", {}, mark, ` ${name} (${grouped(count)})`);
}

export function putLegend(view, entries) {
  if (!view.legend) {
    view.legend = make("div", { class: "legend" });
    view.root.insertBefore(view.legend, view.sentence);
  }
  view.legend.replaceChildren(...entries);
}

function showLegend(view, classes) {
  if (view.legend && view.legendOf === classes && view.legendIn === view.colours.categories) return;
  [view.legendOf, view.legendIn] = [classes, view.colours.categories];
  const counts = countClasses(view, classes);
  const entries = counts.slice(0, MOST_NAMED).map(([code, count]) => {
    const glyph = code < 0 ? GLYPHS[0] : GLYPHS[code % GLYPHS.length];
    return legendEntry(glyph, classColour(view, code), className(classes, code), count);
  });
  if (counts.length > MOST_NAMED) entries.push(make("span", {}, `and ${counts.length - MOST_NAMED} more; colours come again`));
  putLegend(view, entries);
}

export function describeClasses(view) {
  const classes = classesOf(view);
  if (!classes) return "";
  const counts = countClasses(view, classes);
  const named = counts.slice(0, MOST_NAMED).map(([code, count]) => `${className(classes, code)} ${grouped(count)}`);
  const more = counts.length > MOST_NAMED ? `, and ${counts.length - MOST_NAMED} more` : "";
  return ` Coloured by ${classes.label}: ${named.join(", ")}${more}.`;
}
