// Collections as a tree: chains open into what they search, in order; the datasets of the chosen one beside it.

import { showEdges } from "../elements/edges.js";
import { make, openView } from "./canvas/frame.js";

const MOST_SHOWN = 400;

function nodes(view) {
  const shown = [];
  const visit = (name, level, path) => {
    const found = view.known.get(name);
    if (!found || shown.length >= MOST_SHOWN) return;
    const id = [...path, name].join("\n");
    shown.push({ ...found, level, id });
    if (view.opened.has(id)) for (const child of found.children) if (!path.includes(child)) visit(child, level + 1, [...path, name]);
  };
  const wanted = view.search.value.trim().toLowerCase();
  const names = wanted ? [...view.known.keys()].filter((name) => name.toLowerCase().includes(wanted)) : view.spec.roots;
  for (const name of names) visit(name, 1, []);
  return shown;
}

function open(view, node, on) {
  if (on) view.opened.add(node.id);
  else view.opened.delete(node.id);
  rebuild(view, true);
}

function choose(view, node) {
  view.chosen = node.name;
  view.presses = (view.presses ?? 0) + 1; // what failed can be asked for again
  view.remember({ collection: node.name, presses: view.presses });
  rebuild(view, true);
}

function item(view, node) {
  const parent = node.children.length > 0;
  const isOpen = view.opened.has(node.id);
  const made = make(
    "li",
    {
      role: "treeitem",
      "aria-level": node.level,
      "aria-expanded": parent ? String(isOpen) : null,
      "aria-selected": String(node.name === view.chosen),
      "aria-label": `${node.name}, ${node.type}`,
      tabindex: node.id === view.focused ? "0" : "-1",
      "data-id": node.id,
      title: node.doc || null,
      style: `padding-left: ${8 + 18 * (node.level - 1)}px`,
    },
    make("span", { class: "twist", "aria-hidden": "true" }, parent ? (isOpen ? "▾" : "▸") : ""),
    make("span", { class: "name" }, node.name),
    make("small", { class: `kind ${node.type}` }, node.type),
  );
  made.addEventListener("click", (event) => {
    view.focused = node.id;
    if (parent && event.target.classList.contains("twist")) return open(view, node, !isOpen);
    if (parent && !isOpen) view.opened.add(node.id);
    return choose(view, node);
  });
  return made;
}

function rebuild(view, refocus = false) {
  view.nodes = nodes(view);
  if (!view.nodes.some((node) => node.id === view.focused)) view.focused = view.nodes[0]?.id;
  const items = view.nodes.map((node) => item(view, node));
  const within = view.tree.contains(view.tree.getRootNode().activeElement);
  view.tree.replaceChildren(...items);
  view.none.hidden = items.length > 0;
  if (refocus || within) items.find((one) => one.dataset.id === view.focused)?.focus();
}

function press(view, event) {
  const at = view.nodes.findIndex((node) => node.id === view.focused);
  const node = view.nodes[at];
  if (!node) return;
  const go = (to) => {
    view.focused = view.nodes[Math.min(view.nodes.length - 1, Math.max(0, to))].id;
    rebuild(view, true);
  };
  const isOpen = view.opened.has(node.id);
  const above = () => view.nodes.slice(0, at).findLastIndex((other) => other.level < node.level);
  const acts = {
    ArrowDown: () => go(at + 1),
    ArrowUp: () => go(at - 1),
    Home: () => go(0),
    End: () => go(view.nodes.length - 1),
    ArrowRight: () => (node.children.length && !isOpen ? open(view, node, true) : isOpen && go(at + 1)),
    ArrowLeft: () => (isOpen ? open(view, node, false) : node.level > 1 && go(above())),
    Enter: () => choose(view, node),
    " ": () => choose(view, node),
  };
  if (!acts[event.key]) return;
  event.preventDefault();
  acts[event.key]();
}

function listTypes(view) {
  const told = view.detail;
  if (!told) return;
  const line = (tag, cells) => make("tr", {}, ...cells.map((cell, n) => make(tag, { scope: tag === "th" ? "col" : null, class: n === 3 ? "right" : null }, cell)));
  const heads = line("th", ["dataset type", "dimensions", "storage class", "datasets"]);
  const table = make("table", {}, make("caption", { class: "hidden" }, "Dataset types"), make("thead", {}, heads), make("tbody", {}, ...told.types.map((row) => line("td", row))));
  view.types.replaceChildren(table);
  view.where.textContent = told.says;
  view.doc.textContent = told.doc;
}

export function render({ model, el }) {
  return openView(model, el, {
    open(view) {
      [view.opened, view.known, view.chosen] = [new Set(), new Map(), ""];
      view.search = make("input", { type: "text", placeholder: "part of a name", oninput: () => rebuild(view) });
      view.tree = make("ul", { role: "tree", "aria-label": "Collections", onkeydown: (event) => press(view, event) });
      view.none = make("p", { hidden: true }, "No such collection.");
      view.where = make("p", { class: "says", role: "status" });
      view.doc = make("p", { class: "quiet" });
      view.types = make("div", { class: "listed wide", role: "region", "aria-label": "Dataset types" });
      const left = make("div", {}, make("label", {}, "find ", view.search), make("div", { class: "treebox" }, view.tree, view.none));
      view.body.append(make("div", { class: "split" }, left, make("div", {}, view.where, view.doc, showEdges(view.types))));
    },
    read(view) {
      view.chosen = view.recall().collection || "";
      view.known = new Map(view.spec.collections.map((one) => [one.name, one]));
      if (!view.opened.size) for (const name of view.spec.roots.slice(0, 3)) if (view.known.get(name).children.length) view.opened.add(name);
      rebuild(view);
    },
    restore(view, state) {
      if ((state.collection || "") === view.chosen) return;
      view.chosen = state.collection || "";
      rebuild(view);
    },
    detail: listTypes,
    draw: () => {},
    describe: (view) => view.spec.says,
  });
}
