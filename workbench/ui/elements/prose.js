// Markup that Python made (and escaped), in an element that stays: screen readers hear of its changes.

export function render({ model }) {
  const root = document.createElement("div");
  if (model.live) root.setAttribute("aria-live", "polite");
  const draw = () => (root.innerHTML = model.object);
  draw();
  model.on("object", draw);
  return root;
}
