// A field for a where: what may be written next is offered below it, by keyboard as ARIA's combobox has it.

import { make } from "./frame.js";

const KEYWORDS = [
  ["AND", "both"],
  ["OR", "either"],
  ["NOT", "the opposite"],
  ["IN", "one of (a, b) or a..b"],
  ["OVERLAPS", "regions or times"],
  ["NULL", "no value"],
  ["any(", "holds for any row of a finer table"],
  ["all(", "holds for all rows of a finer table"],
  ["count(", "rows of a finer table"],
  ["mean(", "of a finer table"],
  ["median(", "of a finer table"],
  ["min(", "of a finer table"],
  ["max(", "of a finer table"],
];
const MOST_OFFERED = 12;

function wordBefore(text, caret) {
  const [word] = text.slice(0, caret).match(/(?:in_set\('[^']*|[A-Za-z_][A-Za-z0-9_.]*)$/) ?? [""];
  return word;
}

// Inside of quotes nothing is a name, but for the names of sets.
function isQuoted(text, caret) {
  return (text.slice(0, caret).split("'").length - 1) % 2 === 1;
}

function offers(names, text, caret) {
  const word = wordBefore(text, caret).toLowerCase();
  if (!word || (isQuoted(text, caret) && !word.startsWith("in_set("))) return [];
  const rank = ([name]) => (name.toLowerCase().startsWith(word) ? 0 : name.toLowerCase().split(".").pop().startsWith(word) ? 1 : 2);
  const found = [...KEYWORDS, ...names].filter(([name]) => name.toLowerCase().includes(word) && name.toLowerCase() !== word);
  return found.sort((a, b) => rank(a) - rank(b)).slice(0, MOST_OFFERED);
}

export function makeWhereBox(label, { apply, draft }) {
  const id = `where-${Math.random().toString(36).slice(2)}`;
  const input = make("input", {
    type: "text", id, role: "combobox", autocomplete: "off", spellcheck: "false", class: "where",
    "aria-expanded": "false", "aria-autocomplete": "list", "aria-controls": `${id}-list`, placeholder: "instrument = 'HSC' AND band = 'i'",
  });
  const list = make("ul", { role: "listbox", id: `${id}-list`, class: "offers", hidden: true, "aria-label": "What may come here" });
  const error = make("pre", { class: "wrong", role: "alert", hidden: true, tabindex: "0" });
  const box = { input, names: [], offered: [], at: -1, error };
  let timer;

  function show() {
    list.replaceChildren(
      ...box.offered.map(([name, about], n) =>
        make(
          "li",
          { role: "option", id: `${id}-${n}`, "aria-selected": String(n === box.at), onmousedown: (event) => (event.preventDefault(), accept(n)) },
          make("span", {}, name),
          make("small", {}, about),
        ),
      ),
    );
    list.hidden = !box.offered.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    if (box.at >= 0) input.setAttribute("aria-activedescendant", `${id}-${box.at}`);
    else input.removeAttribute("aria-activedescendant");
    list.children[box.at]?.scrollIntoView({ block: "nearest" });
  }

  function close() {
    [box.offered, box.at] = [[], -1];
    show();
  }

  function accept(n) {
    const caret = input.selectionStart;
    const word = wordBefore(input.value, caret);
    const [name] = box.offered[n];
    const before = input.value.slice(0, caret - word.length) + name + (/[(']$/.test(name) ? "" : " ");
    input.value = before + input.value.slice(caret).replace(/^ /, "");
    input.setSelectionRange(before.length, before.length);
    close();
    changed();
  }

  function changed() {
    clearTimeout(timer);
    timer = setTimeout(() => draft(input.value), 500);
  }

  box.apply = () => {
    clearTimeout(timer);
    close();
    box.complain(null);
    apply(input.value);
  };
  input.addEventListener("input", () => {
    [box.offered, box.at] = [offers(box.names, input.value, input.selectionStart), -1];
    show();
    changed();
  });
  input.addEventListener("keydown", (event) => {
    const open = !list.hidden;
    const last = box.offered.length - 1;
    if (event.key === "ArrowDown" && open) box.at = box.at >= last ? 0 : box.at + 1;
    else if (event.key === "ArrowUp" && open) box.at = box.at <= 0 ? last : box.at - 1;
    else if (event.key === "Escape" && open) return event.stopPropagation(), close();
    else if ((event.key === "Enter" || event.key === "Tab") && open && box.at >= 0) {
      event.preventDefault();
      return accept(box.at);
    } else if (event.key === "Enter") {
      return box.apply();
    } else return undefined;
    event.preventDefault();
    return show();
  });
  input.addEventListener("blur", close);
  // While something is offered, the word is not at its end.
  box.complain = (text) => {
    if (text && box.offered.length) return;
    error.textContent = text ?? "";
    error.hidden = !text;
    input.setAttribute("aria-invalid", String(Boolean(text)));
  };
  box.root = make("div", { class: "wherebox" }, make("label", { for: id }, label), input, list);
  return box;
}
