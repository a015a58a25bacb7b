// A button that asks Python for a file and gives it to the browser.

export function render({ model }) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "wb-file";
  const draw = () => {
    button.textContent = model.label;
    button.disabled = model.disabled;
  };
  button.addEventListener("click", () => model.send_msg({ kind: "download" }));
  model.on("label", draw);
  model.on("disabled", draw);
  // Python changes `revision` last, when the content is there.
  model.on("revision", () => {
    const bytes = Uint8Array.from(atob(model.content), (letter) => letter.charCodeAt(0));
    const url = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = model.filename;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  });
  draw();
  return button;
}
