// The way through the application: a list of tabs, moved along by arrow keys as ARIA prescribes.

function focused() {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at;
}

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
      const name = document.createElement("span");
      name.textContent = label;
      button.append(name, note);
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

  // Who pressed a button that another page takes the place of is at the tab of that page, not at the top of it all.
  function follow(pressed, checks = 40) {
    if (focused() !== pressed && focused() !== document.body) return;
    if (!pressed.isConnected || !pressed.checkVisibility()) /** @type {HTMLElement} */ (list.querySelector('[aria-selected="true"]')).focus();
    else if (checks) setTimeout(follow, 50, pressed, checks - 1);
  }

  draw();
  model.on("active", () => {
    const within = list.contains(/** @type {Document | ShadowRoot} */ (list.getRootNode()).activeElement);
    draw(within);
    if (!within && focused() && focused() !== document.body) follow(focused());
  });
  model.on("notes", () => draw(list.contains(/** @type {Document | ShadowRoot} */ (list.getRootNode()).activeElement)));
  return list;
}
