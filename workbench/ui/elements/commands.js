// Commands, each with a button that copies it.

export function render({ model }) {
  const root = document.createElement("div");
  root.className = "commands";
  const said = document.createElement("span");
  said.className = "hidden";
  said.setAttribute("role", "status");

  const copy = async (text, pre, button) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without TLS a page may not write to the clipboard: the text is selected instead.
      const range = document.createRange();
      range.selectNodeContents(pre);
      const selection = getSelection();
      selection.removeAllRanges();
      selection.addRange(range);
      button.textContent = "Selected";
      said.textContent = "Selected: copy it with the keyboard";
      return;
    }
    button.textContent = "Copied";
    said.textContent = "Copied";
  };

  const draw = () => {
    const lines = model.commands.map(([label, text]) => {
      const line = document.createElement("div");
      line.className = "command";
      const pre = document.createElement("pre");
      pre.textContent = text;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "wb-file";
      button.textContent = "Copy";
      button.setAttribute("aria-label", `Copy: ${label}`);
      button.title = label;
      button.addEventListener("click", () => copy(text, pre, button));
      line.append(pre, button);
      return line;
    });
    root.replaceChildren(...lines, said);
  };
  draw();
  model.on("commands", draw);
  return root;
}
