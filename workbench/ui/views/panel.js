// The same module for Panel, whose models are read by attribute. Panel's own shim for anywidget modules shares a
// cache with its plain components: whichever comes first on a page breaks the other.

function adapt(model) {
  return {
    get: (name) => model[name],
    set: (name, value) => (model[name] = value),
    save_changes: () => {},
    on: (event, call) => model.on(event.replace("change:", ""), call),
  };
}

export const wrap = (render) => ({
  render({ model }) {
    const el = document.createElement("div");
    const leave = render({ model: adapt(model), el });
    model.on("remove", leave);
    return el;
  },
});
