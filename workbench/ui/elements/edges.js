// A box that scrolls: its edge has a shadow where there is more to see, and Tab stops at it only if it scrolls.
export function showEdges(box) {
  const frame = document.createElement("div");
  frame.className = "edges";
  // Strips rather than a layer over it all, behind which nothing could be said of its contrast.
  const shades = ["left", "right", "above", "below"].map((side) => {
    const shade = document.createElement("span");
    shade.className = `shade ${side}`;
    return shade;
  });
  frame.append(box, ...shades);
  const mark = () => {
    const right = box.scrollWidth - box.clientWidth - box.scrollLeft;
    const below = box.scrollHeight - box.clientHeight - box.scrollTop;
    const more = { left: box.scrollLeft, right, above: box.scrollTop, below };
    const sides = Object.keys(more).filter((side) => more[side] > 1);
    for (const shade of shades) shade.hidden = !sides.includes(shade.classList[1]);
    if (sides.length) box.tabIndex = 0;
    else if (box.getRootNode().activeElement !== box) box.removeAttribute("tabindex");
  };
  const sizes = new ResizeObserver(mark);
  sizes.observe(box);
  // What is in it is replaced now and then: its size counts as well.
  new MutationObserver(() => {
    for (const child of box.children) sizes.observe(child);
    mark();
  }).observe(box, { childList: true });
  for (const child of box.children) sizes.observe(child);
  box.addEventListener("scroll", mark, { passive: true });
  mark();
  return frame;
}

// What had the focus before a redraw, by its data-focus; call the result afterwards.  What has gone, or can no
// longer be pressed, gives the focus to its neighbour.
export function keepFocus(root) {
  const found = () => [...root.querySelectorAll("[data-focus]")];
  const active = root.getRootNode().activeElement;
  const place = found().indexOf(active);
  if (place < 0) return () => {};
  const { focus } = active.dataset;
  return () => {
    const now = found();
    const at = now.findIndex((one) => one.dataset.focus === focus);
    const [from, usable] = [at < 0 ? place : at, (one) => one && !one.disabled];
    const next = [now[from], ...now.slice(0, from).reverse(), ...now.slice(from)].find(usable);
    next?.focus({ preventScroll: true });
  };
}
