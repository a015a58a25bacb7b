// Intersections of sets as bars above a matrix of dots (an UpSet plot).  Each column is a button with its own sentence.

import { keepFocus } from "./edges.js";

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

export function render({ model }) {
  const root = element("div", { class: "wb-upset", role: "group", "aria-label": model.title });
  function column(bar, index, tallest) {
    const on = bar.members.map((member, row) => (member ? row : -1)).filter((row) => row >= 0);
    const button = element("button", {
      type: "button",
      class: "column",
      "data-focus": String(index),
      "aria-pressed": String(bar.taken),
      "aria-label": `${bar.n_rows.toLocaleString("en-US")} rows ${bar.label}`,
      title: bar.label,
    });
    const rise = element("span", { class: "rise" });
    const height = Math.max(2, Math.round((bar.n_rows / tallest) * 84));
    rise.append(
      element("span", { class: "count" }, bar.n_rows.toLocaleString("en-US")),
      element("span", { class: "bar", style: `height: ${height}px` }),
    );
    button.append(rise);
    bar.members.forEach((member, row) => {
      const through = on.length > 1 && row >= on[0] && row <= on[on.length - 1];
      const ends = [through && row > on[0] ? "up" : "", through && row < on[on.length - 1] ? "down" : ""];
      const cell = element("span", { class: ["dot", ...ends].filter(Boolean).join(" ") });
      cell.append(element("span", { class: member ? "member" : "" }));
      button.append(cell);
    });
    button.addEventListener("click", () => model.send_msg({ kind: "bar", index }));
    return button;
  }

  function draw() {
    const refocus = keepFocus(root);
    const names = element("div", { class: "names" }, element("span", { class: "rise head" }, model.unit));
    const largest = Math.max(1, ...model.sets.map((set) => set.n_rows));
    for (const set of model.sets) {
      const size = element("span", { class: "size" }, set.n_rows.toLocaleString("en-US"));
      const line = element("span", { class: "line", style: `width: ${Math.round((set.n_rows / largest) * 60)}px` });
      names.append(element("span", { class: "name" }, element("span", { class: "label", title: set.label }, set.label), size, line));
    }
    const tallest = Math.max(1, ...model.bars.map((bar) => bar.n_rows));
    const columns = element("div", { class: "columns" });
    columns.append(...model.bars.map((bar, index) => column(bar, index, tallest)));
    const left = root.querySelector(".columns")?.scrollLeft ?? 0;
    root.replaceChildren(names, columns);
    columns.scrollLeft = left;
    refocus();
  }

  draw();
  model.on("revision", draw);
  return root;
}
