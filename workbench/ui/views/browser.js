// Records of a dimension element, a page at a time: what is asked for goes to Python, which reads the page.

import { keepFocus, showEdges } from "../elements/edges.js";
import { grouped, make, openView } from "./canvas/frame.js";
import { makeWhereBox } from "./canvas/where_box.js";

function ask(view, changes) {
  // A draft to check and a record to tell about are asked for once.
  // Counted, so that what failed can be asked for again.
  view.presses = (view.presses ?? 0) + 1;
  view.wanted = { ...view.wanted, draft: null, picked: "", ...changes, presses: view.presses };
  view.remember(view.wanted);
}

function heading(view, column) {
  const order = view.spec.order;
  const sorted = order.replace("-", "") === column.name;
  const descending = order.startsWith("-");
  const next = sorted && !descending ? `-${column.name}` : column.name;
  const arrow = sorted ? (descending ? "\u00a0▼" : "\u00a0▲") : "";
  const button = make("button", { type: "button", "data-focus": `sort ${column.name}`, onclick: () => ask(view, { order: next, page: 0 }) }, column.label + arrow);
  return make("th", { scope: "col", class: column.right ? "right" : null, "aria-sort": sorted ? (descending ? "descending" : "ascending") : null }, button);
}

function isMarked(view, n) {
  return view.marked.has(view.spec.keys[n]);
}

function row(view, columns, n) {
  const { rows, keys } = view.spec;
  const box = make("input", { type: "checkbox", "aria-label": `Mark ${keys[n]}`, "data-focus": `mark ${keys[n]}` });
  box.checked = isMarked(view, n);
  box.addEventListener("change", () => {
    if (box.checked) view.marked.add(keys[n]);
    else view.marked.delete(keys[n]);
    ask(view, { marked: [...view.marked] });
    box.closest("tr").classList.toggle("on", box.checked);
    count(view);
  });
  const look = make("button", { type: "button", "aria-label": `About ${keys[n]}`, "data-focus": `about ${keys[n]}`, onclick: () => ask(view, { picked: keys[n] }) }, "About");
  const cells = columns.map((column) => make("td", { class: column.right ? "right" : null }, rows[n][column.at]));
  return make("tr", { class: isMarked(view, n) ? "on" : null }, make("td", {}, box), make("td", {}, look), ...cells);
}

function count(view) {
  const number = view.marked.size;
  view.marks.textContent = number ? `${grouped(number)} marked` : "";
  view.unmark.hidden = !number;
}

function columnsOf(view) {
  const all = view.spec.columns.map((column, at) => ({ ...column, at }));
  return all.filter((column) => !view.hidden.has(column.name));
}

function rebuild(view) {
  const { spec } = view;
  const refocus = keepFocus(view.root);
  const columns = columnsOf(view);
  const blank = (text) => make("th", { scope: "col" }, make("span", { class: "hidden" }, text));
  const head = make("tr", {}, blank("Marked"), blank("About"), ...columns.map((column) => heading(view, column)));
  const body = make("tbody", {}, ...spec.rows.map((_, n) => row(view, columns, n)));
  view.scroll.replaceChildren(make("table", {}, make("caption", { class: "hidden" }, "Dimension records"), make("thead", {}, head), body));
  const pages = Math.max(1, Math.ceil(spec.total / spec.page_size));
  const first = spec.page * spec.page_size + 1;
  view.count.textContent = spec.total ? `Rows ${grouped(first)} to ${grouped(first + spec.rows.length - 1)} of ${grouped(spec.total)}` : "No such records";
  view.paging.max = pages;
  view.paging.value = spec.page + 1;
  view.of.textContent = `of ${grouped(pages)}`;
  view.previous.disabled = spec.page === 0;
  view.next.disabled = spec.page + 1 >= pages;
  refocus();
  count(view);
}

function offerColumns(view) {
  const boxes = view.spec.columns.map((column) => {
    const box = make("input", { type: "checkbox" });
    box.checked = !view.hidden.has(column.name);
    box.addEventListener("change", () => {
      if (box.checked) view.hidden.delete(column.name);
      else view.hidden.add(column.name);
      rebuild(view);
    });
    return make("label", {}, box, ` ${column.label}`);
  });
  view.columns.replaceChildren(...boxes);
}

function fill(view) {
  const { spec } = view;
  view.wanted = { element: spec.element, where: spec.where, order: spec.order, page: spec.page, marked: spec.marked, picked: "" };
  view.marked = new Set(spec.marked);
  view.elements.replaceChildren(...spec.elements.map(([name, number]) => make("option", { value: name, selected: name === spec.element }, `${name} (${grouped(number)})`)));
  view.where.names = spec.names;
  if (view.seen !== spec.element) {
    [view.seen, view.hidden] = [spec.element, new Set(spec.hidden)];
    view.about.replaceChildren();
  }
  const typing = view.root.getRootNode().activeElement === view.where.input;
  if (!typing || !spec.wrong) view.where.input.value = spec.wrong ? view.where.input.value : spec.where;
  view.where.complain(spec.wrong);
  view.listed.replaceChildren(make("summary", {}, `Names for where (${spec.names.length})`), make("div", {}, spec.names.map(([name]) => name).join(", ")));
  offerColumns(view);
  rebuild(view);
}

function tellAbout(view) {
  const detail = view.detail;
  if (!detail) return;
  // Of what has been written on since, nothing is said.
  if (detail.draft === view.where.input.value) view.where.complain(detail.wrong);
  if (!detail.related) return;
  const rows = detail.related.map(([label, number]) => make("div", {}, make("dt", {}, label), make("dd", {}, number)));
  view.about.replaceChildren(make("h4", {}, detail.about), make("dl", {}, ...rows));
}

export function render({ model, el }) {
  return openView(model, el, {
    open(view) {
      [view.marked, view.hidden, view.wanted] = [new Set(), new Set(), {}];
      view.elements = make("select", { onchange: () => ask(view, { element: view.elements.value, where: "", order: "", page: 0, marked: [] }) });
      view.where = makeWhereBox("where (the Butler's grammar; Enter applies, arrows choose from what is offered)", {
        apply: (text) => ask(view, { where: text, page: 0 }),
        draft: (text) => ask(view, { draft: text }),
      });
      const apply = make("button", { type: "button", onclick: () => view.where.apply() }, "Apply");
      const choose = make("label", { class: "stacked" }, "Dimension element (records)", view.elements);
      view.columns = make("div", { class: "columns" });
      view.scroll = make("div", { class: "listed wide", role: "region", "aria-label": "Dimension records" });
      view.count = make("span", { role: "status" });
      view.previous = make("button", { type: "button", "aria-label": "Previous page of records", "data-focus": "previous", onclick: () => ask(view, { page: view.spec.page - 1 }) }, "‹ Previous");
      view.next = make("button", { type: "button", "aria-label": "Next page of records", "data-focus": "next", onclick: () => ask(view, { page: view.spec.page + 1 }) }, "Next ›");
      const turn = () => ask(view, { page: Math.min(Math.max(1, Number(view.paging.value) || 1), Number(view.paging.max)) - 1 });
      view.paging = make("input", { type: "number", min: 1, step: 1, "aria-label": "Page of records", onchange: turn, onkeydown: (event) => event.key === "Enter" && turn() });
      view.of = make("span");
      view.marks = make("span", { role: "status" });
      view.unmark = make("button", { type: "button", hidden: true, onclick: () => (view.marked.clear(), ask(view, { marked: [] }), rebuild(view)) }, "Unmark all");
      view.about = make("div", { class: "about", "aria-live": "polite" });
      view.listed = make("details");
      view.body.append(
        make("div", { class: "asked" }, choose, view.where.root, apply),
        view.where.error,
        view.sentence,
        showEdges(view.scroll),
        make("div", { class: "pager" }, view.count, view.previous, "page", view.paging, view.of, view.next, view.marks, view.unmark),
        view.about,
        make("details", {}, make("summary", {}, "Columns"), view.columns),
        view.listed,
      );
    },
    read: fill,
    detail: tellAbout,
    draw: () => {},
    describe: (view) => view.spec.says,
  });
}
