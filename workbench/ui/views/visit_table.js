// The visits as a table: sorted, paged, and every row with a box that selects it; the way without a pointer.

import { keepFocus, showEdges } from "../elements/edges.js";
import { grouped, make, nameRow, openView, plural, short, withUnit } from "./canvas/frame.js";
import { NIGHT, nightText } from "./canvas/nights.js";

const PAGE = 12;
const ALWAYS = ["instrument", "visit", "band", "night"];

function textOf(view, column, row) {
  const value = column.values[row];
  if (column.categories) return value < 0 ? "" : column.categories[value];
  if (column.name === NIGHT) return value === value ? nightText(value) : "";
  if (column.name === "visit") return String(value);
  return short(value);
}

function shownColumns(view) {
  const all = [...view.hub.columns.values()].filter((column) => column.kind === "f8" || column.categories);
  view.chosen ??= new Set([...ALWAYS, ...(view.spec.columns ?? all.slice(0, 9).map((column) => column.name))]);
  if (view.hub.columns.get("instrument")?.categories.length === 1) view.chosen.delete("instrument");
  return all.filter((column) => view.chosen.has(column.name));
}

function order(view) {
  const { hub } = view;
  const column = hub.columns.get(view.sort);
  const sign = view.descending ? -1 : 1;
  const rows = Int32Array.from({ length: hub.length }, (_, row) => row);
  if (column) {
    const key = column.values;
    // What has no value comes last, whichever way.
    rows.sort((a, b) => {
      const [x, y] = [key[a], key[b]];
      if (x !== x || y !== y) return Number(x !== x) - Number(y !== y) || a - b;
      return sign * (x - y) || a - b;
    });
  }
  view.ordered = rows;
}

function listRows(view) {
  return view.only ? view.ordered.filter((row) => view.hub.selected[row]) : view.ordered;
}

function headingOf(view, column) {
  const sorted = view.sort === column.name;
  const arrow = sorted ? (view.descending ? "\u00a0▼" : "\u00a0▲") : "";
  const label = column.name === "visit" ? "visit" : withUnit(column);
  const press = () => {
    [view.sort, view.descending, view.page] = [column.name, sorted && !view.descending, 0];
    order(view);
    rebuild(view);
  };
  const button = make("button", { type: "button", onclick: press, "data-focus": `sort ${column.name}` }, label + arrow);
  return make("th", { scope: "col", "aria-sort": sorted ? (view.descending ? "descending" : "ascending") : null }, button);
}

function rowOf(view, columns, row) {
  const box = make("input", { type: "checkbox", "data-row": row, "data-focus": `row ${row}`, "aria-label": `Select ${nameRow(view, row)}` });
  box.checked = Boolean(view.hub.selected[row]);
  box.addEventListener("change", () => {
    view.hub.mark(view, [row], box.checked);
    view.save("state", JSON.stringify({ value: nameRow(view, row) }));
  });
  const cells = columns.map((column) => make("td", column.categories ? {} : { class: "right" }, textOf(view, column, row)));
  return make("tr", { class: view.hub.selected[row] ? "on" : null }, make("td", {}, box), ...cells);
}

function rebuild(view) {
  const columns = shownColumns(view);
  const rows = listRows(view);
  const pages = Math.max(1, Math.ceil(rows.length / PAGE));
  view.page = Math.min(Math.max(0, view.page), pages - 1);
  view.shown = [...rows.slice(view.page * PAGE, (view.page + 1) * PAGE)];
  const refocus = keepFocus(view.root);
  const head = make("tr", {}, make("th", { scope: "col" }, make("span", { class: "hidden" }, "Selected")), ...columns.map((column) => headingOf(view, column)));
  const table = make("table", {}, make("caption", { class: "hidden" }, "Visits"), make("thead", {}, head), make("tbody", {}, ...view.shown.map((row) => rowOf(view, columns, row))));
  view.scroll.replaceChildren(table);
  const first = rows.length ? view.page * PAGE + 1 : 0;
  view.count.textContent = rows.length
    ? `Rows ${grouped(first)} to ${grouped(first + view.shown.length - 1)} of ${grouped(rows.length)}`
    : view.only ? "No visit is selected" : "No visits";
  view.previous.disabled = view.page === 0;
  view.next.disabled = view.page >= pages - 1;
  view.paging.textContent = `page ${grouped(view.page + 1)} of ${grouped(pages)}`;
  refocus();
}

function refresh(view) {
  for (const box of view.scroll.querySelectorAll("input[data-row]")) {
    box.checked = Boolean(view.hub.selected[Number(box.dataset.row)]);
    box.closest("tr").classList.toggle("on", box.checked);
  }
}

function offerColumns(view) {
  const all = [...view.hub.columns.values()].filter((column) => (column.kind === "f8" || column.categories) && column.name !== "visit");
  const boxes = all.map((column) => {
    const box = make("input", { type: "checkbox" });
    box.checked = view.chosen.has(column.name);
    box.addEventListener("change", () => {
      if (box.checked) view.chosen.add(column.name);
      else view.chosen.delete(column.name);
      rebuild(view);
    });
    return make("label", {}, box, ` ${column.label}`);
  });
  view.columns.replaceChildren(...boxes);
}

export function render({ model, el }) {
  return openView(model, el, {
    open(view) {
      [view.sort, view.descending, view.page, view.only] = ["visit", false, 0, false];
      const turn = (by) => {
        view.page += by;
        rebuild(view);
      };
      const all = (on) => view.hub.mark(view, [...listRows(view)], on);
      const only = make("input", { type: "checkbox" });
      only.addEventListener("change", () => {
        [view.only, view.page] = [only.checked, 0];
        rebuild(view);
      });
      view.columns = make("div", { class: "columns" });
      view.scroll = make("div", { class: "listed wide", role: "region", "aria-label": "Visits" });
      view.count = make("span", { role: "status" });
      view.paging = make("span");
      view.previous = make("button", { type: "button", "data-focus": "previous", "aria-label": "Previous page of visits", onclick: () => turn(-1) }, "‹ Previous");
      view.next = make("button", { type: "button", "data-focus": "next", "aria-label": "Next page of visits", onclick: () => turn(1) }, "Next ›");
      view.controls.append(
        make("label", {}, only, " only what is selected"),
        make("button", { type: "button", onclick: () => all(true) }, "Select all listed"),
        make("button", { type: "button", onclick: () => view.hub.clear(view) }, "Clear the selection"),
      );
      const choose = make("details", {}, make("summary", {}, "Columns"), view.columns);
      view.body.append(showEdges(view.scroll), make("div", { class: "pager" }, view.count, view.previous, view.paging, view.next), choose);
    },
    draw(view, what) {
      if (what === "rows") {
        shownColumns(view);
        offerColumns(view);
        order(view);
        rebuild(view);
      } else if (view.only) rebuild(view);
      else refresh(view);
    },
    describe(view) {
      const { hub } = view;
      const cuts = [...hub.cuts.values()].map((cut) => cut.label);
      if (hub.byHand) cuts.push(`${grouped(hub.byHand)} by hand`);
      if (hub.detectors.size) cuts.push(plural(hub.detectors.size, "detector"));
      const how = cuts.length ? `: ${cuts.join("; ")}` : "";
      return `${grouped(hub.count)} of ${plural(hub.length, "visit")} selected${how}.`;
    },
  });
}
