// What every view has: a heading with controls, a canvas, a sentence that says what it shows, and its table.

import { keepFocus, showEdges } from "../../elements/edges.js";
import { openHub, readMessage } from "./hub.js";
import { STYLE } from "./style.js";

export function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

export const grouped = (number) => number.toLocaleString("en-US");
export const plural = (number, one, many = `${one}s`) => `${grouped(number)} ${number === 1 ? one : many}`;

export function short(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "";
  const size = Math.abs(value);
  if (size >= 1000) return value.toLocaleString("en-US", { maximumFractionDigits: 0 });
  return size === 0 ? "0" : String(Number(value.toPrecision(4)));
}

export function withUnit(column) {
  return column.unit ? `${column.label} (${column.unit})` : column.label;
}

export function picker(label, names, columns, value, onchange) {
  const select = make("select", { onchange: () => onchange(select.value) });
  for (const name of names) select.append(make("option", { value: name, selected: name === value }, columns.get(name)?.label ?? name));
  return { field: make("label", {}, `${label} `, select), select };
}

// A view draws itself by `options.draw(view, what)`, says what it shows by `options.describe(view)`, and lists it
// by `options.table(view)`: { heads, rows }.
export function openView(model, el, options) {
  const view = { id: Math.random().toString(36).slice(2), model, ...options.members };
  const style = make("style");
  style.textContent = STYLE;
  const title = make("h3");
  view.controls = make("div", { class: "controls" });
  view.sentence = make("p", { class: "says", "aria-live": "polite" });
  view.root = make("section", { class: "wbv" }, make("div", { class: "head" }, title, view.controls));
  // JupyterLab takes letters and arrows for commands, such as D D to delete the cell, unless what has the focus
  // is marked: that something around it is does not help, for its selectors end with :focus.
  view.root.addEventListener("focusin", (event) => event.target.setAttribute("data-lm-suppress-shortcuts", "true"));
  if (options.height) {
    view.canvas = make("canvas", { role: "img" });
    view.tip = make("div", { class: "tip", hidden: true });
    view.stage = make("div", { class: "stage" }, view.canvas, view.tip);
    view.stage.style.height = `${options.height}px`;
    view.root.append(view.stage);
  }
  view.body = make("div");
  view.root.append(view.body, view.sentence);
  if (options.table) {
    view.details = make("details", { ontoggle: () => view.spec && view.draw("selection") }, make("summary", {}, options.tableLabel));
    view.listed = make("div", { class: "listed", role: "region", "aria-label": options.tableLabel });
    view.details.append(showEdges(view.listed));
    view.root.append(view.details);
  }
  el.append(style, view.root);

  view.read = () => {
    const spec = readMessage(model.get("content"));
    if (!spec) return;
    view.spec = spec;
    view.reportsAll = Boolean(spec.reports_all);
    if (!view.hub) {
      view.hub = openHub(spec.link || view.id);
      view.leave = view.hub.join(view);
    }
    if (view.stage && spec.height) view.stage.style.height = `${spec.height}px`;
    title.textContent = spec.title;
    view.root.setAttribute("aria-label", spec.title);
    view.hub.adopt(spec.digest, spec.length);
    const all = [...spec.arrays];
    view.own = new Map(all.filter(([, one]) => one.own));
    view.hub.provide(all.filter(([, one]) => !one.own));
    options.read?.(view);
    view.hub.receive(model.get("selected"));
    options.restore?.(view, view.recall());
    view.draw("rows");
  };
  view.paint = () => {
    view.colours = JSON.parse(model.get("colours") || "{}");
    for (const [name, colour] of Object.entries(view.colours)) view.root.style.setProperty(`--wb-${name}`, colour);
    view.draw("selection");
  };
  view.draw = (what) => {
    if (!view.spec || (view.canvas && !view.width)) return;
    options.draw(view, what);
    const says = options.describe(view);
    if (view.sentence.textContent !== says) view.sentence.textContent = says;
    view.canvas?.setAttribute("aria-label", `${view.spec.title}. ${says}`);
    view.list();
  };
  view.list = () => {
    if (!view.details?.open) return;
    const { heads, rows } = options.table(view);
    const line = (tag, cells) => make("tr", {}, ...cells.map((cell) => make(tag, tag === "th" ? { scope: "col" } : {}, cell)));
    const table = make("table", {}, make("thead", {}, line("th", heads)), make("tbody", {}, ...rows.map((row) => line("td", row))));
    const refocus = keepFocus(view.listed);
    view.listed.replaceChildren(table);
    refocus();
  };
  view.save = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };
  view.report = (text) => view.save("brush", text);
  view.remember = (state) => view.save("state", JSON.stringify(state));
  view.recall = () => JSON.parse(model.get("state") || "{}");
  view.forget = () => options.forget?.(view);

  let observer;
  if (view.canvas) {
    observer = new ResizeObserver(() => {
      const ratio = devicePixelRatio || 1;
      const [width, height] = [view.stage.clientWidth, view.stage.clientHeight];
      if (!width || !height || (view.width === width && view.height === height)) return;
      [view.width, view.height, view.ratio] = [width, height, ratio];
      [view.canvas.width, view.canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
      view.draw("rows");
    });
    observer.observe(view.stage);
  }
  options.open?.(view);
  const detail = () => {
    if (!view.spec) return;
    view.detail = readMessage(model.get("detail"));
    options.detail(view);
    view.draw("selection");
  };
  model.on("change:content", () => {
    view.read();
    if (options.detail) detail();
  });
  model.on("change:colours", view.paint);
  model.on("change:selected", () => view.hub?.receive(model.get("selected")));
  if (options.restore) model.on("change:state", () => view.spec && options.restore(view, view.recall()));
  if (options.detail) model.on("change:detail", detail);
  view.paint();
  view.read();
  if (options.detail) detail();
  return () => {
    observer?.disconnect();
    view.leave?.();
  };
}

/**
 * The pointer in the frame of a canvas; `click` is a press that did not move. Places are [x, y] in CSS pixels.
 * @param {any} view
 * @param {{press?: Function, drag?: Function, release?: Function, click?: Function, hover?: Function}} told
 */
export function follow(view, { press, drag, release, click, hover }) {
  const canvas = view.canvas;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  let start = null;
  let moved = false;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    start = place(event);
    moved = false;
    canvas.setPointerCapture(event.pointerId);
    press?.(start, event);
  });
  canvas.addEventListener("pointermove", (event) => {
    const at = place(event);
    if (!start) return hover?.(at, event);
    moved ||= Math.hypot(at[0] - start[0], at[1] - start[1]) > 3;
    if (!moved) return undefined;
    view.pointed = event.timeStamp;
    return drag?.(start, at, event);
  });
  canvas.addEventListener("pointerup", (event) => {
    if (!start) return;
    const at = place(event);
    view.pointed = event.timeStamp;
    if (moved) release?.(start, at, event);
    else click?.(at, event);
    start = null;
  });
  canvas.addEventListener("pointerleave", () => (view.tip.hidden = true));
}

export function showTip(view, at, text) {
  view.tip.hidden = !text;
  if (!text) return;
  view.tip.textContent = text;
  const right = at[0] > view.width / 2;
  view.tip.style.left = right ? "" : `${at[0] + 12}px`;
  view.tip.style.right = right ? `${view.width - at[0] + 12}px` : "";
  view.tip.style.top = `${Math.max(0, at[1] - 10)}px`;
}

// Drawing on a canvas in CSS pixels, whatever the screen's own.
export function begin(view) {
  const pen = view.canvas.getContext("2d");
  pen.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
  pen.clearRect(0, 0, view.width, view.height);
  pen.font = '11px system-ui, "DejaVu Sans", sans-serif';
  return pen;
}

export function nameRow(view, row) {
  const id = view.hub.values("visit");
  const instrument = view.hub.columns.get("instrument");
  return id ? `${instrument ? instrument.categories[instrument.values[row]] : ""} ${id[row]}`.trim() : `row ${row}`;
}

export function fitted(pen, text, room) {
  if (pen.measureText(text).width <= room) return text;
  let length = Math.max(1, Math.floor((text.length * room) / pen.measureText(text).width));
  while (length > 1 && pen.measureText(`${text.slice(0, length)}\u2026`).width > room) length -= 1;
  return `${text.slice(0, length)}\u2026`;
}
