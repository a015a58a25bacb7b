// The way through the application: a list of tabs, moved along by arrow keys as ARIA prescribes.

export function render({ model }) {
  const list = document.createElement("div");
  list.className = model.numbered ? "wb-steps" : "wb-steps plain";
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", model.title);

  function draw(focus = false) {
    const buttons = model.labels.map((label, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("role", "tab");
      button.setAttribute("aria-selected", String(index === model.active));
      button.tabIndex = index === model.active ? 0 : -1;
      if (model.numbered) {
        const number = document.createElement("span");
        number.className = "number";
        number.textContent = String(index + 1);
        button.append(number);
      }
      const note = document.createElement("span");
      note.className = "note";
      note.textContent = model.notes[index] || "";
      button.append(label, note);
      button.addEventListener("click", () => (model.active = index));
      return button;
    });
    list.replaceChildren(...buttons);
    if (focus) buttons[model.active].focus();
  }

  list.addEventListener("keydown", (event) => {
    const last = model.labels.length - 1;
    const to = { ArrowRight: model.active + 1, ArrowLeft: model.active - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    model.active = Math.min(last, Math.max(0, to));
    draw(true);
  });

  draw();
  model.on("active", () => draw(list.contains(list.getRootNode().activeElement)));
  model.on("notes", () => draw(list.contains(list.getRootNode().activeElement)));
  return list;
}
