// A page of a table, as a real <table>: rows can be reached and activated by keyboard, and are read as rows.
// Python formats every cell; nothing here is ever parsed as HTML.

import { keepFocus, showEdges } from "../edges.js";

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

export function render({ model }) {
  const root = element("div", { class: "wb-table" });
  const table = element("table");
  const scroll = element("div", { class: "scroll", role: "region", "aria-label": model.caption }, table);
  const frame = showEdges(scroll);
  const foot = element("div");
  root.append(frame, foot);

  function activate(key, column) {
    model.send_msg({ kind: "row", key, column });
  }

  function heading(column) {
    const sorted = model.sort === column.name;
    const arrow = sorted ? (model.descending ? "\u00a0▼" : "\u00a0▲") : "";
    const cell = element("th", {
      scope: "col",
      class: column.align === "right" ? "right" : null,
      "aria-sort": sorted ? (model.descending ? "descending" : "ascending") : null,
      title: column.help || null,
    });
    if (!model.sortable) {
      cell.append(column.label);
      return cell;
    }
    const button = element("button", { type: "button", "data-focus": `sort:${column.name}` }, column.label + arrow);
    button.addEventListener("click", () => model.send_msg({ kind: "sort", column: column.name }));
    cell.append(button);
    return cell;
  }

  function row(values, position) {
    const key = model.keys[position] ?? String(position);
    const state = model.states[position] || null;
    const made = element("tr", { "data-state": state, "data-key": key });
    if (model.selected === key) made.setAttribute("aria-selected", "true");
    if (model.action) {
      const label = model.actions[position] || model.action;
      const button = element(
        "button",
        { type: "button", class: "act", "data-focus": `row:${key}`, "aria-label": `${label} ${key}` },
        label,
      );
      button.addEventListener("click", (event) => {
        event.stopPropagation();
        activate(key, "");
      });
      made.append(element("td", { class: "action" }, button));
      made.classList.add("clickable");
      made.addEventListener("click", () => {
        // Selecting text in a row is no click on it.
        if (!String(window.getSelection())) activate(key, "");
      });
    }
    values.forEach((value, index) => {
      const column = model.columns[index];
      const cell = element("td", { class: column.align === "right" ? "right" : column.wide ? "wide" : null });
      if (column.mark === "open" && value) {
        const label = `${column.name} of ${key}`;
        const open = element("button", { type: "button", class: "open", "data-focus": `${column.name}:${key}`, "aria-label": label }, value);
        open.addEventListener("click", (event) => {
          event.stopPropagation();
          model.send_msg({ kind: "cell", key, column: column.name });
        });
        cell.append(open);
      } else {
        cell.textContent = value;
      }
      if (column.mark) cell.dataset.mark = column.mark;
      made.append(cell);
    });
    return made;
  }

  function pager() {
    const pages = Math.max(1, Math.ceil(model.total / model.page_size));
    const first = model.total ? model.page * model.page_size + 1 : 0;
    const last = Math.min(model.total, (model.page + 1) * model.page_size);
    const count = (n) => n.toLocaleString("en-US");
    const bar = element("div", { class: "pager" });
    bar.append(
      element("span", { role: "status" }, model.total ? `Rows ${count(first)} to ${count(last)} of ${count(model.total)}` : model.problem ? "" : model.empty),
    );
    if (pages > 1) {
      const step = (label, by, name) => {
        const target = model.page + by;
        const button = element("button", { type: "button", "aria-label": name, "data-focus": `page:${by}` }, label);
        button.disabled = target < 0 || target >= pages;
        button.addEventListener("click", () => model.send_msg({ kind: "page", page: target }));
        return button;
      };
      bar.append(
        step("‹ Previous", -1, "Previous page"),
        element("span", {}, `page ${count(model.page + 1)} of ${count(pages)}`),
        step("Next ›", 1, "Next page"),
      );
    }
    return bar;
  }

  function draw() {
    const refocus = keepFocus(root);
    const headings = element("tr");
    if (model.action) headings.append(element("th", { scope: "col" }, element("span", { class: "hidden" }, "Action")));
    model.columns.forEach((column) => headings.append(heading(column)));
    const body = element("tbody");
    model.rows.forEach((values, position) => body.append(row(values, position)));
    const [left, top] = [scroll.scrollLeft, scroll.scrollTop];
    table.replaceChildren(element("caption", {}, model.caption), element("thead", {}, headings), body);
    if (model.height_limit) scroll.style.maxHeight = `${model.height_limit}px`;
    const problem = model.problem ? [element("p", { class: "problem", role: "alert" }, model.problem)] : [];
    foot.replaceChildren(...problem, ...(model.total > model.rows.length || model.pager ? [pager()] : []));
    [scroll.scrollLeft, scroll.scrollTop] = [left, top];
    refocus();
  }

  draw();
  // Python changes `revision` last, once for all the other properties of a redraw.
  model.on("revision", draw);
  return root;
}
