// A button that is disabled while what it began is under way, or is drawn anew with another label, loses the focus:
// it gets it back as soon as it can be pressed again, unless the user has gone elsewhere.

export function render({ model }) {
  const nothing = document.createElement("span");
  nothing.hidden = true;
  let last = null;
  let root = null;
  const forget = () => watcher.disconnect();
  const watcher = new MutationObserver(() => {
    if (document.activeElement !== document.body) return;
    const same = last.isConnected ? [last] : [...root.querySelectorAll(last.localName)];
    // Where there are several, such as in a table, they are told apart by who drew them.
    if (same.length === 1 && !same[0].disabled) same[0].focus({ preventScroll: true });
  });
  const remember = () => {
    let at = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    if (!at || at === document.body) return;
    forget();
    [last, root] = [at, at.getRootNode()];
    if (root !== document) watcher.observe(root, { subtree: true, childList: true, attributes: true, attributeFilter: ["disabled"] });
  };
  // No event of the focus leaves the shadow within which it moves; those of keys do.
  const listeners = { keydown: remember, keyup: remember, click: remember, pointerdown: forget };
  for (const [name, heard] of Object.entries(listeners)) document.addEventListener(name, heard, true);
  model.on("remove", () => {
    forget();
    for (const [name, heard] of Object.entries(listeners)) document.removeEventListener(name, heard, true);
  });
  return nothing;
}
